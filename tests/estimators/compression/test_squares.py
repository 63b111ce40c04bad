"""Squares of pixels that are compressed later, or in one more read."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import compress_without_squares
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels

from .test_coarse import SIGNAL, aligned, compress, counted, two_kinds

N_SQUARES = 17 * 19
OPTIONS = {
    "rank": None,
    "noise": "measured",
    "oversampling": 10,
    "power_iterations": None,
    "keep_faulty": False,
    "descan": None,
    "random_state": 0,
    "device": "cpu",
}


def with_hot_pixel():
    """Two kinds of patterns, and a pixel that is left out."""
    X, _ = two_kinds(150, 1.6, 0)
    X[:, 20, 11] = 3000
    return X


@pytest.mark.parametrize("is_streamed", [False, True])
@pytest.mark.parametrize("is_faulty", [False, True])
def test_later_is_as_at_once(request, monkeypatch, is_streamed, is_faulty):
    if is_streamed:
        request.getfixturevalue("streamed")
        module = "hyperspy_4dphase.estimators.compression._coarse."
        monkeypatch.setattr(module + "_MAX_HELD_BYTES", 400 * 2 * N_SQUARES)
    X = with_hot_pixel() if is_faulty else two_kinds(150, 1.6, 0)[0]
    expected = compress(X, **OPTIONS)
    assert len(expected.broad_rows) == 1
    assert (expected.faulty_pixels is not None) == is_faulty
    result, later = compress_without_squares(PatternBlocks(X, 1), **OPTIONS)
    assert result.broad_rows is None
    found = later(result, PatternBlocks(X, 1))
    assert found.n_reads == expected.n_reads
    for name in ("broad_rows", "broad_scores", "Q", "B", "singular_values"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
    # What came before is as it was.
    assert result.broad_rows is None


def test_random_numbers_are_the_same_each_time():
    X = two_kinds(150, 1.6, 0)[0]
    result, later = compress_without_squares(PatternBlocks(X, 1), **OPTIONS)
    np.random.default_rng().random(5)
    one, other = (later(result, PatternBlocks(X, 1)) for _ in range(2))
    np.testing.assert_array_equal(one.broad_scores, other.broad_scores)


def test_nothing_is_added_to_noise():
    X = counted(np.full((400, *SIGNAL), 0.1))
    result, later = compress_without_squares(PatternBlocks(X, 1), **OPTIONS)
    blocks = PatternBlocks(X, 1)
    assert later(result, blocks) is result
    assert blocks.n_reads == 0


def test_squares_of_some_patterns_serve(streamed, monkeypatch):
    """Where not those of all can be held, one more read tells the others' scores."""
    X, _ = two_kinds(150, 1.6, 0, n=900)
    whole = compress(X)
    module = "hyperspy_4dphase.estimators.compression._coarse."
    monkeypatch.setattr(module + "_MAX_HELD_BYTES", 600 * 2 * N_SQUARES)
    assert CoarsePixels(SIGNAL).n_held == 600
    part = compress(PatternBlocks(X, 1, block_values=77 * X[0].size))
    assert part.n_reads == whole.n_reads + 1
    np.testing.assert_allclose(part.singular_values, whole.singular_values, rtol=1e-4)
    assert aligned(part, whole) > 0.8
    scaled = X.reshape(900, -1) * part.row_scale[:, None] * part.column_scale
    np.testing.assert_allclose(part.broad_scores, scaled @ part.broad_rows.T, atol=1e-3)
    monkeypatch.setattr(module + "_MAX_HELD_BYTES", 60 * 2 * N_SQUARES)
    assert compress(X).n_reads == whole.n_reads
