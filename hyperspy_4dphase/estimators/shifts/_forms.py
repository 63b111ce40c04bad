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

from hyperspy_4dphase.estimators._binning import place_pixels
from hyperspy_4dphase.estimators._reciprocals import inverse

# A pixel's weight is one over its mean, but at least this fraction of the mean of all.
# Historical: chosen by trial, not calibrated.
_FLOOR = 0.01
# Standard deviation in pixels of the Gaussian that smooths mean patterns and fills
# holes. Historical: chosen by trial, not calibrated.
_SMOOTHING = 1.5
_SMOOTH = np.array([1.0, 2.0, 1.0]) / 4
_DIFFERENCE = np.array([1.0, 0.0, -1.0]) / 2
# Exact to the fourth order, where the one above is to the second.
_DERIVATIVE = np.array([-1.0, 8.0, 0.0, -8.0, 1.0]) / 12
# Counts that are expected of a pixel which has none by chance with a probability of
# 3e-7: less than one of a large detector.
_NO_CHANCE = 15.0
# A pixel so many times brighter than those around it is a defect. Historical.
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


def find_sound_pixels(mean, used_pixels, signal_shape, n_patterns):
    """Find the used pixels that are neither hot nor dead, by the mean pattern.

    Parameters
    ----------
    mean : numpy.ndarray, shape (n_used,)
        In counts.
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where they lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).
    n_patterns : int
        Whose mean it is: a pixel is dead only if it is no chance that it has no count.

    Returns
    -------
    numpy.ndarray of bool, shape (n_used,)
    """
    image = _to_image(np.maximum(mean, 0), used_pixels, signal_shape)
    used = _to_image(np.ones(len(mean), bool), used_pixels, signal_shape)
    return ~_find_defects(image, used, n_patterns).ravel()[used_pixels]


class ShiftPixels:
    """Which pixels tell a shift, with what weight, and in which of two parts they lie.

    Parameters
    ----------
    mean : numpy.ndarray, shape (n_used,)
        The mean pattern, in counts.
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where its pixels lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).
    n_patterns : int
        Whose mean it is.
    by_edges : bool, optional
        Whether the parts are the steepest pixels of the mean pattern, and all others,
        instead of opposite quadrants of the detector.
    """

    def __init__(self, mean, used_pixels, signal_shape, n_patterns, by_edges=False):
        self._shape, self._used = signal_shape, used_pixels
        sound = find_sound_pixels(mean, used_pixels, signal_shape, n_patterns)
        self._good = good = _to_image(sound, used_pixels, signal_shape)
        image = _to_image(np.maximum(mean, 0), used_pixels, signal_shape)
        # Of what is smoothed and differentiated, nothing comes from other pixels.
        self._inside = ndimage.binary_erosion(good, np.ones((5, 5)))
        mean = ndimage.gaussian_filter(self._fill(image[None])[0], _SMOOTHING)
        floor = _FLOOR * mean[good].mean() if good.any() else 1.0
        self._weight = np.where(self._inside, 1 / (mean + floor), 0.0)
        self._parts = self._halve(mean, by_edges)

    @property
    def tell(self):
        """bool: Whether there are pixels with all that is needed around them."""
        return bool(self._inside.any())

    def images(self, rows):
        """Make images of rows (n, n_used); pixels that are not good are filled in."""
        rows = rows.astype(np.float32)
        return self._fill(_to_image(rows, self._used, self._shape))

    def derivatives(self, images):
        """Compute the change of images by a shift of one pixel along either axis.

        Parameters
        ----------
        images : numpy.ndarray, shape (n, nky, nkx)

        Returns
        -------
        list of numpy.ndarray, shape (n, n_used)
        """
        slopes = (
            ndimage.correlate1d(images, _DERIVATIVE[::-1], axis, mode="nearest")
            for axis in (1, 2)
        )
        return [-slope.reshape(len(images), -1)[:, self._used] for slope in slopes]

    def moments(self, images):
        """Smooth and differentiate images.

        Parameters
        ----------
        images : numpy.ndarray, shape (n, nky, nkx)

        Returns
        -------
        smooth : numpy.ndarray, shape (n, n_inside)
        differences : list of numpy.ndarray, shape (n, n_inside)
            Along either axis, times the weight.
        parts : numpy.ndarray of bool, shape (n_inside,)
            In which part of the detector each pixel is.
        """
        smooth = images
        for axis in (1, 2):
            smooth = ndimage.correlate1d(smooth, _SMOOTH, axis, mode="nearest")
        weight = self._weight[self._inside].astype(np.float32)
        slopes = (
            ndimage.correlate1d(smooth, _DIFFERENCE[::-1], axis, mode="nearest")
            for axis in (1, 2)
        )
        differences = [slope[:, self._inside] * weight for slope in slopes]
        return smooth[:, self._inside], differences, self._parts[self._inside]

    def _fill(self, images):
        """Put the mean of good pixels around them in the place of others."""
        if self._good.all():
            return images
        n_good = ndimage.gaussian_filter(self._good.astype(np.float32), _SMOOTHING)
        images = images * self._good
        around = ndimage.gaussian_filter(images, (0, _SMOOTHING, _SMOOTHING))
        return np.where(self._good, images, around * inverse(n_good))

    def _halve(self, mean, by_edges):
        """Part the detector in two that tell as much of a shift.

        In opposite quadrants about where half the weight is, or by how steep it is.
        """
        telling = self._weight * sum(
            ndimage.correlate1d(mean, _DIFFERENCE, axis, mode="nearest") ** 2
            for axis in (0, 1)
        )
        if by_edges:
            ordered = np.sort(telling, axis=None)
            along = np.cumsum(ordered)
            return telling > ordered[np.searchsorted(along, along[-1] / 2)]
        sides = []
        for axis in (0, 1):
            along = np.cumsum(telling.sum(axis=1 - axis))
            middle = np.searchsorted(along, along[-1] / 2)
            sides.append(np.arange(self._shape[axis]) > middle)
        return sides[0][:, None] ^ sides[1]


