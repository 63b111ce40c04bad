"""The best split of a set of points into two parts, if there is one."""

from dataclasses import dataclass, field

import numpy as np

from hyperspy_4dphase.estimators.domains._bridges import is_bridged
from hyperspy_4dphase.estimators.domains._clusters import k_means
from hyperspy_4dphase.estimators.domains._directions import (
    FEWEST,
    agreement,
    candidates,
    refined,
    strength,
)
from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._valley import find_valley

LOG_P = -4.0
_LOG_P_OTHER_HALF = -1.0
_N_ACCEPTED = 3
_SAME = 0.8
_MAIN = 0.9
# Three deviations of the noise of either part.
_APART = 6.0
# Enough to converge, so that the split is the same whichever half it was found on.
_N_STEPS_ALL = 8
_N_HALVINGS = 4
_LEAD = 2


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
    the search; then on all points. At least two halves must find it, and two more than
    find it to cut a path: where the first two are not of one mind, others decide.

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
    if n < max(2 * min_size, 4 * FEWEST):
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
    searches = []
    for _ in range(_N_HALVINGS):
        order = random_state.permutation(n)
        halves = order[: n // 2], order[n // 2 :]
        for chosen, other in (halves, halves[::-1]):
            found = _search(points, chosen, other, min_size, random_state)
            searches.append(found)
        splits = [split for search in searches for split in search.splits]
        leads = [_lead(split.side, searches) for split in splits]
        # What one half has found and the other has not, other halves decide.
        if not 0 <= max(leads, default=-1) < _LEAD:
            break
    lasting = [s for s, lead in zip(splits, leads, strict=True) if lead >= _LEAD]
    if not lasting:
        continuum = any(search.is_continuum for search in searches)
        return None, "continuum" if continuum else "no gap"
    # A stronger one that either half of the points draws elsewhere may cut a part.
    return max(lasting, key=lambda split: split.strength * split.agreement), "split"


def _lead(side, searches):
    """By how many more halves cut the points so in a gap than in a path."""
    lead = 0
    for search in searches:
        if any(agreement(side, split.side) >= _SAME for split in search.splits):
            lead += 1
        elif any(agreement(side, path) >= _SAME for path in search.paths):
            lead -= 1
    return lead


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
    return Split(side, strength(points, side), np.nan, np.nan, np.nan)


@dataclass
class _Search:
    """What was found in one half of the points.

    Attributes
    ----------
    splits : list of Split
        Those that stand on the other half and on all points.
    paths : list of numpy.ndarray of bool, shape (n,)
        Sides of those that would, but cut a path.
    is_continuum : bool
        Whether a path is longer than noise can make one.
    """

    splits: list = field(default_factory=list)
    paths: list = field(default_factory=list)
    is_continuum: bool = False


def _search(points, chosen, other, min_size, random_state):
    """Look for splits in one half, and at them in the other one and in all points."""
    least = max(min_size // 2, FEWEST)
    half, search = points[chosen], _Search()
    for direction in candidates(half, least, random_state):
        first = refined(half, direction, least)
        if first is None:
            continue
        valley = find_valley(points[other] @ first[0], least)
        if valley is None or valley.log_p > _LOG_P_OTHER_HALF:
            continue
        if valley.log_p + first[1].log_p > LOG_P:
            continue
        final = refined(points, first[0], min_size, _N_STEPS_ALL)
        if final is None or final[1].log_p > LOG_P:
            continue
        values = points @ final[0]
        side = values > final[1].cut
        if is_bridged(points, values, final[1], random_state):
            search.paths.append(side)
            # Nearer than this, noise fills a gap as a path would.
            apart = values[side].mean() - values[~side].mean()
            search.is_continuum |= bool(apart > _APART)
            continue
        second = refined(points[other], first[0], least) or (first[0], valley)
        sides = [points @ w > found.cut for w, found in (first, second)]
        search.splits.append(
            Split(
                side,
                strength(points, side),
                final[1].share,
                final[1].log_p,
                agreement(*sides),
            )
        )
        if len(search.splits) == _N_ACCEPTED:
            break
    return search
