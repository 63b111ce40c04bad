"""Quadratics around some positions, the same as around all."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains import _local_fits
from hyperspy_4dphase.estimators.domains._local_fits import fit_around
from hyperspy_4dphase.estimators.domains._place_fits import fit_places

SHAPE = 19, 26


def scan(seed=0):
    """Points, weights of which a third is 0, and places, also at the edges."""
    rng = np.random.default_rng(seed)
    weights = rng.random(SHAPE) * (rng.random(SHAPE) > 0.3)
    places = rng.random(SHAPE) < 0.15
    places[[0, -1, 0, 9], [0, -1, 25, 0]] = True
    return rng.normal(size=(*SHAPE, 3)), weights, places


@pytest.mark.parametrize("size", [1.5, 2.5, 8.0])
@pytest.mark.parametrize("ridge", [0.02, 1.0])
def test_equal_to_fits_around_all(monkeypatch, size, ridge):
    points, weights, places = scan()
    monkeypatch.setattr(_local_fits, "_RIDGE", ridge)
    expected = fit_around(points, weights, size).take(places)
    found = fit_places(points, weights, places, size, ridge)
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=1e-9)


def test_what_has_no_weight_does_not_count():
    points, weights, places = scan()
    other = points.copy()
    other[weights == 0] = 1e6
    one, two = (fit_places(p, weights, places, 2.5, 0.02) for p in (points, other))
    np.testing.assert_array_equal(one[0], two[0])


def test_nothing_is_changed_and_no_place_gives_nothing():
    points, weights, places = scan()
    kept = points.copy(), weights.copy(), places.copy()
    coefficients, own, noise = fit_places(points, weights, places & False, 2.5, 0.02)
    assert coefficients.shape == (0, 6, 3)
    assert own.shape == (0,)
    assert noise.shape == (0, 6)
    fit_places(points, weights, places, 2.5, 0.02)
    for one, other in zip(kept, (points, weights, places), strict=True):
        np.testing.assert_array_equal(one, other)


def test_alone_is_a_constant():
    """Where there is one point, the ridge makes the fit that point, or less of it."""
    points, weights = np.ones((7, 9, 1)), np.zeros((7, 9))
    weights[3, 4] = 1
    coefficients, own, _ = fit_places(points, weights, weights > 0, 2.5, 0.02)
    np.testing.assert_allclose(coefficients[0, :, 0], [1 / 1.02, 0, 0, 0, 0, 0])
    np.testing.assert_allclose(own, 1 / 1.02)
