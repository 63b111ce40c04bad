"""Blocks are read in order, in threads or by workers; failures say where."""

import threading
import time
from operator import add

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._block_reading import group_blocks
from hyperspy_4dphase._patterns import PatternBlocks

from .block_scans import Scan, collect, expected_rows, matrix, numbered
from .local_cluster import local_cluster


def slow_start(patterns, rows):
    """The earlier the block, the longer it takes."""
    time.sleep(max(0, 0.02 - 0.002 * rows[0]))
    return [int(rows[0])]


def test_merged_in_order():
    data = numbered((5, 4, 3))
    blocks = PatternBlocks(da.from_array(data, chunks=(2, 2, 3)), 2, block_values=1)
    assert blocks.reduce(slow_start, add) == [0, 2, 8, 10, 16, 18]


def test_failing_chunk_is_named():
    scan = Scan(numbered((6, 4, 3)), (2, 4, 3), (1, 0, 0), OSError("no such disk"))
    blocks = PatternBlocks(scan.array, 2, block_values=1)
    with pytest.raises(
        RuntimeError,
        match=r"block 2 of 3 \(navigation \[2:4, 0:4\]\).*OSError: no such disk",
    ) as caught:
        blocks.reduce(collect, add)
    assert isinstance(caught.value.__cause__, OSError)


def test_errors_of_the_function_stay_what_they_are():
    def fail(patterns, rows):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        PatternBlocks(numbered((6, 3)), 1).reduce(fail, add)


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
            interrupt if where == "merge" else add,
        )
    assert threading.active_count() == n_threads


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
    with local_cluster(1, processes=False, threads_per_worker=2):
        np.testing.assert_array_equal(
            matrix(blocks), expected_rows(data, 2, (kept, None))
        )
        assert scan.counts() == {0, 1}
        assert len(scan.loads) == 2 * blocks.n_blocks == 72
        assert blocks.n_reads == 1
        first_rows = blocks.reduce(slow_start, add)
        with pytest.raises(ValueError, match=r" 1 NaN; .*data\[\(8, 4, 2\)\]"):
            PatternBlocks(da.from_array(bad, chunks=2), 2).reduce(collect, add)
        with pytest.raises(RuntimeError, match=r"block 3 of 3 .*OSError: no such disk"):
            PatternBlocks(failing.array, 2, block_values=1).reduce(collect, add)
    assert first_rows == blocks.reduce(slow_start, add)
    assert {total for _, total in calls} == {36}
    first = [done for done, _ in calls][: calls.index((36, 36)) + 1]
    # Several groups of blocks, each told once.
    assert len(first) > 1
    assert first == sorted(set(first))


def test_blocks_are_in_groups_for_which_no_worker_counts():
    for n in (1, 3, 64, 1000, 100_000):
        groups = group_blocks(n)
        assert [number for group in groups for number in group] == list(range(n))
        assert len(groups) <= 4096
        assert max(map(len, groups)) <= max(16, -(-n // 4096))
    assert len(group_blocks(100)) == 100
    assert len(group_blocks(1024)) == 64
