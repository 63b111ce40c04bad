"""The best split of a set of points into two parts, if there is one."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase.estimators._bridges import is_bridged
from hyperspy_4dphase.estimators._clusters import k_means, sampled
from hyperspy_4dphase.estimators._shapes import whitening
from hyperspy_4dphase.estimators._valley import find_valley

# Points of a part in half of the data: two parts in two halves need four times these.
_FEWEST = 3
_LOG_P = -4.0
_LOG_P_FIRST = -1.5
_LOG_P_OTHER_HALF = -1.0
_N_CLUSTERS = (2, 4, 8, 16)
_N_SAMPLED = 8000
_N_EXTREMES = 12
_N_REFINED = 8
_N_RARE = 5
_N_ACCEPTED = 3
_ALIKE = 0.1
_MAIN = 0.9
# Three deviations of the noise of either part.
_APART = 6.0
_N_STEPS = 3
# Enough to converge, so that the split is the same whichever half it was found on.
_N_STEPS_ALL = 8


@dataclass
class Split:
    """Two parts of a set of points.

    Attributes
    ----------
    side : numpy.ndarray of bool, shape (n,)
    strength : float
        Distance between the parts' means in standard deviations of the noise of a
        point, times the shares of both parts.
    share : float
        Points in the valley between them, as a share of the smaller part.
    log_p : float
        Decimal logarithm of the probability of so few in a single heap.
    agreement : float
        Share of points on the same side when split by either half of the points.
    """

    side: np.ndarray
    strength: float
    share: float
    log_p: float
    agreement: float


def local_points(points, noise):
    """Points in the directions in which they differ by more than noise.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    noise : numpy.ndarray, shape (n_features, n_features)
        Covariance of their noise.

    Returns
    -------
    numpy.ndarray, shape (n, n_significant), float32
        Principal components, the strongest first, of unit noise; there may be none.
    """
    n = len(points)
    centred = (points - points.mean(axis=0)) @ whitening(noise)
    values, vectors = np.linalg.eigh(centred.T @ centred / n)
    ratio = values.size / n
    edge = (1 + np.sqrt(ratio)) ** 2
    # Tracy-Widom: 3.3 is the 99.9 % quantile.
    edge += (
        3.3
        * (1 + np.sqrt(ratio))
        / np.sqrt(n)
        * (1 / np.sqrt(n) + 1 / np.sqrt(values.size)) ** (1 / 3)
    )
    kept = np.flatnonzero(values > edge)[::-1]
    return (centred @ vectors[:, kept]).astype(np.float32)


def best_split(points, min_size, random_state):
    """The strongest split that stands all tests, and that both halves draw alike.

    Directions are sought on one half of the points, those with a valley along them are
    refined, and must show the valley on the other half as well, which had no part in
    the search; then on all points.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    min_size : int
        Fewest points of a part.
    random_state : numpy.random.RandomState

    Returns
    -------
    Split or None
    reason : str
        Why there is none: ``"noise"``, ``"size"``, ``"no gap"`` or ``"continuum"``.
    """
    n, n_features = points.shape
    if n < max(2 * min_size, 4 * _FEWEST):
        return None, "size"
    if not n_features:
        return None, "noise"
    split, reason = _split_of(points, min_size, random_state)
    n_main = _n_main(points)
    if split is None and n_main < n_features:
        # What varies a little in many directions hides what lies in few.
        split, why = _split_of(points[:, :n_main], min_size, random_state)
        reason = why if why == "continuum" else reason
    return split, "split" if split is not None else reason


def _split_of(points, min_size, random_state):
    n = len(points)
    order = random_state.permutation(n)
    halves = order[: n // 2], order[n // 2 :]
    accepted, reason = [], "no gap"
    for chosen, other in (halves, halves[::-1]):
        found, why = _accepted(points, chosen, other, min_size, random_state)
        accepted += found
        reason = "continuum" if why == "continuum" else reason
    if not accepted:
        return None, reason
    # A stronger one that either half of the points draws elsewhere may cut a part.
    return max(accepted, key=lambda split: split.strength * split.agreement), "split"


def _n_main(points):
    """How many of the principal components hold most of what is not noise."""
    excess = np.maximum(points.var(axis=0) - 1, 0)
    return int(np.searchsorted(np.cumsum(excess), _MAIN * excess.sum())) + 1


def forced_split(points, random_state):
    """Two parts of points that need not have a gap, or None if they are all alike."""
    if not points.shape[1] or len(points) < 2:
        return None
    side = k_means(points, 2, random_state, n_init=3).labels_ == 1
    if side.all() or not side.any():
        return None
    return Split(side, _strength(points, side), np.nan, np.nan, np.nan)


def _accepted(points, chosen, other, min_size, random_state):
    """Splits found on one half that stand on the other one and on all points."""
    least = max(min_size // 2, _FEWEST)
    half = points[chosen]
    accepted, reason = [], "no gap"
    for direction in _candidates(half, least, random_state):
        first = _refined(half, direction, least)
        if first is None:
            continue
        valley = find_valley(points[other] @ first[0], least)
        if valley is None or valley.log_p > _LOG_P_OTHER_HALF:
            continue
        if valley.log_p + first[1].log_p > _LOG_P:
            continue
        final = _refined(points, first[0], min_size, _N_STEPS_ALL)
        if final is None or final[1].log_p > _LOG_P:
            continue
        values = points @ final[0]
        side = values > final[1].cut
        if is_bridged(points, values, final[1], random_state):
            # Nearer than this, noise fills a gap as a path would.
            if values[side].mean() - values[~side].mean() > _APART:
                reason = "continuum"
            continue
        second = _refined(points[other], first[0], least) or (first[0], valley)
        sides = [points @ w > found.cut for w, found in (first, second)]
        accepted.append(
            Split(
                side,
                _strength(points, side),
                final[1].share,
                final[1].log_p,
                _agreement(*sides),
            )
        )
        if len(accepted) == _N_ACCEPTED:
            break
    return accepted, reason


def _candidates(points, min_size, random_state):
    """Directions along which the points have a valley, the strongest split first."""
    sample, n = sampled(points, _N_SAMPLED, random_state), len(points)
    return [
        *_distinct(_directions(sample, random_state), sample, min_size, _N_REFINED, n),
        *_distinct(_extreme_directions(points), points, min_size, _N_RARE, n),
    ]


def _distinct(directions, points, min_size, n_kept, n_points):
    """Some directions along which points have a valley, those that split differently.

    Of `n_points` these are the ones looked at, so `min_size` is in proportion.
    """
    size = max(_FEWEST, min_size * len(points) // n_points)
    found = []
    for direction, values in zip(directions, (points @ directions.T).T, strict=True):
        valley = find_valley(values, size)
        if valley is not None and valley.log_p < _LOG_P_FIRST:
            side = values > valley.cut
            found.append((_strength(points, side), direction, side))
    found.sort(key=lambda item: -item[0])
    kept = []
    for _, direction, side in found:
        if all(_agreement(side, other) < 1 - _ALIKE for _, other in kept):
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


def _refined(points, direction, min_size, n_steps=_N_STEPS):
    """Direction and valley of a discriminant analysis that starts from a direction."""
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
        step = _discriminant(points, side)
        if abs(step @ direction) > 1 - 1e-5:
            break
        direction = step
    return best


def _discriminant(points, side):
    """Fisher's direction between two parts; their noise is in their scatter already."""
    parts = points[~side], points[side]
    means = [part.mean(axis=0) for part in parts]
    scatter = sum(
        (part - mean).T @ (part - mean) for part, mean in zip(parts, means, strict=True)
    )
    scatter = scatter / len(points) + 0.1 * np.eye(points.shape[1])
    direction = np.linalg.solve(scatter, means[1] - means[0])
    return (direction / np.linalg.norm(direction)).astype(points.dtype)


def _strength(points, side):
    """Distance of the parts' means times their shares: what many points have in common.

    As in energy statistics with exponent 1 (doi:10.1007/s00357-005-0012-9), and unlike
    sums of squares, a few points far away count less than many that differ.
    """
    share = side.mean()
    one, total = side.astype(points.dtype) @ points, points.sum(axis=0)
    n_one = max(side.sum(), 1)
    step = one / n_one - (total - one) / max(side.size - n_one, 1)
    return float(share * (1 - share) * np.linalg.norm(step))


def _agreement(one, other):
    """Overlap of the smaller parts of two splits, whichever way round."""
    if (one == other).mean() < 0.5:
        other = ~other
    if one.mean() > 0.5:
        one, other = ~one, ~other
    return float((one & other).sum() / max((one | other).sum(), 1))


def _normalised(directions):
    norms = np.linalg.norm(directions, axis=1, keepdims=True)
    return (directions / np.maximum(norms, 1e-30)).astype(np.float32)
