"""Directions along which points may fall into two parts."""

import numpy as np

from hyperspy_4dphase.estimators.domains._clusters import k_means, sampled
from hyperspy_4dphase.estimators.domains._valley import find_valley

# Points of a part in half of the data: two parts in two halves need four times these.
FEWEST = 3
_LOG_P_FIRST = -1.5
_N_CLUSTERS = (2, 4, 8, 16)
_N_SAMPLED = 8000
_N_EXTREMES = 12
_N_REFINED = 8
_N_RARE = 5
_ALIKE = 0.1
_N_STEPS = 3


def candidates(points, min_size, random_state):
    """Directions along which the points have a valley, the strongest split first.

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
    sample, n = sampled(points, _N_SAMPLED, random_state), len(points)
    return [
        *_distinct(_directions(sample, random_state), sample, min_size, _N_REFINED, n),
        *_distinct(_extreme_directions(points), points, min_size, _N_RARE, n),
    ]


def _distinct(directions, points, min_size, n_kept, n_points):
    """Some directions along which points have a valley, those that split differently.

    Of `n_points` these are the ones looked at, so `min_size` is in proportion.
    """
    size = max(FEWEST, min_size * len(points) // n_points)
    found = []
    for direction, values in zip(directions, (points @ directions.T).T, strict=True):
        valley = find_valley(values, size)
        if valley is not None and valley.log_p < _LOG_P_FIRST:
            side = values > valley.cut
            found.append((strength(points, side), direction, side))
    found.sort(key=lambda item: -item[0])
    kept = []
    for _, direction, side in found:
        if all(agreement(side, other) < 1 - _ALIKE for _, other in kept):
            kept.append((direction, side))
        if len(kept) == n_kept:
            break
    return [direction for direction, _ in kept]


def _directions(points, random_state):
    """Principal axes, and those between the centres of neighbouring clusters."""
    n_features = points.shape[1]
    directions = [np.eye(n_features, dtype=points.dtype)]
    for n_clusters in _N_CLUSTERS:
        if 4 * n_clusters > len(points):
            break
        model = k_means(points, n_clusters, random_state)
        centers = model.cluster_centers_
        within = points - centers[model.labels_]
        within = within.T @ within / len(points) + 0.1 * np.eye(n_features)
        distances = np.square(centers[:, None] - centers).sum(axis=2)
        np.fill_diagonal(distances, np.inf)
        near = np.argsort(distances, axis=1)[:, : min(3, n_clusters - 1)]
        pairs = {tuple(sorted((i, j))) for i, row in enumerate(near) for j in row}
        steps = np.stack([centers[i] - centers[j] for i, j in sorted(pairs)])
        directions += [steps, np.linalg.solve(within, steps.T).T]
    return _normalised(np.concatenate(directions))


def _extreme_directions(points):
    """Directions towards the points furthest out, one after the other.

    A few patterns of their own do not move the centres of clusters, but stand out from
    the covariance of the rest.
    """
    # Half of the points may not vary along what a few of the others show.
    covariance = points.T @ points / len(points)
    # Without noise, rounding is more than that.
    least = max(0.1, 1e-6 * np.trace(covariance))
    covariance = covariance + least * np.eye(points.shape[1])
    whiten = np.linalg.inv(np.linalg.cholesky(covariance)).T
    white = points @ whiten
    left = white.copy()
    directions = []
    for _ in range(min(2 * points.shape[1], _N_EXTREMES)):
        furthest = white[np.square(left).sum(axis=1).argmax()]
        near = np.argpartition(np.square(white - furthest).sum(axis=1), 4)[:5]
        directions.append(whiten @ white[near].mean(axis=0))
        axis = left[near].mean(axis=0)
        axis /= max(np.linalg.norm(axis), 1e-30)
        left -= np.outer(left @ axis, axis)
    return _normalised(np.stack(directions))


def refined(points, direction, min_size, n_steps=_N_STEPS):
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
    (numpy.ndarray, Valley) or None
        The direction with the valley that is least likely by chance; None if there is
        no valley along the first one.
    """
    best = None
    for _ in range(n_steps):
        valley = find_valley(points @ direction, min_size)
        if valley is None:
            break
        if best is None or valley.log_p < best[1].log_p:
            best = direction, valley
        side = points @ direction > valley.cut
        if side.all() or not side.any():
            break
        step = discriminant(points, side)
        if abs(step @ direction) > 1 - 1e-5:
            break
        direction = step
    return best


def discriminant(points, side):
    """Fisher's direction between two parts; their noise is in their scatter already.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    side : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (n_features,)
        Of norm 1, towards those that are True.
    """
    parts = points[~side], points[side]
    means = [part.mean(axis=0) for part in parts]
    scatter = sum(
        (part - mean).T @ (part - mean) for part, mean in zip(parts, means, strict=True)
    )
    scatter = scatter / len(points) + 0.1 * np.eye(points.shape[1])
    direction = np.linalg.solve(scatter, means[1] - means[0])
    return (direction / np.linalg.norm(direction)).astype(points.dtype)


def strength(points, side):
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


def agreement(one, other):
    """Overlap of the smaller parts of two splits, whichever way round.

    Parameters
    ----------
    one, other : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    float
        1 if they are the same.
    """
    if (one == other).mean() < 0.5:
        other = ~other
    if one.mean() > 0.5:
        one, other = ~one, ~other
    return float((one & other).sum() / max((one | other).sum(), 1))


def _normalised(directions):
    norms = np.linalg.norm(directions, axis=1, keepdims=True)
    return (directions / np.maximum(norms, 1e-30)).astype(np.float32)
