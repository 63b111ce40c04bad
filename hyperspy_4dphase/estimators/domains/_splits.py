"""The best split of a set of points into two parts, if there is one."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.compression import largest_noise_value
from hyperspy_4dphase.estimators.domains._bridges import is_bridged
from hyperspy_4dphase.estimators.domains._directions import (
    FEWEST,
    Cut,
    discriminate,
    find_directions,
    measure_agreement,
    measure_strength,
    refine_direction,
)
from hyperspy_4dphase.estimators.domains._k_means import k_means
from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._valley import find_valley

# All of these are historical: chosen by trial in 2026, not calibrated.
# Largest score of a valley that is one, and of the same valley on the half of the
# points on which it was not sought.
MAX_LOG_P = -4.0
_MAX_LOG_P_OTHER_HALF = -1.0
# Splits that a search finds at most.
_MAX_SPLITS = 3
# Agreement above which two splits are the same.
_SAME = 0.8
# Fraction of what is not noise that the main components hold.
_MAIN = 0.9
# Distance of parts, in units of the noise, from which a path is one: three deviations
# of the noise of either part.
_PATH_LENGTH = 6.0
# Enough to converge, so that the split is the same whichever half it was found on.
_N_STEPS_ALL = 8
_N_HALVINGS = 4
# Halves that must find a split more than take it for the cut of a path.
_MIN_SUPPORT = 2


@dataclass
class Split:
    """Two parts of a set of points.

    Attributes
    ----------
    side : numpy.ndarray of bool, shape (n,)
    strength : float
        Distance between the parts' means in standard deviations of the noise of a
        point, times the fractions of both parts.
    share : float
        Points in the valley between them, as a fraction of the smaller part.
    log_p : float
        Score of the valley between them, the lower the clearer; see :class:`Valley`.
    agreement : float
        Overlap of the smaller part when split by either half of the points.
    step : float
        Change of the pattern across the border between the parts, in units of what is
        usual around it; see :class:`Steps`.
    support : float
        Fraction of the searches that find it, of a refused one.
    """

    side: np.ndarray
    strength: float
    share: float = np.nan
    log_p: float = np.nan
    agreement: float = np.nan
    step: float = np.nan
    support: float = np.nan


class SplitResult(NamedTuple):
    """A split, or why there is none.

    Attributes
    ----------
    split : Split or None
    reason : str
        ``"split"``, or ``"noise"``, ``"size"``, ``"no gap"`` or ``"continuum"``.
    refused : Split or None
        The strongest one that has a gap, but cuts a path; there may be one beside a
        split, too.
    """

    split: Split | None
    reason: str
    refused: Split | None = None


@dataclass
class Search:
    """What was found in one half of the points.

    Attributes
    ----------
    splits : list of Split
        Those that stand on the other half and on all points.
    paths : list of Split
        Those that would, but cut a path.
    is_continuum : bool
        Whether a path is longer than noise can make one.
    """

    splits: list = field(default_factory=list)
    paths: list = field(default_factory=list)
    is_continuum: bool = False


def find_local_points(points, noise):
    """Express points in the directions in which they differ by more than noise.

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
    edge = largest_noise_value(n, np.ones(values.size)) / np.sqrt(n)
    kept = np.flatnonzero(values > edge**2)[::-1]
    return (centred @ vectors[:, kept]).astype(np.float32)


def find_split(points, min_size, random_state, side=None):
    """Find the strongest split that stands all tests, and that both halves draw alike.

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
    side : numpy.ndarray of bool, shape (n,), optional
        Two parts between which a direction is sought, instead of between clusters.

    Returns
    -------
    SplitResult
    """
    n, n_features = points.shape
    if n < max(2 * min_size, 4 * FEWEST):
        return SplitResult(None, "size")
    if not n_features:
        return SplitResult(None, "noise")
    found = _search_halves(points, min_size, random_state, side)
    if side is not None:
        return found
    n_main = _count_main_components(points)
    if found.split is None and n_main < n_features:
        # What varies a little in many directions hides what lies in few.
        in_main = _search_halves(points[:, :n_main], min_size, random_state)
        if in_main.reason != "no gap":
            return in_main
    return found


def force_split(points, random_state):
    """Part points that need not have a gap in two; None if they are all alike."""
    if not points.shape[1] or len(points) < 2:
        return None
    side = k_means(points, 2, random_state, n_init=3).labels == 1
    if side.all() or not side.any():
        return None
    return Split(side, measure_strength(points, side))


