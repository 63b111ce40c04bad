"""Maps of domains for orix: phases, orientations and the scan's calibration."""

import numbers
from functools import lru_cache
from unicodedata import normalize

import numpy as np
from matplotlib import colors as mcolors
from orix.crystal_map import CrystalMap, Phase, PhaseList
from orix.quaternion import Rotation

# The last one is what HyperSpy's files hold where there is no unit.
_NO_UNITS = ("", "px", "pixel", "pixels", "<undefined>")
# orix and its scale bar know nm, um and px.
_IN_NM = {"pm": 1e-3, "A": 0.1, "\u00c5": 0.1, "angstrom": 0.1, "nm": 1.0}
_IN_UM = {"um": 1.0, "\u03bcm": 1.0, "mm": 1e3, "m": 1e6}
# Taken in orix's files, or as selections: xmap["indexed"].
_RESERVED_PROPERTIES = {"domain", "phi1", "Phi", "phi2", "is_in_data", "scan_unit"}
_RESERVED_NAMES = {"indexed", "not_indexed"}


def to_crystal_map(
    labels,
    axes,
    *,
    phase_list=None,
    phase_ids=None,
    angles=None,
    names=None,
    colors=None,
    properties=None,
):
    """Turn a map of domains into an orix crystal map.

    Parameters
    ----------
    labels : array_like of int, shape (n_x,) or (n_y, n_x)
        Domain of each probe position; -1 where there is none, which orix calls not
        indexed.
    axes : sequence of dict
        HyperSpy's dictionaries of the navigation axes in array order, the y axis first:
        ``scale``, ``size`` and ``units`` are used. Lengths become nm or µm. Axes
        without units are in pixels (``"px"``) times their scale.
    phase_list : orix.crystal_map.PhaseList, Phase, or list or dict of Phase, optional
        The phases. Without `phase_ids` there must be one for each domain, in the order
        of the domains. By default each domain is a phase of its own, without symmetry.
    phase_ids : array_like of int, shape (n_domains,), optional
        Phase of each domain: the number of a phase in `phase_list`, or its key in a
        dict or a PhaseList. -1 for a domain that is no phase, vacuum say: it stays not
        indexed.
    angles : array_like of float, shape (n_domains,), optional
        In-plane rotation of each domain's pattern in degrees, counter-clockwise as it
        is displayed, rows downwards: minus an angle from x (columns) towards y (rows).
        By default 0. See the notes.
    names : sequence of str, shape (n_phases,), optional
        Names of the phases. By default their own, else ``"domain 0"`` and so on, or
        ``"phase 0"`` where `phase_ids` or `phase_list` is given.
    colors : array_like of float, shape (n_phases, 3), or list of colours, optional
        Of the phases, as matplotlib takes them. orix keeps colours that have a name
        only: the nearest one is taken, and none twice. By default their own, as far as
        they differ.
    properties : dict of array_like, shape of `labels`, optional
        Further numbers for each probe position. ``domain``, the labels, is always
        there.

    Returns
    -------
    orix.crystal_map.CrystalMap
        Coordinates begin at 0 and rise, whatever the offset and sign of the axes: orix
        knows no other ones. Phases without a position are left out.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described; a map of three axes or of a single position,
        or an axis that is not uniform, is nothing that orix can hold.

    Notes
    -----
    An angle becomes the rotation with Euler angles (angle, 0, 0), degrees, in Bunge's
    convention, from the sample to the crystal. This is the sense of pyxem's orientation
    maps. It is relative to the orientation in which an angle of 0 was defined, for
    which orix has a along x and c* along the beam.

    ``orix.io.save`` keeps all of a map in ``.h5`` files. ``.ang`` files hold no unit
    (orix reads µm), no colours, no properties but those that are asked for, and phases
    by numbers from 1 on; load them with ``autogen_names=False``, or phases are renamed.
    orix draws no map of a single axis, row or column.
    """
    labels = _check_labels(labels)
    n_domains = int(labels.max()) + 1
    coordinates, scan_unit = _find_coordinates(axes, labels.shape)
    phases, phase_ids = _match_phases(phase_list, phase_ids, n_domains)
    _set_names(phases, names)
    _set_colors(list(phases.values()), colors)
    angles = _check_angles(angles, n_domains)
    prop = _flatten_properties(properties, labels)

    # Labels of -1 take what is last.
    where = labels.ravel()
    euler = np.zeros((where.size, 3))
    euler[:, 0] = np.append(angles, 0)[where]
    return CrystalMap(
        rotations=Rotation.from_euler(euler, degrees=True),
        phase_id=np.append(phase_ids, -1)[where],
        phase_list=PhaseList(phases),
        prop={"domain": where, **prop},
        scan_unit=scan_unit,
        **coordinates,
    )


