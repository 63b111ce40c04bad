"""Pixels that are brighter than all around them, as no spot is."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.detector._pixel_neighbours import OUTER_STEPS

# A spot's excess over its surroundings is at most so many times that of its neighbours
# where its width is 0.5 pixels or more; an edge has two neighbours more than half as
# bright.
_SHARPEST, _SHARPEST_SECOND = 10.0, 2.0
# Standard deviations of the counting noise by which a hot pixel exceeds what may be.
_SURE = 6.0
_WINDOW = 7
# Part of the direct beam's brightness that other spots in the middle may have.
_NO_OTHER_BEAM = 0.5
_HALO_WITHIN = 4


def find_sharp_pixels(values, noise, neighbours):
    """Find pixels, one or two side by side, that are sharper than a spot can be.

    Parameters
    ----------
    values, noise : numpy.ndarray, shape (n_pixels,)
        Of the used pixels, and the variance of the values.
    neighbours : PixelNeighbours

    Returns
    -------
    pixels : numpy.ndarray of int, shape (n,)
        Their numbers among the used ones. Each is at least twice as bright as what is
        around it.
    excess : numpy.ndarray, shape (n,)
        By how much they exceed the background around them.
    """
    grid = neighbours.to_image(values, np.inf)
    least = ndimage.minimum_filter(grid, 5, mode="nearest").flat[neighbours.used]
    may_be = np.flatnonzero(values - least > _SURE * np.sqrt(noise))
    may_be = may_be[values[may_be] > neighbours.find_second_brightest(values, may_be)]
    around = look_around(values, noise, neighbours, may_be)
    excess = values[may_be] - around.background
    error = np.sqrt(noise[may_be] + (_SHARPEST**2 / 6 + 1) * around.noise)
    sharp = excess - around.may_be > _SURE * error
    sharp &= excess > np.maximum(around.background, 0)
    # The end of a streak has a neighbour as bright, which is not sharp.
    is_sharp = np.zeros(values.size, dtype=bool)
    is_sharp[may_be[sharp]] = True
    near = neighbours.find(may_be)
    level = (values[may_be] - excess / 2)[:, None]
    bright = (near >= 0) & (values[near] > level)
    sharp &= ~(bright & ~is_sharp[near]).any(axis=1)
    return may_be[sharp], excess[sharp]


@dataclass
class Surroundings:
    """What is around some pixels.

    Attributes
    ----------
    background : numpy.ndarray, shape (n,)
        The median over the pixels beyond the neighbours.
    near : numpy.ndarray, shape (n,)
        The mean of the neighbours, the two brightest left out; where not all eight are
        used, the second brightest of those there are.
    may_be : numpy.ndarray, shape (n,)
        The largest excess over the background that a spot may have there.
    noise : numpy.ndarray, shape (n,)
        Variance of a neighbour.
    spread : numpy.ndarray, shape (n,)
        How far apart the neighbours are, the two brightest left out.
    """

    background: np.ndarray
    near: np.ndarray
    may_be: np.ndarray
    noise: np.ndarray
    spread: np.ndarray


def look_around(values, noise, neighbours, pixels):
    """Look around some pixels.

    Beyond pixels that are not used, the next ones that are count as neighbours.

    Parameters
    ----------
    values, noise : numpy.ndarray, shape (n_pixels,)
        Of the used pixels, and the variance of the values.
    neighbours : PixelNeighbours
    pixels : numpy.ndarray of int, shape (n,)

    Returns
    -------
    Surroundings
    """
    near, far = neighbours.find_next(pixels), neighbours.find(pixels, OUTER_STEPS)
    n, n_far = ((number >= 0).sum(axis=1) for number in (near, far))
    ring = np.sort(np.where(near >= 0, values[near], np.inf), axis=1)
    outer = np.sort(np.where(far >= 0, values[far], np.inf), axis=1)
    background = _take(outer, np.maximum(n_far - 1, 0) // 2)
    background = np.where(n_far > 0, background, 0)
    second = _take(ring, np.maximum(n - 2, 0))
    # Beside missing pixels, which may hide the middle of a spot, one neighbour tells.
    whole = (neighbours.find(pixels) >= 0).all(axis=1)
    dim = np.where(whole, ring[:, :6].mean(axis=1), second)
    may_be = _SHARPEST * np.maximum(dim - background, 0)
    # Along an edge or a streak, two neighbours are as bright.
    edge = _SHARPEST_SECOND * np.maximum(second - background, 0)
    beside = np.sort(np.where(near >= 0, noise[near], np.inf), axis=1)
    usual = _take(beside, np.maximum(n - 1, 0) // 2)
    spread = _take(ring, np.maximum(n - 3, 0)) - ring[:, 0]
    told = n >= 3
    return Surroundings(
        background=background,
        near=np.where(told, dim, np.inf),
        may_be=np.where(told, np.maximum(may_be, edge), np.inf),
        noise=np.where(n > 0, usual, 0),
        spread=np.where(told, spread, 0),
    )


def find_beam(values, neighbours):
    """The brightest pixel in the middle and those beside it, if no spot is as bright.

    A direct beam may be as sharp as a hot pixel.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_pixels,)
    neighbours : PixelNeighbours

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,)
    """
    brightest = np.zeros(values.size, dtype=bool)
    central = neighbours.find_central()
    if not central.any():
        return brightest
    first = np.where(central, values, -np.inf).argmax()
    # Of what stands out of a wide background, but for the pixel and those beside it.
    others = values - np.median(values)
    own = neighbours.find(np.array([first]))
    others[own[own >= 0]] = others[first] = 0
    grid = neighbours.to_image(np.where(central, np.maximum(others, 0), 0))
    sums = ndimage.uniform_filter(grid, _WINDOW, mode="constant") * _WINDOW**2
    weak = sums.max() < _NO_OTHER_BEAM * values[first]
    # Its halo is around it.
    places = np.unravel_index([sums.argmax(), neighbours.used[first]], grid.shape)
    halo = np.abs(np.diff(places)).max() <= _HALO_WITHIN
    # It may be cut in two by the border of pixels.
    brightest[first] = brightest[own[own >= 0]] = weak or halo
    return brightest


def _take(ordered, index):
    return np.take_along_axis(ordered, index[:, None], axis=1)[:, 0]
