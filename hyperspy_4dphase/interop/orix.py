"""Maps of domains for orix: phases, orientations and the scan's calibration."""

import numpy as np
from orix.crystal_map import CrystalMap, PhaseList
from orix.quaternion import Rotation

from hyperspy_4dphase.interop._phase_lists import match_phases, set_colors, set_names
from hyperspy_4dphase.interop._units import IN_NM, IN_UM, NO_UNITS, plain_units

# Taken in orix's files, or as selections: xmap["indexed"].
_RESERVED_PROPERTIES = {"domain", "phi1", "Phi", "phi2", "is_in_data", "scan_unit"}


def to_crystal_map(
    labels,
    axes,
    *,
    phase_list=None,
    phase_ids=None,
    angles=None,
    rotations=None,
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
    rotations : array_like of float, shape (n_domains, 4) or `labels`' with 4, optional
        In place of `angles`: unit quaternions (a, b, c, d) from the sample to the
        crystal, in orix's sense, of each domain or each probe position.
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

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.interop.orix import to_crystal_map
    >>> axes = [
    ...     {"size": 3, "scale": 2.0, "offset": 0.0, "units": "nm"},
    ...     {"size": 4, "scale": 2.0, "offset": 0.0, "units": "nm"},
    ... ]
    >>> xmap = to_crystal_map(np.arange(12).reshape(3, 4) % 2, axes)
    >>> xmap.shape, xmap.scan_unit
    ((3, 4), 'nm')
    """
    labels = _check_labels(labels)
    n_domains = int(labels.max()) + 1
    coordinates, scan_unit = _find_coordinates(axes, labels.shape)
    phases, phase_ids = match_phases(phase_list, phase_ids, n_domains)
    set_names(phases, names)
    set_colors(list(phases.values()), colors)
    rotations = _find_rotations(angles, rotations, labels)
    prop = _flatten_properties(properties, labels)

    # Labels of -1 take what is last.
    where = labels.ravel()
    return CrystalMap(
        rotations=rotations,
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
    units = plain_units(units)
    if units in NO_UNITS:
        return abs(scale), "px"
    # orix and its scale bar know nm, um and px.
    for unit, factors in (("nm", IN_NM), ("um", IN_UM)):
        if units in factors:
            return abs(scale) * factors[units], unit
    return abs(scale), units


def _find_rotations(angles, rotations, labels):
    """Return the rotation of each probe position, the identity where there is none."""
    where, n_domains = labels.ravel(), int(labels.max()) + 1
    if rotations is None:
        euler = np.zeros((where.size, 3))
        euler[:, 0] = np.append(_check_angles(angles, n_domains), 0)[where]
        return Rotation.from_euler(euler, degrees=True)
    if angles is not None:
        raise ValueError("angles and rotations were given: leave one of them out.")
    rotations = np.asarray(rotations)
    shapes = (n_domains, 4), (*labels.shape, 4)
    if rotations.shape not in shapes or rotations.dtype.kind not in "iuf":
        raise ValueError(
            f"rotations must be unit quaternions of the shape {shapes[0]} or "
            f"{shapes[1]}, not {rotations.dtype} of the shape {rotations.shape}."
        )
    if rotations.shape == shapes[0]:
        rotations = np.vstack([rotations, [1, 0, 0, 0]])[where]
    rotations = rotations.reshape(-1, 4).astype(float)
    rotations[where < 0] = 1, 0, 0, 0
    if not np.allclose(np.linalg.norm(rotations, axis=1), 1, atol=1e-3):
        raise ValueError(
            "rotations must be unit quaternions: the norm of some is not 1."
        )
    return Rotation(rotations)


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
