"""Whether patterns that are read again are those that a result was made of."""

import warnings

import dask.array as da
import numpy as np

from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.compression import find_others, label_means

# Part of the patterns that may be others: of a few of them, values that are hardly any
# counts may have been corrected otherwise.
_MOST_OTHERS = 0.01
# Patterns that are looked at where a scan is not read anyway: by a single one, another
# scan is missed in a seventh of all cases.
_N_LOOKED_AT = 16


def check_same_values(sums, rows, stored, is_given):
    """Compare patterns that were read with those that a map was made of.

    Parameters
    ----------
    sums : numpy.ndarray, shape (n,)
        Weighted sums of patterns, of :func:`label_means`.
    rows : numpy.ndarray of int, shape (n,)
        Their positions in the scan, as flat numbers.
    stored : Stored
        What the map keeps.
    is_given : bool
        Whether the user gave the scan.

    Returns
    -------
    bool
        False where they differ.

    Raises
    ------
    ValueError
        If they differ in a scan that was remembered.

    Warns
    -----
    UserWarning
        If they differ in one that was given.
    """
    found = _describe_others(sums, rows, stored)
    if found is None:
        return True
    message = f"The patterns are not those that this map was made of: {found}. "
    if not is_given:
        raise ValueError(
            message + "The data of the scan were changed, or its files written again: "
            "make the map anew, or give the scan that it was made of, as in "
            "mean_patterns(signal)."
        )
    warnings.warn(
        message + "Was the signal processed, or is it another scan of the same shape? "
        "The means of what was given are returned.",
        UserWarning,
        stacklevel=5,
    )
    return False


def look_at_values(signal, stored):
    """Compare a few patterns of a scan with those that a result was made of.

    Of a lazy scan these are patterns of one chunk.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    stored : Stored or Compression
        What the result keeps: `pattern_sums`, masks and `replaced`.

    Returns
    -------
    str or None
        How they differ; None if they do not, if it is not known, or if the scan cannot
        be read.
    """
    shapes = stored.navigation_shape, stored.signal_shape
    manager = signal.axes_manager
    found = manager.navigation_shape[::-1], manager.signal_shape[::-1]
    if stored.pattern_sums is None or found != shapes:
        return None
    n_positions = int(np.prod(shapes[0]))
    excluded = stored.excluded_patterns
    kept = np.arange(n_positions) if excluded is None else np.flatnonzero(~excluded)
    rows = _choose(kept, signal.data, shapes[0])
    masks = ~np.isin(np.arange(n_positions), rows), stored.excluded_pixels
    scan = Scan.from_signal(signal, flat_masks=masks)
    # Chunks are not joined, so that no other is read.
    blocks = scan.blocks(replaced=stored.replaced, block_values=1)
    try:
        sums = label_means(blocks, np.zeros(rows.size, int), 1).sums
    except RuntimeError:
        # What cannot be read tells nothing; what needs it will say so.
        return None
    return _describe_others(sums, rows, stored)


def warn_of_other_values(signal, stored, name, stacklevel=5):
    """Warn if a result that is given for a scan was made of other patterns.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    stored : Stored
    name : str
        Of the result.
    stacklevel : int, default 5
        As of :func:`warnings.warn`, seen from here.

    Warns
    -----
    UserWarning
    """
    found = look_at_values(signal, stored)
    if found is not None:
        warnings.warn(
            f"{name} was made of other patterns than those of this scan: {found}. Was "
            "the scan processed since, or is it another one of the same shape?",
            UserWarning,
            stacklevel=stacklevel,
        )


def _choose(kept, data, navigation_shape):
    """Choose positions that are looked at, all of them in one chunk of lazy data."""
    if isinstance(data, da.Array):
        places = np.unravel_index(kept, navigation_shape)
        middle = len(kept) // 2
        for place, chunks in zip(places, data.chunks, strict=False):
            number = np.searchsorted(np.cumsum(chunks), place, side="right")
            kept = np.where(number == number[middle], kept, -1)
        kept = kept[kept >= 0]
    n = min(_N_LOOKED_AT, len(kept))
    return kept[np.linspace(0, len(kept) - 1, n).round().astype(int)]


def _describe_others(sums, rows, stored):
    """Say how patterns differ from what was expected; None if they do not."""
    expected = stored.pattern_sums
    if expected is None:
        return None
    excluded = stored.excluded_patterns
    numbers = rows if excluded is None else (np.cumsum(~excluded) - 1)[rows]
    others = find_others(sums, expected[:, numbers])
    n_others = int(others.sum())
    if n_others <= _MOST_OTHERS * len(rows):
        return None
    first = int(np.flatnonzero(others)[0])
    place = np.unravel_index(rows[first], stored.navigation_shape)
    where = ", ".join(str(int(i)) for i in place)
    return (
        f"{n_others} of {len(rows)} patterns have other values, the first at position "
        f"({where}) in array order"
    )
