"""Patterns of fewer, larger pixels, and back again."""

import numpy as np


def binning_factor(signal_shape, largest=64):
    """Find the least factor that makes the longer side no longer than wanted.

    Parameters
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx).
    largest : int, optional
        Longest side after binning. Default is 64.

    Returns
    -------
    int

    Examples
    --------
    >>> binning_factor((128, 130))
    3
    """
    return max(1, -(-max(signal_shape) // largest))


def binned_shape(signal_shape, factor):
    """Compute the shape of binned patterns.

    A bin at the edge may be partly off the detector.

    Parameters
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        Width of a bin in pixels.

    Returns
    -------
    tuple of int
    """
    return tuple(-(-size // factor) for size in signal_shape)


def bin_patterns(patterns, signal_shape, factor):
    """Sum the counts of neighbouring pixels; none are lost.

    Where the factor does not divide a side, the bins at both its ends hold fewer
    pixels, so that the centre of the detector stays in the centre.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n_patterns, ny, nx) or (n_patterns, ny * nx)
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        Width of a bin in pixels.

    Returns
    -------
    numpy.ndarray of float32, shape (n_patterns, *binned_shape(signal_shape, factor))
    """
    ny, nx = signal_shape
    patterns = np.asarray(patterns).reshape(-1, ny, nx)
    shape = binned_shape(signal_shape, factor)
    total = np.zeros((len(patterns), *shape), dtype=np.float32)
    for pixels_y, bins_y in _members(ny, factor):
        for pixels_x, bins_x in _members(nx, factor):
            total[:, bins_y, bins_x] += patterns[:, pixels_y, pixels_x]
    return total


def expand(binned, signal_shape, factor):
    """Bring binned patterns back to the detector's own pixels, smoothly.

    Values between the centres of bins are interpolated, then scaled such that binning
    would give the binned patterns again; totals are thereby conserved.

    Parameters
    ----------
    binned : numpy.ndarray, shape (n_patterns, n_bins) or (n_patterns, n_y, n_x)
        Not negative.
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        Width of a bin in pixels.

    Returns
    -------
    numpy.ndarray, shape (n_patterns, ny, nx)
        Of the type of `binned`.
    """
    shape = binned_shape(signal_shape, factor)
    binned = np.asarray(binned).reshape(-1, *shape)
    if factor == 1:
        return binned.copy()
    bins_y, bins_x = (_bin_of(size, factor) for size in signal_shape)
    n_y, n_x = (np.bincount(bins).astype(binned.dtype) for bins in (bins_y, bins_x))
    density = binned / np.multiply.outer(n_y, n_x)
    to_y, to_x = (_interpolation(size, factor) for size in signal_shape)
    smooth = to_y.astype(binned.dtype) @ density @ to_x.T.astype(binned.dtype)
    found = bin_patterns(smooth, signal_shape, factor).astype(binned.dtype)
    # Where interpolation gives nothing there is nothing to give to pixels either.
    scale = np.divide(binned, found, out=np.zeros_like(binned), where=found > 0)
    smooth *= scale[:, bins_y][:, :, bins_x]
    return smooth


def place_pixels(patterns, places, n_pixels):
    """Put the pixels of patterns at their places in the flat detector.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (..., n_used)
    places : numpy.ndarray of int, shape (n_used,), or of bool, shape (n_pixels,)
    n_pixels : int
        Of the detector.

    Returns
    -------
    numpy.ndarray, shape (..., n_pixels)
        0 elsewhere.
    """
    detector = np.zeros((*patterns.shape[:-1], n_pixels), patterns.dtype)
    detector[..., places] = patterns
    return detector


def number_bins(signal_shape, factor):
    """Tell which bin each pixel is in, in C order of both.

    Parameters
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        Width of a bin in pixels.

    Returns
    -------
    numpy.ndarray of int, shape (ny * nx,)
    """
    bins_y, bins_x = (_bin_of(size, factor) for size in signal_shape)
    width = binned_shape(signal_shape, factor)[1]
    return np.add.outer(bins_y * width, bins_x).ravel()


def _offset(size, factor):
    """Pixels that are missing from the first bin."""
    return (-size % factor) // 2


def _bin_of(size, factor):
    return (np.arange(size) + _offset(size, factor)) // factor


def _members(size, factor):
    """For each place in a bin: slices of the pixels there, and of their bins."""
    offset = _offset(size, factor)
    for place in range(min(factor, size)):
        pixels = slice(place, None, factor)
        first = (place + offset) // factor
        n = len(range(size)[pixels])
        yield pixels, slice(first, first + n)


def _interpolation(size, factor):
    """Make the matrix (n_pixels, n_bins) that interpolates between centres of bins."""
    n_bins = -(-size // factor)
    place = (np.arange(size) + _offset(size, factor) + 0.5) / factor - 0.5
    distance = place.clip(0, n_bins - 1)[:, None] - np.arange(n_bins)
    return np.maximum(1 - np.abs(distance), 0)
