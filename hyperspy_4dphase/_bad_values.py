"""Values that are no counts: found while blocks are read, counted and described."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

_KINDS = ("NaN", "infinite", "negative")
# Negative values of this fraction of the largest value are what rounding in filters
# leaves: single precision has 6e-8. Historical: chosen by trial, not calibrated.
ROUNDING = 1e-6


class BadValue(Exception):
    """Raised within a block, as soon as there is one."""


@dataclass
class CheckedFunction:
    """A block function whose patterns are checked and corrected first.

    Attributes
    ----------
    function : callable
        ``function(patterns, rows)``.
    correction : Correction
    check : bool
        Whether to look for values that are no counts.
    allow_negative : bool
        Whether negative values are some.
    """

    function: Callable
    correction: Callable
    check: bool
    allow_negative: bool

    def __call__(self, patterns, rows):
        if self.check and patterns.dtype.kind in "if" and patterns.size:
            least, most = patterns.min(), patterns.max()
            # NaN makes both comparisons false.
            if not (least > -np.inf and most < np.inf):
                raise BadValue
            if least < 0 and not (self.allow_negative or least >= -ROUNDING * most):
                raise BadValue
        return self.function(self.correction(patterns, rows), rows)


class BadValues(NamedTuple):
    """Values of some patterns that are no counts.

    Attributes
    ----------
    counts : numpy.ndarray, shape (3,)
        How many are NaN, infinite and negative.
    first : tuple of int
        Row and pixel of the first one; a row beyond all others if there is none.
    in_whole_patterns : bool
        Whether each pattern has bad values everywhere or nowhere.
    """

    counts: np.ndarray
    first: tuple
    in_whole_patterns: bool


def count_bad_values(patterns, rows, *, allow_negative):
    """Count the bad values of a block.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n_block, n_pixels)
    rows : numpy.ndarray of int, shape (n_block,)
    allow_negative : bool
        Whether negative values do not count.

    Returns
    -------
    BadValues
    """
    infinite = np.isinf(patterns)
    negative = (patterns < 0) & ~infinite & (not allow_negative)
    kinds = np.isnan(patterns), infinite, negative
    bad = np.any(kinds, axis=0)
    first = (np.iinfo(int).max, 0)
    if bad.any():
        row, pixel = np.argwhere(bad)[0]
        first = (int(rows[row]), int(pixel))
    whole = bool(bad[bad.any(axis=1)].all())
    return BadValues(np.array([kind.sum() for kind in kinds]), first, whole)


def merge_bad_values(one, other):
    """Merge what two blocks hold."""
    return BadValues(
        one.counts + other.counts,
        min(one.first, other.first),
        one.in_whole_patterns and other.in_whole_patterns,
    )


def describe_bad_values(found, where, n_navigation_axes):
    """Describe what is wrong with the data, where it begins and what can be done.

    Parameters
    ----------
    found : BadValues
    where : tuple of int
        Index of the first one, in array order.
    n_navigation_axes : int

    Returns
    -------
    str
    """
    counts = found.counts
    kinds = ", ".join(
        f"{n} {kind}" for kind, n in zip(_KINDS, counts, strict=True) if n
    )
    navigation_axes = tuple(range(n_navigation_axes))
    signal_axes = tuple(range(n_navigation_axes, len(where)))
    if not counts[:2].any():
        way_out = (
            f"Leave pixels out with signal_mask=(s.data < 0).any({navigation_axes}), "
            "or take what expects no counts: s.cluster_hierarchical() and "
            "s.decomposition_rnmf() measure the noise of such data."
        )
    elif found.in_whole_patterns:
        way_out = (
            "They are whole patterns, as outside a region of interest: leave these out "
            f"with navigation_mask=~np.isfinite(s.data).all({signal_axes})."
        )
    else:
        way_out = (
            "Bad pixels can be left out with "
            f"signal_mask=~np.isfinite(s.data).all({navigation_axes}), bad positions "
            f"with navigation_mask=~np.isfinite(s.data).all({signal_axes})."
        )
    expected = "finite" if counts[:2].any() else "finite and non-negative"
    return (
        f"Patterns must be {expected}, but among the values that are not masked there "
        f"are {kinds}; the first is at data[{where}] in array order. {way_out}"
    )
