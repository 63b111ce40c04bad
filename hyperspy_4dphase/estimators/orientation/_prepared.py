"""Patterns made ready to be matched: background off, compressed, smoothed, polar."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from scipy import ndimage, signal

from hyperspy_4dphase.estimators.orientation._geometry import (
    PatternGeometry,
    check_geometry,
)
from hyperspy_4dphase.estimators.orientation._library_building import POWER

# Standard deviations of the background that are taken off before the power, which would
# otherwise make most of what is matched out of noise where there is no spot.
NOISE_FLOOR = 1.5
# Fraction of a spot that must be seen for its brightness to be known.
_LEAST_SEEN = 0.5
# Fewest radial and azimuthal samples. The azimuthal ones are as dense as spots need.
N_RADIAL, N_AZIMUTHAL = 192, 360
# Rings over which the median of the background is taken to begin with.
_N_RINGS = 5
# What lies so many standard deviations above the background is no part of it.
_CLIP, _N_CLIPS = 3.0, 4


class PreparedPattern(NamedTuple):
    """A pattern made ready to be matched.

    Attributes
    ----------
    image : numpy.ndarray of float32, shape (n_ky, n_kx)
        What a spot of height 1 centred on each pixel has in common with the compressed
        pattern, a spot itself being of unit norm.
    seen : numpy.ndarray of float32, shape (n_ky, n_kx)
        Fraction of the norm of such a spot that is on pixels that are used.
    polar, polar_seen : numpy.ndarray of float32, shape (n_radial, n_azimuthal)
        The same on circles in the sample's frame: row i is at (i + 0.5) `radial_step`,
        column j at j turns over n_azimuthal from x towards y.
    radial_step : float
        In 1/Å.
    net, noise : numpy.ndarray of float32, shape (n_ky, n_kx)
        Mean over a spot less the background, and its standard deviation where there is
        background, and one count more, only; NaN where too little is used.
    norm : float
        Of the compressed pattern, within the radii that are used.
    geometry : PatternGeometry
    """

    image: np.ndarray
    seen: np.ndarray
    polar: np.ndarray
    polar_seen: np.ndarray
    radial_step: float
    net: np.ndarray
    noise: np.ndarray
    norm: float
    geometry: PatternGeometry


def prepare_pattern(pattern, geometry, *, variance=None, excluded=None):
    """Make a pattern ready to be matched.

    Parameters
    ----------
    pattern : array_like, shape (n_ky, n_kx)
        Counts, or a mean of counts. NaN is not used.
    geometry : PatternGeometry
        Of the pattern.
    variance : array_like, shape (n_ky, n_kx), optional
        Noise variance of each pixel. By default the pattern, as of counts; of a mean of
        n patterns of counts it is the mean over n.
    excluded : array_like of bool, shape (n_ky, n_kx), optional
        True where a pixel is not used: behind a beam stop, in a gap, faulty. Spots
        there count neither for nor against an orientation.

    Returns
    -------
    PreparedPattern

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no pixel is left.

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> prepared.image.shape
    (72, 80)
    """
    pattern, variance, used = _check_pattern(pattern, variance, excluded)
    geometry = check_geometry(geometry, pattern.shape)
    rows, columns = np.indices(pattern.shape)
    distance = np.hypot(rows - geometry.center[0], columns - geometry.center[1])
    radius = geometry.spot_radius / geometry.scale
    disc, spot = spot_images(round(max(radius, 0.7), 3))
    reach = geometry.reach(pattern.shape)

    share = np.clip(_correlate(used, disc), 0, 1)
    near = distance * geometry.scale
    around = used & (share >= _LEAST_SEEN) & (near <= reach)
    known = around & (near >= geometry.inner)
    if not known.any():
        raise ValueError(
            "no pixel is left between the inner and the outer radius, "
            f"{geometry.inner:.3g} and {reach:.3g} 1/Å: check excluded and center."
        )
    weight = np.where(around, share, 1.0)
    mean = _correlate(np.where(used, pattern, 0), disc) / weight
    # How far one count, anywhere in a disc, lifts the mean over it.
    total = max(pattern[used].sum(), np.finfo(float).tiny)
    count = variance[used].sum() / total * (disc**2).sum()
    ground = _ring_background(mean, count, distance, around)
    net = mean - ground
    # One count more than is expected: where none is, one is no surprise.
    noise = np.sqrt((np.maximum(ground, 0) * count + count**2) / weight)
    compressed = np.where(known, np.maximum(net - NOISE_FLOOR * noise, 0) ** POWER, 0)
    image = _correlate(compressed, spot).astype(np.float32)
    seen = np.clip(_correlate(known, spot**2), 0, 1).astype(np.float32)
    step, polar, polar_seen = _to_polar(image, seen, geometry, reach)
    return PreparedPattern(
        image,
        seen,
        polar,
        polar_seen,
        step,
        np.where(known, net, np.nan).astype(np.float32),
        np.where(known, noise, np.nan).astype(np.float32),
        float(np.sqrt((compressed**2).sum())),
        geometry,
    )


def _check_pattern(pattern, variance, excluded):
    """Check a pattern and its noise.

    Returns
    -------
    pattern, variance : numpy.ndarray, shape (n_ky, n_kx)
    used : numpy.ndarray of bool, shape (n_ky, n_kx)

    Raises
    ------
    ValueError
        As :func:`prepare_pattern`.
    """
    pattern = np.asarray(pattern, dtype=float)
    if pattern.ndim != 2 or not pattern.size:
        raise ValueError(
            f"pattern must have the shape (n_ky, n_kx), not {pattern.shape}."
        )
    variance = pattern if variance is None else np.asarray(variance, dtype=float)
    if variance.shape != pattern.shape:
        raise ValueError(
            f"variance must have the shape of the pattern, {pattern.shape}, not "
            f"{variance.shape}."
        )
    used = ~(np.isnan(pattern) | np.isnan(variance))
    if excluded is not None:
        excluded = np.asarray(excluded)
        if excluded.shape != pattern.shape or excluded.dtype != bool:
            raise ValueError(
                f"excluded must be bool of shape {pattern.shape}, not "
                f"{excluded.dtype} of shape {excluded.shape}."
            )
        used &= ~excluded
    bad = used & ~(np.isfinite(pattern) & np.isfinite(variance))
    if bad.any():
        raise ValueError(
            f"pattern or variance is infinite at {bad.sum()} pixels, the first at "
            f"{tuple(np.argwhere(bad)[0].tolist())}."
        )
    return pattern, np.maximum(variance, 0), used


@lru_cache(maxsize=16)
def spot_images(radius):
    """Draw a disc, and what a spot is after smoothing and compression.

    Parameters
    ----------
    radius : float
        Of the disc, in pixels.

    Returns
    -------
    disc : numpy.ndarray
        Of sum 1. Patterns are smoothed with it.
    spot : numpy.ndarray
        A disc smoothed with itself, to the power of `POWER`: of unit norm.
    """
    n = int(np.ceil(radius + 0.5))
    distance = np.hypot(*np.mgrid[-n : n + 1, -n : n + 1])
    disc = np.clip(radius + 0.5 - distance, 0, 1)
    disc /= disc.sum()
    spot = np.maximum(signal.convolve(disc, disc), 0) ** POWER
    disc.setflags(write=False)
    spot /= np.linalg.norm(spot)
    spot.setflags(write=False)
    return disc, spot


def _correlate(image, kernel):
    # Both kernels are symmetric, so that this is their correlation, too.
    return signal.oaconvolve(image.astype(float), kernel, mode="same")


def _ring_background(values, count, distance, known):
    """Mean of each ring of what is no spot, smoothed over neighbouring rings.

    From the median on, what lies far above is left out and the mean taken again. A
    beam stop takes pixels off a ring, but does not move the others.
    """
    place, inside = distance.astype(int)[known], values[known]
    order = np.lexsort((inside, place))
    place, inside = place[order], inside[order]
    numbers, first, n = np.unique(place, return_index=True, return_counts=True)
    mean = (inside[first + (n - 1) // 2] + inside[first + n // 2]) / 2
    mean = ndimage.median_filter(mean, _N_RINGS, mode="nearest")
    which = np.repeat(np.arange(len(numbers)), n)
    for _ in range(_N_CLIPS):
        deviation = np.sqrt(np.maximum(mean, 0) * count) + count
        kept = inside <= (mean + _CLIP * deviation)[which]
        number = np.bincount(which[kept], minlength=len(mean))
        total = np.bincount(which[kept], inside[kept], minlength=len(mean))
        total, number = (np.convolve(x, np.ones(3), "same") for x in (total, number))
        mean = np.where(number > 0, total / np.maximum(number, 1), mean)
    # Between rings it goes on smoothly: beside the direct beam it is steep.
    middle = ndimage.mean(distance[known], distance.astype(int)[known], numbers)
    return np.interp(distance, middle, mean)


def _to_polar(image, seen, geometry, reach):
    """Sample both images on circles about the centre, in the sample's frame.

    Returns
    -------
    step : float
        Between circles, in 1/Å.
    polar, polar_seen : numpy.ndarray, shape (n_radial, n_azimuthal)
    """
    n_azimuthal = N_AZIMUTHAL
    while n_azimuthal * geometry.spot_radius < 2 * np.pi * reach:
        n_azimuthal *= 2
    step = reach / N_RADIAL
    azimuth = 2 * np.pi / n_azimuthal * np.arange(n_azimuthal)
    radius = step * (np.arange(N_RADIAL) + 0.5)
    turn = geometry.axes() @ np.stack([np.cos(azimuth), np.sin(azimuth)])
    places = turn[:, None] * radius[:, None] + np.reshape(geometry.center, (2, 1, 1))
    polar, polar_seen = (
        ndimage.map_coordinates(x, places, order=1, mode="constant")
        for x in (image, seen)
    )
    return step, polar, polar_seen
