"""Pairs of probe positions that lie near each other."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

# How far the second position may be from where it should be, over their distance.
# Historical: chosen by trial, so that positions of bent rows still have pairs.
_TOLERANCE = 0.35


class Pairs(NamedTuple):
    """Pairs of probe positions a distance apart along one of the axes.

    Attributes
    ----------
    first, second : numpy.ndarray of int, shape (n_pairs,)
    """

    first: np.ndarray
    second: np.ndarray


def neighbour_distance(positions):
    """Compute the median distance of a position to the nearest other one."""
    if len(positions) < 2:
        return 1.0
    distances, _ = cKDTree(positions).query(positions, k=2)
    return float(max(np.median(distances[:, 1]), 1e-9))


def find_pairs(positions, distance, n_wanted=np.inf):
    """Find pairs at about a distance along each axis of the scan.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, n_axes)
    distance : float
    n_wanted : int, optional
        Where there are twice as many or more, every second is left out, or two of
        three, and so on. By default none is.

    Returns
    -------
    Pairs
        Each axis contributes at most one pair for each position, with the position
        nearest to where the second should be.
    """
    tree = cKDTree(positions)
    n_axes = positions.shape[1]
    first, second = [], []
    for axis in range(n_axes):
        aim = positions + distance * np.eye(n_axes)[axis]
        far, found = tree.query(aim, distance_upper_bound=_TOLERANCE * distance)
        own = np.flatnonzero(np.isfinite(far))
        first.append(own)
        second.append(found[own])
    first, second = np.concatenate(first), np.concatenate(second)
    step = max(1, int(len(first) // n_wanted))
    return Pairs(first[::step], second[::step])
