"""Directions between crowds are found, refined, and told from one another."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._directions import (
    discriminate,
    find_directions,
    measure_agreement,
    measure_strength,
    refine_direction,
)

from ..domain_points import crowds


def state(seed=0):
    return np.random.RandomState(seed)


def cosine(one, other):
    return abs(one @ other) / np.linalg.norm(one) / np.linalg.norm(other)


@pytest.mark.parametrize("n_features", [2, 5, 12])
@pytest.mark.parametrize("seed", range(2))
def test_one_leads_from_crowd_to_crowd(n_features, seed):
    step = np.random.default_rng(seed).normal(size=n_features)
    step *= 12 / np.linalg.norm(step)
    points, _ = crowds((300, 200), [np.zeros(n_features), step], seed)
    found = find_directions(points, 5, state(seed))
    refined = [refine_direction(points, direction, 5)[0] for direction in found]
    assert max(cosine(direction, step) for direction in refined) > 0.9
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-5)


def test_a_few_points_of_their_own_are_seen():
    points, _ = crowds((2000, 8), [[0.0, 0, 0, 0], [0, 0, 15, 0]])
    found = find_directions(points, 3, state())
    assert max(abs(direction[2]) for direction in found) > 0.9


def test_directions_split_differently():
    points, _ = crowds((300, 200, 150), 20 * np.eye(3))
    found = find_directions(points, 5, state())[:8]
    sides = [points @ refine_direction(points, d, 5)[0] > 0 for d in found]
    assert len(found) >= 2
    assert len({tuple(side) for side in sides}) == len(sides)


def test_noise_has_no_direction_worth_much():
    scores = []
    for seed in range(40):
        points = np.random.default_rng(seed).normal(size=(200, 4)).astype(np.float32)
        found = find_directions(points, 10, state())
        scores += [refine_direction(points, d, 10).valley.log_p for d in found]
    assert len(scores) > 3
    assert min(scores) > -4


def test_same_random_state_same_directions():
    points, _ = crowds((300, 200), [[0.0, 0, 0], [9, 3, 0]])
    one, other = (find_directions(points, 5, state(3)) for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_refining_leads_to_the_clearest_valley():
    """From 10 degrees beside the direction between two long crowds."""
    points, true = crowds((400, 300), [[0.0, 0, 0], [9, 0, 0]])
    points[:, 1] *= 5
    start = np.array([np.cos(0.17), np.sin(0.17), 0], np.float32)
    direction, valley = refine_direction(points, start, 10, n_steps=8)
    assert abs(direction[0]) > 0.999
    assert valley.log_p < -20
    assert ((points @ direction > valley.cut) == true).mean() > 0.99


def test_nothing_to_refine():
    points = np.zeros((50, 3), np.float32)
    assert refine_direction(points, points[0], 5) is None


def test_discriminate_is_fishers_direction():
    """Across the long axis of two crowds, though their means differ along it."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(4000, 2)) * [10, 1]
    side = np.arange(4000) % 2 == 0
    points = noise + np.where(side[:, None], [5, 5], 0)
    found = discriminate(points, side)
    expected = np.array([5 / 100.1, 5 / 1.1])
    assert cosine(found, expected) > 0.9999
    assert found @ expected > 0
    assert np.linalg.norm(found) == pytest.approx(1)
    # What noise adds makes it the less trusted.
    noisy = discriminate(points, side, np.diag([0, 1000.0]))
    assert abs(noisy[0]) > abs(noisy[1])


def test_strength_is_distance_times_fractions():
    points = np.repeat([[0.0, 0], [3, 4]], [30, 10], axis=0)
    side = np.repeat([False, True], [30, 10])
    assert measure_strength(points, side) == pytest.approx(5 * 0.25 * 0.75)
    assert measure_strength(points, ~side) == pytest.approx(5 * 0.25 * 0.75)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [((0, 10), (0, 10), 1), ((0, 10), (10, 60), 1), ((0, 10), (5, 15), 1 / 3)],
)
def test_agreement_of_smaller_parts(one, other, expected):
    sides = np.zeros((2, 60), bool)
    for side, (first, last) in zip(sides, (one, other), strict=True):
        side[first:last] = True
    assert measure_agreement(*sides) == pytest.approx(expected)
    assert measure_agreement(*sides[::-1]) == pytest.approx(expected)
