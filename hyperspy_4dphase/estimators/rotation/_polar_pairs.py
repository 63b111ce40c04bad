"""Pairs of patterns in polar coordinates: at which angle, and how well they agree."""

from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

from hyperspy_4dphase.estimators.rotation._polar_images import (
    MIN_COMMON,
    SMOOTHING,
    TINY,
    find_vertex,
    place_circles,
    smooth,
)

# Standard deviations of the counting noise that are no evidence.
_SURE = 3.0
# Azimuthal variation below this fraction of the amplitude is none: mean patterns hold
# as much of their neighbours. Historical: chosen by trial in 2026.
_FEATURELESS = 0.05
# Relative difference of radial profiles within a phase, and what spots add to it: they
# make up a ring's mean, and thickness and tilt change them. Historical: chosen by trial
# in 2026.
_RADIAL, _SPOTTY = 0.15, 0.25
# Angles are equal, by symmetry, where the variation not shared differs by less.
# Historical: chosen by trial in 2026.
_EQUAL = 0.03
# Angles are looked at where the variation not shared is so near the least. Historical:
# chosen by trial in 2026.
_DEEP = 0.1
# Scales that are tried on either side, in units of the strain that is allowed.
_SCALE_RANGE = 2.5


class Pair(NamedTuple):
    """How two patterns compare.

    Attributes
    ----------
    correlation : float
        Fraction of the azimuthal variation that they have in common; NaN without any.
    misfit : float
        Up to 1 they can share a phase.
    distance : float
        Tells which of those that are alike are most so.
    angle : float
        Degrees.
    mirrored : bool
    """

    correlation: float
    misfit: float
    distance: float
    angle: float = 0.0
    mirrored: bool = False


class Dip(NamedTuple):
    """Where two patterns are most alike.

    Attributes
    ----------
    depth : float
        Fraction of the variation not in common, noise included.
    mirrored : bool
    angle : float
        Radians.
    stretch : float
        Logarithm of the scale.
    width : float
        By how much the logarithm of the scale may differ where noise is as large as
        the variation.
    """

    depth: float
    mirrored: bool
    angle: float
    stretch: float
    width: float


