"""The first read: what is summed and kept, whatever the blocks."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._first_pass import FirstPass
from hyperspy_4dphase.estimators.compression._packed import pack_patterns

from ..conftest import N_PATTERNS, counted


@pytest.fixture(params=["full", "packed"])
def X(request, truth):
    """Counts in most pixels, or in so few that blocks are packed."""
    X = counted(truth if request.param == "full" else truth / 100)
    assert (pack_patterns(X) is None) == (request.param == "full")
    return X


def test_first_pass(X):
    picked = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    found = blocks.accumulate(FirstPass(picked))
    np.testing.assert_array_equal(found.sums["counts"], X.sum(axis=0))
    fractions = X / np.maximum(X.sum(axis=1), 1)[:, None]
    np.testing.assert_allclose(found.sums["fractions"], fractions.sum(axis=0), 1e-5)
    np.testing.assert_array_equal(found.order("rows", "totals")[0], X.sum(axis=1))
    rows, sample = found.order("sampled_rows", "sampled_rows", "sampled")
    np.testing.assert_array_equal(rows, np.flatnonzero(picked))
    np.testing.assert_array_equal(sample, X[rows])


def test_first_pass_counts_squares():
    data = counted(np.full((N_PATTERNS, 16 * 18), 0.1))
    full = data.astype(np.float32) + 0.5
    held = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    coarse = CoarsePixels((16, 18))
    for X in (data, full):
        assert (pack_patterns(X) is None) == (X is full)
        function = FirstPass(np.zeros(N_PATTERNS, bool), held, coarse)
        blocks = PatternBlocks(X, 1, block_values=X[:37].size)
        found = blocks.accumulate(function)
        rows, squares = found.order("held_rows", "held_rows", "squares")
        np.testing.assert_array_equal(rows, np.flatnonzero(held))
        np.testing.assert_array_equal(squares, coarse.counts(X[rows]))
        assert squares.dtype == (np.float32 if X is full else np.uint16)
        assert not found.packed
