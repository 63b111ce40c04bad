"""Patterns as images about a centre: checked, smoothed, and sampled in rings."""

import numpy as np
from scipy import fft, ndimage

from hyperspy_4dphase.estimators._floor import without_floor

# Pixels: smoothing before a pattern is sampled, or spots would fall between samples.
FINE = 0.7
# Patterns can be compared where they have this share of the area in common.
COMMON = 0.2
TINY = 1e-20
# Pixels about the centre that tell whether the direct beam is cut.
_CUT = 2.0


def smoothed(pattern, variance, used):
    """Pattern, noise variance and use of pixels, all slightly smoothed."""
    share = ndimage.gaussian_filter(used.astype(float), FINE, mode="constant")
    enough = share > 0.5
    share = np.where(enough, share, 1.0)
    pattern = ndimage.gaussian_filter(pattern, FINE, mode="constant") / share
    # The square of a Gaussian is one of smaller width.
    variance = ndimage.gaussian_filter(variance, FINE / 2**0.5, mode="constant")
    variance /= 4 * np.pi * (FINE * share) ** 2
    return np.where(enough, pattern, 0), np.where(enough, variance, 0), enough * 1.0


def log_polar_grid(images, centers, blur):
    """Radii, evenly spaced in their logarithm, and angles, equally dense."""
    radii = np.arange(1.0, np.hypot(*images[0][0].shape))
    turn = np.linspace(0, 2 * np.pi, 180, endpoint=False)
    circles = radii[:, None] * np.stack([np.sin(turn), np.cos(turn)])[:, None]
    seen = [
        ndimage.map_coordinates(used, circles + center[:, None, None], order=1)
        for (*_, used), center in zip(images, centers, strict=True)
    ]
    seen = np.mean(seen, axis=2).min(axis=0)
    seen = radii[seen >= max(0.5 * seen.max(), COMMON)]
    if len(seen) < 4:
        raise ValueError(
            "patterns must show at least 4 circles about their centre, a pixel apart, "
            f"got {len(seen)}: check excluded and center"
        )
    beam = [_beam_radius(*one) for one in zip(images, centers, strict=True)]
    inner = max(seen[0], min(np.median(beam), seen[-1] / 3))
    n = 2 * np.pi * min(seen[-1], 1 / blur)
    n = fft.next_fast_len(int(np.clip(n, 180, 720)), real=True)
    n_radii = int(n / (2 * np.pi) * np.log(seen[-1] / inner)) + 1
    step = 2 * np.pi / n
    return inner * np.exp(step * np.arange(n_radii)), step * np.arange(n)


def _beam_radius(image, center):
    """Where the direct beam ends, or 0 where it is masked."""
    pattern, _, used = image
    rows, columns = np.indices(pattern.shape)
    ring = np.hypot(rows - center[0], columns - center[1]).astype(int)[used > 0]
    n = np.bincount(ring)
    if n[0] == 0:
        return 0.0
    profile = np.bincount(ring, pattern[used > 0]) / np.maximum(n, 1)
    half, end = (np.argmax(profile < share * profile[0]) for share in (0.5, 0.02))
    return 1 + np.clip(end or np.inf, 1.5 * half, 3 * half)


