"""Mixtures go to what they hold most of, however many domains are mixed."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._mixtures import (
    assign_mixtures,
    find_center,
    find_mixtures,
)

from ..domain_points import UnitNoise, crowds

CORNERS = np.array([[0.0, 0, 0, 0], [60, 0, 0, 0], [0, 60, 0, 0], [0, 0, 60, 0]])


def blends(n, seed=0, corners=CORNERS):
    """Mixtures of all corners, of unit noise, and their shares."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(len(corners)), n)
    return shares @ corners + rng.normal(size=(n, corners.shape[1])), shares


@pytest.mark.parametrize("n_corners", [2, 3, 4])
@pytest.mark.parametrize("seed", range(3))
def test_fractions_are_recovered(n_corners, seed):
    corners = CORNERS[:n_corners]
    points, shares = blends(200, seed, corners)
    found, mixed = find_mixtures(points, corners, 16.0)
    assert mixed.mean() > 0.9
    np.testing.assert_allclose(found[mixed].sum(axis=1), 1)
    assert found.min() >= 0
    # One standard deviation of noise is a sixtieth of a corner's distance.
    assert np.abs(found - shares)[mixed].max() < 8 / 60
    assert np.sqrt(np.mean((found - shares)[mixed] ** 2)) < 1.5 / 60


def test_what_is_off_is_no_mixture():
    points, _ = blends(50)
    points[:, 3] += 30
    found, mixed = find_mixtures(points, CORNERS, 16.0)
    assert not mixed.any()
    assert not found.any()


def test_beyond_a_corner_is_no_mixture():
    points = np.array([[-30.0, 0, 0, 0], [2, 0, 0, 0]])
    found, mixed = find_mixtures(points, CORNERS[:2], 16.0)
    assert mixed.tolist() == [False, True]
    np.testing.assert_allclose(found[1], [58 / 60, 2 / 60], atol=1e-4)


def test_centers_in_a_row():
    """A point between the first two is no mixture of the first and the last."""
    row = np.array([[0.0, 0], [20, 0], [40, 0], [60, 0]])
    points = np.array([[8.0, 0], [20, 1], [33, 0], [55, -1]])
    shares, mixed = find_mixtures(points, row, 9.0)
    assert mixed.all()
    expected = [[0.6, 0.4, 0, 0], [0, 1, 0, 0], [0, 0.35, 0.65, 0], [0, 0, 0.25, 0.75]]
    np.testing.assert_allclose(shares, expected, atol=0.02)


def test_no_points():
    found, mixed = find_mixtures(np.empty((0, 4)), CORNERS, 16.0)
    assert found.shape == (0, 4)
    assert mixed.shape == (0,)


def test_center_is_that_of_the_crowd():
    points, _ = crowds((500, 120), [[0.0, 0], [30, 0]])
    assert np.linalg.norm(points.mean(axis=0)) > 5
    assert np.linalg.norm(find_center(points)) < 0.3


@pytest.mark.parametrize("seed", range(3))
def test_mixtures_go_to_the_largest_fraction(seed):
    pure, labels = crowds((400, 300, 200, 150), CORNERS, seed)
    points, shares = blends(200, seed)
    wrong = (shares.argmax(axis=1) + 1) % 4
    shapes = UnitNoise.of(np.concatenate([pure, points]))
    given = np.concatenate([labels, wrong])
    before = given.copy()
    found = assign_mixtures(shapes, given)
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(found[: len(pure)], labels)
    ordered = np.sort(shares, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 0.1
    right = found[len(pure) :] == shares.argmax(axis=1)
    # Noise takes a few off the plane, and these stay where they were.
    assert right[clear].mean() > 0.9


def test_what_is_no_mixture_stays():
    """A path that leaves a domain sideways and ends near another."""
    points, labels = crowds((300, 300), CORNERS[:2])
    along = np.linspace(0, 1, 60)[:, None]
    path = along * [50.0, 0, 0, 0] + np.sin(np.pi * along) * [0, 0, 40.0, 0]
    shapes = UnitNoise.of(np.concatenate([points, path]))
    given = np.concatenate([labels, np.zeros(60, int)])
    found = assign_mixtures(shapes, given)
    bent = np.sin(np.pi * along[:, 0]) * 40 > 6
    np.testing.assert_array_equal(found[600:][bent], 0)


def test_one_domain_and_unknown_points_stay():
    points, labels = crowds((100, 100), CORNERS[:2])
    labels[50:150] = -1
    found = assign_mixtures(UnitNoise.of(points), labels)
    np.testing.assert_array_equal(found == -1, labels == -1)
    labels[labels > 0] = 0
    np.testing.assert_array_equal(assign_mixtures(UnitNoise.of(points), labels), labels)
