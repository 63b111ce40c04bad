"""A scan in blocks: the same rows in the same order however it is cut."""

import re
import threading
import time
import warnings
from collections import Counter
from contextlib import contextmanager
from functools import partial
from itertools import accumulate
from math import prod

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase._patterns import PatternBlocks


def collect(patterns, rows):
    return [(np.array(rows), np.array(patterns))]


def joined(one, other):
    return one + other


def matrix(blocks):
    """All rows that the blocks deliver, each of them exactly once."""
    pieces = blocks.reduce(collect, joined)
    numbers = np.concatenate([rows for rows, _ in pieces])
    assert sorted(numbers) == list(range(blocks.shape[0]))
    return np.concatenate([part for _, part in pieces])[np.argsort(numbers)]


def numbered(shape, dtype=float):
    """Values of which none occurs twice."""
    return np.arange(prod(shape)).reshape(shape).astype(dtype)


LOADS = {}


def load(key, data, failing, error, block_info=None):
    """One chunk; a function of the module, so that workers count here too."""
    where = tuple(block_info[None]["chunk-location"])
    LOADS[key].append(where)
    if where == failing:
        raise error
    region = block_info[None]["array-location"]
    return data[tuple(slice(*span) for span in region)].copy()


class Scan:
    """A dask array that counts how often each of its chunks is loaded."""

    def __init__(self, data, chunks, failing=None, error=None):
        self._key = len(LOADS)
        LOADS[self._key] = []
        self.array = da.map_blocks(
            partial(load, self._key, data, failing, error),
            chunks=da.core.normalize_chunks(chunks, data.shape),
            dtype=data.dtype,
            meta=np.empty((0,) * data.ndim, data.dtype),
        )

    @property
    def loads(self):
        return Counter(LOADS[self._key])

    def counts(self):
        return {self.loads[where] for where in np.ndindex(self.array.numblocks)}


@st.composite
def scans(draw):
    """(data, number of navigation axes, chunks, masks, aimed bytes)."""
    n_navigation = draw(st.integers(1, 3))
    shape = tuple(
        draw(st.integers(1, 6)) for _ in range(n_navigation + draw(st.integers(1, 2)))
    )
    chunks = []
    for size in shape:
        cuts = draw(st.sets(st.integers(1, size - 1))) if size > 1 else set()
        edges = [0, *sorted(cuts), size]
        chunks.append(tuple(int(i) for i in np.diff(edges)))
    masks = [
        draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
        for n in (prod(shape[:n_navigation]), prod(shape[n_navigation:]))
    ]
    masks = [None if mask is None else np.array(mask) for mask in masks]
    block_values = draw(st.integers(1, 4000))
    return numbered(shape), n_navigation, tuple(chunks), masks, block_values


def expected_rows(data, n_navigation, masks):
    rows = data.reshape(prod(data.shape[:n_navigation]), -1)
    kept_patterns, kept_pixels = masks
    rows = rows if kept_patterns is None else rows[kept_patterns]
    return rows if kept_pixels is None else rows[:, kept_pixels]


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
        assert blocks.reduce(collect, joined) is None
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
    for rows, patterns in blocks.reduce(collect, joined):
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
    """What is joined along one axis comes in as many rows as a chunk has."""
    lazy = da.from_array(numbered((64, 48, 5)), chunks=(32, 4, 5))
    blocks = PatternBlocks(lazy, 2, block_values=32 * 8 * 5)
    sizes = {part.size for _, part in blocks.reduce(collect, joined)}
    assert sizes == {32 * 8 * 5}


def test_eager_blocks_have_the_aimed_size():
    blocks = PatternBlocks(numbered((23, 31, 5)), 2, block_values=500)
    sizes = [part.size for _, part in blocks.reduce(collect, joined)]
    assert max(sizes) <= 500
    # 713 patterns of 5 values.
    assert 8 <= len(sizes) <= 16


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


def slow_start(patterns, rows):
    """The earlier the block, the longer it takes."""
    time.sleep(max(0, 0.02 - 0.002 * rows[0]))
    return [int(rows[0])]


def test_merged_in_order():
    data = numbered((5, 4, 3))
    blocks = PatternBlocks(da.from_array(data, chunks=(2, 2, 3)), 2, block_values=1)
    assert blocks.reduce(slow_start, joined) == [0, 2, 8, 10, 16, 18]


def test_progress():
    calls = []
    data = da.from_array(numbered((5, 4, 3)), chunks=(1, 2, 3))
    blocks = PatternBlocks(
        data, 2, block_values=1, progress=lambda *values: calls.append(values)
    )
    blocks.reduce(collect, joined, stage="Looking")
    assert calls == [("Looking", i, 10) for i in range(1, 11)]


BAD = {"NaN": np.nan, "infinite": np.inf, "negative": -1.0}


@settings(max_examples=40, deadline=None)
@given(scans(), st.data())
def test_bad_values_are_counted_and_found(case, draws):
    data, n_navigation, chunks, masks, block_values = case
    flat = data.ravel()
    bad = draws.draw(
        st.dictionaries(st.integers(0, flat.size - 1), st.sampled_from([*BAD]))
    )
    for where, kind in bad.items():
        flat[where] = BAD[kind]
    shapes = data.shape[:n_navigation], data.shape[n_navigation:]
    kept = np.ones(data.shape, bool)
    for mask, shape, axes in zip(masks, shapes, ((..., 1), (1, ...)), strict=True):
        if mask is not None:
            other = (1,) * (data.ndim - len(shape))
            whole = shape + other if axes[0] is ... else other + shape
            kept &= mask.reshape(whole)
    kinds = Counter(kind for where, kind in bad.items() if kept.flat[where])
    blocks = PatternBlocks(
        da.from_array(data, chunks=chunks),
        n_navigation,
        kept_patterns=masks[0],
        kept_pixels=masks[1],
        block_values=block_values,
    )
    if not kinds:
        blocks.reduce(collect, joined)
        return
    first = min(where for where in bad if kept.flat[where])
    expected = "finite and non-negative" if set(kinds) == {"negative"} else "finite"
    with pytest.raises(ValueError, match=f"must be {expected}, but") as caught:
        blocks.reduce(collect, joined)
    message = str(caught.value)
    found = {
        kind: int(n) for n, kind in re.findall(r"(\d+) (NaN|inf\w+|neg\w+)", message)
    }
    assert found == dict(kinds)
    position = re.search(r"first is at data\[\(([\d, ]+)\)\]", message)[1]
    assert tuple(map(int, position.split(","))) == np.unravel_index(first, data.shape)


