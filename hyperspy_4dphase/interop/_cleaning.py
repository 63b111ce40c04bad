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
    xmap : orix.crystal_map.CrystalMap
        With one or two axes. It is not changed.
    min_size : int, optional
        Fewest positions of a grain: positions of one phase that touch along an edge
        and are turned by at most `max_angle` against one another.
    max_angle : float, default 5
        In degrees.
    **least : float
        Least values of properties of the map, as in ``correlation=0.2``. Of several
        values a position, the first counts.

    Returns
    -------
    orix.crystal_map.CrystalMap
        A copy in which positions that fall short have the phase -1. The property
        ``cleaned`` is 1 where it was set by this function.

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
    if not hasattr(xmap, "phase_id") or not hasattr(xmap, "prop"):
        raise TypeError(f"xmap must be an orix CrystalMap, not {type(xmap).__name__}.")
    if min_size is None and not least:
        raise ValueError(
            "Nothing was asked for: give min_size, or the least value of a property "
            f"of the map, which has {sorted(xmap.prop)}."
        )
    ids = xmap.phase_id.copy()
    for name, limit in least.items():
        if name not in xmap.prop:
            raise ValueError(
                f"The map has no property {name!r}; it has {sorted(xmap.prop)}."
            )
        limit = check_number(name, limit)
        values = np.asarray(xmap.prop[name])
        ids[~(values.reshape(len(ids), -1)[:, 0] >= limit)] = -1
    if min_size is not None:
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
        ids[index[find_small_grains(grains, min_size)]] = -1
    cleaned = _copy_map(xmap)
    changed = (ids < 0) & (xmap.phase_id >= 0)
    if changed.any() and -1 not in cleaned.phases.ids:
        cleaned.phases.add_not_indexed()
    cleaned.prop["cleaned"] = changed.astype(int)
    if changed.any():
        cleaned[changed].phase_id = -1
    return cleaned


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
