"""What no detector that counts gives: patterns twice, and values that end somewhere."""

from typing import NamedTuple

import numpy as np

# Patterns of so much in all, in electrons, are never the same by chance.
_LEAST_TOTAL = 50.0
# Sums that differ by less are rounded in another order.
_ROUNDING = 1e-12
# Part of all patterns, and number, from which on repeated ones are told of: of a few
# nobody would be misled.
_REPEATED_FROM, _FEWEST_REPEATED = 0.005, 8
# Where nearly all are, there is no noise in the scan: it was not recorded.
_MOST_REPEATED = 0.9
# A pixel is at the end of its range if so large a part of its values are the largest
# of all: of values that are counted, and this large, fewer are the same. Less is enough
# where it is the largest that the type of the data has.
_SHARE_AT_END, _SHARE_AT_TYPE, _FEWEST_AT_END = 0.1, 0.01, 5
# Values that are looked at, at most: they limit the time.
_MOST_VALUES = 4 * 2**20
# The largest value must be so large, and so many times the typical one.
_LARGE, _ABOVE_TYPICAL = 50.0, 2.0


class Clipped(NamedTuple):
    """Pixels whose values end at the largest of all.

    Attributes
    ----------
    n_pixels : int
        How many there are; 0 if values do not end.
    value : float
        Where they end.
    """

    n_pixels: int = 0
    value: float = np.nan


def find_repeated(sums, totals):
    """Find patterns that are, value for value, the same as one before.

    Parameters
    ----------
    sums : numpy.ndarray, shape (n_patterns,)
        Sums of the values, each pixel with a weight of its own.
    totals : numpy.ndarray, shape (n_patterns,)
        Plain sums.

    Returns
    -------
    numpy.ndarray of bool, shape (n_patterns,)
        All False if there are no more than may be left unsaid, or nearly all are.
    """
    order = np.argsort(sums, kind="stable")
    same = np.zeros(len(sums), bool)
    if len(sums) > 1:
        near = _ROUNDING * np.abs(sums[order[1:]])
        is_next = np.diff(sums[order]) <= near
        is_next &= np.abs(np.diff(totals[order])) <= _ROUNDING * totals[order[1:]]
        same[order[1:]] = is_next
    is_told = totals > _LEAST_TOTAL
    same &= is_told
    is_few = same.sum() < max(_FEWEST_REPEATED, _REPEATED_FROM * len(sums))
    if is_few or same.sum() > _MOST_REPEATED * is_told.sum():
        same[:] = False
    return same


def find_clipped(sample, used):
    """Find pixels whose values end where those of no counting do.

    Parameters
    ----------
    sample : numpy.ndarray, shape (n_patterns, n_pixels)
        As it was recorded.
    used : numpy.ndarray of bool, shape (n_pixels,)
        Pixels that are not broken.

    Returns
    -------
    Clipped
    """
    sample = sample[:: -(-sample.size // _MOST_VALUES) or 1]
    high = sample.max(axis=0, initial=0)
    changes = used & (high > sample.min(axis=0, initial=high.max(initial=0)))
    if not changes.any():
        return Clipped()
    largest = high[changes].max()
    few = sample.ravel()[:: max(1, sample.size // 2**16)]
    if not largest >= max(_LARGE, _ABOVE_TYPICAL * float(np.median(few))):
        return Clipped()
    is_whole = sample.dtype.kind in "ui"
    is_end = is_whole and largest == np.iinfo(sample.dtype).max
    share = _SHARE_AT_TYPE if is_end else _SHARE_AT_END
    there = np.flatnonzero(changes & (high == largest))
    n_there = (sample[:, there] == largest).sum(axis=0)
    at_end = n_there >= max(_FEWEST_AT_END, share * len(sample))
    return Clipped(int(at_end.sum()), float(largest))
