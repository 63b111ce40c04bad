"""Forms of two patterns that tell by how much one is the other shifted.

For two images x and y, the form ``sum(w * (y * grad(x) - x * grad(y))) / 2`` is zero if
they are the same, if one is brighter, and if spots that do not overlap are brighter or
darker each by its own factor. A shift makes it what it is. It is linear in each
pattern, so that it needs products with the rows of a basis only, and as counting noise
of two patterns is independent, it has no bias at any dose.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._reciprocals import inverse

# Of the mean pattern, what a pixel is weighted by at least.
_FLOOR = 0.01
_SMOOTH = np.array([1.0, 2.0, 1.0]) / 4
_DIFFERENCE = np.array([1.0, 0.0, -1.0]) / 2
# Exact to the fourth order, where the one above is to the second.
_DERIVATIVE = np.array([-1.0, 8.0, 0.0, -8.0, 1.0]) / 12
# A pixel so much brighter than those around it, in every direction, is a defect.
_HOT = 8.0


class ShiftForms(NamedTuple):
    """Matrices of forms of two patterns, given by their scores in a basis.

    Attributes
    ----------
    shift : numpy.ndarray, shape (2, 2, rank, rank)
        For either part of the detector and either of its axes: antisymmetric.
    slope : numpy.ndarray, shape (2, 2, 2, rank, rank)
        For either part, what `shift` along its second index becomes for a shift of one
        pixel along the third.
    """

    shift: np.ndarray
    slope: np.ndarray


def sound_pixels(mean, used_pixels, signal_shape):
    """Which of the used pixels are neither hot nor dead, by the mean pattern.

    Parameters
    ----------
    mean : numpy.ndarray, shape (n_used,)
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where they lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).

    Returns
    -------
    numpy.ndarray of bool, shape (n_used,)
    """
    image = np.zeros(np.prod(signal_shape))
    image[used_pixels] = np.maximum(mean, 0)
    good = np.zeros(len(image), bool)
    good[used_pixels] = True
    bad = _defects(image.reshape(signal_shape), good.reshape(signal_shape))
    return ~bad.ravel()[used_pixels]


class Detector:
    """Which pixels tell a shift, with what weight, and in which of two parts they lie.

    Parameters
    ----------
    mean : numpy.ndarray, shape (n_used,)
        The mean pattern.
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where its pixels lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).
    """

    def __init__(self, mean, used_pixels, signal_shape):
        self._shape, self._used = signal_shape, used_pixels
        image = np.zeros(np.prod(signal_shape))
        image[used_pixels] = np.maximum(mean, 0)
        image = image.reshape(signal_shape)
        good = np.zeros(signal_shape, bool)
        good.flat[used_pixels[sound_pixels(mean, used_pixels, signal_shape)]] = True
        self._good = good
        # Of what is smoothed and differentiated, nothing comes from other pixels.
        self._inside = ndimage.binary_erosion(good, np.ones((5, 5)))
        mean = ndimage.gaussian_filter(self._filled(image[None])[0], 1.5)
        floor = _FLOOR * mean[good].mean() if good.any() else 1.0
        self._weight = np.where(self._inside, 1 / (mean + floor), 0.0)
        self._parts = self._quadrants(mean)

    @property
    def tells(self):
        """bool: Whether there are pixels with all that is needed around them."""
        return bool(self._inside.any())

    def images(self, rows):
        """Rows (n, n_used) as images, pixels that are not good filled from others."""
        images = np.zeros((len(rows), np.prod(self._shape)), np.float32)
        images[:, self._used] = rows
        return self._filled(images.reshape(-1, *self._shape))

    def derivatives(self, images):
        """Change of images by a shift of one pixel along either axis, as rows."""
        return [
            -ndimage.correlate1d(
                images, _DERIVATIVE[::-1], axis, mode="nearest"
            ).reshape(len(images), -1)[:, self._used]
            for axis in (1, 2)
        ]

    def moments(self, images):
        """Smoothed images and their differences, weighted, in either part.

        Returns
        -------
        smooth : numpy.ndarray, shape (n, n_inside)
        differences : list of numpy.ndarray, shape (n, n_inside)
            Along either axis, times the weight.
        parts : numpy.ndarray of bool, shape (n_inside,)
        """
        smooth = images
        for axis in (1, 2):
            smooth = ndimage.correlate1d(smooth, _SMOOTH, axis, mode="nearest")
        weight = self._weight[self._inside].astype(np.float32)
        differences = [
            ndimage.correlate1d(smooth, _DIFFERENCE[::-1], axis, mode="nearest")[
                :, self._inside
            ]
            * weight
            for axis in (1, 2)
        ]
        return smooth[:, self._inside], differences, self._parts[self._inside]

    def _filled(self, images):
        if self._good.all():
            return images
        known = ndimage.gaussian_filter(self._good.astype(np.float32), 1.5)
        images = images * self._good
        around = ndimage.gaussian_filter(images, (0, 1.5, 1.5))
        return np.where(self._good, images, around * inverse(known))

    def _quadrants(self, mean):
        """Opposite quadrants about the point that halves what tells a shift."""
        telling = self._weight * sum(
            ndimage.correlate1d(mean, _DIFFERENCE, axis, mode="nearest") ** 2
            for axis in (0, 1)
        )
        sides = []
        for axis in (0, 1):
            along = np.cumsum(telling.sum(axis=1 - axis))
            middle = np.searchsorted(along, along[-1] / 2)
            sides.append(np.arange(self._shape[axis]) > middle)
        return sides[0][:, None] ^ sides[1]


def shift_forms(rows, detector, project=None):
    """Forms of patterns that are mixtures of rows.

    Parameters
    ----------
    rows : numpy.ndarray, shape (rank, n_used)
        In the units of the patterns.
    detector : Detector
    project : callable, optional
        ``project(rows)`` is what patterns can have of `rows`, where they are confined
        to a space that may lack the directions in which a shift goes.

    Returns
    -------
    ShiftForms
    """
    images = detector.images(rows)
    smooth, differences, parts = detector.moments(images)
    moved = [
        detector.moments(detector.images(d if project is None else project(d)))
        for d in detector.derivatives(images)
    ]
    rank = len(rows)
    shift = np.empty((2, 2, rank, rank))
    slope = np.empty((2, 2, 2, rank, rank))
    for part in (0, 1):
        own = parts == bool(part)
        for axis, difference in enumerate(differences):
            one = smooth[:, own] @ difference[:, own].T
            shift[part, axis] = (one - one.T) / 2
            for along, (other, changes, _) in enumerate(moved):
                # The second pattern is moved: it stands on the left.
                form = other[:, own] @ difference[:, own].T
                form -= changes[axis][:, own] @ smooth[:, own].T
                slope[part, axis, along] = (form + form.T) / 4
    return ShiftForms(shift, slope)


def _defects(image, good):
    """Pixels that count far more than those around them, or nothing where these do."""
    around = np.where(good, image, 0)
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    second = ndimage.rank_filter(around, -2, footprint=ring, mode="nearest")
    level = image[good].mean() if good.any() else 0.0
    hot = image > _HOT * (second + 0.1 * level)
    lit = ndimage.uniform_filter((image > 0).astype(float), 9, mode="nearest")
    return hot | ((image == 0) & (lit > 0.5))
