"""Crystal maps without what is doubtful or too small."""

from copy import copy

import numpy as np
from orix.crystal_map import CrystalMap

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.estimators.orientation import find_small_grains, label_grains


def clean_crystal_map(xmap, *, min_size=None, max_angle=5.0, **least):
    """Set what is misindexed or too small in a crystal map to *not indexed*.

    The map may come from anywhere: from
    :meth:`hyperspy_4dphase.PhaseMap.to_crystal_map`, from pyxem's orientation mapping,
    or from a file of electron backscatter diffraction.

    Parameters
    ----------
    xmap : orix.crystal_map.CrystalMap or pyxem.signals.OrientationMap
        With one or two axes; an orientation map of pyxem with two, which its own
        ``to_crystal_map()`` converts. It is not changed.
    min_size : int, optional
        Fewest positions of a grain: positions of one phase that touch along an edge
        and are turned by at most `max_angle` against one another.
    max_angle : float, default 5
        In degrees.
    **least : float
        Least values of properties of the map, as in ``correlation=0.2``, which is what
        orientation maps have. Of several values a position, the first counts.

    Returns
    -------
    orix.crystal_map.CrystalMap
        A copy in which positions that fall short have the phase -1. What was done is
        in its properties, since orix has no other place that is saved: ``cleaned`` is
        0 where nothing was changed, and else the number of the condition that did, from
        1 on as they were given, `min_size` last; ``numpy.bincount`` counts them.
        ``cleaned_least_<property>``, ``cleaned_min_size`` and ``cleaned_max_angle`` are
        the limits, the same at all positions. A map that was cleaned before keeps
        these, and the new ones begin with ``cleaned_2``, and so on.

    Raises
    ------
    TypeError, ValueError
        If an argument is of the wrong kind, a property is not in the map, or nothing
        is asked for.

    Examples
    --------
    >>> import numpy as np
    >>> from orix.crystal_map import CrystalMap, Phase, PhaseList
    >>> from orix.quaternion import Rotation
    >>> y, x = np.indices((4, 5)).reshape(2, -1)
    >>> ids = np.zeros(20, int)
    >>> ids[7] = 1
    >>> phases = PhaseList([Phase("Al", point_group="m-3m"), Phase("Cu")])
    >>> xmap = CrystalMap(Rotation.identity((20,)), ids, x, y, phase_list=phases)
    >>> cleaned = clean_crystal_map(xmap, min_size=3)
    >>> int((cleaned.phase_id == -1).sum())
    1
    """
    check_integer("min_size", min_size, 1, optional=True)
    max_angle = check_number("max_angle", max_angle, 0, 180)
    xmap = _read_map(xmap)
    if not hasattr(xmap, "phase_id") or not hasattr(xmap, "prop"):
        raise TypeError(
            "xmap must be an orix CrystalMap or a pyxem OrientationMap, not "
            f"{type(xmap).__name__}."
        )
    if min_size is None and not least:
        raise ValueError(
            "Nothing was asked for: give min_size, or the least value of a property "
            f"of the map, which has {sorted(xmap.prop)}."
        )
    ids, step, limits = xmap.phase_id.copy(), np.zeros(xmap.size, int), {}
    for number, (name, limit) in enumerate(least.items(), 1):
        if name not in xmap.prop:
            raise ValueError(
                f"The map has no property {name!r}; it has {sorted(xmap.prop)}."
            )
        limit = limits[f"least_{name}"] = check_number(name, limit)
        values = np.asarray(xmap.prop[name]).reshape(len(ids), -1)[:, 0]
        _remove(ids, step, ~(values >= limit), number)
    if min_size is not None:
        small = _find_small(xmap, ids, min_size, max_angle)
        _remove(ids, step, small, len(least) + 1)
        limits |= {"min_size": min_size, "max_angle": max_angle}
    cleaned = _copy_map(xmap)
    changed = step > 0
    if changed.any() and -1 not in cleaned.phases.ids:
        cleaned.phases.add_not_indexed()
    prefix = _free_prefix(xmap.prop)
    cleaned.prop[prefix] = step
    for name, limit in limits.items():
        cleaned.prop[f"{prefix}_{name}"] = np.full(len(ids), limit)
    if changed.any():
        cleaned[changed].phase_id = -1
    return cleaned


def _read_map(given):
    """A crystal map as it is, or that of an orientation map, with correlations."""
    if not hasattr(given, "to_crystal_map") or not hasattr(given, "simulation"):
        return given
    n_axes = given.axes_manager.navigation_dimension
    if n_axes != 2:
        raise ValueError(
            f"xmap has {n_axes} navigation axes; pyxem makes crystal maps of two."
        )
    xmap = given.to_crystal_map()
    # pyxem leaves them behind.
    xmap.prop["correlation"] = np.asarray(given.data)[..., 0, 1].ravel()
    return xmap


def _find_small(xmap, ids, min_size, max_angle):
    """Find the points of grains that are too small: bool, of each point."""
    # Where each point is on the grid of the map; -1 where there is none.
    index = xmap.get_map_data(np.arange(len(ids)), fill_value=-1).astype(int)
    grid = np.append(ids, -1)[index]
    turns = xmap.rotations.data.reshape(len(ids), -1, 4)[:, 0][index]
    symmetry = {
        int(i): phase.point_group.laue_proper_subgroup.data.reshape(-1, 4)
        for i, phase in xmap.phases
        if i >= 0 and phase.point_group is not None
    }
    grains = label_grains(grid, turns, symmetry, max_angle)
    small = np.zeros(len(ids), bool)
    small[index[find_small_grains(grains, min_size)]] = True
    return small


def _remove(ids, step, poor, number):
    """Set positions to not indexed, and write down by which condition."""
    poor = poor & (ids >= 0)
    ids[poor], step[poor] = -1, number


def _free_prefix(properties):
    """How the properties of this cleaning begin, beside those of earlier ones."""
    n_before = sum(
        name == "cleaned" or name.removeprefix("cleaned_").isdigit()
        for name in properties
    )
    return f"cleaned_{n_before + 1}" if n_before else "cleaned"


def _copy_map(xmap):
    """Copy a map: orix 0.15 cannot where points are left out of one with properties."""
    whole = copy(xmap)
    whole.is_in_data = np.ones_like(xmap.is_in_data)
    properties = {}
    for name in xmap.prop:
        values = np.asarray(xmap.prop[name])
        properties[name] = np.zeros(
            (xmap.is_in_data.size, *values.shape[1:]), values.dtype
        )
        properties[name][xmap.is_in_data] = values
    return CrystalMap(
        rotations=whole.rotations,
        phase_id=whole.phase_id.copy(),
        x=whole.x,
        y=whole.y,
        phase_list=xmap.phases.deepcopy(),
        prop=properties,
        scan_unit=xmap.scan_unit,
        is_in_data=xmap.is_in_data.copy(),
    )
