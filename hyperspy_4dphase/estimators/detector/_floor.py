"""A constant under all patterns, as a detector's offset, told by its lack of noise."""

import itertools

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage

# Share of the pixels that are the dark ones, and how far patterns are smoothed for it.
_DARK, _SMOOTH = 0.2, 4.0
# Differences of which the variance is known within about a fifth.
_LEAST_RUNS = 60
# Neighbours up to so many pixels apart may have their noise in common.
_REACH = 4
# Standard errors, and share of what the dark pixels hold, below which there is none.
_SURE, _LEAST_SHARE = 5.0, 0.1


def find_floor(patterns, variances, used):
    """The constant that all patterns stand on.

    Counts differ from pixel to pixel by their noise, a constant does not. So what the
    darkest pixels hold, less what their scatter accounts for, is no counts.

    Parameters
    ----------
    patterns, variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        Mean patterns and their noise; not used where `used` is False.
    used : numpy.ndarray of bool, shape (n_ky, n_kx)

    Returns
    -------
    floor : float
        0 unless it is significant.
    excess : numpy.ndarray, shape (n_domains,)
        By how much the variances of each pattern are too large everywhere, since they
        count the floor as if it were noisy.
    """
    none = 0.0, np.zeros(len(patterns))
    dark = _find_darkest(patterns, used)
    level = np.array([one[dark].mean() for one in patterns]) if dark.any() else None
    if level is None or level.min() <= 0:
        return none
    expected = np.array([one[dark].mean() for one in variances])
    bright = np.array([one[used].mean() for one in patterns]) - level
    noise = np.array([one[used].mean() for one in variances]) - expected
    if (bright <= 0).any() or (noise <= 0).any():
        return none
    scatter, n_runs = _measure_scatter(patterns, dark)
    if not n_runs:
        return none
    counted = scatter * bright / noise
    error = counted * np.sqrt(3 / n_runs) + np.sqrt(expected / dark.sum())
    # Structure scatters, too: each pattern tells the least that the floor may be, and
    # the darkest tells the most.
    best = np.argmax(level - counted - 2 * error)
    floor, sure = level[best] - counted[best], _SURE * error[best]
    if floor < max(sure, _LEAST_SHARE * level[best]) or floor - sure > level.min():
        return none
    floor = float(min(floor, level.min()))
    share = (expected - scatter)[best] * bright[best] / (noise[best] * floor)
    return floor, np.clip(share, 0, 1) * floor * noise / bright


def remove_floor(patterns, variances, used):
    """Patterns less their common floor, variances less what it adds to them.

    Parameters
    ----------
    patterns, variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
    used : numpy.ndarray of bool, of the same shape

    Returns
    -------
    patterns, variances : numpy.ndarray, shape (n_domains, n_ky, n_kx)
        The same arrays where there is no floor.
    """
    floor, excess = find_floor(patterns, variances, used.all(axis=0))
    if not floor:
        return patterns, variances
    return patterns - floor, np.maximum(variances - excess[:, None, None], 0)


def _find_darkest(patterns, used):
    """Where the sum of all patterns, smoothed, is lowest."""
    total = np.where(used, patterns.sum(axis=0), 0)
    share = ndimage.gaussian_filter(used.astype(float), _SMOOTH)
    smooth = ndimage.gaussian_filter(total, _SMOOTH) / np.maximum(share, 1e-6)
    if not used.any():
        return used
    return used & (smooth <= np.quantile(smooth[used], _DARK))


def _measure_scatter(patterns, dark):
    """Variance of each pattern among the dark pixels, from neighbours' differences.

    The largest of those some pixels apart, since smoothing makes neighbours alike.

    Returns
    -------
    variance : numpy.ndarray, shape (n_domains,), or None
    n_runs : int
        Fewest differences that one is of; 0 where they are too few.
    """
    found, n_runs = [], []
    if min(dark.shape) <= 2 * _REACH:
        return None, 0
    for apart, axis in itertools.product(range(1, _REACH + 1), (-2, -1)):
        # Of three in a row, so that a slope is no scatter.
        dark_runs, runs = (
            sliding_window_view(images, 2 * apart + 1, axis)[..., ::apart]
            for images in (dark, patterns)
        )
        runs = runs[:, dark_runs.all(axis=-1)]
        if runs.shape[1] < _LEAST_RUNS:
            return None, 0
        bend = runs[..., 0] - 2 * runs[..., 1] + runs[..., 2]
        found.append((bend**2).mean(axis=1) / 6)
        n_runs.append(runs.shape[1])
    return np.max(found, axis=0), min(n_runs)
