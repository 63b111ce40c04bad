"""Quadratics around each position, and what they leave over."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains import _local_fits
from hyperspy_4dphase.estimators.domains._local_fits import (
    add_up,
    fit_around,
    fit_at,
    local_spread,
    predict_around,
    robust_covariance,
    subtract_around,
)

SHAPE = 24, 31


def curved(n_features=3):
    y, x = np.indices(SHAPE) / 10
    changes = np.stack([y**2, x * y - x, 1 + 0 * x], axis=-1)
    return changes[..., :n_features]


def weights(seed=0):
    rng = np.random.default_rng(seed)
    return rng.random(SHAPE) * (rng.random(SHAPE) > 0.3)


def test_a_quadratic_is_predicted():
    points = curved()
    values = predict_around(points, np.ones(SHAPE)).values
    # The ridge pulls to a constant, at the corners most.
    np.testing.assert_allclose(values[6:-6, 6:-6], points[6:-6, 6:-6], atol=0.1)


def test_what_stands_out_is_left_whole():
    points, used = curved(), np.ones(SHAPE)
    points[12, 15] += [4, -3, 2]
    used[12, 15] = 0
    found = predict_around(points, used)
    left = found.subtract_from(points)[12, 15]
    np.testing.assert_allclose(left, [4, -3, 2], atol=0.1)
    assert found.own[12, 15] == 0


def test_noise_keeps_its_spread():
    """What a position adds to its own fit is made good."""
    points = np.random.default_rng(0).normal(size=(*SHAPE, 2))
    left = predict_around(points, np.ones(SHAPE)).subtract_from(points)
    assert 0.95 < left[5:-5, 5:-5].std() < 1.15


@pytest.mark.parametrize("shape", [SHAPE, (3, 40), (1, 1)])
def test_single_numbers_as_features(shape):
    rng = np.random.default_rng(1)
    values = rng.normal(size=shape)
    used = rng.random(shape) * (rng.random(shape) > 0.3)
    expected = predict_around(values[..., None], used).subtract_from(values[..., None])
    kept = values.copy(), used.copy()
    np.testing.assert_allclose(
        subtract_around(values, used), expected[..., 0], atol=1e-9
    )
    np.testing.assert_array_equal((values, used), kept)


@pytest.mark.parametrize("part", [0.05, 0.9, 0])
@pytest.mark.parametrize("size", [1.5, 2.5, 8])
def test_some_positions_as_all(part, size):
    """Few are fitted by themselves, and most with all; windows end at the edges."""
    rng = np.random.default_rng(3)
    points, places = rng.normal(size=(*SHAPE, 3)), rng.random(SHAPE) < part
    expected = fit_around(points, weights(), size).take(places)
    found = fit_at(points, weights(), places, size)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-9)
    assert found.coefficients.shape == (places.sum(), 6, 3)


@pytest.mark.parametrize("n_at_once", [SHAPE[1], 100, 400])
def test_parts_of_a_scan_as_the_whole(monkeypatch, n_at_once):
    points = np.random.default_rng(4).normal(size=(*SHAPE, 2))
    expected = fit_around(points, weights()).predict()
    monkeypatch.setattr(_local_fits, "_AT_ONCE", n_at_once)
    found = predict_around(points, weights())
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12)


def test_sums_have_the_noise_of_one():
    noise = np.random.default_rng(0).normal(size=(60, 60, 1))
    inside = np.ones((60, 60), bool)
    inside[:20] = False
    sums = add_up(noise, inside)
    assert 0.9 < sums[inside].std() < 1.1
    assert not sums[~inside].any()


@pytest.mark.parametrize("shape", [(23, 30), (1, 40), (40, 1), (2, 2)])
def test_spread_is_the_median_around_each_second_position(monkeypatch, shape):
    """However many are sorted at once."""
    residuals = 4 * np.random.default_rng(5).normal(size=shape)
    found = []
    for at_once in (1, 3000, 10**6):
        monkeypatch.setattr(_local_fits, "_IN_CACHE", at_once)
        found.append(local_spread(residuals, np.ones(shape, bool)))
    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])
    values = np.pad(np.abs(residuals), 5, mode="symmetric")
    expected = np.median(values[: 2 * 5 + 1, : 2 * 5 + 1]) / 0.6745
    assert found[0][0, 0] == pytest.approx(max(expected, 1))


def test_spread_is_local_and_at_least_that_of_noise():
    residuals = np.random.default_rng(0).normal(size=(40, 80))
    residuals[:, :40] *= 5
    residuals[:, 40:] *= 0.1
    spread = local_spread(residuals, np.ones((40, 80), bool))
    np.testing.assert_allclose(spread[:, :30], 5, rtol=0.4)
    np.testing.assert_array_equal(spread[:, 50:], 1)


def test_covariance_is_not_drawn_by_a_few():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(2000, 4))
    far = points.copy()
    far[:40] += 50
    plain, robust = np.cov(far.T), robust_covariance(far)
    own = robust_covariance(points)
    assert np.abs(robust - own).max() < 0.2 < np.abs(plain - own).max()
