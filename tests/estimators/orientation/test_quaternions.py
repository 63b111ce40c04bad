import numpy as np
import pytest
from orix.quaternion import Orientation, Rotation, symmetry

from hyperspy_4dphase.estimators.orientation import _quaternions as quaternions
from tests.estimators.orientation.orientation_patterns import random_quaternions

P, Q = random_quaternions(7, 1), random_quaternions(7, 2)


def test_they_are_orix_rotations():
    np.testing.assert_allclose(
        quaternions.to_matrices(P), Rotation(P).to_matrix(), atol=1e-12
    )
    product = Rotation(P) * Rotation(Q)
    np.testing.assert_allclose(quaternions.multiply(P, Q), product.data, atol=1e-12)


@pytest.mark.parametrize("group", [symmetry.D3, symmetry.O, symmetry.C4, symmetry.C1])
def test_misorientation_is_that_of_orix(group):
    found = quaternions.misorientation(P, Q, group.data)
    first, second = Orientation(P, symmetry=group), Orientation(Q, symmetry=group)
    expected = np.rad2deg(first.angle_with(second))
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_copies_by_symmetry_have_no_misorientation():
    copies = quaternions.multiply(symmetry.D3.data[4], P)
    found = quaternions.misorientation(copies, P, symmetry.D3.data)
    np.testing.assert_allclose(found, 0, atol=1e-5)


def test_beam_direction_is_along_z():
    directions = np.random.default_rng(0).normal(size=(9, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions[0] = [0, 0, -1]
    turns = quaternions.to_matrices(quaternions.from_beam_directions(directions))
    np.testing.assert_allclose(turns[:, :, 2], directions, atol=1e-12)


def test_crystal_turns_from_x_to_y():
    turned = quaternions.turn_in_plane(P, np.full(7, 0.3))
    # A vector of the crystal, seen in the sample, before and after.
    vector = np.array([0.2, -0.5, 0.7])
    before, after = (vector @ quaternions.to_matrices(q) for q in (P, turned))
    c, s = np.cos(0.3), np.sin(0.3)
    expected = before @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    np.testing.assert_allclose(after, expected, atol=1e-12)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.ones((2, 3)), r"shape \(n, 4\)"),
        (np.ones((2, 4)), "unit quaternions"),
        (np.full((1, 4), np.nan), "unit quaternions"),
        (np.zeros((0, 4)), "at least 1"),
    ],
)
def test_bad_quaternions_are_refused(bad, message):
    with pytest.raises(ValueError, match=message):
        quaternions.check_quaternions(bad, "q")
