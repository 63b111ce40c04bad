"""Numbers less what surrounds them, the same as points of one feature."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains import _local_fits
from hyperspy_4dphase.estimators.domains._local_fits import fit_around
from hyperspy_4dphase.estimators.domains._local_values import (
    POWERS,
    make_kernels,
    measure_reach,
    subtract_surroundings,
)


@pytest.mark.parametrize("shape", [(19, 26), (3, 40), (40, 3), (1, 1)])
@pytest.mark.parametrize(("size", "ridge"), [(2.5, 0.02), (1.5, 0.5)])
def test_equal_to_fits_around_all(monkeypatch, shape, size, ridge):
    rng = np.random.default_rng(1)
    values = rng.normal(size=shape)
    weights = rng.random(shape) * (rng.random(shape) > 0.3)
    monkeypatch.setattr(_local_fits, "_RIDGE", ridge)
    expected = fit_around(values[..., None], weights, size).predict()
    expected = (values - expected.values[..., 0]) / np.maximum(1 - expected.own, 0.3)
    found = subtract_surroundings(values, weights, size, ridge, 0.3)
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_a_slope_leaves_nothing_and_a_step_does():
    y, x = np.indices((20, 31))
    weights = np.ones(y.shape)
    left = subtract_surroundings(y - 2.0 * x, weights, 2.5, 1e-9, 0.3)
    np.testing.assert_allclose(left, 0, atol=1e-5)
    left = subtract_surroundings(5.0 * (x > 15), weights, 2.5, 1e-9, 0.3)
    assert left[:, 16].min() > 0.5
    assert left[:, 15].max() < -0.5


def test_reach_ends_kernels_where_weights_are_small():
    for size in (1.0, 2.5, 4.2):
        kernels = make_kernels(size)
        assert kernels.shape == (POWERS.max() * 2 + 1, 2 * measure_reach(size) + 1)
        assert kernels[0].max() == kernels[0, measure_reach(size)] == 1
        assert kernels[0, 0] < 0.05
        # Odd powers have no sum, even ones are those of a Gaussian that is cut.
        np.testing.assert_allclose(kernels[[1, 3]].sum(axis=1), 0, atol=1e-12)
        assert 0.7 < kernels[2].sum() / kernels[0].sum() < 1
