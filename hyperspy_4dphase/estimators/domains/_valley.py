"""Whether values fall into two parts with a gap between them, or are one heap.

The density of one heap falls away from its mode. So if there is but one mode, values
between two edges are no rarer than on one of the flanks, between an edge and the median
of what lies beyond it. In a valley they are rarer than on both flanks.
"""

import functools
import math
from typing import NamedTuple

import numba
import numpy as np

# Most values in a valley, as a fraction of the smaller part. Historical: chosen by
# trial in 2026, not calibrated.
MAX_IN_VALLEY = 0.35
# Scores below this are all beyond doubt. Historical: chosen by trial in 2026.
_SURE_SCORE = -10.0
# Widths of valleys that are tried, and how near to a median they come, as fractions of
# the distance of the medians of both parts. Historical: chosen by trial in 2026.
_WIDTHS = 0.5, 0.75
_MARGIN = 0.1
# Places of a valley of each width at each cut, and half of the cuts: a compromise
# between time and resolution.
_N_PLACES = 6
_N_CUTS = 48
# Below it a term no longer changes a sum; and the least score that is told.
_ROUNDING = float(np.finfo(float).eps)
_LEAST_SCORE = float(np.log10(np.finfo(float).tiny))
_LOG_10 = math.log(10)
_EVEN = np.linspace(0, 1, _N_CUTS)
# One row for each window.
_ALL_WIDTHS = np.repeat(_WIDTHS, _N_PLACES)
_STEPS = np.tile(np.linspace(0, 1, _N_PLACES), len(_WIDTHS))


class Valley(NamedTuple):
    """Where values are few, between two parts of them.

    Attributes
    ----------
    log_p : float
        Score of the valley; the lower, the clearer. It is the decimal logarithm of the
        chance that so few values lie in this window if they are as dense there as on
        the denser of its flanks. It is no probability of the valley, since it is the
        smallest of many cuts and windows.
    share : float
        Values in the valley, as a fraction of those of the smaller part.
    cut : float
        The value between the parts.
    low, high : float
        Edges of the valley.
    n_smaller : int
        Number of values of the smaller part.
    """

    log_p: float
    share: float
    cut: float
    low: float
    high: float
    n_smaller: int


class _Windows(NamedTuple):
    """Windows that may be a valley.

    Attributes
    ----------
    n_below : numpy.ndarray of int, shape (n_windows,)
        Values below the cut that each is placed around.
    n_inside : numpy.ndarray of int, shape (n_windows,)
        Values in the window.
    low, width : numpy.ndarray, shape (n_windows,)
        Lower edges and widths.
    in_flanks : numpy.ndarray of int, shape (2, n_windows)
        Values between the window and the median on either side of it.
    flanks : numpy.ndarray, shape (2, n_windows)
        How wide these are.
    """

    n_below: np.ndarray
    n_inside: np.ndarray
    low: np.ndarray
    width: np.ndarray
    in_flanks: np.ndarray
    flanks: np.ndarray


def find_valley(values, min_size):
    """Find the emptiest valley in a sample of values.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
    min_size : int
        Fewest values of a part.

    Returns
    -------
    Valley or None
        None where there is none.
    """
    return find_valleys(values[np.newaxis], min_size)[0]


def find_valleys(samples, min_size):
    """Find the emptiest valley in each of many samples of the same size.

    Parameters
    ----------
    samples : numpy.ndarray, shape (n_samples, n)
    min_size : int
        Fewest values of a part.

    Returns
    -------
    list of Valley or None, length n_samples
        None where there is none.
    """
    n = samples.shape[1]
    if n < 2 * min_size:
        return [None] * len(samples)
    samples = np.sort(samples, axis=1).astype(float)
    found = _find_emptiest(samples, min_size, _cut_tails(min_size, n))
    return [
        None if np.isnan(log_p) else Valley(log_p, *others, int(n_smaller))
        for log_p, *others, n_smaller in found.tolist()
    ]


@functools.lru_cache(maxsize=256)
def _cut_tails(min_size, n):
    """Numbers of values below cuts that are close at both ends."""
    tails = np.geomspace(min_size, n / 2, _N_CUTS).astype(int)
    return np.concatenate([tails, n - tails])


