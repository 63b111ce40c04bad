"""Points that lie within noise of straight lines.

What mixes two crowds lies on the line between them. Such a line has many points near
both of its ends and few in between, for its length.
"""

import numba
import numpy as np

# Largest density between two crowds, as a fraction of that near the ends of the line.
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


def count_in_tubes(points, start, lines, squared_radius):
    """Count the points that are near each line through a point, on both sides of it.

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
    numpy.ndarray of int, shape (n_lines,)
    """
    return _count_near(*_project(points, start, lines), squared_radius)


def measure_in_tubes(points, start, lines, squared_radius):
    """Measure how densely points fill each line through a point.

    Parameters
    ----------
    points, start, lines, squared_radius
        As :func:`count_in_tubes` takes them.

    Returns
    -------
    counts : numpy.ndarray of int, shape (n_lines,)
        Points near the line.
    lengths : numpy.ndarray, shape (n_lines,)
        Of the part of the line that they fill: that of an even distribution with their
        spread, and no less than what noise of unit variance makes of one place.
    """
    counts, sums, squares = _sum_near(*_project(points, start, lines), squared_radius)
    n = np.maximum(counts, 1)
    variances = squares / n - (sums / n) ** 2
    return counts, np.sqrt(12 * np.maximum(variances, 1))


def count_at_ends(points, start, lines, squared_radius, reach, labels, label):
    """Count the points near lines: those of one label, and others beyond the end.

    Parameters
    ----------
    points, start, lines, squared_radius
        As :func:`count_in_tubes` takes them.
    reach : numpy.ndarray, shape (n_lines,)
        Where the lines end.
    labels : numpy.ndarray of int, shape (n,)
        From 0 on.
    label : int
        What is at the start.

    Returns
    -------
    n_own : numpy.ndarray of int, shape (n_lines,)
        Points of this label, anywhere along the line.
    n_beyond : numpy.ndarray of int, shape (n_labels, n_lines)
        Points of each other label that lie beyond the end.
    """
    along, squares = _project(points, start, lines)
    n_labels = labels.max(initial=label) + 1
    counts = _count_by_label(along, squares, squared_radius, reach, labels, n_labels)
    n_own, n_beyond = counts[:, label].sum(axis=0), counts[1]
    n_beyond[label] = 0
    return n_own, n_beyond


def _project(points, start, lines):
    """How far along each line points are, and squared distances from its start."""
    along = points @ lines.T - lines @ start
    return along, _measure_squares(points, np.asarray(start))


@numba.njit(cache=True, nogil=True)
def _measure_squares(points, start):
    """Squared distances of points from a place."""
    squares = np.zeros(len(points))
    for i in range(points.shape[0]):
        for j in range(points.shape[1]):
            squares[i] += (points[i, j] - start[j]) ** 2
    return squares


@numba.njit(cache=True, nogil=True)
def _count_near(along, squares, squared_radius):
    counts = np.zeros(along.shape[1], np.int64)
    for i in range(along.shape[0]):
        for j in range(along.shape[1]):
            counts[j] += squares[i] - along[i, j] ** 2 < squared_radius
    return counts


@numba.njit(cache=True, nogil=True)
def _sum_near(along, squares, squared_radius):
    """Add up points near lines.

    Returns
    -------
    counts : numpy.ndarray of int, shape (n_lines,)
        Points near each line.
    sums, sums_of_squares : numpy.ndarray, shape (n_lines,)
        Of how far along it they are.
    """
    counts = np.zeros(along.shape[1], np.int64)
    sums, sums_of_squares = np.zeros(along.shape[1]), np.zeros(along.shape[1])
    for i in range(along.shape[0]):
        for j in range(along.shape[1]):
            if squares[i] - along[i, j] ** 2 < squared_radius:
                counts[j] += 1
                sums[j] += along[i, j]
                sums_of_squares[j] += along[i, j] ** 2
    return counts, sums, sums_of_squares


@numba.njit(cache=True, nogil=True)
def _count_by_label(along, squares, squared_radius, reach, labels, n_labels):
    """Points near each line (2, n_labels, n_lines), up to its end and beyond it."""
    counts = np.zeros((2, n_labels, along.shape[1]), np.int64)
    for i in range(along.shape[0]):
        for j in range(along.shape[1]):
            if squares[i] - along[i, j] ** 2 < squared_radius:
                counts[int(along[i, j] > reach[j]), labels[i], j] += 1
    return counts