def make_forms(rows, pixels, project=None):
    """Make the forms of patterns that are mixtures of rows.

    Parameters
    ----------
    rows : numpy.ndarray, shape (rank, n_used)
        In the units of the patterns.
    pixels : ShiftPixels
    project : callable, optional
        ``project(rows)`` is what patterns can have of `rows`, where they are confined
        to a space that may lack the directions in which a shift goes.

    Returns
    -------
    ShiftForms
    """
    images = pixels.images(rows)
    smooth, differences, parts = pixels.moments(images)
    changes = pixels.derivatives(images)
    if project is not None:
        changes = map(project, changes)
    moved = [pixels.moments(pixels.images(change)) for change in changes]
    rank = len(rows)
    shift = np.empty((2, 2, rank, rank))
    slope = np.empty((2, 2, 2, rank, rank))
    for part in (0, 1):
        own = parts == bool(part)
        for axis, difference in enumerate(differences):
            one = smooth[:, own] @ difference[:, own].T
            shift[part, axis] = (one - one.T) / 2
            for along, (other, slopes, _) in enumerate(moved):
                # The second pattern is moved: it stands on the left.
                form = other[:, own] @ difference[:, own].T
                form -= slopes[axis][:, own] @ smooth[:, own].T
                slope[part, axis, along] = (form + form.T) / 4
    return ShiftForms(shift, slope)


def _to_image(rows, used_pixels, signal_shape):
    """Make images of rows (..., n_used), 0 in pixels that are not used."""
    images = place_pixels(rows, used_pixels, np.prod(signal_shape))
    return images.reshape(*rows.shape[:-1], *signal_shape)


def _find_defects(image, good, n_patterns):
    """Find pixels that count far more than those around them, or nothing there."""
    around = np.where(good, image, 0)
    ring = np.ones((3, 3), bool)
    ring[1, 1] = False
    second = ndimage.rank_filter(around, -2, footprint=ring, mode="nearest")
    level = image[good].mean() if good.any() else 0.0
    hot = image > _HOT * (second + 0.1 * level)
    # The darkest of those beside it that have any count; 0 if none has.
    lit = np.where(around > 0, image, np.inf)
    darkest = ndimage.minimum_filter(lit, footprint=ring, mode="nearest")
    darkest[np.isinf(darkest)] = 0
    return hot | ((image == 0) & (n_patterns * darkest > _NO_CHANCE))
