"""K-means of a few thousand points, which a tree asks for thousands of times.

scikit-learn's does the same; of so few points, it spends most of its time on checks.
"""

from typing import NamedTuple

import numba
import numpy as np

# Centres have settled when they move by less than this, squared, as a fraction of the
# variance of the points: scikit-learn's default.
_TOLERANCE = 1e-4


class Clusters(NamedTuple):
    """Points parted by which centre is nearest.

    Attributes
    ----------
    centers : numpy.ndarray, shape (n_clusters, n_features), float32
        Of equal points some may be the same.
    labels : numpy.ndarray of int, shape (n,)
    inertia : float
        Sum of the squared distances of points from their centres.
    """

    centers: np.ndarray
    labels: np.ndarray
    inertia: float


def k_means(points, n_clusters, random_state, *, n_init=1, max_iter=30):
    """Part points among centres, Lloyd's way, from greedy k-means++ seeds.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Some may be equal.
    n_clusters : int
    random_state : numpy.random.RandomState
    n_init : int, optional
        How many times it begins anew; the best is kept.
    max_iter : int, optional

    Returns
    -------
    Clusters

    References
    ----------
    D. Arthur and S. Vassilvitskii, Proc. 18th ACM-SIAM SODA (2007), 1027.
    """
    middle = points.mean(axis=0)
    centred = np.ascontiguousarray(points - middle, dtype=np.float32)
    # As many candidates for each seed as scikit-learn tries.
    n_trials = 2 + int(np.log(n_clusters))
    best = None
    for _ in range(n_init):
        draws = random_state.random_sample((n_clusters, n_trials))
        found = Clusters(*_fit(centred, draws, max_iter))
        if best is None or found.inertia < best.inertia:
            best = found
    return best._replace(centers=(best.centers + middle).astype(np.float32))


@numba.njit(cache=True, nogil=True)
def _fit(points, draws, max_iter):
    """Part centred points once.

    Returns
    -------
    centers, labels, inertia
        As of :class:`Clusters`.
    """
    n, n_features = points.shape
    squares = np.empty(n, np.float32)
    for i in range(n):
        squares[i] = np.dot(points[i], points[i])
    least = _TOLERANCE * squares.mean() / n_features
    centers = points[_seed(points, squares, draws)]
    n_clusters = len(centers)
    labels = np.zeros(n, np.int64)
    for _ in range(max_iter):
        _assign(points, squares, centers, labels)
        sums, counts = np.zeros((n_clusters, n_features)), np.zeros(n_clusters)
        for i in range(n):
            counts[labels[i]] += 1
            for j in range(n_features):
                sums[labels[i], j] += points[i, j]
        moved = 0.0
        for k in range(n_clusters):
            # Of equal points, some centres are nearest to none, and stay.
            for j in range(n_features) if counts[k] else range(0):
                new = np.float32(sums[k, j] / counts[k])
                moved += (new - centers[k, j]) ** 2
                centers[k, j] = new
        if moved <= least:
            break
    return centers, labels, _assign(points, squares, centers, labels)


@numba.njit(cache=True, nogil=True)
def _seed(points, squares, draws):
    """Rows of points that are far from one another, more or less."""
    n, (n_clusters, n_trials) = len(points), draws.shape
    rows = np.empty(n_clusters, np.int64)
    rows[0] = int(draws[0, 0] * n)
    closest = _measure_from(points, squares, rows[:1])[:, 0].astype(np.float64)
    for k in range(1, n_clusters):
        # In proportion to the squared distance from the nearest seed.
        cumulative = np.cumsum(closest)
        wanted = np.searchsorted(cumulative, draws[k] * cumulative[-1])
        candidates = np.minimum(wanted, n - 1)
        distances = _measure_from(points, squares, candidates)
        least = np.inf
        for trial in range(n_trials):
            total = 0.0
            for i in range(n):
                total += min(closest[i], distances[i, trial])
            if total < least:
                least, best = total, trial
        rows[k] = candidates[best]
        for i in range(n):
            closest[i] = min(closest[i], distances[i, best])
    return rows


@numba.njit(cache=True, nogil=True)
def _measure_from(points, squares, rows):
    """Squared distances (n, n_rows) of points from some of them."""
    distances = np.dot(points, points[rows].T)
    for i in range(len(points)):
        for j in range(len(rows)):
            square = squares[i] + squares[rows[j]] - 2 * distances[i, j]
            # Rounding must not make it negative.
            distances[i, j] = max(square, np.float32(0))
    return distances


@numba.njit(cache=True, nogil=True)
def _assign(points, squares, centers, labels):
    """Write which centre is nearest; return the sum of squared distances."""
    products = np.dot(points, centers.T)
    halves = np.empty(len(centers), np.float32)
    for k in range(len(centers)):
        halves[k] = np.dot(centers[k], centers[k]) / 2
    inertia = 0.0
    for i in range(len(points)):
        nearest, most = 0, products[i, 0] - halves[0]
        for k in range(1, len(centers)):
            if products[i, k] - halves[k] > most:
                nearest, most = k, products[i, k] - halves[k]
        labels[i] = nearest
        inertia += max(squares[i] - 2 * most, np.float32(0))
    return inertia
