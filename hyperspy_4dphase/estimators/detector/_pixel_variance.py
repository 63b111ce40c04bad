"""Variance of the noise of pixels, without what their patterns differ in.

Patterns that are alike still differ where a foil bends or domains overlap, most of all
in bright pixels: a slope of variance over mean is then too steep. Two things tell such
structure from noise, which pixels do not share. Pixels of one colour of a checkerboard
know the leading directions of structure, which are taken out of those of the other; and
what is left shows in the covariance of pixels next to each other.
"""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._pixel_neighbours import PixelNeighbours
from hyperspy_4dphase.estimators.detector._variance_line import fit_median_line

# Eigenvalues of noise alone end at the edge, within this part of it.
_ABOVE_EDGE = 1.03
_MOST_MISSED = 0.5
# Standard errors.
_SHOWN = 4.0
_LEAST_NOISE = 0.05
_ALIKE, _MOST_PARTS, _OUTLYING = 16, 256, 10.0
# What neighbours share of the variance by structure; see _shared.
_MOST_SHARED = 1.8
_CLEARLY = 4.0


@dataclass
class PixelVariance:
    """Noise of each pixel, in the two halves of the pairs of like patterns.

    Attributes
    ----------
    mean, variance : numpy.ndarray, shape (2, n_pixels)
        Of the same values, so that chance moves both together.
    structure : numpy.ndarray, shape (2, n_pixels)
        What was taken off the variance of the differences.
    chance : numpy.ndarray, shape (2, n_pixels)
        Squared standard error of the variance and the structure together.
    n_pairs : float
        Number of independent pairs in a half.
    """

    mean: np.ndarray
    variance: np.ndarray
    structure: np.ndarray
    chance: np.ndarray
    n_pairs: float


def measure_pixel_variance(pairs):
    """Variance of noise from pairs of like patterns.

    Parameters
    ----------
    pairs : PairNoise

    Returns
    -------
    PixelVariance
    """
    sides = [_Side(pairs, colour) for colour in (0, 1)]
    ordinary = _find_ordinary(sides, pairs.mean.size)
    if not ordinary.all():
        for side in sides:
            side.keep(ordinary)
    noise, brightness = np.empty((2, ordinary.sum()))
    for side in sides:
        noise[side.own] = np.square(side.differences[:, side.own]).mean(axis=0)
        brightness[side.own] = side.sums.mean(axis=0)
    first = noise.copy()
    gain = max(fit_median_line(brightness, noise)[0], 0.0)
    for side in sides:
        side.take_out(noise, gain)
        left = side.measure_left(slice(None))[1]
        first[side.own] = np.maximum(left, 0.3 * noise[side.own])
    mean, variance, near, far, seen, chance = np.empty((6, 2, noise.size))
    n_pairs = []
    for side in sides:
        side.take_out(first, gain)
        for half in (0, 1):
            rows = slice(half, None, 2)
            own = half, side.own
            seen[own], chance[own] = side.measure_seen(rows)
            mean[own], variance[own], n = side.measure_left(rows)
            near[own], far[own] = side.covariances(rows)
            n_pairs.append(n)
    variance -= _estimate_shared(mean, variance, near, far, np.mean(n_pairs))
    return PixelVariance(
        mean, variance, seen - variance, chance, float(np.mean(n_pairs))
    )


