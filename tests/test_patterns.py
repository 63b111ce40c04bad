"""A scan in blocks: the same rows in the same order however it is cut."""

from operator import add

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase._patterns import PatternBlocks

from .block_scans import Scan, collect, expected_rows, matrix, numbered, scans


@settings(max_examples=60, deadline=None)
@given(scans(), st.booleans())
def test_any_cut_gives_the_same_rows(case, lazy):
    data, n_navigation, chunks, masks, block_values = case
    before = data.copy()
    blocks = PatternBlocks(
        da.from_array(data, chunks=chunks) if lazy else data,
        n_navigation,
        kept_patterns=masks[0],
        kept_pixels=masks[1],
        block_values=block_values,
    )
    expected = expected_rows(data, n_navigation, masks)
    assert blocks.shape == expected.shape
    assert blocks.size == expected.size
    assert blocks.is_lazy == lazy
    if expected.shape[0] == 0:
        assert blocks.reduce(collect, add) is None
        return
    np.testing.assert_array_equal(matrix(blocks), expected)
    np.testing.assert_array_equal(data, before)
    assert blocks.n_reads == 1


@settings(max_examples=40, deadline=None)
@given(scans())
def test_each_chunk_is_read_once(case):
    data, n_navigation, chunks, _, block_values = case
    scan = Scan(data, chunks)
    blocks = PatternBlocks(scan.array, n_navigation, block_values=block_values)
    assert scan.counts() == {0}
    for n_reads in (1, 2):
        np.testing.assert_array_equal(
            matrix(blocks), expected_rows(data, n_navigation, (None, None))
        )
        assert scan.counts() == {n_reads}
        assert blocks.n_reads == n_reads


def test_reads_of_masked_scans_count_what_is_kept():
    kept = np.arange(24) % 3 > 0
    blocks = PatternBlocks(numbered((6, 4, 3)), 2, kept_patterns=kept, block_values=50)
    matrix(blocks)
    assert blocks.n_reads == 1


def test_masked_chunks_are_not_read():
    scan = Scan(numbered((6, 4, 3)), (2, 4, 3))
    kept = np.repeat([True, False, True], 8)
    matrix(PatternBlocks(scan.array, 2, kept_patterns=kept, block_values=1))
    assert scan.loads == {(0, 0, 0): 1, (2, 0, 0): 1}


def test_progress():
    calls = []
    data = da.from_array(numbered((5, 4, 3)), chunks=(1, 2, 3))
    blocks = PatternBlocks(
        data, 2, block_values=1, progress=lambda *values: calls.append(values)
    )
    blocks.reduce(collect, add, stage="Looking")
    assert calls == [("Looking", i, 10) for i in range(1, 11)]


def test_loaded_once():
    data = numbered((6, 4, 3))
    scan = Scan(data, (4, 3, 2))
    masks = np.arange(24) % 5 > 0, np.array([True, False, True])
    blocks = PatternBlocks(
        scan.array, 2, kept_patterns=masks[0], kept_pixels=masks[1], block_values=1
    )
    held = blocks.load()
    for _ in range(3):
        np.testing.assert_array_equal(matrix(held), expected_rows(data, 2, masks))
    assert scan.counts() == {1}
    assert blocks.n_reads == held.n_reads == 1
    assert held.shape == blocks.shape
    eager = PatternBlocks(data, 2)
    assert eager.load() is eager


@pytest.mark.parametrize("dtype", ["c8", "c16", "O", "U3", "M8[s]"])
def test_what_is_no_real_number_is_refused(dtype):
    with pytest.raises(TypeError, match="must be real"):
        PatternBlocks(np.zeros((4, 3), dtype), 1)


@pytest.mark.parametrize("dtype", ["?", "u1", "u2", ">u2", ">i4", ">f8", "f2", "u8"])
@pytest.mark.parametrize("lazy", [False, True])
def test_types(dtype, lazy):
    data = (numbered((4, 3, 5), int) % 2).astype(dtype)
    blocks = PatternBlocks(da.from_array(data, chunks=2) if lazy else data, 2)
    found = matrix(blocks)
    read_as = {"?": "u1", "f2": "f4"}
    assert found.dtype == read_as.get(dtype, data.dtype.newbyteorder("="))
    assert blocks.dtype == data.dtype
    np.testing.assert_array_equal(found, data.reshape(12, 5))


def test_masks_of_a_wrong_size_are_refused():
    with pytest.raises(ValueError, match="7 elements was given, 12 expected"):
        PatternBlocks(numbered((4, 3, 5)), 2, kept_patterns=np.ones(7, bool))


def test_rows_are_wrapped_once():
    data = numbered((6, 5))
    blocks = PatternBlocks.wrap(data)
    assert PatternBlocks.wrap(blocks) is blocks
    np.testing.assert_array_equal(matrix(blocks), data)
