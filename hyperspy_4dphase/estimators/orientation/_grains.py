"""Grains: neighbouring positions of one phase and nearly one orientation."""

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from hyperspy_4dphase.estimators.orientation._quaternions import misorientation

# Degrees: the usual border between low-angle and high-angle boundaries is 10 to 15;
# half of the lower one also tells subgrains apart.
GRAIN_ANGLE = 5.0


def label_grains(phase_ids, quaternions, symmetry, max_angle=GRAIN_ANGLE):
    """Label grains: positions that touch along an edge and are nearly turned alike.

    Parameters
    ----------
    phase_ids : array_like of int, shape (n_y, n_x) or any other
        Phase of each position of a grid; below 0 where there is none.
    quaternions : array_like, of the shape of `phase_ids` and 4
        From the sample to the crystal. Not looked at where there is no phase.
    symmetry : dict of int to array_like, shape (n_symmetry, 4)
        Proper rotations of the Laue group of each phase. Orientations of a phase that
        is not in it are not compared: its neighbours are always one grain.
    max_angle : float, default 5
        Largest misorientation of neighbours in a grain, in degrees.

    Returns
    -------
    numpy.ndarray of int, of the shape of `phase_ids`
        From 0 on; -1 where there is no phase.

    Examples
    --------
    >>> import numpy as np
    >>> phase_ids = np.array([[0, 0, 1, 1], [0, 0, 1, -1]])
    >>> turns = np.tile([1.0, 0, 0, 0], (2, 4, 1))
    >>> label_grains(phase_ids, turns, {0: [[1, 0, 0, 0]], 1: [[1, 0, 0, 0]]})
    array([[ 0,  0,  1,  1],
           [ 0,  0,  1, -1]])
    """
    phase_ids = np.asarray(phase_ids)
    numbers = np.arange(phase_ids.size).reshape(phase_ids.shape)
    turns = np.asarray(quaternions, dtype=float).reshape(-1, 4)
    flat = phase_ids.ravel()
    pairs = []
    for axis in range(phase_ids.ndim):
        one = np.moveaxis(numbers, axis, 0)[:-1].ravel()
        two = np.moveaxis(numbers, axis, 0)[1:].ravel()
        same = (flat[one] == flat[two]) & (flat[one] >= 0)
        pairs.append(np.stack([one[same], two[same]]))
    pairs = np.concatenate(pairs, axis=1)
    joined = np.ones(pairs.shape[1], bool)
    for phase, rotations in symmetry.items():
        ours = flat[pairs[0]] == phase
        if ours.any():
            ends = (turns[side[ours]] for side in pairs)
            joined[ours] = misorientation(*ends, rotations) <= max_angle
    one, two = pairs[:, joined]
    graph = coo_array((np.ones(len(one)), (one, two)), shape=(flat.size,) * 2)
    grains = np.full(flat.size, -1)
    _, found = connected_components(graph, directed=False)
    inside = flat >= 0
    grains[inside] = np.unique(found[inside], return_inverse=True)[1]
    return grains.reshape(phase_ids.shape)


def find_small_grains(grains, min_size):
    """Find the positions of grains that are too small.

    Parameters
    ----------
    grains : numpy.ndarray of int
        See :func:`label_grains`.
    min_size : int
        Fewest positions of a grain that is kept.

    Returns
    -------
    numpy.ndarray of bool, of the shape of `grains`

    Examples
    --------
    >>> import numpy as np
    >>> find_small_grains(np.array([[0, 0, 0, 1]]), min_size=2)
    array([[False, False, False,  True]])
    """
    inside = grains >= 0
    sizes = np.bincount(grains[inside])
    small = np.zeros(grains.shape, bool)
    small[inside] = sizes[grains[inside]] < min_size
    return small
