"""Borders of a map at which patterns jump, and those through what bends."""

import numpy as np
import pytest
from scipy.special import erf

from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._jumps import measure_change
from hyperspy_4dphase.estimators.domains._jumps import sum_jumps as measure_jumps

SHAPE, N_FEATURES = (20, 24), 8
POSITIONS = np.indices(SHAPE).reshape(2, -1).T
HALVES = (POSITIONS[:, 1] >= SHAPE[1] // 2).astype(int)


def sum_jumps(labels, field):
    return measure_jumps(labels, field).total


def field_of(change, seed=0):
    """Unit noise, and a change along the first four features."""
    points = np.random.default_rng(seed).standard_normal((len(POSITIONS), N_FEATURES))
    points[:, :4] += np.reshape(change, (len(POSITIONS), -1))
    return Field(points, POSITIONS)


@pytest.mark.parametrize("seed", range(5))
def test_a_border_counts_for_a_map(seed):
    field = field_of(3.0 * HALVES, seed)
    assert sum_jumps(HALVES, field) > 10
    assert sum_jumps(HALVES, field_of(6.0 * HALVES, seed)) > sum_jumps(HALVES, field)
    whole, moved = np.zeros_like(HALVES), np.roll(HALVES, 6)
    assert sum_jumps(whole, field) == 0
    assert sum_jumps(moved, field) < sum_jumps(HALVES, field)


@pytest.mark.parametrize("seed", range(5))
def test_a_cut_through_a_bend_counts_against_it(seed):
    x = POSITIONS[:, 1]
    phases = np.arange(4)
    bend = 10 * np.sin(x[:, None] / 5 + phases)
    assert sum_jumps(HALVES, field_of(bend, seed)) < -10
    # The border is worth more than what bends on both sides of it.
    both = field_of(bend + 10 * HALVES[:, None], seed)
    assert sum_jumps(HALVES, both) > 10


@pytest.mark.parametrize("seed", range(5))
def test_a_cut_through_noise_or_an_even_change_is_worth_nothing(seed):
    expected = pytest.approx(0, abs=10)
    assert sum_jumps(HALVES, field_of(0 * HALVES, seed)) == expected
    assert sum_jumps(HALVES, field_of(2.0 * POSITIONS[:, 1], seed)) == expected


@pytest.mark.parametrize("seed", range(3))
def test_error_is_what_noise_makes_of_the_sum(seed):
    clean = 3.0 * HALVES
    found = [measure_jumps(HALVES, field_of(clean, 10 * seed + k)) for k in range(8)]
    totals = [jumps.total for jumps in found]
    assert np.std(totals) < 2 * found[0].error
    assert np.ptp(totals) > 0.2 * found[0].error
    assert measure_jumps(0 * HALVES, field_of(clean)).error == 0


class TestIsBend:
    X = POSITIONS[:, 1] - (SHAPE[1] - 1) / 2

    @pytest.mark.parametrize("seed", range(5))
    def test_a_cut_through_a_bend(self, seed):
        rocking = 20 * np.exp(-((self.X[:, None] - [-4, -1, 2, 5]) ** 2) / 20)
        assert measure_change(HALVES, (0, 1), field_of(rocking, seed)).is_bend

    @pytest.mark.parametrize("step", [2, 10])
    @pytest.mark.parametrize("bend", [0, 6])
    def test_no_interface(self, step, bend):
        slow = bend * np.sin(self.X[:, None] / 12 + np.arange(4))
        change = slow + step * HALVES[:, None]
        assert not measure_change(HALVES, (0, 1), field_of(change)).is_bend

    @pytest.mark.parametrize("width", [0.6, 1, 1.5, 2, 3])
    @pytest.mark.parametrize("moved", [0, 0.5, 1])
    def test_no_wide_interface_even_if_the_border_is_beside_it(self, width, moved):
        mixed = erf((self.X - moved) / width / np.sqrt(2))
        assert not measure_change(HALVES, (0, 1), field_of(20 * mixed)).is_bend

    @pytest.mark.parametrize("seed", range(5))
    def test_neither_noise_nor_an_even_change(self, seed):
        assert not measure_change(HALVES, (0, 1), field_of(0 * HALVES, seed)).is_bend
        assert not measure_change(HALVES, (0, 1), field_of(2.0 * self.X, seed)).is_bend

    def test_not_known_of_what_is_too_thin(self):
        line = (POSITIONS[:, 1] == 12).astype(int)
        rocking = 20 * np.exp(-((self.X[:, None] - [-4, -1, 2, 5]) ** 2) / 20)
        assert not measure_change(line, (0, 1), field_of(rocking)).is_bend


class TestIsJump:
    X = TestIsBend.X
    ROCKING = 20 * np.exp(-((TestIsBend.X[:, None] - [-4, -1, 2, 5]) ** 2) / 20)

    @pytest.mark.parametrize("seed", range(5))
    def test_an_interface_in_what_bends(self, seed):
        slow = 6 * np.sin(self.X[:, None] / 12 + np.arange(4))
        change = measure_change(HALVES, (0, 1), field_of(slow + 5 * HALVES[:, None]))
        assert change.is_jump
        assert change.ratio > 1

    @pytest.mark.parametrize("seed", range(5))
    def test_a_bend_is_none(self, seed):
        change = measure_change(HALVES, (0, 1), field_of(self.ROCKING, seed))
        assert not change.is_jump
        assert change.ratio < 1 / 3

    @pytest.mark.parametrize("seed", range(5))
    def test_neither_noise_nor_an_even_change(self, seed):
        for field in (field_of(0 * HALVES, seed), field_of(2.0 * self.X, seed)):
            assert not measure_change(HALVES, (0, 1), field).is_jump

    def test_not_known_of_what_is_too_thin(self):
        line = (POSITIONS[:, 1] == 12).astype(int)
        change = measure_change(line, (0, 1), field_of(10 * line))
        assert not change.is_jump
        assert change.ratio == np.inf


def test_points_without_a_label_have_no_border():
    labels = np.where(HALVES == 1, -1, 0)
    assert sum_jumps(labels, field_of(9.0 * HALVES)) == 0


@pytest.mark.parametrize("shape", [(60,), (10, 10, 12)])
def test_lines_and_volumes(shape):
    positions = np.indices(shape).reshape(len(shape), -1).T
    half = (positions[:, 0] >= shape[0] // 2).astype(int)
    points = np.random.default_rng(0).standard_normal((len(half), N_FEATURES))
    points[:, 0] += 8 * half
    total = sum_jumps(half, Field(points, positions))
    if len(shape) == 1:
        # Fewer than six positions on each side of a single place.
        assert total == 0
    else:
        assert total > 10
