"""Binned patterns keep every count, and expanded ones every share."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators._binning import (
    bin_patterns,
    binned_shape,
    binning_factor,
    expand,
    number_bins,
)

SHAPES = [((23, 34), 3), ((24, 36), 4), ((5, 17), 7), ((2, 9), 4), ((12, 17), 1)]


@pytest.mark.parametrize(
    ("shape", "factor"),
    [((12, 17), 1), ((64, 63), 1), ((65, 20), 2), ((128, 128), 2), ((96, 257), 5)],
)
def test_factor_is_the_least_that_fits(shape, factor):
    assert binning_factor(shape) == factor
    assert max(binned_shape(shape, factor)) <= 64
    assert factor == 1 or max(binned_shape(shape, factor - 1)) > 64


@pytest.mark.parametrize(("shape", "factor"), SHAPES)
def test_binning_conserves_counts(shape, factor):
    X = np.random.default_rng(0).poisson(3.0, (4, *shape)).astype(np.uint16)
    found = bin_patterns(X, shape, factor)
    assert found.shape == (4, *binned_shape(shape, factor))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.sum(axis=(1, 2)), X.sum(axis=(1, 2)))
    np.testing.assert_array_equal(found, bin_patterns(X.reshape(4, -1), shape, factor))


@pytest.mark.parametrize(("shape", "factor"), SHAPES)
def test_square_of_each_pixel_is_where_its_counts_go(shape, factor):
    n = shape[0] * shape[1]
    squares = number_bins(shape, factor)
    assert squares.shape == (n,)
    single = bin_patterns(np.eye(n), shape, factor).reshape(n, -1)
    np.testing.assert_array_equal(single.argmax(axis=1), squares)
    assert set(squares) == set(range(single.shape[1]))


def test_bins_are_sums_of_blocks():
    X = np.random.default_rng(0).poisson(3.0, (3, 12, 20))
    literal = X.reshape(3, 3, 4, 5, 4).sum(axis=(2, 4))
    np.testing.assert_array_equal(bin_patterns(X, (12, 20), 4), literal)


def test_missing_pixels_are_shared_between_both_ends():
    found = bin_patterns(np.ones((1, 10, 7)), (10, 7), 4)
    np.testing.assert_array_equal(found[0], np.outer([3, 4, 3], [4, 3]))


def test_large_counts_do_not_wrap():
    X = np.full((1, 4, 6), 60_000, dtype=np.uint16)
    np.testing.assert_array_equal(
        bin_patterns(X, (4, 6), 2), np.full((1, 2, 3), 240_000)
    )


@pytest.mark.parametrize(("shape", "factor"), SHAPES)
def test_expanding_undoes_binning(shape, factor):
    rng = np.random.default_rng(0)
    bins = binned_shape(shape, factor)
    shares = rng.dirichlet(np.full(bins[0] * bins[1], 0.3), 5)
    found = expand(shares, shape, factor)
    assert found.shape == (5, *shape)
    assert found.min() >= 0
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 1, rtol=1e-6)
    np.testing.assert_allclose(
        bin_patterns(found, shape, factor).reshape(5, -1), shares, rtol=1e-5, atol=1e-12
    )
    single = expand(shares.astype(np.float32), shape, factor)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, found, rtol=1e-3, atol=1e-6)


def test_expanding_is_smooth_and_evens_out_what_is_even():
    even = bin_patterns(np.ones((1, 22, 35)), (22, 35), 4)
    np.testing.assert_allclose(expand(even, (22, 35), 4), 1, rtol=1e-6)
    y = np.arange(24)[:, None] + np.zeros(36)
    found = expand(bin_patterns(y[None], (24, 36), 4), (24, 36), 4)[0]
    np.testing.assert_allclose(found[4:-4], y[4:-4], rtol=1e-5)


def test_expanding_leaves_its_input():
    shares = np.ones((1, 6, 8))
    found = expand(shares, (6, 8), 1)
    found[:] = 0
    np.testing.assert_array_equal(shares, 1)