def _find_ordinary(sides, n_pixels):
    """Pixels in which no single values stand out, or flicker."""
    mean, variance = np.empty((2, 2, n_pixels))
    for side in sides:
        for half in (0, 1):
            rows = slice(half, None, 2)
            mean[half, side.own] = side.sums[rows].mean(axis=0)
            variance[half, side.own] = side.measure_seen(rows)[0]
    ordinary = np.ones(n_pixels, dtype=bool)
    for half in (0, 1):
        # What stands out makes the mean higher, too, but not that of the other half.
        order = np.argsort(mean[1 - half], kind="stable")
        n_parts = int(np.clip(n_pixels // _ALIKE, 1, _MOST_PARTS))
        for part in np.array_split(order, n_parts):
            values = variance[half, part]
            most = np.sort(values)[: max(1, 3 * part.size // 4)]
            # Those of few electrons may be none in most pixels.
            typical = most.mean() or values.mean()
            ordinary[part] &= values <= _OUTLYING * typical
    return ordinary


class _Side:
    """Pairs of which the pixels of one colour are measured."""

    def __init__(self, pairs, colour):
        self.own = pairs.colour == colour
        first, second = pairs.match(colour)
        self.differences = pairs.patterns[first] - pairs.patterns[second]
        self.differences *= np.float32(np.sqrt(0.5))
        own = pairs.patterns[:, self.own].astype(np.float64)
        self.sums = (own[first] + own[second]) / 2
        self.places = pairs.places[self.own]
        self.signal_shape = pairs.signal_shape

    def keep(self, pixels):
        """Leave out all others."""
        self.sums = self.sums[:, pixels[self.own]]
        self.places = self.places[pixels[self.own]]
        self.differences = self.differences[:, pixels]
        self.own = self.own[pixels]

    def take_out(self, noise, gain):
        """Directions of structure, found in the pixels of the other colour."""
        n = len(self.differences)
        noisy = noise[noise > 0]
        # Without any noise there are no directions of structure to be told from it.
        least = _LEAST_NOISE * np.median(noisy) if noisy.size else 1.0
        typical = np.maximum(noise, least)
        n_noisy = (noise / typical)[~self.own].sum()
        scale = np.sqrt(typical[~self.own]).astype(np.float32)
        others = self.differences[:, ~self.own] / scale
        strength, directions = np.linalg.eigh(others @ others.T)
        missed = _estimate_missed(strength, n, n_noisy)
        found = strength > _ABOVE_EDGE * (np.sqrt(n) + np.sqrt(n_noisy)) ** 2
        found &= missed <= _MOST_MISSED
        directions, missed = directions[:, found], missed[found, None]
        values = self.differences[:, self.own]
        along = directions.T @ values
        # A direction of few pairs has the noise of these, not that of all.
        brighter = gain * (self.sums - self.sums.mean(axis=0))
        own_noise = noise[self.own] + np.square(directions).T @ brighter
        excess = np.square(along) - np.maximum(own_noise, 0)
        # What the pixels of this colour do not show is noise of the others.
        shown = excess / typical[self.own]
        error = shown.std(axis=1) / np.sqrt(self.own.sum())
        shown = shown.mean(axis=1) > _SHOWN * error
        directions, missed = directions[:, shown], missed[shown]
        along, excess = along[shown], excess[shown]
        missed /= 1 - missed
        self.residual = values - directions @ along
        self.projection = np.eye(n) - directions @ directions.T
        n_free = n - shown.sum()
        # Directions are known only as well as their own noise allows.
        self.missed = np.sqrt(missed / n_free) * along
        self.variance_missed = (missed * excess).sum(axis=0) / n_free

    def measure_seen(self, rows):
        """Variance of the differences in these rows, and its squared standard error."""
        squares = np.square(self.differences[rows][:, self.own])
        return squares.mean(axis=0), squares.var(axis=0) / max(len(squares), 1)

    def measure_left(self, rows):
        """Measure what is left without structure.

        Returns
        -------
        mean, variance : numpy.ndarray, shape (n_own,)
        n_pairs : float
            Independent ones.
        """
        weights = np.square(self.projection[rows]).sum(axis=0)
        n = weights.sum()
        variance = np.square(self.residual[rows]).sum(axis=0) / n
        return weights @ self.sums / n, variance - self.variance_missed, n

    def covariances(self, rows):
        """With pixels of the same colour: the nearest, and those beyond them."""
        near, far = ((0, 2),), ((0, 4),)
        if len(self.signal_shape) == 2:
            near, far = ((1, 1), (1, -1)), ((2, 0), (0, 2))
        return self._covariance(rows, near), self._covariance(rows, far)

    def _covariance(self, rows, steps):
        neighbours = PixelNeighbours(self.signal_shape, self.places).find(steps=steps)
        residual = self.residual[rows]
        n_pairs = np.square(self.projection[rows]).sum()
        total, count = np.zeros((2, self.places.size))
        for other in neighbours.T:
            one = np.flatnonzero(other >= 0)
            other = other[one]
            shared = np.einsum("ij,ij->j", residual[:, one], residual[:, other])
            shared /= n_pairs
            shared -= (self.missed[:, one] * self.missed[:, other]).sum(axis=0)
            # Each pixel is once here and once there.
            for pixels in (one, other):
                total[pixels] += shared
                count[pixels] += 1
        return total / np.maximum(count, 1)


def _estimate_missed(strength, n, n_pixels):
    """Part of a structure that its noisy direction misses.

    As follows from the eigenvalues of a strong direction in white noise of n rows, see
    Benaych-Georges and Nadakuditi, J. Multivar. Anal. 111, 120 (2012).
    """
    if not n_pixels:
        # Without a count in these pixels there is nothing to find.
        return np.full(len(strength), np.inf)
    excess = strength - n - n_pixels
    true = (excess + np.sqrt(np.maximum(excess**2 - 4 * n * n_pixels, 0))) / 2
    true = np.maximum(true, np.sqrt(n * n_pixels))
    return n * (n_pixels + true) / (true * (true + n))


def _estimate_shared(mean, variance, near, far, n_pairs):
    """What structure adds to variances, from what neighbours have in common.

    That is less the farther they are apart; how much less tells what it is at no
    distance, if it falls as that of a Gaussian does.
    """
    typical = variance.mean(axis=0)
    brightness = mean.mean(axis=0)
    dim = brightness <= np.median(brightness)
    live = typical > 0
    if dim.all() or not (dim & live).any():
        return np.zeros_like(variance)
    for covariance in (near, far):
        # Noise that all pixels share with their neighbours is none of structure.
        part = covariance.mean(axis=0)[dim & live] / typical[dim & live]
        covariance -= np.median(part) * variance
    weight = inverse(np.maximum(typical, _LEAST_NOISE * np.median(typical)))[~dim]
    one, two = ((each.mean(axis=0)[~dim] * weight).sum() for each in (near, far))
    error = np.sqrt(weight.size / (4 * n_pairs))
    if one > _CLEARLY * error:
        near *= np.clip(one / (max(two, 0) + error), 1, _MOST_SHARED)
    return np.clip(near, -np.abs(variance), 0.9 * np.abs(variance))
