"""The first read: what is summed and kept, whatever the blocks."""

from types import SimpleNamespace

import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._first_pass import FirstPass

from ..conftest import N_PATTERNS


def test_first_pass(X):
    picked = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    found = blocks.accumulate(FirstPass(picked))
    np.testing.assert_array_equal(found.sums["counts"], X.sum(axis=0))
    fractions = X / X.sum(axis=1)[:, None]
    np.testing.assert_allclose(found.sums["fractions"], fractions.sum(axis=0), 1e-5)
    np.testing.assert_array_equal(found.ordered("rows", "totals")[0], X.sum(axis=1))
    rows, sample = found.ordered("sampled_rows", "sampled_rows", "sampled")
    np.testing.assert_array_equal(rows, np.flatnonzero(picked))
    np.testing.assert_array_equal(sample, X[rows])


def test_first_pass_counts_squares(X):
    held = np.random.default_rng(2).random(N_PATTERNS) < 0.2
    coarse = SimpleNamespace(counts=lambda patterns: patterns[:, ::7] + 1)
    function = FirstPass(np.zeros(N_PATTERNS, bool), held, coarse)
    blocks = PatternBlocks(X, 1, block_values=X[:37].size)
    found = blocks.accumulate(function)
    rows, squares = found.ordered("held_rows", "held_rows", "squares")
    np.testing.assert_array_equal(rows, np.flatnonzero(held))
    np.testing.assert_array_equal(squares, X[rows, ::7] + 1)
