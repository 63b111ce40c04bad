"""Reads by the workers of a dask client: few tasks, the same result, lost workers."""

import os
import signal
import time
import warnings
from functools import partial
from operator import add
from pathlib import Path

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase import _checkpoint
from hyperspy_4dphase._accumulator import Accumulator
from hyperspy_4dphase._block_reading import group_blocks
from hyperspy_4dphase._checkpoint import Checkpoint
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._read_timing import describe_reading, time_read
from hyperspy_4dphase.data import battery_interface
from hyperspy_4dphase.estimators.compression import (
    compress_patterns,
    label_means,
    make_probe,
)

from .block_scans import Scan, collect, expected_rows, matrix, numbered
from .local_cluster import local_cluster

distributed = pytest.importorskip("distributed")


class Sums(Accumulator):
    """Sums of whole numbers: exact in any order."""

    def update(self, patterns, rows):
        self.add("total", patterns.sum(axis=0, dtype=np.int64))
        self.append(rows=rows, first=patterns[:, 0])


@pytest.fixture(scope="module")
def workers():
    """A client of two processes, as long as this module's tests need it."""
    with local_cluster() as client:
        yield client


@pytest.fixture
def client(workers):
    with workers.as_current():
        yield workers


@pytest.fixture(scope="module")
def mortal_workers():
    """A client of two processes, of which tests may kill one: it is started again."""
    with local_cluster() as client:
        yield client


@pytest.fixture
def mortal_client(mortal_workers):
    mortal_workers.wait_for_workers(2)
    with mortal_workers.as_current():
        yield mortal_workers


@pytest.fixture(scope="module")
def scan():
    """Patterns of a real method, as whole numbers."""
    signal, _ = battery_interface((18, 20), (32, 30), random_state=0)
    return signal.data


def chunked(data, chunks):
    return da.from_array(data, chunks=chunks)


def blocks_of(array, block_values=1, **options):
    return PatternBlocks(array, 2, block_values=block_values, **options)


def compressed(array, **options):
    return compress_patterns(
        blocks_of(array, allow_negative=True, **options),
        noise="measured",
        random_state=0,
    )


@pytest.fixture
def as_large(monkeypatch):
    """Nothing is loaded into memory."""
    monkeypatch.setattr(
        "hyperspy_4dphase.estimators.compression._compress._MAX_HELD_VALUES", 0
    )


def kill_once(block, marker, block_info=None):
    """End the process that reads the chunk in the middle; but only the first one."""
    if block_info[0]["chunk-location"][0] == 3 and not Path(marker).exists():
        Path(marker).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return block


def with_a_kill(data, marker):
    return chunked(data, (2, 20, -1, -1)).map_blocks(
        kill_once, marker=str(marker), dtype=data.dtype, meta=np.empty((0,) * 4, "u2")
    )


def test_rows_and_sums(client):
    data = numbered((9, 5, 3), np.int64)
    kept = np.arange(45) % 5 > 0
    blocks = blocks_of(chunked(data, (1, 2, 2)), kept_patterns=kept)
    np.testing.assert_array_equal(matrix(blocks), expected_rows(data, 2, (kept, None)))
    found = blocks.accumulate(Sums())
    expected = expected_rows(data, 2, (kept, None))
    np.testing.assert_array_equal(found.sums["total"], expected.sum(axis=0))
    np.testing.assert_array_equal(found.order("rows", "first")[0], expected[:, 0])
    assert blocks.n_reads == 2


class CountTasks(distributed.SchedulerPlugin):
    def __init__(self):
        self.keys = set()

    def transition(self, key, start, finish, *args, **kwargs):
        self.keys.add(key)


@pytest.mark.parametrize("n_values", [1, 100, 10**7])
@pytest.mark.workers
def test_few_tasks_whatever_the_chunks(n_values):
    data = numbered((20, 25, 4, 2), np.int64)
    array = chunked(data, (1, 1, 2, 2))
    counted = CountTasks()
    with local_cluster(processes=False) as client:
        client.cluster.scheduler.add_plugin(counted)
        blocks = blocks_of(array, n_values)
        found = blocks.accumulate(Sums())
        n_groups = len(group_blocks(blocks.n_blocks))
    np.testing.assert_array_equal(found.sums["total"], data.sum(axis=(0, 1)).ravel())
    assert array.npartitions == 1000
    # Each group, a third as many merges, and what all have in common.
    assert n_groups <= len(counted.keys) <= 1.4 * n_groups + 2


