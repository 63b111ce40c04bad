"""Pixels that are brighter than any spot makes them, in all patterns alike."""

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.detector._pixel_neighbours import PixelNeighbours
from hyperspy_4dphase.estimators.detector._sharp_pixels import (
    find_beam,
    find_sharp_pixels,
    look_around,
)

# Brightness of a hot pixel over its background. Historical: chosen by trial.
_BRIGHTER = 5.0
# If more are found, spots are as sharp.
_MOST = 0.01
# Sharpness of a spot that is told by how much it exceeds its brightest neighbour.
_FAIRLY_SHARP = 2.5
# How far from its place a spot's mate on the other side of the beam may be.
_MATE_WITHIN = 1.5
# Places of a hidden beam that are looked at, at most: limits the time.
_MOST_PLACES = 500
# Standard deviations of counting noise that are no chance.
_SURE = 6.0


def find_hot_pixels(pairs, electrons, detector, counted, image, known):
    """Pixels sharper than a spot, as no other maximum is, in all patterns.

    Parameters
    ----------
    pairs : PairNoise
    electrons : numpy.ndarray, shape (n_pixels,)
        Of the mean pattern.
    detector : Detector
    counted : numpy.ndarray of bool, shape (n_pixels,)
        Pixels that have electrons enough.
    image : Around
    known : numpy.ndarray of bool, shape (n_pixels,)
        Pixels that are found to be broken already.

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,)
    """
    hot, n = np.zeros(electrons.size, dtype=bool), pairs.n_pairs
    noise = (np.maximum(electrons, 1 / n) + detector.dark_variance) / n
    bright = np.flatnonzero(counted & (electrons > 1))
    may_be = electrons[bright] > image.near.find_second_brightest(electrons, bright)
    if not may_be.any():
        return hot
    near = image.near.find(bright[may_be])
    still = ((near >= 0) & (pairs.variance == 0)[near]).any()
    # Which are dead takes long to tell.
    alive = ~known & image.alive if still else ~known
    neighbours = PixelNeighbours(image.shape, image.used[alive])
    values, noise = electrons[alive], noise[alive]
    pixels, excess = find_sharp_pixels(values, noise, neighbours)
    bright = values[pixels]
    clear = counted[alive][pixels] & (excess > 1)
    clear &= bright > _BRIGHTER * (bright - excess)
    pixels = pixels[clear]
    if not pixels.size:
        return hot
    constant = _is_constant(pairs, detector)[alive][pixels]
    found = np.zeros(values.size, dtype=bool)
    found[pixels[constant]] = True
    # The direct beam may be as sharp. Where spots that vary are, this is how sharp
    # spots are.
    found = neighbours.drop_beside_gaps(found & ~find_beam(values, neighbours))
    usual = (~constant).sum() > 2 or found.sum() > max(2, _MOST * found.size)
    if not usual and found.any() and not _are_spots(found, values, noise, neighbours):
        hot[alive] = found
    return hot


def _is_constant(pairs, detector):
    """Whether a pixel counts the same in all patterns, but for its noise."""
    values = (pairs.patterns - detector.offset) / detector.gain
    mean = np.maximum(values.mean(axis=0, dtype=np.float64), 1e-12)
    ratio = values.var(axis=0, dtype=np.float64) / (mean + detector.dark_variance)
    return ratio < 1 + _SURE * np.sqrt(2 / len(values))


def _are_spots(found, values, noise, neighbours):
    """Whether others are nearly as sharp, or most have a mate beyond the beam."""
    near = neighbours.find()
    beside = np.where(near >= 0, values[near], -np.inf).max(axis=1)
    peaks = np.flatnonzero(values > beside + 2 * np.sqrt(noise))
    around = look_around(values, noise, neighbours, peaks)
    excess = values[peaks] - around.background
    skirt = np.maximum(beside[peaks] - around.background, 0)
    clear = excess > _SURE * np.sqrt(noise[peaks] + around.noise)
    peaks = peaks[clear & (excess > _FAIRLY_SHARP * skirt)]
    number = found.sum()
    if (~found[peaks]).sum() > max(2, number / 2):
        return True
    centers = _find_center(np.where(found, 0, values), neighbours)[None]
    place = np.stack(np.unravel_index(neighbours.used, neighbours.shape), axis=1)
    own, others = place[found], place[peaks]
    if number > 3:
        # The beam may be hidden, but not from several pairs.
        middles = ((own[:, None] + others) / 2).reshape(-1, 2)
        off = np.abs(middles - (np.array(neighbours.shape) - 1) / 2)
        inside = (off <= np.array(neighbours.shape) / 6).all(axis=1)
        centers = np.append(centers, middles[inside][:_MOST_PLACES], axis=0)
    for center in centers:
        apart = np.abs((2 * center - own)[:, None] - others).max(axis=2)
        apart[(own[:, None] == others).all(axis=2)] = np.inf
        mated = apart.min(axis=1, initial=np.inf) <= _MATE_WITHIN
        if mated.sum() > number / 2:
            return True
    return False


def _find_center(values, neighbours):
    """Row and column of the brightest spot in the middle."""
    middle = np.where(neighbours.find_central(), np.maximum(values, 0), 0)
    grid = neighbours.to_image(middle)
    smooth = ndimage.uniform_filter(grid, 5, mode="constant")
    row, column = np.unravel_index(smooth.argmax(), grid.shape)
    rows, columns = np.indices(grid.shape)
    grid[(abs(rows - row) > 3) | (abs(columns - column) > 3)] = 0
    total = max(grid.sum(), np.finfo(float).tiny)
    return np.array([(grid * rows).sum(), (grid * columns).sum()]) / total