@numba.njit(cache=True, nogil=True)
def _place_windows(values, min_size, tails):
    """Place windows around cuts, between the medians of both parts.

    Cuts are close at both ends, and even in between.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
        Ascending.
    min_size : int
        Fewest values of a part.
    tails : numpy.ndarray of int
        Numbers of values below the cuts at the ends.

    Returns
    -------
    _Windows
        Those that have few enough values in them.
    """
    n = values.size
    first, last = values[min_size - 1], values[n - min_size]
    wanted = np.zeros(n + 1, np.bool_)
    for below in tails:
        wanted[below] = True
    for step in _EVEN:
        below = np.searchsorted(values, first + step * (last - first))
        wanted[min(max(below, min_size), n - min_size)] = True
    cuts = np.flatnonzero(wanted)
    most = _ALL_WIDTHS.size * cuts.size
    n_below, n_inside = np.empty(most, np.int64), np.empty(most, np.int64)
    low, width = np.empty(most), np.empty(most)
    in_flanks, flanks = np.empty((2, most), np.int64), np.empty((2, most))
    k = 0
    for i in range(_ALL_WIDTHS.size):
        for below in cuts:
            cut = (values[below - 1] + values[below]) / 2
            left, right = values[below // 2], values[(below + n) // 2]
            distance = right - left
            wide = _ALL_WIDTHS[i] * distance
            lowest = max(left + _MARGIN * distance, cut - wide)
            highest = min(right - _MARGIN * distance - wide, cut)
            if highest < lowest or distance <= 0:
                continue
            edge = lowest + _STEPS[i] * (highest - lowest)
            most_inside = MAX_IN_VALLEY * min(below, n - below)
            if _is_crowded(values, below, int(most_inside), edge, edge + wide):
                continue
            start = np.searchsorted(values, edge)
            end = np.searchsorted(values, edge + wide)
            if end - start > most_inside:
                continue
            n_below[k], low[k], width[k], n_inside[k] = below, edge, wide, end - start
            in_flanks[0, k], flanks[0, k] = start - below // 2, edge - left
            in_flanks[1, k] = (below + n) // 2 - end
            flanks[1, k] = right - (edge + wide)
            k += 1
    inside = n_below[:k], n_inside[:k]
    return _Windows(*inside, low[:k], width[:k], in_flanks[:, :k], flanks[:, :k])


@numba.njit(cache=True, nogil=True)
def _is_crowded(values, below, most, low, high):
    """Whether more values than these, next to a cut on one side, are in a window.

    Most windows are, and then need not be searched for.
    """
    if values[below - 1] < high and values[below - 1 - most] >= low:
        return True
    return values[below] >= low and values[below + most] < high


def has_compiled():
    """Whether this process has looked for a valley before, which compiles the search.

    Returns
    -------
    bool
    """
    return bool(_find_emptiest.signatures)


@numba.njit(cache=True, nogil=True)
def _find_emptiest(samples, min_size, tails):
    """The attributes of a `Valley` for each sample; NaN where there is none."""
    found = np.full((len(samples), 6), np.nan)
    for row in range(len(samples)):
        values = samples[row]
        windows = _place_windows(values, min_size, tails)
        if not windows.low.size:
            continue
        scores = _score(windows)
        # Of those that are beyond doubt, the emptiest.
        sure = max(_SURE_SCORE, scores.min() + 1)
        best, least = 0, np.inf
        for i in range(scores.size):
            smaller = min(windows.n_below[i], values.size - windows.n_below[i])
            share = windows.n_inside[i] / smaller
            if scores[i] <= sure and share < least:
                best, least, n_smaller = i, share, smaller
        low, high = windows.low[best], windows.low[best] + windows.width[best]
        cut = _cut_mixtures_in_half(values, windows.n_below[best], low, high)
        found[row, 0], found[row, 1], found[row, 2] = scores[best], least, cut
        found[row, 3], found[row, 4], found[row, 5] = low, high, n_smaller
    return found


@numba.njit(cache=True, nogil=True)
def _score(windows):
    """Score (n_windows,) windows: values must be rarer than on both flanks."""
    scores = np.full(windows.low.size, _LEAST_SCORE)
    for i in range(scores.size):
        for side in range(2):
            n_flank = max(windows.in_flanks[side, i], 0)
            flank = max(windows.flanks[side, i], 1e-30)
            score = _log_chance(windows.n_inside[i], n_flank, windows.width[i], flank)
            scores[i] = max(scores[i], score)
    return scores


@numba.njit(cache=True, nogil=True)
def _log_chance(n_inside, n_flank, width, flank):
    """Decimal logarithm of the chance of so few, were they as dense as in a flank.

    The sum of the binomial probabilities on that side of the mean that is the shorter.
    """
    n, p, q = n_inside + n_flank, width / (width + flank), flank / (width + flank)
    if not n_flank:
        return 0.0
    first = n_inside if n_inside < n * p else n_inside + 1
    log_p = math.lgamma(n + 1) - math.lgamma(first + 1) - math.lgamma(n - first + 1)
    log_p += first * math.log(p) + (n - first) * math.log(q)
    total = term = 1.0
    if first == n_inside:
        for k in range(first, 0, -1):
            term *= k * q / ((n - k + 1) * p)
            total += term
            if term < _ROUNDING * total:
                break
        log_p += math.log(total)
    else:
        for k in range(first, n):
            term *= (n - k) * p / ((k + 1) * q)
            total += term
            if term < _ROUNDING * total:
                break
        # Rounding must not make it more than certain that there are more.
        log_p = math.log1p(-min(math.exp(log_p) * total, 1 - _ROUNDING))
    return max(log_p / _LOG_10, _LEAST_SCORE)


@numba.njit(cache=True, nogil=True)
def _cut_mixtures_in_half(values, n_below, low, high):
    """Find the cut half way between two crowds, unless values crowd on the way."""
    middle = (_find_crowd(values[:n_below]) + _find_crowd(values[n_below:])) / 2
    nearest = min(max(middle, low), high)
    inside = _measure_density(values, low, high)
    between = _measure_density(values, min(nearest, middle), max(nearest, middle))
    return nearest if between > 2 * inside else middle


@numba.njit(cache=True, nogil=True)
def _measure_density(values, low, high):
    n = np.searchsorted(values, high) - np.searchsorted(values, low)
    return n / max(high - low, 1e-30)


@numba.njit(cache=True, nogil=True)
def _find_crowd(values):
    """Mean of the shortest half of sorted values: where they crowd, tails aside."""
    half = max(values.size // 2, 1)
    first = np.argmin(values[half - 1 :] - values[: values.size - half + 1])
    return values[first : first + half].mean()
