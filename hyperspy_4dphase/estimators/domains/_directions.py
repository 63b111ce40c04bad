"""Directions along which points may fall into two parts."""

from typing import NamedTuple

import numba
import numpy as np
from sklearn.preprocessing import normalize

from hyperspy_4dphase.estimators.domains._clusters import (
    draw_sample,
    pair_neighbours,
)
from hyperspy_4dphase.estimators.domains._k_means import k_means
from hyperspy_4dphase.estimators.domains._valley import (
    Valley,
    find_valley,
    find_valleys,
)

# Fewest points of a part in half of the data: two parts in two halves need four times
# these. Historical: chosen by trial in 2026.
FEWEST = 3
# All of these are historical: chosen by trial in 2026, not calibrated.
# Score of a valley that makes a direction worth a closer look.
_LOG_P_FIRST = -1.5
# Directions kept of those between clusters, and of those towards single points.
_N_KEPT, _N_KEPT_EXTREME = 8, 5
# Splits are alike if less than so large a fraction of their smaller parts differs.
_ALIKE = 0.1
# Numbers of clusters; fewest points of each on average.
_N_CLUSTERS = 2, 4, 8, 16
_MIN_CLUSTER = 4
_N_SAMPLED = 8000
# Points that stand out, and how many of their neighbours are averaged.
_N_EXTREMES, _N_AROUND = 12, 5
# Variance added to the scatter of parts, in units of that of the noise.
_RIDGE = 0.1
_N_STEPS = 3


class Cut(NamedTuple):
    """Where points fall into two parts.

    Attributes
    ----------
    direction : numpy.ndarray, shape (n_features,)
        Of norm 1.
    valley : Valley
        Of the projections on it.
    """

    direction: np.ndarray
    valley: Valley

    def side(self, points):
        """On which side points are, (n,): True beyond the cut."""
        return points @ self.direction > self.valley.cut


