"""Whether values fall into two parts with a gap between them, or are one heap.

The density of one heap falls away from its mode. So if there is but one mode, values
between two edges are no rarer than on one of the flanks, between an edge and the median
of what lies beyond it. In a valley they are rarer than on both flanks.
"""

import functools
from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

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
_EVEN = np.linspace(0, 1, _N_CUTS)
# One row for each window.
_ALL_WIDTHS = np.repeat(_WIDTHS, _N_PLACES)[:, None]
_STEPS = np.tile(np.linspace(0, 1, _N_PLACES), len(_WIDTHS))[:, None]


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
    values = np.sort(values)
    n = values.size
    if n < 2 * min_size:
        return None
    n_below = _choose_cuts(values, min_size)
    n_smaller = np.minimum(n_below, n - n_below)
    low, width, fits = _place_windows(values, n_below)
    first, last = np.searchsorted(values, low), np.searchsorted(values, low + width)
    n_inside = last - first
    fits &= n_inside <= MAX_IN_VALLEY * n_smaller
    if not fits.any():
        return None
    left, right = _find_medians(values, n_below)
    # Only of windows that fit: the chances take most of the time.
    cuts = np.nonzero(fits)[1]
    low_in, width_in, inside = low[fits], width[fits], n_inside[fits]
    flanks = (
        (first[fits] - n_below[cuts] // 2, low_in - left[cuts]),
        ((n_below[cuts] + n) // 2 - last[fits], right[cuts] - (low_in + width_in)),
    )
    log_p = np.full(fits.shape, np.inf)
    log_p[fits] = np.maximum(*(_score(inside, width_in, *flank) for flank in flanks))
    # Of those that are beyond doubt, the emptiest.
    sure = log_p <= max(_SURE_SCORE, log_p.min() + 1)
    share = n_inside / n_smaller
    best = np.unravel_index(np.where(sure, share, np.inf).argmin(), share.shape)
    edges = low[best], (low + width)[best]
    cut = _cut_mixtures_in_half(values, n_below[best[1]], *edges)
    found = map(float, (log_p[best], share[best], cut, *edges))
    return Valley(*found, int(n_smaller[best[1]]))


def _choose_cuts(values, min_size):
    """Numbers of values below each cut: close at both ends, and even in between."""
    n = values.size
    first, last = values[min_size - 1], values[n - min_size]
    even = first + _EVEN * (last - first)
    even = np.clip(np.searchsorted(values, even), min_size, n - min_size)
    return np.unique(np.concatenate([_cut_tails(min_size, n), even]))


@functools.lru_cache(maxsize=256)
def _cut_tails(min_size, n):
    """Numbers of values below cuts that are close at both ends."""
    tails = np.geomspace(min_size, n / 2, _N_CUTS).astype(int)
    return np.concatenate([tails, n - tails])


def _find_medians(values, n_below):
    """Medians of what lies on either side of each cut."""
    return values[n_below // 2], values[(n_below + values.size) // 2]


def _place_windows(values, n_below):
    """Place windows around each cut, between the medians of both parts.

    Returns
    -------
    low, width : numpy.ndarray, shape (n_windows, n_cuts)
        Lower edges and widths.
    fits : numpy.ndarray of bool, shape (n_windows, n_cuts)
        Whether there is room for the window.
    """
    cut = (values[n_below - 1] + values[n_below]) / 2
    left, right = _find_medians(values, n_below)
    distance = right - left
    width = _ALL_WIDTHS * distance
    lowest = np.maximum(left + _MARGIN * distance, cut - width)
    highest = np.minimum(right - _MARGIN * distance - width, cut)
    low = lowest + _STEPS * (highest - lowest)
    return low, width, (highest >= lowest) & (distance > 0)


def _score(n_inside, width, n_flank, flank):
    """Decimal logarithm of the chance of so few, were they as dense as in a flank."""
    n_flank, flank = np.maximum(n_flank, 0), np.maximum(flank, 1e-30)
    chance = bdtr(n_inside.astype(float), n_inside + n_flank, width / (width + flank))
    return np.log10(np.maximum(chance, np.finfo(float).tiny))


def _cut_mixtures_in_half(values, n_below, low, high):
    """Find the cut half way between two crowds, unless values crowd on the way."""
    middle = (_find_crowd(values[:n_below]) + _find_crowd(values[n_below:])) / 2
    nearest = np.clip(middle, low, high)
    inside, between = (
        np.ptp(np.searchsorted(values, edges)) / max(np.ptp(edges), 1e-30)
        for edges in ((low, high), (nearest, middle))
    )
    return nearest if between > 2 * inside else middle


def _find_crowd(values):
    """Mean of the shortest half of sorted values: where they crowd, tails aside."""
    half = max(values.size // 2, 1)
    first = np.argmin(values[half - 1 :] - values[: values.size - half + 1])
    return values[first : first + half].mean()
