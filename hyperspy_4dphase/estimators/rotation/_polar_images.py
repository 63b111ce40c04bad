"""Patterns as images about a centre: checked, smoothed, and sampled in rings."""

from typing import NamedTuple

import numpy as np
from scipy import fft, ndimage

from hyperspy_4dphase.estimators.detector import remove_floor

# Pixels: smoothing before a pattern is sampled, or spots would fall between samples.
SMOOTHING = 0.7
# Patterns can be compared where they have this fraction of the area in common.
# Historical: chosen by trial in 2026.
MIN_COMMON = 0.2
# What keeps a division from being one by 0.
TINY = 1e-20
# Pixels about the centre that tell whether the direct beam is cut.
_CUT = 2.0
# What is left of a beam that is cut ends at this fraction of its brightest ring, within
# so many pixels. Historical: chosen by trial in 2026.
_CUT_END, _N_CUT_RINGS = 0.1, 12
# All of these are historical: chosen by trial in 2026.
# Fewest circles about the centre, a pixel apart, that can be compared.
_MIN_CIRCLES = 4
# Numbers of angles: half a degree to 2 degrees apart.
_MIN_ANGLES, _MAX_ANGLES = 180, 720
# Where the direct beam has half of its height, and where it ends, as fractions of it.
_BEAM_HALF, _BEAM_END = 0.5, 0.02
# Centres of single patterns are sought so near that of all, in half pixels: at least
# this, and at least so large a fraction of the detector.
_REACH, _REACH_FRACTION = 6.0, 0.1
# Powers of a pattern that find its centre: intensities, which the direct beam rules,
# and fourth roots, which tell more where it is masked, since tilt makes spots differ
# from their opposites.
_POWERS = 1.0, 0.25


class Image(NamedTuple):
    """A pattern to be sampled.

    Attributes
    ----------
    pattern, variance : numpy.ndarray, shape (n_ky, n_kx)
        Intensity and its noise variance, 0 where not used.
    used : numpy.ndarray, shape (n_ky, n_kx)
        1.0 where the pixel is used, else 0.
    """

    pattern: np.ndarray
    variance: np.ndarray
    used: np.ndarray


def smooth(pattern, variance, used):
    """Smooth a pattern slightly.

    Parameters
    ----------
    pattern, variance, used : numpy.ndarray, shape (n_ky, n_kx)

    Returns
    -------
    Image
    """
    weight = ndimage.gaussian_filter(used.astype(float), SMOOTHING, mode="constant")
    enough = weight > 0.5
    weight = np.where(enough, weight, 1.0)
    pattern = ndimage.gaussian_filter(pattern, SMOOTHING, mode="constant") / weight
    # The square of a Gaussian is one of smaller width.
    variance = ndimage.gaussian_filter(variance, SMOOTHING / 2**0.5, mode="constant")
    variance /= 4 * np.pi * (SMOOTHING * weight) ** 2
    return Image(
        np.where(enough, pattern, 0), np.where(enough, variance, 0), enough * 1.0
    )


def place_circles(images, centers, blur):
    """Place circles on which all patterns can be compared.

    Parameters
    ----------
    images : list of Image
    centers : numpy.ndarray, shape (n, 2)
    blur : float
        By how much patterns are smoothed, relative to the radius.

    Returns
    -------
    radii : numpy.ndarray
        Evenly spaced in their logarithm.
    angles : numpy.ndarray
        Equally dense.
    """
    radii = np.arange(1.0, np.hypot(*images[0][0].shape))
    turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circles = radii[:, None] * np.stack([np.sin(turn), np.cos(turn)])[:, None]
    seen = [
        ndimage.map_coordinates(used, circles + center[:, None, None], order=1)
        for (*_, used), center in zip(images, centers, strict=True)
    ]
    seen = np.mean(seen, axis=2).min(axis=0)
    seen = radii[seen >= max(0.5 * seen.max(), MIN_COMMON)]
    if len(seen) < _MIN_CIRCLES:
        raise ValueError(
            f"patterns must show at least {_MIN_CIRCLES} circles about their centre, a "
            f"pixel apart, got {len(seen)}: check excluded and center"
        )
    beam = np.median(list(map(_beam_radius, images, centers)))
    inner = max(seen[0], min(beam, seen[-1] / 3))
    n = 2 * np.pi * min(seen[-1], 1 / blur)
    n = fft.next_fast_len(int(np.clip(n, _MIN_ANGLES, _MAX_ANGLES)), real=True)
    n_radii = int(n / (2 * np.pi) * np.log(seen[-1] / inner)) + 1
    step = 2 * np.pi / n
    return inner * np.exp(step * np.arange(n_radii)), step * np.arange(n)


