"""Borders where patterns change at once, and borders along a bend."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._gradual import (
    find_pure,
    join_gradual,
    take_pure,
)
from hyperspy_4dphase.estimators.domains._steps import measure_steps

SHAPE = 24, 40


def scan(change, seed=0):
    """Unit noise, and a change along x in one of four features."""
    points = np.random.default_rng(seed).normal(size=(*SHAPE, 4))
    points[..., 1] += change(np.indices(SHAPE)[1])
    positions = np.indices(SHAPE).reshape(2, -1).T
    field = Field(points.reshape(-1, 4), positions)
    return field, measure_steps(field)


def halves():
    return (np.indices(SHAPE)[1] >= 20).astype(int).ravel()


@pytest.mark.parametrize("seed", range(3))
def test_a_cut_through_a_bend_is_joined(seed):
    field, steps = scan(lambda x: x / 1.0, seed)
    labels = halves()
    kept = labels.copy()
    assert np.unique(join_gradual(labels, field, steps)).size == 1
    np.testing.assert_array_equal(labels, kept)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("height", [4, 8])
def test_a_step_stays(height, seed):
    field, steps = scan(lambda x: np.where(x >= 20, height, 0), seed)
    labels = halves()
    np.testing.assert_array_equal(join_gradual(labels, field, steps), labels)


def test_a_step_on_a_bend_stays():
    field, steps = scan(lambda x: x / 5 + np.where(x >= 20, 8, 0))
    labels = halves()
    np.testing.assert_array_equal(join_gradual(labels, field, steps), labels)


def test_only_the_gradual_one_of_two_borders_goes():
    field, steps = scan(lambda x: np.where(x >= 26, 12, np.minimum(x, 26) / 1.5))
    x = np.indices(SHAPE)[1].ravel()
    labels = np.digitize(x, [13, 26])
    found = join_gradual(labels, field, steps)
    np.testing.assert_array_equal(np.unique(found[x < 26]).size, 1)
    assert found[x < 26][0] != found[x >= 26][0]


def test_pure_has_one_label_around():
    grid = np.zeros((5, 6), int)
    grid[:, 3:] = 1
    pure = find_pure(grid)
    np.testing.assert_array_equal(pure, np.isin(np.indices(grid.shape)[1], [2, 3]) < 1)


def test_all_are_taken_where_pure_ones_are_too_few():
    rows, pure = np.arange(10), np.zeros(20, bool)
    pure[:3] = True
    np.testing.assert_array_equal(take_pure(rows, pure, 2, 0.1), [0, 1, 2])
    np.testing.assert_array_equal(take_pure(rows, pure, 4, 0.1), rows)
    np.testing.assert_array_equal(take_pure(rows, pure, 2, 0.5), rows)
