"""Blocks that are kept: packed, within their memory, and not read again."""

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression._packing_pass import (
    PackingPass,
    keep_packed,
)
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._scaling import Scaling

from ..conftest import counted, planted

N, M = 800, 400


@pytest.fixture(scope="module")
def X():
    W, H = planted(N, M, dose=30)
    return counted(W @ H)


def blocks_of(X, n_rows=50):
    chunked = da.from_array(X, chunks=(n_rows, M))
    return PatternBlocks(chunked, 1, block_values=n_rows * M)


def test_what_is_kept_is_not_read_again(X):
    blocks = blocks_of(X)
    kept = keep_packed(blocks)
    assert kept.is_kept
    assert not blocks.is_kept
    V = np.random.default_rng(0).normal(size=(M, 3)).astype(np.float32)
    found, expected = (
        each.accumulate(GramPass(V, Scaling(np.ones(M)), 5)) for each in (kept, blocks)
    )
    assert kept.n_reads == 1
    assert blocks.n_reads == 2
    for name, values in expected.arrays().items():
        np.testing.assert_allclose(found.arrays()[name], values, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_memory_for_some(X, share):
    whole = sum(p.nbytes for _, p in blocks_of(X).accumulate(PackingPass()).packed)
    blocks = blocks_of(X)
    some = blocks.accumulate(PackingPass(share * whole / N)).packed
    assert sum(packed.nbytes for _, packed in some) == pytest.approx(
        share * whole, abs=0.15 * whole
    )
    kept = blocks.keep(some)
    kept.accumulate(PackingPass())
    assert kept.n_reads == pytest.approx(2 - len(some) / 16)
    # Not only at the beginning.
    assert max(rows[0] for rows, _ in some) > N / 2


def test_compressed_from_what_is_kept(X, streamed, monkeypatch):
    """One read, and the same result as from reading again and again."""
    read = compress_patterns(blocks_of(X), random_state=0, power_iterations=4)
    assert read.n_reads == 5
    module = "hyperspy_4dphase.estimators.compression._compress"
    for most, n_reads in ((2**30, 1), (0.75 * X.astype(bool).sum() * 2, 2)):
        monkeypatch.setattr(f"{module}._MAX_PACKED_BYTES", most)
        found = compress_patterns(blocks_of(X), random_state=0, power_iterations=4)
        assert found.n_reads == pytest.approx(n_reads, abs=0.8 * (n_reads > 1))
        np.testing.assert_allclose(found.Q[:, :4], read.Q[:, :4], atol=1e-4)


def test_dense_patterns_are_read_again(streamed):
    W, H = planted(dose=20_000)
    full = counted(W @ H)
    blocks = PatternBlocks(da.from_array(full, chunks=(100, -1)), 1)
    assert keep_packed(blocks) is blocks
    assert compress_patterns(blocks, random_state=0).n_reads >= 2