def _beam_radius(image, center):
    """Where the direct beam ends, or 0 where it is masked."""
    used = image.used > 0
    ring = _distances(used.shape, center).astype(int)[used]
    n = np.bincount(ring)
    if n[0] == 0:
        return 0.0
    profile = np.bincount(ring, image.pattern[used]) / np.maximum(n, 1)
    half = np.argmax(profile < _BEAM_HALF * profile[0])
    end = np.argmax(profile < _BEAM_END * profile[0])
    return 1 + np.clip(end or np.inf, 1.5 * half, 3 * half)


def _distances(shape, center):
    """Distance of each pixel from a centre."""
    rows, columns = np.indices(shape)
    return np.hypot(rows - center[0], columns - center[1])


def check_patterns(patterns, variances, excluded):
    """Check patterns and scale them to mean 1, less a constant that all stand on.

    Returns
    -------
    patterns, variances : numpy.ndarray, shape (n, n_ky, n_kx)
        0 where not used.
    used : numpy.ndarray of bool, shape (n, n_ky, n_kx)
    """
    patterns, variances = np.array(patterns, float), np.array(variances, float)
    if patterns.ndim != 3 or not patterns.size or variances.shape != patterns.shape:
        raise ValueError(
            "patterns and variances must have one shape (n_domains, n_ky, n_kx), none "
            f"of them 0, got {patterns.shape} and {variances.shape}"
        )
    used = ~(np.isnan(patterns) | np.isnan(variances))
    if excluded is not None:
        excluded = np.asarray(excluded)
        if excluded.shape != patterns.shape[1:] or excluded.dtype != bool:
            raise ValueError(
                f"excluded must be bool of shape {patterns.shape[1:]}, got "
                f"{excluded.dtype} of shape {excluded.shape}"
            )
        used &= ~excluded
    bad = used & (np.isinf(patterns) | np.isinf(variances) | (variances < 0))
    if bad.any():
        raise ValueError(
            "patterns and variances must be finite, and variances not negative: "
            f"{bad.sum()} are, the first at {tuple(np.argwhere(bad)[0].tolist())}"
        )
    n_used = used.sum(axis=(1, 2))
    if n_used.min() == 0:
        raise ValueError(
            "every pattern must have pixels to be used, got none in pattern "
            f"{n_used.argmin()}: check excluded and NaN"
        )
    patterns, variances = np.where(used, patterns, 0), np.where(used, variances, 0)
    patterns, variances = remove_floor(patterns, variances, used)
    patterns = np.where(used, patterns, 0)
    brightness = np.abs(patterns).sum(axis=(1, 2), keepdims=True)
    brightness /= n_used[:, None, None]
    brightness[brightness == 0] = 1.0
    return patterns / brightness, variances / brightness**2, used


def check_centers(center, patterns, used):
    """Check the centres of all patterns, or find them, (n, 2)."""
    if center is None:
        return _find_centers(patterns, used)
    center = np.array(center, dtype=float)
    n, *shape = patterns.shape
    last = np.array(shape) - 1
    fits = center.shape in ((2,), (n, 2))
    if not fits or not ((center >= 0) & (center <= last)).all():
        raise ValueError(
            f"center must have shape (2,) or ({n}, 2), and be on the detector, from "
            f"(0, 0) to {tuple(last.tolist())}, got {center.tolist()}"
        )
    return np.broadcast_to(center, (n, 2)).copy()