@pytest.mark.parametrize("n_blocks", [1, 63, 64, 1000, 10**5, 10**7])
def test_groups(n_blocks):
    groups = group_blocks(n_blocks)
    assert [number for group in groups for number in group] == list(range(n_blocks))
    assert min(n_blocks, 64) <= len(groups) <= 4096


def test_compression_is_the_same(client, scan, as_large):
    array = chunked(scan, (2, 20, 32, 30))
    found = compressed(array)
    with workers_away():
        here = compressed(array)
    assert found.n_significant == here.n_significant
    np.testing.assert_allclose(found.singular_values, here.singular_values, rtol=1e-4)
    np.testing.assert_allclose(found.row_scale, here.row_scale, rtol=1e-5)
    patterns = found.reconstruct(), here.reconstruct()
    scale = np.linalg.norm(patterns[1])
    assert np.linalg.norm(patterns[0] - patterns[1]) < 1e-3 * scale


def workers_away():
    import dask

    return dask.config.set(scheduler="threads")


def test_means_and_any_function(client, scan):
    array = chunked(scan, (2, 20, 32, 30))
    labels = np.arange(360) % 3 - 1
    there = label_means(blocks_of(array), labels, 2, variances=True)
    with workers_away():
        here = label_means(blocks_of(array), labels, 2, variances=True)
    for one, other in zip(there, here, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)


def test_merges_leave_results_as_they_are(client, scan):
    """They may be needed again where a worker is lost."""

    def merge(one, other):
        one += other
        return one

    def read(patterns, rows):
        return patterns.sum(axis=0, dtype=np.int64)

    blocks = blocks_of(chunked(scan, (1, 20, 32, 30)))
    total = blocks.reduce(read, merge)
    np.testing.assert_array_equal(total, scan.sum(axis=(0, 1)).ravel())


@pytest.mark.parametrize("kind", ["accumulate", "reduce"])
@pytest.mark.workers
def test_a_worker_is_killed(mortal_client, scan, tmp_path, kind):
    array = with_a_kill(scan, tmp_path / "killed")
    if kind == "accumulate":
        found = blocks_of(array).accumulate(Sums())
        total, rows = found.sums["total"], found.order("rows", "rows")[0]
    else:
        pieces = blocks_of(array).reduce(collect, add)
        rows = np.concatenate([rows for rows, _ in pieces])
        total = sum(part.sum(axis=0, dtype=np.int64) for _, part in pieces)
    assert (tmp_path / "killed").exists()
    np.testing.assert_array_equal(rows, np.arange(360))
    np.testing.assert_array_equal(total, scan.sum(axis=(0, 1)).ravel())


@pytest.mark.workers
def test_a_compression_survives_a_killed_worker(
    mortal_client, scan, tmp_path, as_large
):
    whole = compressed(chunked(scan, (2, 20, -1, -1)))
    found = compressed(with_a_kill(scan, tmp_path / "killed"))
    assert (tmp_path / "killed").exists()
    for name in ("Q", "B", "row_scale", "column_scale", "residual"):
        np.testing.assert_array_equal(getattr(found, name), getattr(whole, name))


def always_kill(block, block_info=None):
    if block_info[0]["chunk-location"][0] == 3:
        # What this worker has done before, it has told by now.
        time.sleep(0.5)
        os.kill(os.getpid(), signal.SIGKILL)
    return block


@pytest.mark.workers
def test_a_chunk_that_kills_all_workers_is_named(scan):
    array = chunked(scan, (2, 20, -1, -1)).map_blocks(
        always_kill, dtype=scan.dtype, meta=np.empty((0,) * 4, "u2")
    )
    import dask

    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        # Whatever waits on a worker that dies is blamed as well: here, later blocks.
        local_cluster(1),
        pytest.raises(RuntimeError, match=r"block 4 of 9 .*KilledWorker"),
    ):
        blocks_of(array).accumulate(Sums())


def unreadable(block, block_info=None):
    if block_info[0]["chunk-location"][:2] == (3, 0):
        raise OSError("no such disk")
    return block