class PolarPatterns:
    """Patterns on a log-polar grid, to be compared in pairs.

    Parameters
    ----------
    patterns, variances, used : numpy.ndarray, shape (n, n_ky, n_kx)
        As :func:`check_patterns` gives them.
    centers : numpy.ndarray, shape (n, 2)
    mirror : bool
        Whether mirror images are looked at.
    strain, tolerance : float
        See :func:`group_rotations`.
    """

    def __init__(self, patterns, variances, used, centers, mirror, strain, tolerance):
        self.senses = (False, True) if mirror else (False,)
        self.strain, self.tolerance, self.blur = strain, tolerance, strain / 2
        self.images = list(map(smooth, patterns, variances, used))
        self.centers = centers
        self.radii, self.angles = place_circles(self.images, centers, self.blur)
        self.step = self.angles[1]
        self.n_scales = max(2, int(np.ceil(_SCALE_RANGE * strain / self.step)))
        # All smoothing, that of interpolation among it.
        self.widths = np.sqrt(SMOOTHING**2 + 1 / 6 + (self.blur * self.radii) ** 2)
        self.polar = [self._sample(i) for i in range(len(patterns))]
        self.spectra = [self._transform(one, used) for one, _, used in self.polar]

    def compare(self, i, j):
        """Compare pattern i with pattern j.

        Returns
        -------
        Pair
        """
        dips = [dip for mirrored in self.senses for dip in self._dips(i, j, mirrored)]
        if not dips:
            return Pair(np.nan, np.inf, np.inf)
        best = min(dips)
        place = best.angle, best.mirrored, np.exp(best.stretch)
        energy, apart, error, radial = self._differ(i, j, *place)
        featureless = energy <= _SURE * error + _FEATURELESS**2
        if featureless:
            energy, apart, error, radial = self._differ(i, j)
        sure = _SURE * error
        misfit = max(
            (apart - sure) / (self.tolerance * energy + _FEATURELESS**2),
            radial / (_RADIAL + _SPOTTY * energy / 2),
            0.0,
        )
        if featureless:
            return Pair(np.nan, misfit, radial)
        stretch = abs(best.stretch) - sure / energy * best.width
        misfit = max(misfit, stretch / self.strain)
        # Of equal angles neither noise nor distortion is to choose.
        alike = [dip for dip in dips if dip.depth <= best.depth + _EQUAL]
        dip = min(alike, key=lambda d: (d.mirrored, round(abs(d.angle), 2), -d.angle))
        apart /= energy
        return Pair(1 - apart, misfit, apart, np.rad2deg(dip.angle), dip.mirrored)

    def _sample(self, i, angle=0.0, mirrored=False, scale=1.0):
        """Sample pattern i, mirrored, turned and scaled.

        Returns
        -------
        intensity, noise : numpy.ndarray, shape (n_radii, n_angles)
        used : numpy.ndarray of bool, shape (n_radii, n_angles)
        """
        turned = (self.angles - angle) * (-1 if mirrored else 1)
        at = np.stack([np.sin(turned), np.cos(turned)])[:, None]
        at = at * self.radii[:, None] / scale + self.centers[i][:, None, None]
        intensity, noise, weight = (
            ndimage.map_coordinates(image, at, order=1) for image in self.images[i]
        )
        used = weight > 0.999

        def blur(values):
            # Spots that strain has moved must still meet.
            values = np.where(used, values, 0.0)
            width = self.blur / self.step
            return ndimage.gaussian_filter(values, width, mode=("constant", "wrap"))

        weight = np.where(used, blur(1.0), 1.0)
        intensity = blur(intensity) / weight
        noise = blur(noise) / weight * (SMOOTHING / self.widths[:, None]) ** 2
        return np.where(used, intensity, 0), np.where(used, noise, 0), used

    def _transform(self, intensity, used):
        """Spectra of a pattern weighted by area, as it is, and mirrored."""
        amplitude = np.sqrt(np.maximum(intensity, 0))
        area = self.radii[:, None] ** 2
        mean = amplitude.sum(axis=1) / np.maximum(used.sum(axis=1), 1)
        variation = np.where(used, amplitude - mean[:, None], 0)
        variation /= np.sqrt((area * amplitude**2).sum() / (area * used).sum() + TINY)
        values = np.stack([variation, variation**2, used])
        area, values = area.astype(np.float32), values.astype(np.float32)
        mirrored = np.roll(values[..., ::-1], 1, axis=-1)
        # Rows of zeros keep the largest rings from meeting the smallest.
        shape = fft.next_fast_len(len(self.radii) + self.n_scales), len(self.angles)
        return [fft.rfft2(x, shape) for x in (area * values, values, mirrored)]

    def _correlate(self, i, j, mirrored):
        """Fraction not in common with j, noise included, at its scales and angles."""
        a, b = self.spectra[i][0], self.spectra[j][1 + mirrored].conj()
        products = a[0] * b[0], a[1] * b[2] + a[2] * b[1], a[2] * b[2]
        shape = a.shape[1], len(self.angles)
        rows = np.arange(-self.n_scales, self.n_scales + 1)
        shared, energy, area = (fft.irfft2(x, shape)[rows] for x in products)
        enough = area > MIN_COMMON * (self.radii**2).sum() * len(self.angles)
        # Rounding leaves less than nothing of patterns without variation.
        energy = np.maximum(energy, 1e-6 * abs(area).max())
        return np.where(enough, 1 - 2 * shared / energy, np.inf)

    def _dips(self, i, j, mirrored):
        """Angles at which j is as like i as anywhere, or nearly: a list of Dip."""
        surface = self._correlate(i, j, mirrored)
        lowest = surface.min(axis=0)
        beside = np.minimum(np.roll(lowest, 1), np.roll(lowest, -1))
        near = lowest <= np.minimum(beside, lowest.min() + _DEEP)
        dips = []
        for k in np.flatnonzero(near & np.isfinite(lowest)):
            row = np.clip(surface[:, k].argmin(), 1, len(surface) - 2)
            turn, *_, depth = find_vertex(
                *surface[row, [k - 1, k, (k + 1) % len(lowest)]]
            )
            shift, bend, least = find_vertex(*surface[row - 1 : row + 2, k])
            depth += least - surface[row, k]
            angle = ((k + turn) * self.step + np.pi) % (2 * np.pi) - np.pi
            stretch = (row + shift - self.n_scales) * self.step
            width = self.step / np.sqrt(bend)
            dips.append(Dip(depth, mirrored, angle, stretch, width))
        return dips

    def _differ(self, i, j, angle=0.0, mirrored=False, scale=1.0):
        """Difference of pattern i and pattern j, mirrored, turned and scaled.

        Returns
        -------
        energy : float
            Azimuthal variation of both, squared, as a fraction of the intensity.
        apart : float
            What of it is not in common, noise taken out.
        error : float
            Standard error of that.
        radial : float
            Relative difference of the radial profiles.
        """
        pair = self.polar[i], self._sample(j, angle, mirrored, scale)
        intensity, noise, used = (np.stack(x) for x in zip(*pair, strict=True))
        area = used.all(axis=0) * self.radii[:, None] ** 2
        size = area.sum(axis=1)
        if not size.any():
            return 2.0, 2.0, 0.0, np.inf

        def mean(values):
            return (area * values).sum(axis=-1) / np.maximum(size, 1)

        brightness = mean(np.maximum(intensity, 0)) @ size / size.sum() + TINY
        brightness = brightness[:, None, None]
        intensity, noise = intensity / brightness, noise / brightness**2
        amplitude, variance = _find_amplitude(intensity, noise, used)
        variation = amplitude - mean(amplitude)[..., None]
        profile, variance = mean(intensity), mean(variance)
        # Rings on which hardly an electron was counted say little.
        counted = profile.sum(axis=0) / (profile + 4 * variance + TINY).sum(axis=0)
        weight = size * counted**2 / ((size * counted**2).sum() + TINY)
        energy = (mean(variation**2) - variance) @ weight
        apart = energy.sum() - 2 * mean(variation[0] * variation[1]) @ weight
        # Samples closer than the smoothing have their noise in common.
        width = np.sqrt(2 * np.pi) * self.widths
        per_arc = width / np.maximum(size * self.step / self.radii, width)
        rings = width / (self.step * self.radii)
        error = weight**2 @ (2 * rings * per_arc * variance.sum(axis=0) ** 2)
        ring_noise = mean(noise) * np.sqrt(2) * per_arc
        radial = _compare_profiles(self.radii, weight, profile, ring_noise, rings)
        return np.maximum(energy, 0).sum(), apart, np.sqrt(error), radial


