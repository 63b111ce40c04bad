"""Whether values fall into two parts with a gap between them, or are one heap.

Away from its mode a density falls. So if there is but one mode, values between two
edges are no rarer than on one of the flanks, between an edge and the median of what
lies beyond it. In a valley they are rarer than on both.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import bdtr

MIXTURES = 0.35
_BEYOND_DOUBT = -10.0
_WIDTHS = 0.5, 0.75
_MARGIN = 0.1
_N_WINDOWS = 6
_N_CUTS = 48


class Valley(NamedTuple):
    """Where values are few, between two parts of them.

    Attributes
    ----------
    log_p : float
        Decimal logarithm of the probability that a single mode leaves so few.
    share : float
        Values in the valley, as a share of those of the smaller part.
    cut : float
        The value between the parts.
    low, high : float
        Edges of the valley.
    n_smaller : int
        Values of the smaller part.
    """

    log_p: float
    share: float
    cut: float
    low: float
    high: float
    n_smaller: int


def find_valley(values, min_size):
    """The emptiest valley in a sample of values.

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
    below = _cuts(values, min_size)
    cut = (values[below - 1] + values[below]) / 2
    left, right = values[below // 2], values[(below + n) // 2]
    distance = right - left
    smaller = np.minimum(below, n - below)
    width = np.repeat(_WIDTHS, _N_WINDOWS)[:, None] * distance
    lowest = np.maximum(left + _MARGIN * distance, cut - width)
    highest = np.minimum(right - _MARGIN * distance - width, cut)
    steps = np.tile(np.linspace(0, 1, _N_WINDOWS), len(_WIDTHS))[:, None]
    low = lowest + steps * (highest - lowest)
    high = low + width
    first, last = np.searchsorted(values, low), np.searchsorted(values, high)
    mass = last - first
    allowed = (highest >= lowest) & (distance > 0) & (mass <= MIXTURES * smaller)
    if not allowed.any():
        return None
    flanks = (first - below // 2, low - left), ((below + n) // 2 - last, right - high)
    log_p = np.maximum(*(_log_p(mass, width, *flank) for flank in flanks))
    log_p = np.where(allowed, log_p, np.inf)
    # Of those that are beyond doubt, the emptiest.
    sure = log_p <= max(_BEYOND_DOUBT, log_p.min() + 1)
    best = np.unravel_index(
        np.where(sure, mass / smaller, np.inf).argmin(), log_p.shape
    )
    i = best[1]
    parts = values[: below[i]], values[below[i] :]
    middle = sum(map(_densest, parts)) / 2
    middle = _middle(values, middle, low[best], high[best])
    return Valley(
        float(log_p[best]),
        float(mass[best] / smaller[i]),
        float(middle),
        float(low[best]),
        float(high[best]),
        int(smaller[i]),
    )


def _densest(values):
    """Mean of the shortest half of sorted values: where they crowd, tails aside."""
    half = max(values.size // 2, 1)
    first = np.argmin(values[half - 1 :] - values[: values.size - half + 1])
    return values[first : first + half].mean()


def _middle(values, middle, low, high):
    """The cut at which mixtures are half and half, unless values crowd on the way."""
    nearest = np.clip(middle, low, high)
    inside, between = (
        np.ptp(np.searchsorted(values, edges)) / max(np.ptp(edges), 1e-30)
        for edges in ((low, high), (nearest, middle))
    )
    return nearest if between > 2 * inside else middle


def _log_p(mass, width, n_flank, flank):
    """Of so few in the valley, if they were as dense there as in a flank."""
    n_flank, flank = np.maximum(n_flank, 0), np.maximum(flank, 1e-30)
    chance = width / (width + flank)
    found = bdtr(mass.astype(float), mass + n_flank, chance)
    return np.log10(np.maximum(found, np.finfo(float).tiny))


def _cuts(values, min_size):
    """Numbers of values below each cut: close at both ends, and even in between."""
    n = values.size
    tails = np.geomspace(min_size, n / 2, _N_CUTS).astype(int)
    even = np.linspace(values[min_size - 1], values[n - min_size], _N_CUTS)
    even = np.clip(np.searchsorted(values, even), min_size, n - min_size)
    return np.unique(np.concatenate([tails, n - tails, even]))