def test_a_chunk_that_cannot_be_read_is_named(client, scan, tmp_path):
    array = chunked(scan, (2, 20, -1, -1)).map_blocks(
        unreadable, dtype=scan.dtype, meta=np.empty((0,) * 4, "u2")
    )
    message = r"block 4 of 9 \(navigation \[6:8, 0:20\]\) failed: OSError: no such disk"
    with pytest.raises(RuntimeError, match=message):
        blocks_of(array).accumulate(Sums())
    with pytest.raises(RuntimeError, match=message):
        blocks_of(array).reduce(collect, add)
    # The client is as good as before.
    found = blocks_of(chunked(scan, (2, 20, -1, -1))).accumulate(Sums())
    np.testing.assert_array_equal(found.sums["total"], scan.sum(axis=(0, 1)).ravel())


def test_values_that_are_no_counts_are_named(client):
    data = numbered((8, 5, 3))
    data[7, 4, 2] = np.nan
    with pytest.raises(ValueError, match=r" 1 NaN; .*data\[\(7, 4, 2\)\]"):
        blocks_of(chunked(data, (2, 5, 3))).accumulate(Sums())


def test_what_workers_hold_already(client, scan):
    """Chunks in their memory are not computed again, wherever they are used."""
    counting = Scan(scan, (2, 10, 32, 30))
    with local_cluster(processes=False):
        held = counting.array.persist()
        distributed.wait(held)
        assert counting.counts() == {1}
        # Halved after that: part of the graph is held, part of it is not.
        for array, factor in ((held, 1), (held * 2, 2)):
            blocks = blocks_of(array)
            found = blocks.accumulate(Sums())
            expected = factor * scan.sum(axis=(0, 1)).ravel()
            np.testing.assert_array_equal(found.sums["total"], expected)
            rows = np.concatenate([rows for _, rows in blocks.visit([1, 0])])
            assert sorted(rows) == list(range(40))
        assert counting.counts() == {1}


@pytest.mark.parametrize("name", ["scan.hspy", "scan.zspy"])
def test_files(client, tmp_path, name):
    signal, _ = battery_interface((12, 10), (16, 18), random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        signal.save(tmp_path / name, chunks=(4, 5, 16, 18))
        opened = hs.load(tmp_path / name, lazy=True)
    found = blocks_of(opened.data).accumulate(Sums())
    expected = signal.data.sum(axis=(0, 1)).ravel()
    np.testing.assert_array_equal(found.sums["total"], expected)
    if name.endswith("hspy"):
        opened.close_file()


def stop_after(n, stage, done, total):
    if done >= n:
        raise KeyboardInterrupt


def test_goes_on_from_a_checkpoint(client, tmp_path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "_SECONDS", 0.0)
    data = np.random.default_rng(0).integers(0, 9, (100, 2, 3))
    array = chunked(data, (1, 2, 3))

    def blocks(**options):
        checkpoint = Checkpoint(tmp_path / "checkpoint", {}, 0)
        return blocks_of(array, checkpoint=checkpoint, **options)

    with pytest.raises(KeyboardInterrupt):
        blocks(progress=partial(stop_after, 20)).accumulate(Sums())
    calls = []
    reader = blocks(progress=lambda stage, done, total: calls.append(done))
    found = reader.accumulate(Sums())
    np.testing.assert_array_equal(found.sums["total"], data.sum(axis=(0, 1)))
    np.testing.assert_array_equal(found.order("rows", "rows")[0], np.arange(200))
    assert min(calls) > 20


def test_interrupts_leave_the_client_idle(client, scan):
    blocks = blocks_of(chunked(scan, (1, 20, 32, 30)), progress=partial(stop_after, 1))
    with pytest.raises(KeyboardInterrupt):
        blocks.accumulate(Sums())
    blocks = blocks_of(chunked(scan, (1, 20, 32, 30)))
    found = blocks.accumulate(Sums())
    np.testing.assert_array_equal(found.sums["total"], scan.sum(axis=(0, 1)).ravel())


def test_plans_know_the_workers(client, scan):
    blocks = blocks_of(chunked(scan, (2, 20, 32, 30)))
    reading = describe_reading(blocks)
    assert (reading.n_processes, reading.n_workers, reading.n_threads) == (2, 2, 1)
    assert "2 workers, 2 threads" in reading.workers
    assert time_read(blocks, make_probe(960)) > 0