def checked_patterns(patterns, variances, excluded):
    """Patterns of mean 1 and their variances, 0 where not used, and what is used.

    A constant that all patterns stand on is taken off.
    """
    patterns, variances = np.array(patterns, float), np.array(variances, float)
    if patterns.ndim != 3 or patterns.size == 0:
        raise ValueError(
            "patterns must have shape (n_domains, n_ky, n_kx), none of them 0, got "
            f"{patterns.shape}"
        )
    if variances.shape != patterns.shape:
        raise ValueError(
            f"variances must have the shape of patterns, {patterns.shape}, got "
            f"{variances.shape}"
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
    patterns, variances = without_floor(patterns, variances, used)
    patterns = np.where(used, patterns, 0)
    brightness = np.abs(patterns).sum(axis=(1, 2), keepdims=True)
    brightness /= n_used[:, None, None]
    brightness[brightness == 0] = 1.0
    return patterns / brightness, variances / brightness**2, used


def checked_centers(center, patterns, used):
    """Centres of all patterns, given or found."""
    if center is None:
        return _found_centers(patterns, used)
    center = np.array(center, dtype=float)
    if center.shape not in ((2,), (len(patterns), 2)):
        raise ValueError(
            f"center must have shape (2,) or ({len(patterns)}, 2), got {center.shape}"
        )
    last = np.array(patterns.shape[1:]) - 1
    if not ((center >= 0) & (center <= last)).all():
        raise ValueError(
            f"center must be from (0, 0) to {tuple(last.tolist())}, on the detector, "
            f"got {center.tolist()}"
        )
    return np.broadcast_to(center, (len(patterns), 2)).copy()


def _found_centers(patterns, used):
    """Row and column about which each pattern agrees best with itself half turned."""
    # The direct beam rules intensities, and where it is masked their fourth roots tell
    # more, since tilt makes spots differ from their opposites.
    agreement = [
        _self_agreement(one, use, 1.0) + _self_agreement(one, use, 0.25)
        for one, use in zip(patterns, used, strict=True)
    ]
    place = _peak(sum(agreement))
    # Descan moves the beam, but a lattice agrees with itself in many places.
    reach = max(6.0, 0.1 * min(patterns.shape[1:]))
    found = np.stack([_peak_near(one, place, reach) for one in agreement]) / 2
    # What is left of a beam that is cut pulls the centre into itself.
    for i, (pattern, use) in enumerate(zip(patterns, used, strict=True)):
        rest = _without_cut_beam(pattern, use, found[i])
        if rest is not None:
            one = _self_agreement(pattern, rest, 0.25)
            found[i] = _peak_near(one, 2 * found[i], 2 * _CUT) / 2
    return found


def _peak_near(image, place, reach):
    """Row and column of the largest value not farther than `reach` along each axis."""
    rows, columns = np.indices(image.shape, sparse=True)
    near = (abs(rows - place[0]) <= reach) & (abs(columns - place[1]) <= reach)
    return _peak(np.where(near, image, -2))


def _without_cut_beam(pattern, used, center):
    """Use of pixels without the direct beam, or None if that is used as a whole."""
    rows, columns = np.indices(used.shape)
    distance = np.hypot(rows - center[0], columns - center[1])
    middle = used[distance <= _CUT]
    if middle.all() or not middle.any():
        return None
    profile = [
        pattern[used & (distance.astype(int) == k)].max(initial=0) for k in range(12)
    ]
    radius = max(_CUT + 1, 1.5 * np.argmax(np.array(profile) < 0.1 * max(profile)))
    return used & (distance > radius)


def _self_agreement(pattern, used, power):
    """Correlation of a pattern's power with itself half turned, by twice the centre.

    It is its convolution with itself; pixels not used are accounted for as in [1]_.

    References
    ----------
    .. [1] D. Padfield, Masked object registration in the Fourier domain, IEEE Trans.
       Image Process. 21 (2012), doi:10.1109/TIP.2011.2181402.
    """
    share = ndimage.gaussian_filter(used.astype(float), 1.0, mode="constant")
    smooth = ndimage.gaussian_filter(pattern, 1.0, mode="constant")
    values = (np.maximum(smooth, 0) / np.maximum(share, TINY)) ** power
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


def _peak(image):
    """Row and column of the largest value, between pixels."""
    at = np.unravel_index(image.argmax(), image.shape)
    row, column = (np.clip(k, 1, n - 2) for k, n in zip(at, image.shape, strict=True))
    down = vertex(*-image[row - 1 : row + 2, column])[0]
    across = vertex(*-image[row, column - 1 : column + 2])[0]
    return np.array([row + down, column + across])


def vertex(before, here, after):
    """Offset, bend and height of the parabola's vertex through three values."""
    bend = before - 2 * here + after
    if not (np.isfinite(bend) and bend > 0):
        return 0.0, 1.0, here
    offset = np.clip((before - after) / (2 * bend), -1, 1)
    return offset, bend, here - offset * (before - after) / 4
