"""Whether a plane of shifts makes parts of a scan alike."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._alike import makes_alike
from hyperspy_4dphase.estimators.shifts._offsets import make_plane

from .scenes import NAVIGATION, POSITIONS, SIGNAL, SLOPES, USED, plane, scene

MOVING = make_plane(POSITIONS, SLOPES, 0.01)
STILL = make_plane(POSITIONS, 0 * SLOPES, 0.01)


def halos(shifts, counts, seed):
    """Two glasses side by side, of broad and weak halos, the second a bit larger."""
    rows, columns = np.indices(SIGNAL)
    second = POSITIONS[:, 1] + 2 * np.sin(POSITIONS[:, 0]) > NAVIGATION[1] / 2
    patterns = []
    for (down, right), wide in zip(shifts, 12 * (1 + 0.03 * second), strict=True):
        radius = np.hypot(rows - 20 - down, columns - 23 - right)
        patterns.append(0.5 + np.exp(-(((radius - wide) / 3) ** 2)))
    rates = np.reshape(patterns, (len(POSITIONS), -1))
    rates *= counts / rates.sum(axis=1, keepdims=True)
    return np.random.default_rng(seed).poisson(rates).astype(np.uint16)


@pytest.mark.parametrize("seed", range(6))
def test_weak_patterns_with_a_shift(seed):
    """Single pairs of these do not differ by more than noise."""
    counts = halos(MOVING.at(POSITIONS), 500, seed)
    assert makes_alike(MOVING, counts, POSITIONS, USED, SIGNAL)


@pytest.mark.parametrize("seed", range(6))
def test_weak_patterns_without_a_shift(seed):
    counts = halos(STILL.at(POSITIONS), 500, seed)
    assert not makes_alike(MOVING, counts, POSITIONS, USED, SIGNAL)


@pytest.mark.parametrize("part", [0.5, 1])
def test_bent_grains(part):
    """A shift of the other sign, or one three times as large, is not believed."""
    moving = make_plane(POSITIONS, part * SLOPES, 0.01 * part)
    random = np.random.default_rng(0)
    counts = random.poisson(1000 * scene(plane(part * SLOPES))).astype(np.uint16)
    assert makes_alike(moving, counts, POSITIONS, USED, SIGNAL)
    for factor in (-1, 3):
        wrong = make_plane(POSITIONS, factor * part * SLOPES, 0.01)
        assert not makes_alike(wrong, counts, POSITIONS, USED, SIGNAL)


def test_where_nothing_can_tell():
    counts = np.ones((4, USED.size))
    far = np.array([[0, 0], [0, 9], [9, 0], [9, 9]])
    # Each pattern is alone in its part of the scan.
    assert makes_alike(make_plane(far, SLOPES), counts, far, USED, SIGNAL)
    # No pixel is complete.
    counts = np.ones((len(POSITIONS), USED.size))
    wide = make_plane(POSITIONS, 20 * SLOPES)
    assert makes_alike(wide, counts, POSITIONS, USED, SIGNAL)
