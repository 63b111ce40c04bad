"""Directions below the noise edge that neighbours have in common."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.estimators.nmf._directions import (
    count_directions,
    measure_likeness,
)

SHAPE = 14, 17
GRID = np.arange(SHAPE[0] * SHAPE[1]).reshape(SHAPE)


def noise(seed, n=None):
    return np.random.default_rng(seed).normal(size=(n or GRID.size))


def step():
    """Two halves of the scan."""
    return np.where(GRID % SHAPE[1] < 6, -1.0, 1.0).ravel()


def test_independent_values_are_alike_by_chance_only():
    found = np.array([measure_likeness(noise(seed), GRID) for seed in range(200)])
    assert abs(found.mean()) < 0.3
    assert found.std() == pytest.approx(1, abs=0.15)
    assert found.max() < 5


def test_neighbours_are_alike_whatever_scale_and_offset():
    values = noise(0) + step()
    found = measure_likeness(values, GRID)
    assert found > 5
    assert measure_likeness(-7 * values + 100, GRID) == pytest.approx(found)


def test_places_without_a_pattern_are_no_neighbours():
    holes = GRID.copy()
    holes[:, 6] = -1
    rest = holes[holes >= 0]
    number = np.full(GRID.size, -1)
    number[rest] = np.arange(rest.size)
    holes = np.where(holes < 0, -1, number[holes])
    # Without the column between them, all neighbours are alike.
    n_pairs = 14 * (5 + 9) + 13 * 16
    found = measure_likeness(step()[rest], holes)
    assert found == pytest.approx(n_pairs**0.5, rel=0.15)


def test_equal_values_are_no_direction():
    assert measure_likeness(np.ones(GRID.size), GRID) == 0


def test_directions_are_counted_until_one_is_noise():
    weak = step() + noise(1)
    columns = [noise(2), weak, weak[::-1], noise(3), weak]
    compression = SimpleNamespace(n_significant=1, Q=np.stack(columns, axis=1))
    assert count_directions(compression, GRID) == 3
    none = SimpleNamespace(n_significant=2, Q=np.stack([noise(k) for k in range(4)]).T)
    assert count_directions(none, GRID) == 2