def _check_labels(labels):
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iu":
        raise TypeError(f"labels must be integers, but their type is {labels.dtype}.")
    if labels.ndim not in (1, 2) or labels.size < 2:
        raise ValueError(
            f"labels have the shape {labels.shape}, but orix has maps of one or two "
            "axes only, of two positions at least."
        )
    labels = labels.astype(int)
    if labels.min() < -1:
        raise ValueError(f"labels must be -1 or from 0 on, but hold {labels.min()}.")
    return labels


def _find_coordinates(axes, shape):
    """Return flat x, and y where there are two axes, by name, and their unit."""
    axes = list(axes)
    steps, units = zip(*(_read_step(axis) for axis in axes), strict=True)
    sizes = tuple(axis.get("size") for axis in axes)
    if sizes != shape:
        raise ValueError(
            f"axes have the sizes {sizes} in array order, but labels the shape {shape}."
        )
    if set(units) == {"nm", "um"}:
        steps = [s / 1e3 if u == "nm" else s for s, u in zip(steps, units, strict=True)]
        units = ["um"]
    if len(set(units)) > 1:
        raise ValueError(
            f"The units of the axes are {' and '.join(units)}, but orix has one unit "
            "for both. Set the units of both navigation axes."
        )
    indices = np.indices(shape).reshape(len(shape), -1)
    values = [step * index for step, index in zip(steps, indices, strict=True)]
    return dict(zip(("x", "y"), values[::-1], strict=False)), units[0]


def _read_step(axis):
    """Return step and unit of one axis, as orix names it."""
    scale = axis.get("scale")
    if scale is None and not ("axis" in axis or "expression" in axis):
        scale = 1.0
    if scale is None or not np.isfinite(scale) or scale == 0:
        raise ValueError(
            f"The axis {axis.get('name')!s} has the scale {scale}, but orix needs "
            "uniform axes whose scale is a finite number other than 0."
        )
    units = axis.get("units")
    # There are two micro signs, and two of the angstrom.
    units = normalize("NFKC", units).strip() if isinstance(units, str) else ""
    if units in _NO_UNITS:
        return abs(scale), "px"
    for unit, factors in (("nm", _IN_NM), ("um", _IN_UM)):
        if units in factors:
            return abs(scale) * factors[units], unit
    return abs(scale), units


def _match_phases(phase_list, phase_ids, n_domains):
    """Return phases by their numbers, given or new, and the number of each domain."""
    if phase_ids is not None:
        phase_ids = np.asarray(phase_ids)
        if phase_ids.shape != (n_domains,) or phase_ids.dtype.kind not in "iu":
            raise ValueError(
                f"phase_ids have the shape {phase_ids.shape} and the type "
                f"{phase_ids.dtype}, but must be integers for {n_domains} domains."
            )
    if phase_list is not None:
        phases = _copy_phases(phase_list)
    elif phase_ids is None:
        phases = {i: Phase(f"domain {i}") for i in range(n_domains)}
    else:
        phases = {i: Phase(f"phase {i}") for i in range(phase_ids.max(initial=-1) + 1)}
    if phase_ids is None and len(phases) != n_domains:
        raise ValueError(
            f"phase_list has {len(phases)} phases for {n_domains} domains. Give one "
            "for each domain, or say by phase_ids which domain is of which phase."
        )
    phase_ids = np.array(list(phases) if phase_ids is None else phase_ids, dtype=int)
    unknown = set(phase_ids.tolist()) - {-1, *phases}
    if unknown:
        raise ValueError(f"phase_ids hold {unknown}, but there are {list(phases)}.")
    return phases, phase_ids


