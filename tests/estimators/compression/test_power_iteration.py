"""One pass is one power iteration, and its products are a decomposition."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._power_iteration import decompose
from hyperspy_4dphase.estimators.compression._scaling import Scaling
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
