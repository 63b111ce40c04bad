"""Noise that neighbouring pixels share, as after smoothing or resampling patterns."""

import numpy as np
from scipy import fft, ndimage

# Pixels up to which noise may be shared.
_REACH = 4
# Differences of a first look, and least correlation of neighbours. Historical.
_N_SCREENED = 48
_SHARED_FROM = 0.1
# Pixels a side of the grid that the spectrum is computed on.
_SIZE = 64
# Standard errors of a correlation of so few values, and pairs of independent ones.
_SURE, _REUSED = 5.0, 2
# What a single pair of values may add beyond, times its part: from Bernstein's
# inequality. Where counts are rare, two that are neighbours by chance are most of all.
_LUMP = _SURE**2 / 3


def correlate_noise(pairs):
    """Correlation of the noise of pixels, by how far they are apart.

    Parameters
    ----------
    pairs : PairNoise

    Returns
    -------
    numpy.ndarray, shape (9, 9), or None
        1 in the middle. None for white noise, and for patterns that are no images.
    """
    if len(pairs.signal_shape) != 2 or min(pairs.signal_shape) <= 2 * _REACH:
        return None
    # Bright pixels show structure beside noise, which neighbours share.
    dim = (pairs.mean <= np.quantile(pairs.mean, 0.7)) & (pairs.variance > 0)
    if not dim.any():
        return None
    step = max(1, pairs.n_pairs // _N_SCREENED)
    few = _images(pairs, dim, step)
    # Pixels of different colours that were compared with different patterns have only
    # half of their noise in common.
    odd = 2 / (1 + pairs.share_alike)
    chance = _SURE * np.sqrt(_REUSED / (len(few) * dim.sum()))
    beyond = [
        odd * (_correlate(few, *step) - _LUMP * _largest_part(few, *step))
        for step in ((0, 1), (1, 0))
    ]
    if max(beyond) < _SHARED_FROM + chance:
        return None
    images = _images(pairs, dim)
    found = np.zeros((2 * _REACH + 1,) * 2)
    found[_REACH, _REACH] = 1.0
    for down in range(_REACH + 1):
        for right in range(-_REACH if down else 1, _REACH + 1):
            value = _correlate(images, down, right)
            value = np.clip(value * (odd if (down + right) % 2 else 1), -1, 1)
            found[_REACH + down, _REACH + right] = value
            found[_REACH - down, _REACH - right] = value
    return found


def correlated_spectrum(correlation, n_pixels):
    """Variances of such noise along its principal directions, the mean 1.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (9, 9)
    n_pixels : int

    Returns
    -------
    numpy.ndarray, shape (n_pixels,)
    """
    kernel = np.zeros((_SIZE, _SIZE))
    kernel[: 2 * _REACH + 1, : 2 * _REACH + 1] = correlation
    kernel = np.roll(kernel, (-_REACH, -_REACH), axis=(0, 1))
    power = np.maximum(fft.fft2(kernel).real, 0).ravel()
    spectrum = np.quantile(power, (np.arange(n_pixels) + 0.5) / n_pixels)
    return spectrum / spectrum.mean()


def variance_along(directions, correlation, signal_shape, used_pixels):
    """Mean variance of such noise along some directions, white noise having 1.

    Parameters
    ----------
    directions : numpy.ndarray, shape (n_directions, n_pixels)
        Orthonormal.
    correlation : numpy.ndarray, shape (9, 9)
    signal_shape : tuple of int
    used_pixels : numpy.ndarray of int, shape (n_pixels,)

    Returns
    -------
    float
    """
    total = 0.0
    for direction in directions:
        image = np.zeros(signal_shape)
        image.flat[used_pixels] = direction
        smooth = ndimage.correlate(image, correlation, mode="constant")
        total += (image * smooth).sum()
    return float(max(total / max(len(directions), 1), 1.0))


def _images(pairs, pixels, step=1):
    differences = pairs.differences[::step]
    images = np.zeros((len(differences), np.prod(pairs.signal_shape)), np.float32)
    images[:, pairs.places[pixels]] = differences[:, pixels]
    return images.reshape(-1, *pairs.signal_shape)


def _correlate(images, down, right):
    """Correlation of pixels so far apart."""
    one, other, norm = _shift(images, down, right)
    return float(np.einsum("nij,nij->", one, other) / norm)


def _largest_part(images, down, right):
    """What the pair of values that adds most to a correlation adds to it."""
    one, other, norm = _shift(images, down, right)
    return float(np.abs(one * other).max(initial=0) / norm)


def _shift(images, down, right):
    """Shift images against themselves.

    Returns
    -------
    one, other : numpy.ndarray, shape (n_images, ny, nx)
        What both have in common of the detector.
    norm : float
        Root of the product of their squares.
    """
    one, other = images[:, down:], images[:, : images.shape[1] - down]
    left = slice(max(right, 0), images.shape[2] + min(right, 0))
    shifted = slice(max(-right, 0), images.shape[2] + min(-right, 0))
    one, other = one[:, :, left], other[:, :, shifted]
    both = (one != 0).any(axis=0) & (other != 0).any(axis=0)
    squares = [np.einsum("nij,nij->ij", x, x)[both].sum() for x in (one, other)]
    return one, other, max(np.sqrt(np.prod(squares)), np.finfo(float).tiny)