def _find_centers(patterns, used):
    """Row and column about which each pattern agrees best with itself half turned."""
    agreement = [
        sum(_self_agreement(*one, power) for power in _POWERS)
        for one in zip(patterns, used, strict=True)
    ]
    place = _find_peak(sum(agreement))
    # Descan moves the beam, but a lattice agrees with itself in many places.
    reach = max(_REACH, _REACH_FRACTION * min(patterns.shape[1:]))
    found = np.stack([_find_peak_near(one, place, reach) for one in agreement]) / 2
    # What is left of a beam that is cut pulls the centre into itself.
    for i, (pattern, use) in enumerate(zip(patterns, used, strict=True)):
        rest = _exclude_cut_beam(pattern, use, found[i])
        if rest is not None:
            one = _self_agreement(pattern, rest, min(_POWERS))
            found[i] = _find_peak_near(one, 2 * found[i], 2 * _CUT) / 2
    return found


def _exclude_cut_beam(pattern, used, center):
    """Use of pixels without the direct beam, or None if that is used as a whole."""
    distance = _distances(used.shape, center)
    middle = used[distance <= _CUT]
    if middle.all() or not middle.any():
        return None
    rings = [used & (distance.astype(int) == k) for k in range(_N_CUT_RINGS)]
    profile = np.array([pattern[ring].max(initial=0) for ring in rings])
    radius = max(_CUT + 1, 1.5 * np.argmax(profile < _CUT_END * profile.max()))
    return used & (distance > radius)


def _self_agreement(pattern, used, power):
    """Correlate a pattern's power with itself half turned, by twice the centre.

    This is its convolution with itself; pixels not used are accounted for as in [1]_.

    References
    ----------
    .. [1] D. Padfield, Masked object registration in the Fourier domain, IEEE Trans.
       Image Process. 21 (2012), doi:10.1109/TIP.2011.2181402.
    """
    weight = ndimage.gaussian_filter(used.astype(float), 1.0, mode="constant")
    values = ndimage.gaussian_filter(pattern, 1.0, mode="constant")
    values = (np.maximum(values, 0) / np.maximum(weight, TINY)) ** power
    values = np.where(used, values - values[used].mean(), 0)
    full = [2 * n - 1 for n in pattern.shape]
    shape = [fft.next_fast_len(n, real=True) for n in full]
    spectrum, energy, weight = (
        fft.rfft2(x, shape) for x in (values, values**2, used * 1.0)
    )
    products = spectrum**2, energy * weight, weight**2
    agreement, energy, area = (
        fft.irfft2(x, shape)[: full[0], : full[1]] for x in products
    )
    # Relative to what overlaps corners would win, relative to all the middle would.
    most = (values**2).sum() + TINY
    agreement /= np.sqrt(np.maximum(energy, 1e-3 * most) * most)
    return np.where(area > 0.05 * used.sum(), agreement, -1)


def _find_peak_near(image, place, reach):
    """Row and column of the largest value not farther than `reach` along each axis."""
    rows, columns = np.indices(image.shape, sparse=True)
    near = (abs(rows - place[0]) <= reach) & (abs(columns - place[1]) <= reach)
    return _find_peak(np.where(near, image, -2))


def _find_peak(image):
    """Row and column of the largest value, between pixels."""
    at = np.unravel_index(image.argmax(), image.shape)
    row, column = (np.clip(k, 1, n - 2) for k, n in zip(at, image.shape, strict=True))
    down = find_vertex(*-image[row - 1 : row + 2, column])[0]
    across = find_vertex(*-image[row, column - 1 : column + 2])[0]
    return np.array([row + down, column + across])


def find_vertex(before, here, after):
    """Find the vertex of the parabola through three values.

    Returns
    -------
    offset : float
        From the middle value; 0 if that is no minimum.
    bend : float
        Curvature.
    height : float
    """
    bend = before - 2 * here + after
    if not (np.isfinite(bend) and bend > 0):
        return 0.0, 1.0, here
    offset = np.clip((before - after) / (2 * bend), -1, 1)
    return offset, bend, here - offset * (before - after) / 4
