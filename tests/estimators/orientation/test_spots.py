import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import _spots as spots
from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices
from tests.estimators.orientation.orientation_patterns import (
    random_quaternions,
    reflections_of,
)

RADIUS, WIDTH, REACH = 40.0, 0.006, 1.0
G = reflections_of("triclinic").g
MATRIX = to_matrices(random_quaternions(1, 4))[0]


def excite(function, spread=0.0):
    x, y, seen = (np.zeros(len(G)) for _ in range(3))
    found = function(MATRIX, G, RADIUS, WIDTH, spread, REACH, x, y, seen)
    return found, x, y, seen


def test_excited_are_those_near_the_ewald_sphere():
    found, x, y, seen = excite(spots.excite)
    there = G @ MATRIX
    across = np.hypot(there[:, 0], there[:, 1])
    # From the sphere's centre, straight above the origin, down to each reflection.
    height = RADIUS - np.sqrt(RADIUS**2 - across**2)
    error = np.abs(height - there[:, 2])
    expected = (error < spots.CUT * WIDTH) & (across < REACH)
    assert sorted(found) == np.nonzero(expected)[0].tolist()
    np.testing.assert_allclose(np.stack([x, y], 1)[found], there[found, :2])
    order = found[np.argsort(error[found])]
    assert (np.diff(seen[order]) <= 0).all()
    assert ((seen[found] >= 0) & (seen[found] <= 1)).all()


def test_spread_of_orientations_excites_more():
    narrow, wide = excite(spots.excite)[0], excite(spots.excite, 0.02)[0]
    assert set(narrow) < set(wide)


def test_compiled_is_what_is_written():
    for one, other in zip(
        excite(spots.excite, 0.01), excite(spots.excite.py_func, 0.01), strict=True
    ):
        np.testing.assert_allclose(one, other)


@pytest.mark.parametrize("distance", [0.0, 3.0, 7.0, 15.0, 25.0])
def test_norm_is_that_of_discs_that_are_drawn(distance):
    radius = 10.0
    y, x = np.indices((60, 90)) - np.array([[[30]], [[30]]])
    image = 1.0 * (np.hypot(x, y) < radius) + 0.5 * (np.hypot(x - distance, y) < radius)
    expected = (image**2).sum() / (np.hypot(x, y) < radius).sum()
    found = spots.norm_squared(
        np.array([0.0, distance]), np.zeros(2), np.array([1.0, 0.5]), radius
    )
    assert found == pytest.approx(expected, rel=0.03)


def test_least_and_most_limit_the_spots():
    strength = reflections_of("triclinic").intensity
    strength = strength / strength.max()
    matrices = to_matrices(random_quaternions(5, 4))
    optics = (RADIUS, WIDTH, 0.01, REACH)
    for least, most in ((0.0, 999), (0.3, 999), (0.0, 4)):
        start, reflection, _, _, weight = spots.list_spots(
            matrices, G, strength, optics, 0.5, least, most
        )
        assert start[-1] == len(reflection) == len(weight)
        for i in range(5):
            own = weight[start[i] : start[i + 1]]
            assert len(own) <= most
            assert (np.diff(own) <= 0).all()
            assert own.min() >= least * own.max() * (1 - 1e-6)
