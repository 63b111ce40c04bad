"""Scans are cut along chunks, into blocks of about the wanted size."""

from itertools import accumulate
from math import prod
from operator import add

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase._block_cuts import cut_blocks
from hyperspy_4dphase._patterns import PatternBlocks

from .block_scans import collect, matrix, numbered, scans


@settings(max_examples=40, deadline=None)
@given(scans())
def test_blocks_are_whole_chunks_of_the_aimed_size(case):
    data, n_navigation, chunks, _, block_values = case
    blocks = PatternBlocks(
        da.from_array(data, chunks=chunks), n_navigation, block_values=block_values
    )
    chunks = chunks[:n_navigation]
    edges = [{0, *accumulate(axis)} for axis in chunks]
    pattern = prod(data.shape[n_navigation:])
    largest = prod(max(axis) for axis in chunks) * pattern
    positions = numbered(data.shape[:n_navigation], int)
    for rows, patterns in blocks.reduce(collect, add):
        assert patterns.size <= max(block_values, largest)
        corners = [np.unravel_index(rows[i], positions.shape) for i in (0, -1)]
        for start, last, allowed in zip(*corners, edges, strict=True):
            assert start in allowed
            assert last + 1 in allowed


@pytest.mark.parametrize(("aimed", "n_blocks"), [(1, 192), (3, 72), (8, 24), (80, 3)])
def test_single_patterns_join(aimed, n_blocks):
    data = numbered((24, 8, 5))
    lazy = da.from_array(data, chunks=(1, 1, 5))
    assert PatternBlocks(lazy, 2, block_values=aimed * 5).n_blocks == n_blocks


def test_joining_leaves_room_for_long_chunks():
    """What is add along one axis comes in as many rows as a chunk has."""
    lazy = da.from_array(numbered((64, 48, 5)), chunks=(32, 4, 5))
    blocks = PatternBlocks(lazy, 2, block_values=32 * 8 * 5)
    sizes = {part.size for _, part in blocks.reduce(collect, add)}
    assert sizes == {32 * 8 * 5}


def test_eager_blocks_have_the_aimed_size():
    blocks = PatternBlocks(numbered((23, 31, 5)), 2, block_values=500)
    sizes = [part.size for _, part in blocks.reduce(collect, add)]
    assert max(sizes) <= 500
    # 713 patterns of 5 values.
    assert 8 <= len(sizes) <= 16


@settings(max_examples=40, deadline=None)
@given(scans(), st.integers(1, 50))
def test_each_kept_pattern_is_in_one_block(case, max_patterns):
    data, n_navigation, chunks, (kept, _), _ = case
    shape = data.shape[:n_navigation]
    kept = np.ones(prod(shape), bool) if kept is None else kept
    blocks = cut_blocks(chunks[:n_navigation], kept, max_patterns)
    rows = [row for block in blocks for row in block.rows]
    assert sorted(rows) == list(range(kept.sum()))
    positions = np.flatnonzero(kept)
    for block in blocks:
        own = numbered(shape, int)[block.region].ravel()
        own = own if block.inside is None else own[block.inside]
        np.testing.assert_array_equal(own, positions[block.rows])


@pytest.mark.parametrize("most", [1, 7, 50, 100, 10_000])
def test_chunks_that_are_too_large_are_cut(most):
    """Those of all positions and few pixels, say: memory is not what decides."""
    shape, chunks = (24, 17, 6), ((20, 4), (17,), (2, 2, 2))
    kept = np.random.default_rng(0).random(24 * 17) < 0.8
    blocks = cut_blocks(chunks[:2], kept, 5, most)
    sizes = [prod(part.stop - part.start for part in block.region) for block in blocks]
    assert max(sizes) <= max(most, 5)
    rows = np.concatenate([block.rows for block in blocks])
    np.testing.assert_array_equal(np.sort(rows), np.arange(kept.sum()))
    data = numbered(shape)
    lazy = PatternBlocks(da.from_array(data, chunks=chunks), 2)
    np.testing.assert_array_equal(matrix(lazy), data.reshape(-1, 6))


def test_a_scan_in_chunks_of_few_pixels_is_not_held(monkeypatch):
    monkeypatch.setattr(
        "hyperspy_4dphase._block_reading._MOST_BLOCK_BYTES", 8 * 40 * 30
    )
    lazy = da.from_array(numbered((24, 20, 30)), chunks=(24, 20, 3))
    blocks = PatternBlocks(lazy, 2, block_values=600)
    sizes = [part.size for _, part in blocks.reduce(collect, add)]
    assert max(sizes) <= 40 * 30
    np.testing.assert_array_equal(matrix(blocks), numbered((480, 30)))
