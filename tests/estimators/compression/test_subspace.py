"""Subspaces that grow: orthonormal, exact, and done in fewer reads than iterations."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._power_iteration import decompose
from hyperspy_4dphase.estimators.compression._scaling import Scaling
from hyperspy_4dphase.estimators.compression._subspace import Subspace, orthonormalize

from ..conftest import N_PIXELS, counted, planted

WIDTH = 12


@pytest.fixture(scope="module")
def weak():
    """Structure that is hardly above the noise, and how it is scaled."""
    W, H = planted(dose=60, rank=6)
    X = counted(W @ H)
    return X, Scaling(len(X) / np.maximum(X.sum(axis=0), 1))


def read(weak, V):
    X, scaling = weak
    products = PatternBlocks(X, 1).accumulate(GramPass(V, scaling))
    return Subspace.from_pass(products)


def start(seed=0):
    normal = np.random.default_rng(seed).normal(size=(N_PIXELS, WIDTH))
    return orthonormalize(normal)


def scaled(weak, found):
    X, scaling = weak
    return X * np.sqrt(found.u[:, None].astype(float) * scaling.column_weight)


@pytest.mark.parametrize("dependent", [False, True])
def test_orthonormal(dependent):
    columns = np.random.default_rng(0).normal(size=(50, 6)) * 10.0 ** np.arange(6)
    if dependent:
        columns[:, 3] = columns[:, 1]
    found = orthonormalize(columns)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.T @ found, np.eye(6), atol=1e-6)
    rest = columns - found @ (found.T @ columns)
    assert np.linalg.norm(rest) < 1e-5 * np.linalg.norm(columns)
    assert orthonormalize(np.empty((50, 0))).shape == (50, 0)


def test_joined_is_one_read_with_all_columns(weak):
    first = read(weak, start())
    V = first.find_next()
    both = first.join(read(weak, V))
    np.testing.assert_allclose(both.V.T @ both.V, np.eye(2 * WIDTH), atol=1e-5)
    at_once = read(weak, both.V)
    np.testing.assert_allclose(both.Y, at_once.Y, atol=1e-3)
    one, other = (decompose(each, WIDTH, 0)[0] for each in (both, at_once))
    np.testing.assert_allclose(one.singular_values, other.singular_values, rtol=1e-4)
    np.testing.assert_allclose(one.residual, other.residual, rtol=1e-3)


def test_strongest_directions_are_those_of_the_subspace(weak):
    first = read(weak, start())
    both = first.join(read(weak, first.find_next()))
    kept = both.keep_strongest(5)
    np.testing.assert_allclose(kept.V.T @ kept.V, np.eye(5), atol=1e-5)
    A = scaled(weak, both)
    values = np.linalg.svd(A @ both.V, compute_uv=False)
    np.testing.assert_allclose(np.linalg.norm(kept.Y, axis=0), values[:5], rtol=1e-4)
    np.testing.assert_allclose(kept.Z, A.T @ (A @ kept.V), rtol=1e-2, atol=1)


def test_sooner_than_power_iterations(weak):
    """The weakest directions after as many reads, against those of all patterns."""
    lanczos = power = read(weak, start())
    for _ in range(3):
        kept = lanczos.keep_strongest(WIDTH)
        lanczos = kept.join(read(weak, kept.find_next()))
        _, directions = decompose(power, WIDTH, 0)
        power = read(weak, directions)
    exact = np.linalg.svd(scaled(weak, power), compute_uv=False)[:8]
    found = {
        name: 1 - decompose(each, WIDTH, 0)[0].singular_values[:8] / exact
        for name, each in (("lanczos", lanczos), ("power", power))
    }
    assert (found["lanczos"] > -1e-4).all()
    assert found["lanczos"].max() < 0.4 * found["power"].max()


def test_nothing_is_left_once_everything_is_found():
    W, H = planted(rank=3, dose=1e5)
    X = W @ H
    found = read((X, Scaling(np.ones(N_PIXELS))), np.linalg.svd(X)[2][:3].T)
    assert found.find_next().shape == (N_PIXELS, 0)
