"""The scale of patterns of a known structure: 1/Å in a pixel."""

import numpy as np
from scipy import ndimage, signal
from scipy.special import logsumexp

from hyperspy_4dphase.estimators.calibration._center import estimate_center
from hyperspy_4dphase.estimators.calibration._estimate import Estimate
from hyperspy_4dphase.estimators.calibration._images import prepare_images
from hyperspy_4dphase.estimators.calibration._radii import find_radii

# Standard deviations of radii, in pixels, that are tried: from what noise leaves to
# what discs that are lit unevenly, or an ellipse, add.
_SPREADS = np.array([0.1, 0.15, 0.25, 0.4, 0.6, 0.9])
# Part of the radii that are of something else: another phase, a fault of the detector.
_STRAY = 0.1
# A spot and its opposite are no two witnesses.
_WITNESS = 0.5
# Pixels, standard deviation, within which the lines of a ring run together.
_RING_WIDTH = 1.7
# Logarithmic step, of a scale that moves the outermost radius by 0.02 pixels.
_STEP_PIXELS = 0.02
# Fewest different radii, in pixels apart, and where one scale must hold the posterior.
_FEWEST_RADII, _APART = 4, 1.5
# Logarithm of odds that the best of the scales tried is not the best by chance.
_EVIDENCE = 3.0
_SURE = 0.95
# Lines nearer than this part are one.
_SAME_LINE = 1e-4


def estimate_scale(
    patterns,
    lengths,
    intensities,
    limits,
    excluded=None,
    center=None,
    ellipse=(0.0, 0.0),
):
    """Find the scale at which radii of spots and rings are lengths of reflections.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx) or (n_ky, n_kx)
        Intensities of one structure, NaN where there are none.
    lengths : array_like of float, shape (n_reflections,)
        ``|g|`` in 1/Å, up to the largest scale times the largest radius.
    intensities : array_like of float, shape (n_reflections,)
        ``|F|^2``.
    limits : tuple of float
        Between which the scale is sought, in 1/Å per pixel.
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx), optional
        Pixels not to be used.
    center : array_like of float, shape (2,), optional
        Row and column; by default from `estimate_center`.
    ellipse : sequence of float, optional
        As from `estimate_ellipse`; by default none.

    Returns
    -------
    Estimate
        Scale in 1/Å per pixel: mean and standard deviation of its posterior, with a
        prior even in the logarithm between the limits. Radii scatter about those of
        reflections by a standard deviation that is not known, and some are of
        something else.
    """
    checked, used, roots = prepare_images(patterns, excluded)
    del checked
    if center is None:
        center = estimate_center(patterns, excluded).value
    found = [find_radii(*one, center, ellipse) for one in zip(roots, used, strict=True)]
    spots = np.concatenate([one[0] for one in found])
    rings = np.concatenate([one[1] for one in found])
    radii = np.concatenate([spots, rings])
    different = _count_different(radii)
    if different < _FEWEST_RADII:
        return _give_up(
            np.sqrt(limits[0] * limits[1]),
            f"the patterns show {different} different radii of spots or rings only",
        )
    lengths, intensities = np.asarray(lengths), np.asarray(intensities)
    middle = np.sqrt(limits[0] * limits[1])
    found = [(spots, _merge_lines(lengths, intensities), _WITNESS)]
    found += [(rings, _merge_rings(lengths, intensities, _RING_WIDTH * middle), 1.0)]
    n_steps = int(np.log(limits[1] / limits[0]) * radii.max() / _STEP_PIXELS) + 2
    logs = np.linspace(*np.log(limits), n_steps)
    likelihoods = np.array(
        [
            sum(part * _log_likelihood(np.exp(logs), *one, s) for *one, part in found)
            for s in _SPREADS
        ]
    )
    log_posterior = logsumexp(likelihoods, axis=0)
    probability = np.exp(log_posterior - logsumexp(log_posterior))
    best = int(probability.argmax())
    # 2 pixels at the outermost radius: as wide as the widest spread leaves it.
    near = np.abs(logs - logs[best]) < 2 / radii.max()
    inside = probability[near].sum()
    mean = np.average(logs[near], weights=probability[near])
    error = np.sqrt(np.average((logs[near] - mean) ** 2, weights=probability[near]))
    value = float(np.exp(mean))
    # Where many scales are tried, one fits any radii by chance.
    spread = _SPREADS[likelihoods.max(axis=1).argmax()]
    n_tried = np.log(limits[1] / limits[0]) * radii.max() / spread
    if likelihoods.max() < np.log(n_tried) + _EVIDENCE:
        return _give_up(value, "no scale fits the radii better than chance")
    if inside < _SURE:
        return _give_up(value, "several scales fit the radii")
    if min(best, len(logs) - 1 - best) <= 3 * error / (logs[1] - logs[0]):
        return _give_up(value, "the scale is at a limit of where it was sought")
    dof = max(_WITNESS * len(spots) + len(rings) - 1, 1.0)
    return Estimate(np.array([value]), np.array([[(value * error) ** 2]]), float(dof))


def _give_up(value, problem):
    return Estimate(np.array([float(value)]), np.full((1, 1), np.nan), 0.0, problem)


def _count_different(radii):
    """Number of radii that differ."""
    if not len(radii):
        return 0
    ordered = np.sort(radii)
    return 1 + int(np.count_nonzero(np.diff(ordered) > _APART))


def _merge_lines(lengths, intensities):
    """Lengths that differ, and the root of what all of one length scatter."""
    order = np.argsort(lengths)
    lengths, intensities = lengths[order], intensities[order]
    starts = np.diff(lengths, prepend=-1.0) > _SAME_LINE * lengths
    line = np.cumsum(starts) - 1
    total = np.bincount(line, intensities)
    return np.bincount(line, lengths * intensities) / total, np.sqrt(total)


def _merge_rings(lengths, intensities, width):
    """Lengths at which rings of a width have maxima, and the roots of these."""
    axis = np.arange(0.0, lengths.max() + 3 * width, width / 4)
    # A ring of a powder is the fainter, the longer it is.
    profile = np.histogram(lengths, [*axis, np.inf], weights=intensities / lengths)[0]
    profile = ndimage.gaussian_filter1d(profile.astype(float), 4.0)
    peaks, _ = signal.find_peaks(profile)
    return axis[peaks] + width / 8, np.sqrt(profile[peaks])


def _log_likelihood(scales, radii, lines, spread):
    """Of radii, at each scale: a mixture of lines and of anything."""
    if not len(radii):
        return np.zeros(len(scales))
    lines, weights = lines
    reach, shortest = radii.max() + 3 * spread, max(radii.min() - 3 * spread, 0.0)
    cumulated = np.concatenate([[0.0], np.cumsum(weights)])
    first = np.searchsorted(lines, shortest * scales)
    last = np.searchsorted(lines, reach * scales)
    total = np.maximum(cumulated[last] - cumulated[first], 1e-30)
    log_likelihood = np.zeros(len(scales))
    for radius in radii:
        length = radius * scales
        right = np.clip(np.searchsorted(lines, length), 1, len(lines) - 1)
        density = 0.0
        for k in (right - 1, right):
            off = (length - lines[k]) / (scales * spread)
            density = density + weights[k] * np.exp(-(off**2) / 2)
        density = density / (spread * np.sqrt(2 * np.pi) * total)
        # Relative to radii that are anywhere.
        mixture = _STRAY + (1 - _STRAY) * density * (reach - shortest)
        log_likelihood += np.log(mixture)
    return log_likelihood
