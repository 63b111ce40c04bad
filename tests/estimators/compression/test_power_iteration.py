"""One pass is one power iteration, and its products are a decomposition."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._power_iteration import (
    Expected,
    decompose,
)
from hyperspy_4dphase.estimators.compression._scaling import (
    Scaling,
    find_noise_edge,
)
from hyperspy_4dphase.estimators.compression._subspace import Subspace

from ..conftest import N_PATTERNS, N_PIXELS, RANK


def scaled(X, result):
    return X * result.row_scale[:, None].astype(float) * result.column_scale


def iterate(X, V, scaling, rank=30):
    products = PatternBlocks(X, 1).accumulate(GramPass(V, scaling))
    return decompose(Subspace.from_pass(products), rank, 0)


@pytest.fixture
def scaling(X):
    return Scaling(N_PATTERNS / np.maximum(X.sum(axis=0), 1))


def test_products_with_all_directions_are_the_decomposition(X, scaling):
    """With as many as there are pixels, nothing is left to be found."""
    V = np.linalg.qr(np.random.default_rng(0).normal(size=(N_PIXELS, N_PIXELS)))[0]
    result, directions = iterate(X, V.astype(np.float32), scaling, N_PIXELS)
    whole = scaled(X, result)
    values = np.linalg.svd(whole, compute_uv=False)
    np.testing.assert_allclose(result.singular_values, values, rtol=1e-4)
    assert result.n_significant == RANK
    error = np.linalg.norm(result.Q @ result.B - whole)
    assert error < 1e-4 * np.linalg.norm(whole)
    np.testing.assert_allclose(directions.T @ directions, np.eye(N_PIXELS), atol=1e-4)


def test_iterations_never_lose_what_they_have(X, scaling):
    V = np.linalg.qr(np.random.default_rng(0).normal(size=(N_PIXELS, 30)))[0]
    found = []
    for _ in range(4):
        result, V = iterate(X, V.astype(np.float32), scaling)
        found.append(result.singular_values[:RANK])
    assert (np.diff(found, axis=0) > -1e-4 * found[-1]).all()
    exact = np.linalg.svd(scaled(X, result), compute_uv=False)[:RANK]
    np.testing.assert_allclose(found[-1], exact, rtol=1e-3)


def test_noise_that_pixels_share_is_none_of_dead_pixels():
    """And brighter pixels have more of it, wherever in the spectrum they are."""
    column_noise = np.repeat([0.0, 1.0, 3.0], [10, 20, 20])
    spectrum = np.linspace(0.1, 1.9, 50)
    found = Expected(spectrum=spectrum).spread(column_noise)
    np.testing.assert_array_equal(found > 0, column_noise > 0)
    ratio = found[10:] / column_noise[10:]
    assert len(np.unique(ratio)) == 40
    assert np.isin(np.round(ratio, 9), np.round(spectrum, 9)).all()
    np.testing.assert_array_equal(Expected().spread(column_noise), column_noise)


def test_noise_of_counts_is_no_less_than_that_of_counting():
    """So that what is noise cannot make the next direction stand out."""
    rng = np.random.default_rng(0)
    # The noise of four pixels of twenty is a hundred times that of the others.
    noise = np.repeat([100.0, 1.0], [4, 16])
    X = rng.standard_normal((400, 20)) * np.sqrt(noise / noise.mean())
    values = np.linalg.svd(X, compute_uv=False)
    own = values, (X**2).sum(), np.full(400, 20.0), np.ones(20)
    assert find_noise_edge(*own).variance < 0.5
    held = find_noise_edge(*own, least_variance=1.0)
    assert held.variance >= 1
    assert held.n_significant <= find_noise_edge(*own).n_significant
