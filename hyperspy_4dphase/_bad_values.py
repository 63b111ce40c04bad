"""Values that are no counts: found while blocks are read, counted, told."""

import numpy as np

_KINDS = ("NaN", "infinite", "negative")


class BadValue(Exception):
    """Raised within a block, as soon as there is one."""


class Checked:
    """A block function that refuses values which are no counts.

    Parameters
    ----------
    function : callable
        ``function(patterns, rows)``.
    """

    def __init__(self, function):
        self.function = function

    def __call__(self, patterns, rows):
        if patterns.dtype.kind in "if" and patterns.size:
            # NaN makes both comparisons false.
            if not (patterns.min() >= 0 and patterns.max() < np.inf):
                raise BadValue
        return self.function(patterns, rows)


def count_bad_values(patterns, rows):
    """How many of each kind a block holds, and where its first one is.

    Returns
    -------
    counts : numpy.ndarray, shape (3,)
        NaN, infinite, negative.
    first : tuple of int
        Row and pixel; a row beyond all others if there is none.
    """
    first = (np.iinfo(int).max, 0)
    if patterns.dtype.kind not in "if":
        return np.zeros(3, dtype=int), first
    infinite = np.isinf(patterns)
    kinds = (np.isnan(patterns), infinite, (patterns < 0) & ~infinite)
    bad = kinds[0] | kinds[1] | kinds[2]
    if bad.any():
        row = np.flatnonzero(bad.any(axis=1))[0]
        first = (int(rows[row]), int(np.flatnonzero(bad[row])[0]))
    return np.array([kind.sum() for kind in kinds]), first


def merge_bad_values(one, other):
    """Join what two blocks hold."""
    return one[0] + other[0], min(one[1], other[1])


def describe_bad_values(counts, where, n_navigation_axes):
    """What is wrong with the data, where it begins and what can be done.

    Parameters
    ----------
    counts : numpy.ndarray, shape (3,)
    where : tuple of int
        Index of the first one, in array order.
    n_navigation_axes : int

    Returns
    -------
    str
    """
    found = ", ".join(
        f"{n} {kind}" for kind, n in zip(_KINDS, counts, strict=True) if n
    )
    if counts[:2].any():
        way_out = (
            "Bad pixels can be left out with signal_mask=~np.isfinite(s.data).all("
            f"{tuple(range(n_navigation_axes))}), bad positions with navigation_mask."
        )
    else:
        way_out = (
            "After a background subtraction, add the smallest value back "
            "(s.data - s.data.min()) or clip (s.data.clip(0)), or leave the pixels out "
            "with signal_mask."
        )
    return (
        "Patterns must be finite and non-negative, but among the values that are not "
        f"masked there are {found}; the first is at data[{where}] in array order. "
        f"{way_out}"
    )
