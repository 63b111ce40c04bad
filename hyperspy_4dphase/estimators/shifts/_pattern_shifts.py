"""Whether patterns are shifted over the detector, told from compressed patterns."""

from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._forms import ShiftPixels, make_forms
from hyperspy_4dphase.estimators.shifts._jitter import measure_jitter
from hyperspy_4dphase.estimators.shifts._offsets import (
    MIN_TOTAL,
    SIGNIFICANT,
    ScanScores,
    ShiftPlane,
    fit_plane,
    make_plane,
)
from hyperspy_4dphase.estimators.shifts._pairs import find_pairs

# What compression keeps of a shift is at least this, where it keeps any. Historical.
_MIN_KEPT = 0.3
# Least jitter, as a root mean square in pixels. Historical: less makes no components.
_MIN_JITTER = 0.03
# Jitter that a plane leaves only since discs change by more than their derivative, as a
# fraction of the plane. Historical: chosen by trial.
_OF_PLANE = 0.15
# Where noise is not that of counts, bright pixels show differences between domains far
# above it, and two parts of the detector may agree on a shift by chance. The standard
# error of that, over what they do not agree on. In simulated scans that stood still
# they agreed on 0.6 of it at most but once (1.8); with a jitter of 0.3 pixels on 4
# times as much and more.
_OF_STRUCTURE = 0.7
# Values whose noise is computed at once: what is computed of them fits a core's cache.
_BATCH_VALUES = 2**18


class PatternShifts(NamedTuple):
    """How far patterns are shifted.

    Attributes
    ----------
    plane : ShiftPlane
    jitter : float
        Root mean square, both axes of the detector together, of what the plane leaves
        of the shift, in pixels.
    jitter_error : float
    has_jitter : bool
        Whether it is significant.
    """

    plane: ShiftPlane
    jitter: float
    jitter_error: float
    has_jitter: bool


@limited_threads(1)
def measure_shifts(compressed, used_pixels, signal_shape, positions=None):
    """Measure how far patterns are shifted: as a plane over the scan, and otherwise.

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
    scores = (
        compressed.Q[:, :rank] * inverse(compressed.row_scale.astype(float))[:, None]
    )
    rows = compressed.B[:rank] * inverse(compressed.column_scale)
    pixels = ShiftPixels(scores.mean(axis=0) @ rows, used_pixels, signal_shape, n)
    if n < 3 or not pixels.tell:
        return PatternShifts(make_plane(positions), 0.0, np.inf, False)
    totals = scores @ rows.sum(axis=1)
    totals = np.maximum(totals, MIN_TOTAL * np.abs(totals).mean())
    scan = ScanScores(scores, totals, make_forms(rows, pixels), positions)
    plane, distance = fit_plane(scan)
    jitter = measure_jitter(
        scan, plane, distance, partial(_noise, compressed, rows, scores)
    )
    kept = _measure_kept(compressed, rows, pixels, scan, distance)
    limit = _find_limit(compressed, rows, pixels, scores) * (1 - min(kept, 1))
    return _combine(compressed.noise, plane, jitter, kept, limit, positions)


def _combine(noise, plane, jitter, kept, limit, positions):
    """Put together what was seen and what compression may have left out of it."""
    up = 1 / np.sqrt(np.clip(kept, _MIN_KEPT, 1))
    size = max(np.sqrt((positions.std(axis=0) ** 2).sum() * 2), 1e-9)
    slopes = plane.slopes * up
    error = np.sqrt(
        (plane.slopes_error * up) ** 2
        + (plane.slopes * (up - 1)) ** 2
        + (limit / size) ** 2
    )
    # By how much it is seen too small says nothing about whether it is there.
    there = plane.significant and plane.rms * up > limit
    plane = make_plane(positions, slopes, error)._replace(significant=bool(there))
    square, square_error = jitter.square, jitter.error
    if noise != "poisson":
        square_error = np.hypot(square_error, _OF_STRUCTURE * max(jitter.apart, 0.0))
    seen = np.sqrt(max(square, 0.0))
    # Of a root, also where the square is about as large as its error.
    error = min(square_error / max(2 * seen, 1e-9), np.sqrt(square_error)) * up
    error = float(np.sqrt(error**2 + (seen * up - seen) ** 2 + limit**2))
    least = max(SIGNIFICANT * error, _MIN_JITTER, _OF_PLANE * plane.rms)
    found = bool(square > SIGNIFICANT * square_error and seen * up > least)
    return PatternShifts(plane, float(seen * up), error, found)


def _noise(compressed, rows, scores, numbers, one, other):
    """Compute the covariance by noise of two functions of scores, and variances."""
    singular_values = compressed.singular_values[: len(rows), None].astype(np.float64)
    # Scores are these products with patterns.
    duals = compressed.B[: len(rows)] * inverse(singular_values**2)
    duals = (duals * compressed.column_scale).astype(np.float32)
    # Of noise that is not that of counts, all scaled values have the same.
    expected = inverse(np.square(compressed.column_scale, dtype=np.float64))
    expected = expected.astype(np.float32)
    found = np.empty((3, len(numbers)))
    size = max(1, _BATCH_VALUES // expected.size)
    for part in gen_batches(len(numbers), size):
        first, second = (each[part].astype(np.float32) @ duals for each in (one, other))
        if compressed.noise == "poisson":
            expected = np.maximum(scores[numbers[part]].astype(np.float32) @ rows, 0)
            expected += np.float32(compressed.floor)
        weighed, other_weighed = first * expected, second * expected
        products = (weighed, second), (weighed, first), (other_weighed, second)
        found[:, part] = [np.einsum("np,np->n", *factors) for factors in products]
    return compressed.noise_variance * found


def _measure_kept(compressed, rows, pixels, scan, distance):
    """Measure which part of a small shift the kept directions have."""
    singular_values = compressed.singular_values[: len(rows), None]
    right = compressed.B[: len(rows)] * inverse(singular_values)
    scale = compressed.column_scale

    def project(patterns):
        return (patterns * scale @ right.T) @ right * inverse(scale)

    pairs = find_pairs(scan.positions, distance)
    if not len(pairs.first):
        return 0.0
    projected = scan._replace(forms=make_forms(rows, pixels, project))
    part, whole = (
        np.trace(each.evaluate(pairs)[1].sum(axis=(0, 1))) for each in (projected, scan)
    )
    return float(np.clip(part / whole, 0, 1)) if whole else 0.0


def _find_limit(compressed, rows, pixels, scores):
    """Find the rms in pixels of a shift that would just stand above noise."""
    weighted = scores * compressed.row_scale.astype(np.float64)[:, None]
    square = 0.0
    for moved in pixels.derivatives(pixels.images(rows)):
        moved = moved * compressed.column_scale
        square += np.einsum(
            "na,ab,nb->", weighted, moved @ moved.T, weighted, optimize=True
        )
    if not square > 0:
        return np.inf
    # Either axis has half of the shift, and is a direction of its own.
    return float(np.sqrt(2 / (square / 2)) * compressed.noise_edge)
