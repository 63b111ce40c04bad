"""The plane of shifts over a scan, told from a sample of its patterns."""

import numpy as np
from scipy.linalg import qr
from sklearn.utils import gen_batches

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._forms import (
    ShiftPixels,
    find_sound_pixels,
    make_forms,
)
from hyperspy_4dphase.estimators.shifts._moved_blocks import (
    find_covered_pixels,
    shift_patterns,
)
from hyperspy_4dphase.estimators.shifts._offsets import (
    MIN_TOTAL,
    ScanScores,
    fit_plane,
    make_plane,
)

# Directions in which patterns are described, and iterations that find these.
# Historical: chosen by trial, not calibrated.
_RANK, _N_ITERATIONS = 16, 4
# Times that patterns are shifted back and looked at again, at most. Historical.
_N_STEPS = 3
# Root mean square in pixels of a shift that is left and no longer matters. Historical.
_SETTLED = 0.02
# Patterns that are in single precision at once.
_BATCH = 512


def fit_sample_plane(patterns, positions, used_pixels, signal_shape, by_edges=False):
    """Fit the plane that best tells how a sample of patterns is shifted.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n, n_used)
        Counts of some patterns, as they were measured: 1,000 or more from all over the
        scan.
    positions : numpy.ndarray, shape (n, n_axes)
        Where they are in the scan.
    used_pixels : numpy.ndarray of int, shape (n_used,)
        Where their pixels lie in the flat detector.
    signal_shape : tuple of int
        (nky, nkx).
    by_edges : bool, optional
        See :class:`ShiftPixels`.

    Returns
    -------
    ShiftPlane
        ``plane.at(positions)`` is the shift; patterns shifted by its negative stand
        still.

    Notes
    -----
    Patterns are described by the directions in which they differ most and by how these
    change if they are shifted, and compared with those near them in the scan. Then they
    are shifted back, and what is left is found in the same way, until it is little.
    """
    positions = np.asarray(positions, np.float64)
    mean = patterns.mean(axis=0, dtype=np.float64)
    sound = find_sound_pixels(mean, used_pixels, signal_shape, len(patterns))
    patterns, used_pixels = patterns[:, sound], used_pixels[sound]
    plane = make_plane(positions)
    for step in range(_N_STEPS):
        moved, used = patterns, used_pixels
        if step:
            shifts = -plane.at(positions)
            covered = find_covered_pixels(used, signal_shape, shifts)[used]
            moved = shift_patterns(patterns, signal_shape, shifts, used)[:, covered]
            used = used[covered]
        more = _fit_once(moved, positions, used, signal_shape, by_edges)
        if more is None:
            break
        # Between steps the error that remains is that of the last one.
        plane = make_plane(positions, plane.slopes + more.slopes, more.slopes_error)
        if not plane.significant or more.rms < _SETTLED:
            break
    return plane


def _fit_once(patterns, positions, used_pixels, signal_shape, by_edges):
    """Fit a plane to patterns as they are; None where no pixel tells a shift."""
    mean = patterns.mean(axis=0, dtype=np.float64)
    if len(patterns) < 3 or not mean.any():
        return None
    pixels = ShiftPixels(mean, used_pixels, signal_shape, len(patterns), by_edges)
    if not pixels.tell:
        return None
    scale = np.sqrt(inverse(mean + 1e-3 * mean.mean())).astype(np.float32)
    basis = _find_basis(patterns, scale)
    changes = pixels.derivatives(pixels.images(basis.T * inverse(scale)))
    columns = [basis, *((rows * scale).T for rows in changes)]
    basis = qr(np.column_stack(columns), mode="economic")[0].astype(np.float32)
    weighted = basis * scale[:, None]
    scores = [patterns[i].astype(np.float32) @ weighted for i in _batches(patterns)]
    scores = np.concatenate(scores).astype(np.float64)
    totals = patterns.sum(axis=1, dtype=np.float64)
    totals = np.maximum(totals, MIN_TOTAL * totals.mean())
    forms = make_forms(basis.T * inverse(scale), pixels)
    return fit_plane(ScanScores(scores, totals, forms, positions))[0]


def _find_basis(patterns, scale):
    """Find the directions in which scaled patterns are largest, (n_pixels, rank)."""
    rank = min(_RANK, *patterns.shape)
    random = np.random.default_rng(0)
    basis = random.standard_normal((patterns.shape[1], rank), np.float32)
    for _ in range(_N_ITERATIONS):
        product = np.zeros_like(basis)
        weighted = basis * scale[:, None]
        for batch in _batches(patterns):
            part = patterns[batch].astype(np.float32)
            product += part.T @ (part @ weighted)
        basis = qr(product * scale[:, None], mode="economic")[0]
    return basis


def _batches(patterns):
    return gen_batches(len(patterns), _BATCH)