def _find_amplitude(intensity, noise, used):
    """Square root of intensity, and the variance of its noise."""
    # Values that are no counts may lie below their noise, and below 0.
    intensity = np.maximum(intensity, 0)
    variance = noise / (4 * np.maximum(intensity, np.sqrt(noise) / 2) + TINY)
    noise = noise.sum(axis=-1, keepdims=True) * used.sum(axis=-1, keepdims=True)
    counts = intensity.sum(axis=-1, keepdims=True) ** 2 / (noise + TINY)
    # The root of a few counts scatters more than its slope says.
    return np.sqrt(intensity), variance * (1 + 2 / (1 + counts) ** 2)


def _compare_profiles(radii, weight, profile, variance, rings):
    """Root mean square of what noise and a smooth trend leave of the log of a ratio."""
    # Rings without a count are compared with their noise.
    profile = np.maximum(profile, 0) + np.sqrt(variance.sum(axis=0)) + TINY
    ratio = np.log(profile[0] / profile[1])
    variance = (variance / profile**2).sum(axis=0)
    weight = weight / (1 + variance / _RADIAL**2)
    weight = weight / (weight.sum() + TINY)
    # Brightness and a slope of the logarithm are free.
    root, trend = np.sqrt(weight), np.stack([np.ones_like(radii), radii], axis=1)
    ratio -= trend @ np.linalg.lstsq(root[:, None] * trend, root * ratio, rcond=None)[0]
    error = np.sqrt(weight**2 @ (2 * rings * variance**2))
    return np.sqrt(max(weight @ (ratio**2 - variance) - _SURE * error, 0))