def test_minus_infinity_is_one_bad_value():
    data = numbered((4, 3, 2))
    data[1, 2, 0] = -np.inf
    with pytest.raises(
        ValueError, match=r"there are 1 infinite; .*data\[\(1, 2, 0\)\]"
    ):
        PatternBlocks(data, 2).reduce(collect, joined)


def test_the_way_out_leaves_out_what_is_bad():
    data = numbered((4, 3, 2, 5))
    data[1, 2, 0, 3], data[3, 0, 1, 1] = np.nan, np.inf
    with pytest.raises(ValueError, match="signal_mask=") as caught:
        PatternBlocks(data, 2).reduce(collect, joined)
    code = re.search(r"signal_mask=(.*\)\)), bad positions", str(caught.value))[1]
    mask = eval(code.replace("s.data", "data"), {"np": np, "data": data})
    blocks = PatternBlocks(data, 2, kept_pixels=~mask)
    assert matrix(blocks).shape == (12, 8)


@pytest.mark.parametrize("dtype", ["i1", "i4", ">i2", ">f4", "f2"])
def test_negative_values_of_any_type(dtype):
    data = np.ones((4, 3, 5), dtype)
    data[3, 1, 4] = -2
    with pytest.raises(ValueError, match=r" 1 negative; .*data\[\(3, 1, 4\)\]"):
        PatternBlocks(data, 2, block_values=20).reduce(collect, joined)


def test_failing_chunk_is_named():
    scan = Scan(numbered((6, 4, 3)), (2, 4, 3), (1, 0, 0), OSError("no such disk"))
    blocks = PatternBlocks(scan.array, 2, block_values=1)
    with pytest.raises(
        RuntimeError,
        match=r"block 2 of 3 \(navigation \[2:4, 0:4\]\).*OSError: no such disk",
    ) as caught:
        blocks.reduce(collect, joined)
    assert isinstance(caught.value.__cause__, OSError)


def test_errors_of_the_function_stay_what_they_are():
    def fail(patterns, rows):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        PatternBlocks(numbered((6, 3)), 1).reduce(fail, joined)


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.mark.parametrize("where", ["function", "merge", "progress", "load"])
def test_interrupts_pass(where):
    data = numbered((6, 4, 3))
    error = (
        {"failing": (1, 0, 0), "error": KeyboardInterrupt()} if where == "load" else {}
    )
    n_threads = threading.active_count()
    blocks = PatternBlocks(
        Scan(data, (2, 4, 3), **error).array,
        2,
        block_values=1,
        progress=interrupt if where == "progress" else None,
    )
    with pytest.raises(KeyboardInterrupt):
        blocks.reduce(
            interrupt if where == "function" else collect,
            interrupt if where == "merge" else joined,
        )
    assert threading.active_count() == n_threads


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
    assert found.dtype == ("u1" if dtype == "?" else data.dtype.newbyteorder("="))
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


@contextmanager
def active_client():
    distributed = pytest.importorskip("distributed")
    with warnings.catch_warnings():
        # Of a port that is taken, of sockets closed late: no concern of ours.
        warnings.simplefilter("ignore")
        with (
            distributed.LocalCluster(
                n_workers=1,
                threads_per_worker=2,
                processes=False,
                dashboard_address=None,
            ) as cluster,
            distributed.Client(cluster),
        ):
            yield


def test_distributed():
    data = numbered((9, 5, 3))
    kept = np.arange(45) % 5 > 0
    scan = Scan(data, (1, 1, 2))
    calls = []
    blocks = PatternBlocks(
        scan.array,
        2,
        kept_patterns=kept,
        block_values=1,
        progress=lambda stage, done, total: calls.append((done, total)),
    )
    bad = data.copy()
    bad[8, 4, 2] = np.nan
    failing = Scan(data, (3, 5, 3), (2, 0, 0), OSError("no such disk"))
    with active_client():
        np.testing.assert_array_equal(
            matrix(blocks), expected_rows(data, 2, (kept, None))
        )
        assert scan.counts() == {0, 1}
        assert len(scan.loads) == 2 * blocks.n_blocks == 72
        assert blocks.n_reads == 1
        first_rows = blocks.reduce(slow_start, joined)
        with pytest.raises(ValueError, match=r" 1 NaN; .*data\[\(8, 4, 2\)\]"):
            PatternBlocks(da.from_array(bad, chunks=2), 2).reduce(collect, joined)
        with pytest.raises(RuntimeError, match=r"block 3 of 3 .*OSError: no such disk"):
            PatternBlocks(failing.array, 2, block_values=1).reduce(collect, joined)
    assert first_rows == blocks.reduce(slow_start, joined)
    assert {total for _, total in calls} == {36}
    first = [done for done, _ in calls][: calls.index((36, 36)) + 1]
    # Several groups of blocks, each told once.
    assert len(first) > 1
    assert first == sorted(set(first))
