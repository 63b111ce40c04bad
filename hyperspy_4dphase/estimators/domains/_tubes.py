"""Points that lie within noise of straight lines.

What mixes two crowds lies on the line between them. Such a line has many points near
both of its ends and few in between.
"""

import numba
import numpy as np

# Most points between two crowds, as a fraction of those near the ends of the line.
# Historical: chosen by trial in 2026, not calibrated.
MAX_DENSITY_RATIO = 0.4
# Standard deviations of the squared distance by which noise leaves a line. Historical:
# chosen by trial in 2026.
_N_DEVIATIONS = 3.0


def squared_tube_radius(n_features):
    """Squared distance from a line within which noise of unit variance stays."""
    n_across = n_features - 1
    return n_across + _N_DEVIATIONS * np.sqrt(2 * max(n_across, 1))


def draw_lines(start, ends):
    """Directions of the lines from a point to others.

    Parameters
    ----------
    start : numpy.ndarray, shape (n_features,)
    ends : numpy.ndarray, shape (n_lines, n_features)

    Returns
    -------
    lines : numpy.ndarray, shape (n_lines, n_features)
        Of norm 1.
    reach : numpy.ndarray, shape (n_lines,)
        Distances of the ends.
    """
    lines = ends - start
    reach = np.linalg.norm(lines, axis=1)
    return lines / np.maximum(reach, 1e-30)[:, None], reach


def find_in_tubes(points, start, lines, squared_radius):
    """Find which points are near each line through a point, on both sides of it.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    start : numpy.ndarray, shape (n_features,)
        A point that all lines go through.
    lines : numpy.ndarray, shape (n_lines, n_features)
        Their directions, of norm 1.
    squared_radius : float

    Returns
    -------
    near : numpy.ndarray of bool, shape (n, n_lines)
    along : numpy.ndarray, shape (n, n_lines)
        How far along each line points are, from the start.
    """
    points = points - start
    along = points @ lines.T
    off = np.square(points).sum(axis=1)[:, None] - along**2
    return off < squared_radius, along


def count_in_tubes(points, start, lines, squared_radius):
    """Count the points that are near each line through a point, on both sides of it.

    Parameters are those of :func:`find_in_tubes`.

    Returns
    -------
    numpy.ndarray of int, shape (n_lines,)
    """
    points = points - start
    squares = np.square(points).sum(axis=1)
    return _count_near(points @ lines.T, squares, squared_radius)


@numba.njit(cache=True, nogil=True)
def _count_near(along, squares, squared_radius):
    counts = np.zeros(along.shape[1], np.int64)
    for i in range(along.shape[0]):
        for j in range(along.shape[1]):
            counts[j] += squares[i] - along[i, j] ** 2 < squared_radius
    return counts
