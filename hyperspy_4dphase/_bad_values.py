"""Values that are no counts: found while blocks are read, counted, told."""

import numpy as np

_KINDS = ("NaN", "infinite", "negative")
# What filters leave below zero, as a share of the largest value, is nothing.
ROUNDING = 1e-6


class BadValue(Exception):
    """Raised within a block, as soon as there is one."""


class Prepared:
    """A block function whose patterns are checked and corrected first.

    Parameters
    ----------
    function : callable
        ``function(patterns, rows)``.
    correction : Correction or None
    check : bool
        Whether to look for values that are no counts.
    allow_negative : bool
        Whether negative values are some.
    """

    def __init__(self, function, correction, check, allow_negative):
        self.function = function
        self.correction = correction
        self.check = check
        self.allow_negative = allow_negative

    def __call__(self, patterns, rows):
        if self.check and patterns.dtype.kind in "if" and patterns.size:
            least, most = patterns.min(), patterns.max()
            # NaN makes both comparisons false.
            if not (least > -np.inf and most < np.inf):
                raise BadValue
            if least < 0 and not (self.allow_negative or least >= -ROUNDING * most):
                raise BadValue
        if self.correction is not None:
            patterns = self.correction(patterns, rows)
        return self.function(patterns, rows)


class CountBadValues:
    """How many of each kind a block holds, where its first one is, and what is whole.

    Parameters
    ----------
    allow_negative : bool
        Whether negative values do not count.
    """

    def __init__(self, allow_negative):
        self.allow_negative = allow_negative

    def __call__(self, patterns, rows):
        """Look at a block.

        Returns
        -------
        counts : numpy.ndarray, shape (3,)
            NaN, infinite, negative.
        first : tuple of int
            Row and pixel; a row beyond all others if there is none.
        whole : bool
            Whether each pattern has bad values everywhere or nowhere.
        """
        first = (np.iinfo(int).max, 0)
        if patterns.dtype.kind not in "if":
            return np.zeros(3, dtype=int), first, True
        infinite = np.isinf(patterns)
        negative = (patterns < 0) & ~infinite & (not self.allow_negative)
        kinds = (np.isnan(patterns), infinite, negative)
        bad = kinds[0] | kinds[1] | kinds[2]
        rows_hit = bad.any(axis=1)
        if rows_hit.any():
            row = np.flatnonzero(rows_hit)[0]
            first = (int(rows[row]), int(np.flatnonzero(bad[row])[0]))
        counts = np.array([kind.sum() for kind in kinds])
        return counts, first, bool(bad[rows_hit].all())


def merge_bad_values(one, other):
    """Join what two blocks hold."""
    return one[0] + other[0], min(one[1], other[1]), one[2] and other[2]


def describe_bad_values(counts, where, n_navigation_axes, whole):
    """What is wrong with the data, where it begins and what can be done.

    Parameters
    ----------
    counts : numpy.ndarray, shape (3,)
    where : tuple of int
        Index of the first one, in array order.
    n_navigation_axes : int
    whole : bool
        Whether patterns are bad as a whole.

    Returns
    -------
    str
    """
    found = ", ".join(
        f"{n} {kind}" for kind, n in zip(_KINDS, counts, strict=True) if n
    )
    n_axes = len(where)
    signal_axes = tuple(range(n_navigation_axes, n_axes))
    if not counts[:2].any():
        way_out = (
            "Leave pixels out with signal_mask=(s.data < 0).any("
            f"{tuple(range(n_navigation_axes))}), or take what expects no counts: "
            "s.cluster_hierarchical() and s.decomposition_rnmf() measure the noise of "
            "such data."
        )
    elif whole:
        way_out = (
            "They are whole patterns, as outside a region of interest: leave these out "
            f"with navigation_mask=~np.isfinite(s.data).all({signal_axes})."
        )
    else:
        way_out = (
            "Bad pixels can be left out with signal_mask=~np.isfinite(s.data).all("
            f"{tuple(range(n_navigation_axes))}), bad positions with "
            f"navigation_mask=~np.isfinite(s.data).all({signal_axes})."
        )
    expected = "finite" if counts[:2].any() else "finite and non-negative"
    return (
        f"Patterns must be {expected}, but among the values that are not masked there "
        f"are {found}; the first is at "
        f"data[{where}] in array order. {way_out}"
    )