def find_directions(points, min_size, random_state):
    """Find directions along which the points have a valley, the strongest split first.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    min_size : int
        Fewest points of a part.
    random_state : numpy.random.RandomState

    Returns
    -------
    list of numpy.ndarray, shape (n_features,)
        Of norm 1; those that split the points alike are left out.
    """
    sample = draw_sample(points, _N_SAMPLED, random_state)
    # In proportion to the points that are looked at.
    size = max(FEWEST, min_size * len(sample) // len(points))
    clusters = _point_between_clusters(sample, random_state)
    extremes = _point_to_extremes(points)
    return [
        *_select(clusters, sample, size, _N_KEPT),
        *_select(extremes, points, max(FEWEST, min_size), _N_KEPT_EXTREME),
    ]


def _select(directions, points, min_size, n_kept):
    """Select directions along which points have a valley, that split differently."""
    found = []
    projections = directions @ points.T
    valleys = find_valleys(projections, min_size)
    for direction, values, valley in zip(directions, projections, valleys, strict=True):
        if valley is not None and valley.log_p < _LOG_P_FIRST:
            side = values > valley.cut
            found.append((measure_strength(points, side), direction, side))
    found.sort(key=lambda item: -item[0])
    kept = []
    for _, direction, side in found:
        if all(measure_agreement(side, other) < 1 - _ALIKE for _, other in kept):
            kept.append((direction, side))
        if len(kept) == n_kept:
            break
    return [direction for direction, _ in kept]


def _point_between_clusters(points, random_state):
    """Principal axes, and directions between the centres of neighbouring clusters."""
    n_features = points.shape[1]
    directions = [np.eye(n_features, dtype=points.dtype)]
    for n_clusters in _N_CLUSTERS:
        if _MIN_CLUSTER * n_clusters > len(points):
            break
        centers, labels, _ = k_means(points, n_clusters, random_state)
        within = points - centers[labels]
        within = within.T @ within / len(points) + _RIDGE * np.eye(n_features)
        one, other = np.transpose(sorted(pair_neighbours(centers)))
        steps = centers[one] - centers[other]
        directions += [steps, np.linalg.solve(within, steps.T).T]
    return normalize(np.concatenate(directions)).astype(np.float32)


def _point_to_extremes(points):
    """Directions towards the points furthest out, one after the other.

    A few patterns of their own do not move the centres of clusters, but stand out from
    the covariance of the rest.
    """
    # Half of the points may not vary along what a few of the others show.
    covariance = points.T @ points / len(points)
    # Without noise, rounding is more than that.
    least = max(_RIDGE, 1e-6 * np.trace(covariance))
    covariance = covariance + least * np.eye(points.shape[1])
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    white = points @ whiten
    left = white.copy()
    directions = []
    for _ in range(min(2 * points.shape[1], _N_EXTREMES)):
        furthest = white[np.square(left).sum(axis=1).argmax()]
        distances = np.square(white - furthest).sum(axis=1)
        near = np.argpartition(distances, _N_AROUND - 1)[:_N_AROUND]
        directions.append(whiten @ white[near].mean(axis=0))
        axis = left[near].mean(axis=0)
        axis /= max(np.linalg.norm(axis), 1e-30)
        left -= np.outer(left @ axis, axis)
    return normalize(np.stack(directions)).astype(np.float32)


def refine_direction(points, direction, min_size, n_steps=_N_STEPS):
    """Improve a direction by discriminant analysis of the parts that it shows.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    direction : numpy.ndarray, shape (n_features,)
        To begin with.
    min_size : int
        Fewest points of a part.
    n_steps : int, optional

    Returns
    -------
    Cut or None
        Along the direction with the clearest valley; None if there is no valley along
        the first one.
    """
    best = None
    for _ in range(n_steps):
        values = points @ direction
        valley = find_valley(values, min_size)
        if valley is None:
            break
        if best is None or valley.log_p < best.valley.log_p:
            best = Cut(direction, valley)
        side = values > valley.cut
        if side.all() or not side.any():
            break
        step = discriminate(points, side)
        if abs(step @ direction) > 1 - 1e-5:
            break
        direction = step
    return best


def discriminate(points, side, noise=None):
    """Find Fisher's direction between two parts.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise, which is in the scatter of the parts already.
    side : numpy.ndarray of bool, shape (n,)
    noise : numpy.ndarray, shape (n_features, n_features), optional
        What is added to the covariance of the parts. By default a tenth of unit noise.

    Returns
    -------
    numpy.ndarray, shape (n_features,)
        Of norm 1, towards those that are True.
    """
    noise = _RIDGE * np.eye(points.shape[1]) if noise is None else noise
    parts = points[~side], points[side]
    means = [part.mean(axis=0) for part in parts]
    scatter = sum(
        (part - mean).T @ (part - mean) for part, mean in zip(parts, means, strict=True)
    )
    direction = np.linalg.solve(scatter / len(points) + noise, means[1] - means[0])
    return (direction / np.linalg.norm(direction)).astype(points.dtype)


def measure_strength(points, side):
    """Distance of the parts' means times their shares: what many points have in common.

    As in energy statistics with exponent 1 (doi:10.1007/s00357-005-0012-9), and unlike
    sums of squares, a few points far away count less than many that differ.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    side : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    float
    """
    share = side.mean()
    one, total = side.astype(points.dtype) @ points, points.sum(axis=0)
    n_one = max(side.sum(), 1)
    step = one / n_one - (total - one) / max(side.size - n_one, 1)
    return float(share * (1 - share) * np.linalg.norm(step))


def measure_agreement(one, other):
    """Overlap of the smaller parts of two splits, whichever way round.

    Parameters
    ----------
    one, other : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    float
        1 if they are the same.
    """
    return _measure_agreement(one, other)


@numba.njit(cache=True, nogil=True)
def _measure_agreement(one, other):
    both = np.zeros((2, 2), np.int64)
    for i in range(one.size):
        both[int(one[i]), int(other[i])] += 1
    if 2 * (both[0, 0] + both[1, 1]) < one.size:
        both = both[:, ::-1]
    smaller = 0 if 2 * both[1].sum() > one.size else 1
    common = both[smaller, smaller]
    either = one.size - both[1 - smaller, 1 - smaller]
    return common / max(either, 1)
