"""Standard errors and intervals."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.calibration import Estimate
from hyperspy_4dphase.estimators.calibration._estimate import sandwich


def test_sandwich_of_a_mean_is_its_variance():
    rng = np.random.default_rng(0)
    values = rng.normal(3.0, 2.0, (400, 2))
    covariance, dof = sandwich(400 * np.eye(2), values - values.mean(axis=0))
    expected = np.cov(values.T) / 400
    np.testing.assert_allclose(covariance, expected, rtol=0.02)
    # Squares of Gaussian numbers: a third as many groups matter alike.
    assert 90 < dof < 180


def test_intervals_hold_the_truth_as_often_as_they_say():
    rng = np.random.default_rng(1)
    hits = {0.68: 0, 0.95: 0}
    for _ in range(400):
        values = rng.normal(0.0, 1.0, (30, 1))
        mean = values.mean(axis=0)
        covariance, dof = sandwich(np.array([[30.0]]), values - mean)
        for level in hits:
            low, high = Estimate(mean, covariance, dof).interval(level)
            hits[level] += low[0] < 0 < high[0]
    assert hits[0.68] / 400 == pytest.approx(0.68, abs=0.08)
    assert hits[0.95] / 400 == pytest.approx(0.95, abs=0.04)


def test_levels_are_checked():
    estimate = Estimate(np.zeros(1), np.ones((1, 1)), 5.0)
    with pytest.raises(ValueError, match="level must be"):
        estimate.interval(1.0)


def test_value_is_excluded_as_often_as_asked_for():
    rng = np.random.default_rng(0)
    true, covariance, dof = np.array([1.0, 2.0]), np.array([[4.0, 1.0], [1.0, 2.0]]), 12
    n, excluded = 4000, 0
    for _ in range(n):
        points = rng.multivariate_normal(true, covariance, dof + 1)
        found = Estimate(points.mean(axis=0), np.cov(points.T) / (dof + 1), dof)
        excluded += found.excludes(true, 0.05)
    assert 0.04 < excluded / n < 0.06


def test_nothing_is_excluded_by_what_is_not_resolved():
    unknown = Estimate(np.zeros(2), np.full((2, 2), np.nan), 0.0, "too dark")
    assert not unknown.excludes((50, 50))
