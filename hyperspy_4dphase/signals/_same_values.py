"""Whether patterns that are read again are those that a map was made of."""

import warnings

import numpy as np

from hyperspy_4dphase.estimators.compression import sum_groups

# Largest deviation from what was expected: root mean square over groups of pixels, in
# standard deviations of noise. Measured: the same scan has 0.5 and less, one that was
# recorded again, of just the same, 1.0 to 1.5. Totals alone would not do: patterns that
# were shifted, mirrored or filtered keep them.
MAX_DEVIATION = 2.0
# Largest deviation that rounding causes, as a fraction of the mean: of single precision
# after a sum over many pixels. Historical: chosen by trial, not calibrated.
ROUNDING = 1e-3


def check_same_values(means, sizes, expected, is_given):
    """Compare means of domains with what they should be, if that is known.

    Parameters
    ----------
    means : numpy.ndarray, shape (n_domains, n_kept_pixels)
    sizes : numpy.ndarray of int, shape (n_domains,)
    expected : numpy.ndarray, shape (2, n_domains, n_groups), or None
        As of :func:`expected_means`.
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
    found = sum_groups(means)
    if expected is None or found.shape != expected.shape[1:]:
        return True
    expected, noise = expected[0], expected[1] / np.maximum(sizes, 1)[:, None]
    known = (sizes > 0) & np.isfinite([expected, noise]).all(axis=(0, 2))
    apart = np.square(found - expected)
    # Each group counts alike, but for those without noise.
    z = np.divide(apart, noise, out=np.zeros_like(apart), where=noise > 0).mean(axis=1)
    other = (z > MAX_DEVIATION**2) | (noise <= 0).all(axis=1)
    other &= known & (apart.sum(axis=1) > np.square(ROUNDING * expected).sum(axis=1))
    if not other.any():
        return True
    first = int(np.flatnonzero(other)[0])
    share = np.abs(found - expected)[first].sum() / np.abs(expected[first]).sum()
    message = (
        f"The patterns are not those that this map was made of: {other.sum()} of "
        f"{known.sum()} domains have other mean patterns, domain {first} by "
        f"{100 * share:.3g} % of its counts. "
    )
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
