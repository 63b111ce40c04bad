"""The plane of shifts over a scan, told from a sample of its patterns."""

import numpy as np
from scipy.linalg import qr

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._forms import (
    Detector,
    shift_forms,
    sound_pixels,
)
from hyperspy_4dphase.estimators.shifts._moved_blocks import covered_pixels, shifted
from hyperspy_4dphase.estimators.shifts._offsets import fitted_plane, plane_of

_RANK = 16
_N_STEPS = 3
_SETTLED = 0.02


def sample_plane(patterns, positions, used_pixels, signal_shape):
    """The plane that best tells how a sample of patterns is shifted.

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
    sound = sound_pixels(mean, used_pixels, signal_shape)
    patterns, used_pixels = patterns[:, sound], used_pixels[sound]
    n_axes = positions.shape[1]
    slopes, error = np.zeros((2, n_axes)), np.full((2, n_axes), np.inf)
    plane = plane_of(slopes, error, positions)
    for step in range(_N_STEPS):
        if step:
            shifts = -plane.at(positions)
            covered = covered_pixels(used_pixels, signal_shape, shifts)[used_pixels]
            moved = shifted(patterns, signal_shape, shifts, used_pixels)
            more = _plane(
                moved[:, covered], positions, used_pixels[covered], signal_shape
            )
        else:
            more = _plane(patterns, positions, used_pixels, signal_shape)
        if more is None:
            break
        # Between steps the error that remains is that of the last one.
        plane = plane_of(plane.slopes + more.slopes, more.slopes_error, positions)
        if not plane.significant or more.rms < _SETTLED:
            break
    return plane


def _plane(patterns, positions, used_pixels, signal_shape):
    """One step; None where no pixel tells a shift."""
    mean = patterns.mean(axis=0, dtype=np.float64)
    if len(patterns) < 3 or not mean.any():
        return None
    detector = Detector(mean, used_pixels, signal_shape)
    if not detector.tells:
        return None
    scale = np.sqrt(inverse(mean + 1e-3 * mean.mean())).astype(np.float32)
    basis = _basis(patterns, scale)
    changes = detector.derivatives(detector.images(basis.T * inverse(scale)))
    columns = [basis, *((rows * scale).T for rows in changes)]
    basis = qr(np.column_stack(columns), mode="economic")[0].astype(np.float32)
    scores = np.concatenate(
        [
            part.astype(np.float32) @ (basis * scale[:, None])
            for part in _parts(patterns)
        ]
    )
    scores = scores.astype(np.float64)
    totals = patterns.sum(axis=1, dtype=np.float64)
    totals = np.maximum(totals, 0.05 * totals.mean())
    forms = shift_forms(basis.T * inverse(scale), detector)
    return fitted_plane(scores, totals, forms, positions)[0]


def _basis(patterns, scale):
    """The directions in which scaled patterns are largest, (n_pixels, rank)."""
    rank = min(_RANK, *patterns.shape)
    random = np.random.default_rng(0)
    basis = random.standard_normal((patterns.shape[1], rank), np.float32)
    for _ in range(4):
        product = np.zeros_like(basis)
        weighted = basis * scale[:, None]
        for part in _parts(patterns):
            part = part.astype(np.float32)
            product += part.T @ (part @ weighted)
        basis = qr(product * scale[:, None], mode="economic")[0]
    return basis


def _parts(patterns):
    return (patterns[i : i + 512] for i in range(0, len(patterns), 512))
