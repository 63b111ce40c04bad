"""Pairs of probe positions."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._pairs import find_pairs, neighbour_distance


def test_pairs():
    positions = np.indices((4, 5)).reshape(2, -1).T.astype(float)
    assert neighbour_distance(positions) == 1
    pairs = find_pairs(positions, 2)
    assert len(pairs.first) == 2 * 5 + 4 * 3
    steps = positions[pairs.second] - positions[pairs.first]
    assert {tuple(step) for step in steps} == {(2.0, 0.0), (0.0, 2.0)}


@pytest.mark.parametrize(
    ("n_wanted", "n_found"), [(22, 22), (21, 22), (11, 11), (7, 8)]
)
def test_pairs_are_thinned_out(n_wanted, n_found):
    positions = np.indices((4, 5)).reshape(2, -1).T.astype(float)
    pairs = find_pairs(positions, 2, n_wanted)
    assert len(pairs.first) == len(pairs.second) == n_found


def test_scattered_positions_have_pairs():
    rng = np.random.default_rng(0)
    positions = np.indices((12, 15)).reshape(2, -1).T + rng.normal(0, 0.1, (180, 2))
    assert neighbour_distance(positions) == pytest.approx(0.85, abs=0.15)
    pairs = find_pairs(positions, 1.0)
    assert len(pairs.first) > 250
    steps = positions[pairs.second] - positions[pairs.first]
    assert np.linalg.norm(steps - np.rint(steps), axis=1).max() < 0.36


def test_a_single_position_has_no_pairs():
    assert neighbour_distance(np.zeros((1, 2))) == 1
    assert not len(find_pairs(np.zeros((1, 2)), 1.0).first)
