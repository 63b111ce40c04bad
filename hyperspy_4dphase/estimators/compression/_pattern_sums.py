"""One number for each pattern of a scan, by which the scan is known again."""

from functools import lru_cache

import numpy as np

# How far a sum may be from what it was: standard deviations of its noise; fraction of
# its value. The same scan is off by rounding only, less than a hundredth of either. A
# scan that was recorded again is off by 1.4 deviations on average, and by less than a
# quarter in a seventh of its patterns.
_LEAST_NOISE, _ROUNDING = 0.25, 1e-5


@lru_cache(maxsize=2)
def sum_weights(n_pixels):
    """Weights of pixels in the sum of a pattern: from 0.5 to 1.5, in no order.

    So a pattern that is moved or mirrored has another sum, though it has the same
    total.

    Parameters
    ----------
    n_pixels : int

    Returns
    -------
    numpy.ndarray, shape (n_pixels,)
        The same ones in all versions of NumPy; not to be written to.
    """
    weights = np.random.RandomState(0).uniform(0.5, 1.5, n_pixels)
    weights.flags.writeable = False
    return weights


def expected_sums(compressed):
    """Give the weighted sum of each pattern in units of the data, as it was read.

    Parameters
    ----------
    compressed : CompressedPatterns

    Returns
    -------
    numpy.ndarray, shape (2, n_patterns), or None
        The sums, and how far others may be off. None if they are not known: of files of
        earlier versions, or of patterns that were moved before they were summed.
    """
    sums = compressed.sums
    descan = compressed.descan or {}
    is_moved = descan.get("taken_out") and not descan.get("sums_as_recorded")
    if sums is None or is_moved:
        return None
    weights = sum_weights(compressed.shape[1])
    if compressed.noise == "poisson":
        variance = np.maximum(np.abs(sums) + compressed.floor * weights.size, 1)
    else:
        scale = np.asarray(compressed.column_scale, np.float64)
        used = scale > 0
        variance = np.full(len(sums), np.square(weights[used] / scale[used]).sum())
    noise = compressed.gain * np.sqrt(compressed.noise_variance * variance)
    values = compressed.gain * sums + compressed.offset * weights.sum()
    allowed = np.maximum(_LEAST_NOISE * noise, _ROUNDING * np.abs(values))
    return np.stack([values, allowed])


def find_others(found, expected):
    """Find which patterns are not those that were expected.

    Parameters
    ----------
    found : numpy.ndarray, shape (n,)
        Weighted sums.
    expected : numpy.ndarray, shape (2, n)
        As of :func:`expected_sums`.

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    return np.abs(found - expected[0]) > expected[1]
