"""Grains: what touches, is of one phase, and is turned alike."""

import numpy as np

from hyperspy_4dphase.estimators.orientation import find_small_grains, label_grains
from hyperspy_4dphase.estimators.orientation._quaternions import from_rotation_vectors

FOURFOLD = from_rotation_vectors([[0, 0, k * np.pi / 2] for k in range(4)])


def turned(degrees):
    """Rotations about z."""
    degrees = np.asarray(degrees, dtype=float)
    vectors = np.zeros((*degrees.shape, 3))
    vectors[..., 2] = np.deg2rad(degrees)
    return from_rotation_vectors(vectors)


def test_phases_and_angles_part_grains():
    ids = np.array([[0, 0, 0, 1], [0, 0, -1, 1], [0, 0, 0, 1]])
    degrees = [[0, 1, 30, 0], [0, 91, 0, 0], [2, 3, 31, 50]]
    found = label_grains(ids, turned(degrees), {0: FOURFOLD, 1: FOURFOLD})
    expected = [[0, 0, 1, 2], [0, 0, -1, 2], [0, 0, 3, 4]]
    np.testing.assert_array_equal(found, expected)


def test_corners_do_not_join():
    ids = np.array([[0, -1], [-1, 0]])
    found = label_grains(ids, turned(np.zeros((2, 2))), {0: FOURFOLD})
    assert found[0, 0] != found[1, 1]


def test_a_bend_is_one_grain():
    ids = np.zeros((3, 20), int)
    degrees = np.broadcast_to(2.0 * np.arange(20), (3, 20))
    assert label_grains(ids, turned(degrees), {0: FOURFOLD}).max() == 0
    assert label_grains(ids, turned(degrees), {0: FOURFOLD}, 1.5).max() == 19


def test_a_phase_without_symmetry_is_not_parted():
    ids = np.zeros((2, 3), int)
    turns = np.full((2, 3, 4), np.nan)
    assert (label_grains(ids, turns, {}) == 0).all()


def test_nothing_at_all():
    ids = np.full((2, 3), -1)
    grains = label_grains(ids, np.full((2, 3, 4), np.nan), {0: FOURFOLD})
    assert (grains == -1).all()
    assert not find_small_grains(grains, 5).any()


def test_small_grains():
    grains = np.array([[0, 0, 1], [0, -1, 2], [2, 2, 2]])
    small = find_small_grains(grains, 3)
    np.testing.assert_array_equal(small, grains == 1)
