"""Whether patterns are shifted over the detector, told from compressed patterns."""

from functools import partial

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._forms import Detector, shift_forms
from hyperspy_4dphase.estimators.shifts._offsets import (
    LEAST_JITTER,
    SIGNIFICANT,
    PatternShifts,
    fitted_plane,
    pair_values,
    plane_of,
    what_is_left,
)
from hyperspy_4dphase.estimators.shifts._pairs import pairs_at

# What compression keeps of a shift is at least this, where it keeps any.
_LEAST_KEPT = 0.3
# Of their mean, what patterns are taken to have of counts at least.
_LEAST_TOTAL = 0.05
# Of a plane, what it may leave only since discs change by more than their derivative.
_OF_PLANE = 0.15
# Where noise is not that of counts, bright pixels show differences between domains far
# above it, and two parts of the detector may agree on a shift by chance. The standard
# error of that, over what they do not agree on. In simulated scans that stood still
# they agreed on 0.6 of it at most but once (1.8); with a jitter of 0.3 pixels on 4
# times as much and more.
_OF_STRUCTURE = 0.7
_BLOCK = 256


def pattern_shifts(compressed, used_pixels, signal_shape, positions=None):
    """How far the patterns are shifted: as a plane over the scan, and otherwise.

    The direct beam need not be seen, nor all of the detector: pixels that are masked,
    dead, or hot, and those beside them, are left out. Neither domains nor the bending
    or thickness of crystals are taken for shifts.

    Parameters
    ----------
    compressed : CompressedPatterns
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels of the compressed patterns lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).
    positions : numpy.ndarray, shape (n_patterns, n_axes), optional
        Where patterns are in the scan. By default they follow one another on a line.

    Returns
    -------
    PatternShifts

    Notes
    -----
    Where counting noise hides a shift, compression leaves it out. Where it keeps part,
    the shift is between what is seen and what is seen over that part. The geometric
    mean is returned, and half the difference is part of the error. Where it keeps
    nothing, the error is the shift that would just stand above the noise.
    """
    n = len(compressed.Q)
    if positions is None:
        positions = np.arange(n)[:, None]
    positions = np.asarray(positions, np.float64)
    rank = max(compressed.n_significant, 1)
    row_scale = compressed.row_scale.astype(np.float64)
    scores = compressed.Q[:, :rank] * inverse(row_scale)[:, None]
    rows = compressed.B[:rank] * inverse(compressed.column_scale)
    detector = Detector(scores.mean(axis=0) @ rows, used_pixels, signal_shape)
    if n < 3 or not detector.tells:
        nothing = np.zeros((2, positions.shape[1]))
        plane = plane_of(nothing, nothing + np.inf, positions)
        return PatternShifts(plane, 0.0, np.inf, False)
    totals = scores @ rows.sum(axis=1)
    totals = np.maximum(totals, _LEAST_TOTAL * np.abs(totals).mean())
    forms = shift_forms(rows, detector)
    plane, distance = fitted_plane(scores, totals, forms, positions)
    noise = partial(_noise, compressed, rows, scores)
    square, square_error, apart = what_is_left(
        scores, totals, forms, positions, plane, distance, noise
    )
    if compressed.noise != "poisson":
        square_error = np.hypot(square_error, _OF_STRUCTURE * max(apart, 0.0))
    kept = _kept(compressed, rows, detector, scores, totals, forms, positions, distance)
    up = 1 / np.sqrt(np.clip(kept, _LEAST_KEPT, 1))
    limit = _limit(compressed, rows, detector, scores, row_scale) * (1 - min(kept, 1))
    size = max(np.sqrt((positions.std(axis=0) ** 2).sum() * 2), 1e-9)
    slopes = plane.slopes * up
    error = np.sqrt(
        (plane.slopes_error * up) ** 2
        + (plane.slopes * (up - 1)) ** 2
        + (limit / size) ** 2
    )
    # By how much it is seen too small says nothing about whether it is there.
    there = plane.significant and plane.rms * up > limit
    plane = plane_of(slopes, error, positions)._replace(significant=bool(there))
    seen = np.sqrt(max(square, 0.0))
    jitter = seen * up
    # Of a root, also where the square is about as large as its error.
    jitter_error = min(square_error / max(2 * seen, 1e-9), np.sqrt(square_error)) * up
    jitter_error = float(np.sqrt(jitter_error**2 + (jitter - seen) ** 2 + limit**2))
    least = max(SIGNIFICANT * jitter_error, LEAST_JITTER, _OF_PLANE * plane.rms)
    found = bool(square > SIGNIFICANT * square_error and jitter > least)
    return PatternShifts(plane, float(jitter), jitter_error, found)


def _noise(compressed, rows, scores, numbers, one, other):
    """Covariance by noise of two functions of scores of patterns, and variances."""
    rank = len(rows)
    singular_values = compressed.singular_values[:rank, None].astype(np.float64)
    # Scores are these products with patterns.
    duals = compressed.B[:rank] * inverse(singular_values**2) * compressed.column_scale
    duals = duals.astype(np.float32)
    if compressed.noise != "poisson":
        # All scaled values have the same noise.
        same = inverse(np.square(compressed.column_scale, dtype=np.float64))
        same = same.astype(np.float32)[None]
    found = np.empty((3, len(numbers)))
    for start in range(0, len(numbers), _BLOCK):
        part = slice(start, start + _BLOCK)
        first, second = (each[part].astype(np.float32) @ duals for each in (one, other))
        if compressed.noise != "poisson":
            expected = same
        else:
            expected = np.maximum(scores[numbers[part]].astype(np.float32) @ rows, 0)
            expected += np.float32(compressed.floor)
        found[0, part] = (first * second * expected).sum(axis=1)
        found[1, part] = (first * first * expected).sum(axis=1)
        found[2, part] = (second * second * expected).sum(axis=1)
    return compressed.noise_variance * found


def _kept(compressed, rows, detector, scores, totals, forms, positions, distance):
    """Which part of a small shift the kept directions have."""
    singular_values = compressed.singular_values[: len(rows), None]
    right = compressed.B[: len(rows)] * inverse(singular_values)
    scale = compressed.column_scale

    def project(patterns):
        return (patterns * scale @ right.T) @ right * inverse(scale)

    pairs = pairs_at(positions, distance)
    if not len(pairs.first):
        return 0.0
    _, all_of_it = pair_values(scores, totals, forms, pairs)
    forms = shift_forms(rows, detector, project)
    _, part = pair_values(scores, totals, forms, pairs)
    part, all_of_it = (
        np.trace(changes.sum(axis=(0, 1))) for changes in (part, all_of_it)
    )
    return float(np.clip(part / all_of_it, 0, 1)) if all_of_it else 0.0


def _limit(compressed, rows, detector, scores, row_scale):
    """The root mean square of a shift that would just stand above noise, in pixels."""
    square = 0.0
    for moved in detector.derivatives(detector.images(rows)):
        moved = moved * compressed.column_scale
        weighted = scores * row_scale[:, None]
        square += np.einsum(
            "na,ab,nb->", weighted, moved @ moved.T, weighted, optimize=True
        )
    if not square > 0:
        return np.inf
    # Either axis has half of the shift, and is a direction of its own.
    return float(np.sqrt(2 / (square / 2)) * compressed.noise_edge)
