"""Whether patterns that are read again are those that a map was made of."""

import warnings

import numpy as np

from hyperspy_4dphase.estimators.compression import sum_groups

# Root mean square over groups of pixels, in standard deviations of noise. The same scan
# has 0.5 and less, one that was recorded again, of just the same, 1.0 to 1.5.
_OTHER = 2.0
# What rounding may do, of the mean.
_ROUNDING = 1e-3


def check_same_values(means, sizes, stored, given):
    """Compare means of domains with what they should be, if that is known.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_domains, n_kept_pixels)
    sizes : numpy.ndarray of int, shape (n_domains,)
    stored : StoredMap
    given : bool
        Whether the user gave the scan.

    Raises
    ------
    ValueError
        If they differ in a scan that was remembered.

    Warns
    -----
    UserWarning
        If they differ in one that was given.
    """
    expected = stored.array("expected", np.float64)
    if expected is None or expected.shape[1] != len(means):
        return
    found = sum_groups(means)
    if found.shape != expected.shape[1:]:
        return
    one = expected[1] / np.maximum(sizes, 1)[:, None]
    apart = np.square(found - expected[0])
    known = (sizes > 0) & np.isfinite(expected).all(axis=(0, 2))
    rounding = np.square(_ROUNDING * expected[0]).sum(axis=1)
    # Each group counts alike, but for those without noise.
    z = np.divide(apart, one, out=np.zeros_like(apart), where=one > 0).mean(axis=1)
    other = known & (apart.sum(axis=1) > rounding)
    other &= (z > _OTHER**2) | (one <= 0).all(axis=1)
    if not other.any():
        return
    first = int(np.flatnonzero(other)[0])
    share = np.abs(found - expected[0])[first].sum() / np.abs(expected[0][first]).sum()
    message = (
        f"The patterns are not those that this map was made of: {other.sum()} of "
        f"{known.sum()} domains have other mean patterns, domain {first} by "
        f"{100 * share:.3g} % of its counts. "
    )
    if not given:
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
