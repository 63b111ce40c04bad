"""Products on a device are those of the processor, to single precision."""

import numpy as np
import pytest
import torch

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import _device_products as module
from hyperspy_4dphase.estimators.compression import compress_patterns
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._scaling import Scaling

DEVICES = [
    torch.device("cpu"),
    pytest.param(
        torch.device("cuda"),
        marks=pytest.mark.skipif(
            not torch.cuda.is_available(), reason="no CUDA device"
        ),
    ),
]


@pytest.fixture(params=[np.uint8, np.uint16, np.float32])
def X(request):
    rng = np.random.default_rng(0)
    means = rng.dirichlet(np.ones(3), 90) @ rng.gamma(0.5, 30, (3, 70))
    return np.minimum(rng.poisson(means), 255).astype(request.param)


def gram_pass(X, device, n_outstanding=5):
    rng = np.random.default_rng(1)
    V = np.linalg.qr(rng.normal(size=(X.shape[1], 6)))[0].astype(np.float32)
    weight = 1 / (X.mean(axis=0, dtype=float) + 1)
    scaling = Scaling(weight, row_limit=300.0, floor=0.1)
    blocks = PatternBlocks(X, 1, block_values=11 * X.shape[1])
    return blocks.accumulate(GramPass(V, scaling, n_outstanding, device))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("tile", [100, 4 * 2**20])
def test_same_as_the_processor(X, device, tile, monkeypatch):
    monkeypatch.setattr(module, "_TILE_VALUES", tile)
    here, there = gram_pass(X, "cpu"), gram_pass(X, device)
    for one, other in zip(here.by_rows(), there.by_rows(), strict=True):
        scale = np.abs(one).max()
        np.testing.assert_allclose(other, one, rtol=1e-4, atol=1e-5 * scale)
    for name in ("Z", "column_sums"):
        one, other = getattr(here, name), getattr(there, name)
        assert np.linalg.norm(one - other) < 1e-5 * np.linalg.norm(one)
    np.testing.assert_array_equal(
        here.pieces["outstanding_rows"][0], there.pieces["outstanding_rows"][0]
    )


@pytest.mark.parametrize("device", DEVICES)
def test_parts_become_arrays_and_come_back(X, device):
    whole = gram_pass(X, device)
    again = whole.restore(whole.arrays())
    np.testing.assert_array_equal(again.Z, whole.Z)
    np.testing.assert_array_equal(again.column_sums, whole.column_sums)


@pytest.mark.parametrize("device", DEVICES)
def test_parts_know_nothing_of_each_other(X, device):
    empty = gram_pass(X, device).start()
    one, other = empty.start(), empty.start()
    one.update(X[:40], np.arange(40))
    other.update(X[40:], np.arange(40, 90))
    expected = gram_pass(X, "cpu", 0)
    whole = empty.start().merge(one).merge(other)
    np.testing.assert_allclose(whole.Z, expected.Z, rtol=1e-4, atol=1e-3)
    assert empty.sums == {}


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
def test_compression_on_a_gpu(X):
    here = compress_patterns(X, random_state=0, device="cpu")
    there = compress_patterns(X, random_state=0, device="cuda")
    k = here.n_significant
    assert there.n_significant == k
    np.testing.assert_allclose(
        there.singular_values[:k], here.singular_values[:k], rtol=1e-3
    )
    one, other = here.reconstruct(), there.reconstruct()
    assert np.linalg.norm(one - other) < 1e-3 * np.linalg.norm(one)
