"""Patterns made ready for being compared with themselves."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.rotation import check_patterns

# Pixels. Interpolating white noise would smooth it where it falls between pixels, and
# so favour such places; noise that is smoothed by so much is hardly smoothed again.
SMOOTHING = 1.0


def prepare_images(patterns, excluded=None):
    """Check patterns and take the square roots of smoothed ones, whose noise is even.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx) or (n_ky, n_kx)
        Intensities; NaN where there are none.
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx), optional

    Returns
    -------
    checked : numpy.ndarray, shape (n, n_ky, n_kx)
        Of mean 1 and without a constant that all stand on; 0 where not used.
    used : numpy.ndarray of bool, shape (n, n_ky, n_kx)
    roots : numpy.ndarray, shape (n, n_ky, n_kx)
        Square roots of smoothed patterns.
    """
    patterns = np.array(patterns, dtype=float)
    if patterns.ndim == 2:
        patterns = patterns[None]
    variances = np.where(np.isnan(patterns), np.nan, np.maximum(patterns, 0))
    checked, _, used = check_patterns(patterns, variances, excluded)
    roots = []
    for pattern, use in zip(checked, used, strict=True):
        weight = ndimage.gaussian_filter(use * 1.0, SMOOTHING, mode="nearest")
        smooth = ndimage.gaussian_filter(pattern * use, SMOOTHING, mode="nearest")
        smooth = np.where(use, smooth / np.maximum(weight, 1e-6), 0)
        roots.append(np.sqrt(np.maximum(smooth, 0)))
    return checked, used, np.array(roots)