def _search_halves(points, min_size, random_state, side=None):
    """Halve the points until it is clear whether there is a split."""
    searches = []
    for _ in range(_N_HALVINGS):
        order = random_state.permutation(len(points))
        one, other = np.split(order, [len(points) // 2])
        for halves in ((one, other), (other, one)):
            searches.append(_search(points, *halves, min_size, random_state, side))
        if not is_undecided(searches):
            break
    return choose_split(searches)


def is_undecided(searches):
    """Whether other halves must decide on what some have found and others have not."""
    support = [_count_support(split, searches) for s in searches for split in s.splits]
    return 0 <= max(support, default=-1) < _MIN_SUPPORT


def choose_split(searches):
    """Choose the strongest of the splits that enough halves have found.

    Parameters
    ----------
    searches : list of Search
        One for each half.

    Returns
    -------
    SplitResult
    """
    splits = [split for search in searches for split in search.splits]
    lasting = [s for s in splits if _count_support(s, searches) >= _MIN_SUPPORT]
    paths = [path for search in searches for path in search.paths]
    refused = max(paths, key=lambda path: path.strength, default=None)
    if refused is not None:
        refused.support = np.mean([_finds(s, refused) for s in searches])
    if lasting:
        # A stronger one that either half of the points draws elsewhere may cut a part.
        best = max(lasting, key=lambda split: split.strength * split.agreement)
        return SplitResult(best, "split", refused)
    continuum = any(search.is_continuum for search in searches)
    return SplitResult(None, "continuum" if continuum else "no gap", refused)


def _finds(search, split):
    """Whether a half finds a split, whether or not it takes it for a path."""
    found = search.splits + search.paths
    return any(measure_agreement(split.side, s.side) >= _SAME for s in found)


def _count_support(split, searches):
    """Number of halves that find this split, less those that take it for a path."""

    def is_among(others):
        return any(measure_agreement(split.side, o.side) >= _SAME for o in others)

    support = 0
    for search in searches:
        if is_among(search.splits):
            support += 1
        elif is_among(search.paths):
            support -= 1
    return support


def _count_main_components(points):
    """How many of the principal components hold most of what is not noise."""
    excess = np.maximum(points.var(axis=0) - 1, 0)
    return int(np.searchsorted(np.cumsum(excess), _MAIN * excess.sum())) + 1


def _search(points, chosen, other, min_size, random_state, side=None):
    """Look for splits in one half, and at them in the other one and in all points."""
    half, other_half = points[chosen], points[other]
    least = max(min_size // 2, FEWEST)
    search = Search()
    if side is None:
        directions, options = find_directions(half, least, random_state), {}
    else:
        own = side[chosen]
        is_both = least <= own.sum() <= own.size - least
        directions = [discriminate(half, own)] if is_both else []
        # There may be as many crowds as there are directions.
        options = {"n_cells": points.shape[1] + 1}
    for direction in directions:
        first = refine_direction(half, direction, least)
        if first is None:
            continue
        second = _confirm(first, other_half, least)
        if second is None:
            continue
        final = refine_direction(points, first.direction, min_size, _N_STEPS_ALL)
        if final is None or final.valley.log_p > MAX_LOG_P:
            continue
        values, found = points @ final.direction, final.side(points)
        if is_bridged(points, values, final.valley, random_state, **options):
            scores = final.valley.share, final.valley.log_p
            search.paths.append(Split(found, measure_strength(points, found), *scores))
            # Nearer than this, noise fills a gap as a path would.
            length = values[found].mean() - values[~found].mean()
            search.is_continuum |= bool(length > _PATH_LENGTH)
            continue
        second = refine_direction(other_half, first.direction, least) or second
        agreement = measure_agreement(first.side(points), second.side(points))
        scores = final.valley.share, final.valley.log_p, agreement
        search.splits.append(Split(found, measure_strength(points, found), *scores))
        if len(search.splits) == _MAX_SPLITS:
            break
    return search


def _confirm(cut, other_half, min_size):
    """Look for the valley of a cut in the other half.

    Returns
    -------
    Cut or None
        In the same direction, with the other half's valley; None if it has none.
    """
    valley = find_valley(other_half @ cut.direction, min_size)
    if valley is None or valley.log_p > _MAX_LOG_P_OTHER_HALF:
        return None
    if valley.log_p + cut.valley.log_p > MAX_LOG_P:
        return None
    return Cut(cut.direction, valley)
