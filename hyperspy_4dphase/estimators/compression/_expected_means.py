"""Means over domains as a compressed scan has them, to know the scan again by."""

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse

# Groups of pixels that a scan is known by: few enough to be stored with every map.
_N_GROUPS = 256


def expected_means(compressed, labels, n_domains):
    """Compute mean values of each domain in groups of pixels, in units of the data.

    Parameters
    ----------
    compressed : CompressedPatterns
    labels : numpy.ndarray of int, shape (n_patterns,)
        -1 does not count.
    n_domains : int

    Returns
    -------
    numpy.ndarray, shape (2, n_domains, n_groups), float32
        The mean over patterns of what a group of pixels sums to, and the variance, by
        noise, of this sum in one pattern. NaN for domains without patterns.
    """
    rows = (compressed.Q * inverse(compressed.row_scale)[:, None]).astype(np.float64)
    inside = labels >= 0
    sizes = np.bincount(labels[inside], minlength=n_domains)
    scores = np.zeros((n_domains, rows.shape[1]))
    np.add.at(scores, labels[inside], rows[inside])
    scores *= inverse(sizes.astype(float))[:, None]
    electrons = scores @ (compressed.B * inverse(compressed.column_scale))
    if compressed.noise == "poisson":
        variances = np.maximum(electrons, 0) + compressed.floor
    else:
        one = inverse(np.square(compressed.column_scale, dtype=np.float64))
        variances = np.broadcast_to(one, electrons.shape)
    variances = variances * (compressed.noise_variance * compressed.gain**2)
    means = electrons * compressed.gain + compressed.offset
    found = np.stack([sum_groups(means), sum_groups(variances)]).astype(np.float32)
    found[:, sizes == 0] = np.nan
    return found


def sum_groups(values):
    """Sum over groups of neighbouring pixels.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, n_pixels)

    Returns
    -------
    numpy.ndarray, shape (n, n_groups)
    """
    n_pixels = values.shape[1]
    edges = np.linspace(0, n_pixels, min(n_pixels, _N_GROUPS) + 1).astype(int)
    return np.add.reduceat(values, edges[:-1], axis=1)