def _copy_phases(phase_list):
    """Return copies of the given phases, by their numbers in rising order."""
    if isinstance(phase_list, Phase):
        phase_list = [phase_list]
    if isinstance(phase_list, list | tuple):
        phase_list = dict(enumerate(phase_list))
    if not isinstance(phase_list, dict | PhaseList):
        raise TypeError(
            "phase_list must be an orix PhaseList or hold orix Phases, but is a "
            f"{type(phase_list).__name__}."
        )
    phases = dict(phase_list)
    numbered = all(isinstance(number, numbers.Integral) for number in phases)
    if not numbered or not all(isinstance(p, Phase) for p in phases.values()):
        raise TypeError(
            "phase_list must hold orix Phases and integers for their numbers, not "
            f"{phases!r}."
        )
    # -1 is what orix calls not indexed.
    return {int(n): phases[n].deepcopy() for n in sorted(phases) if n >= 0}


def _set_names(phases, names):
    if names is None:
        names = [phase.name or f"phase {i}" for i, phase in phases.items()]
    if not isinstance(names, list | tuple):
        raise TypeError(f"names must be a list of texts, not {names!r}.")
    if len(names) != len(phases) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"names must be {len(phases)} texts, not {names!r}.")
    for phase, name in zip(phases.values(), names, strict=True):
        phase.name = name
    used = [phase.name for phase in phases.values()]
    if len(set(used)) < len(used) or _RESERVED_NAMES & set(used) or "" in used:
        raise ValueError(
            f"The names of the phases are {used}, but orix finds phases by their "
            f"names: none may come twice, be empty or one of {_RESERVED_NAMES}."
        )


def _set_colors(phases, colors):
    """Give phases colours with names, all different as long as there are names."""
    colors = [None] * len(phases) if colors is None else colors
    if isinstance(colors, str) or not hasattr(colors, "__len__"):
        raise TypeError(f"colors must be a list of colours, not {colors!r}.")
    for color in colors:
        if not (color is None or mcolors.is_color_like(color)):
            raise ValueError(f"colors holds {color!r}, which is no RGB colour.")
    if len(colors) != len(phases):
        raise ValueError(f"{len(colors)} colors were given for {len(phases)} phases.")
    free = {}
    for phase, color in zip(phases, colors, strict=True):
        free = free or dict(_named_colors())
        if color is None:
            own = mcolors.to_hex(phase.color)
            chosen = own if own in free else next(iter(free))
        else:
            known = np.array([mcolors.to_rgb(value) for value in free])
            # About as far as they look: the eye is best at green.
            distance = (known - mcolors.to_rgb(color)) ** 2 @ (2, 4, 3)
            chosen = list(free)[distance.argmin()]
        phase.color = free.pop(chosen)


@lru_cache
def _named_colors():
    """Return names of matplotlib's colours by their values, in the order of orix."""
    # orix adds all other colours to matplotlib's table of tableau colours.
    tableau = [name for name in mcolors.TABLEAU_COLORS if name.startswith("tab:")]
    named = {}
    for name in (*tableau, *mcolors.XKCD_COLORS, *mcolors.CSS4_COLORS):
        named.setdefault(mcolors.to_hex(name), name)
    # What is not indexed is white.
    del named["#ffffff"]
    return named


def _check_angles(angles, n_domains):
    if angles is None:
        return np.zeros(n_domains)
    angles = np.asarray(angles)
    numeric = angles.shape == (n_domains,) and angles.dtype.kind in "iuf"
    if not numeric or not np.isfinite(angles).all():
        raise ValueError(
            f"angles must be finite numbers for {n_domains} domains, not {angles!r}."
        )
    return angles % 360


def _flatten_properties(properties, labels):
    flat = {}
    for name, values in (properties or {}).items():
        values = np.array(values)
        if values.shape != labels.shape or values.dtype.kind not in "buif":
            raise ValueError(
                f"The property {name!r} has the shape {values.shape} and the type "
                f"{values.dtype}, but must be numbers of the shape {labels.shape}."
            )
        taken = name in _RESERVED_PROPERTIES or hasattr(CrystalMap, str(name))
        if taken or not str(name).isidentifier() or str(name).startswith("_"):
            raise ValueError(
                f"A property cannot be named {name!r}: orix needs a Python name that a "
                "CrystalMap does not have yet."
            )
        flat[name] = values.ravel()
    return flat
