"""Random samples of points, and neighbours of points."""

import numpy as np
from scipy.spatial.distance import cdist
from sklearn.neighbors import NearestNeighbors

# Each centre is paired with so many others. Historical: chosen by trial in 2026.
_N_NEAREST = 3


def draw_sample(points, n, random_state):
    """Draw at most n of the points, without replacement."""
    if len(points) <= n:
        return points
    return points[random_state.choice(len(points), n, replace=False)]


def pair_neighbours(centers):
    """Pair each centre with the few that are nearest to it.

    Parameters
    ----------
    centers : numpy.ndarray, shape (n, n_features)

    Returns
    -------
    list of tuple of int
        Pairs (i, j) of rows with i < j, each once, the nearest first.
    """
    distances = cdist(centers, centers)
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1)[:, : min(_N_NEAREST, len(centers) - 1)]
    pairs = {(min(i, j), max(i, j)) for i, row in enumerate(near.tolist()) for j in row}
    return sorted(pairs, key=lambda pair: (distances[pair], pair))


def measure_neighbours(points, among, n_neighbours):
    """Measure the distances of some points from their nearest others.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Some of the points in `among`.
    among : numpy.ndarray, shape (n_all, n_features)
        At least two.
    n_neighbours : int
        Fewer if there are not so many.

    Returns
    -------
    numpy.ndarray, shape (n, n_neighbours)
        Ascending.
    """
    # The first of its neighbours is the point itself.
    n_nearest = min(n_neighbours + 1, len(among))
    # It is asked for few of them: to build a tree would take longer.
    found = NearestNeighbors(n_neighbors=n_nearest, algorithm="brute").fit(among)
    return found.kneighbors(points)[0][:, 1:]
