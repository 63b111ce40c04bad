"""Passes over blocks: what matrix products of all patterns at once would give."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._passes import GramPass, project_patterns
from hyperspy_4dphase.estimators.compression._scaling import Scaling

from ..conftest import N_PATTERNS, N_PIXELS


def passes(X, scaling=None):
    V = np.random.default_rng(2).standard_normal((N_PIXELS, 6)).astype(np.float32)
    weight = np.random.default_rng(3).uniform(0.5, 2, N_PIXELS)
    scaling = scaling or Scaling(weight, row_limit=140.0)
    return V, scaling, GramPass(V, scaling, 5)


def exact(X, V, scaling):
    X = X.astype(float)
    u = N_PIXELS / (X @ scaling.column_weight)
    u = np.minimum(u, scaling.row_limit / X.sum(axis=1))
    return X * np.sqrt(u[:, None] * scaling.column_weight), u


@pytest.mark.parametrize("tile_bytes", [1, 4 * 170 * 11, 2**22])
def test_gram_pass(X, tile_bytes, monkeypatch):
    monkeypatch.setattr(
        "hyperspy_4dphase.estimators.compression._tiles._TILE_BYTES", tile_bytes
    )
    V, scaling, function = passes(X)
    A, u = exact(X, V, scaling)
    assert 0 < (u * X.sum(axis=1) > 139.9).sum() < N_PATTERNS
    products = PatternBlocks(X, 1, block_values=X[:37].size).accumulate(function)
    Y, norms, found_u, noise = products.by_rows()
    np.testing.assert_allclose(Y, A @ V, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(products.Z, A.T @ (A @ V), rtol=1e-3, atol=2)
    np.testing.assert_allclose(norms, (A**2).sum(axis=1), rtol=1e-5)
    np.testing.assert_allclose(found_u, u, rtol=1e-5)
    np.testing.assert_allclose(products.column_sums, u @ X, rtol=1e-4)
    excess = norms - (Y.astype(float) ** 2).sum(axis=1) - noise
    np.testing.assert_allclose(products.excess(), excess)
    rows = products.join("outstanding_rows")
    assert set(rows) == set(np.argsort(excess)[-5:])
    np.testing.assert_array_equal(products.join("outstanding"), X[rows])


def test_projected_patterns(X):
    V, scaling, _ = passes(X)
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    products, u = project_patterns(blocks, V.T, scaling)
    A, expected = exact(X, V, scaling)
    np.testing.assert_allclose(products, A @ V, rtol=1e-4, atol=1e-3)
    np.testing.assert_allclose(u, expected, rtol=1e-5)


@pytest.mark.parametrize("poisson", [True, False])
@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "u8", ">u2", "i4", "f4", ">f8"])
def test_torch_product(X, dtype, poisson):
    torch = pytest.importorskip("torch")
    X = np.minimum(X, 255).astype(dtype)
    X[11] = 0
    X.flags.writeable = False
    V, scaling, function = passes(X)
    scaling.poisson = poisson
    ours, theirs = function.start(), function.start()
    theirs.device = torch.device("cpu")
    for part in (ours, theirs):
        part.update(X, np.arange(N_PATTERNS))
    np.testing.assert_allclose(theirs.Z, ours.Z, rtol=1e-3, atol=1e-4 * ours.Z.max())
    np.testing.assert_allclose(theirs.column_sums, ours.column_sums, rtol=1e-4)
    for one, other in zip(theirs.by_rows(), ours.by_rows(), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4 * abs(other).max())
        assert one.dtype == other.dtype
    rows = (set(part.join("outstanding_rows")) for part in (ours, theirs))
    assert len(set.union(*rows)) == 5
