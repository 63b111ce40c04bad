"""The plane of shifts over a scan and what it leaves."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._forms import ShiftPixels, make_forms
from hyperspy_4dphase.estimators.shifts._jitter import measure_jitter
from hyperspy_4dphase.estimators.shifts._offsets import (
    ScanScores,
    fit_plane,
    make_plane,
)

from .scenes import POSITIONS, SIGNAL, SLOPES, USED, plane, scene


def scan_of(shifts):
    """Patterns without noise, each of them a direction of its own."""
    rate = scene(shifts).astype(np.float32)
    mean = rate.mean(axis=0, dtype=float)
    forms = make_forms(rate, ShiftPixels(mean, USED, SIGNAL, 10**6))
    positions = POSITIONS.astype(float)
    return ScanScores(np.eye(len(rate)), rate.sum(axis=1), forms, positions)


def hardly_noise(numbers, one, other):
    """The same for all pairs, so that all have the same weight."""
    return np.repeat([[0.0], [1e-9], [1e-9]], len(numbers), axis=1)


def test_plane_without_noise():
    found, distance = fit_plane(scan_of(plane(SLOPES)))
    assert found.significant
    np.testing.assert_allclose(found.slopes, SLOPES, atol=0.006)
    assert distance >= 1
    still, _ = fit_plane(scan_of(None))
    assert not still.significant


def test_jitter_without_noise():
    jitter = np.random.default_rng(3).normal(0, 0.2, (len(POSITIONS), 2))
    for shifts, expected in ((None, 0), (jitter, 0.08)):
        scan = scan_of(shifts)
        found = measure_jitter(scan, *fit_plane(scan), hardly_noise)
        assert found.square == pytest.approx(expected, rel=0.3, abs=0.003)
        assert found.error < 0.03


def test_size_of_a_plane():
    slopes, error = np.array([[0.1, 0], [0, 0.2]]), np.full((2, 2), 0.01)
    found = make_plane(POSITIONS.astype(float), slopes, error)
    assert found.rms == pytest.approx(np.sqrt((plane(slopes) ** 2).sum(1).mean()))
    assert found.significant
    assert not make_plane(POSITIONS.astype(float), slopes, 20 * error).significant


def test_a_plane_of_which_nothing_is_known():
    found = make_plane(POSITIONS.astype(float))
    assert not found.significant
    assert found.rms == 0
    assert np.isinf(found.slopes_error).all()
