"""Reads that stop go on where they stopped; files of anything else are refused."""

import errno
import json
import os
import shutil
import warnings

import numpy as np
import pytest

from hyperspy_4dphase import _archive, _checkpoint
from hyperspy_4dphase._accumulator import Accumulator
from hyperspy_4dphase._archive import write_arrays
from hyperspy_4dphase._checkpoint import Checkpoint
from hyperspy_4dphase._patterns import PatternBlocks

from .block_scans import Scan, numbered

IDENTITY = {"scan": [9, 5], "rank": None, "values hash": "0123"}
DATA = numbered((9, 5, 3))


class Sums(Accumulator):
    """Sums and rows; stops where it is told to."""

    def __init__(self, power=1):
        super().__init__()
        self.power = power

    def update(self, patterns, rows):
        self.add("total", (patterns**self.power).sum(axis=0))
        self.append(rows=rows)


def expected(power=1):
    return (DATA.reshape(-1, 3) ** power).sum(axis=0)


@pytest.fixture(autouse=True)
def _write_at_once(monkeypatch):
    monkeypatch.setattr(_checkpoint, "_SECONDS", 0.0)
    monkeypatch.setattr(_checkpoint, "_TIMES_WRITING", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.checkpoint"


def opened(path, identity=IDENTITY, seed=7):
    return Checkpoint(path, identity, seed)


def blocks(path, chunk=None, error=None, **options):
    scan = Scan(DATA, (1, 5, 3), chunk and (chunk, 0, 0), error)
    return scan, PatternBlocks(
        scan.array, 2, block_values=1, checkpoint=opened(path), **options
    )


def stop(path, chunk=4, error=None):
    scan, reader = blocks(path, chunk, error or KeyboardInterrupt())
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        reader.accumulate(Sums())
    return scan


def test_goes_on_where_it_stopped(path):
    stop(path)
    scan, reader = blocks(path)
    found = reader.accumulate(Sums())
    np.testing.assert_array_equal(found.sums["total"], expected())
    np.testing.assert_array_equal(found.order("rows", "rows")[0], np.arange(45))
    assert reader.n_reads == 1
    loaded = {chunk[0] for chunk in scan.loads}
    assert loaded == {4, 5, 6, 7, 8}
    # What is complete is not read at all.
    scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert scan.counts() == {0}


def test_goes_on_after_chunks_that_could_not_be_read(path):
    stop(path, 6, OSError("no such disk"))
    scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert {chunk[0] for chunk in scan.loads} == {6, 7, 8}


def test_second_read(path):
    _, reader = blocks(path)
    reader.accumulate(Sums())
    stopping = Scan(DATA, (1, 5, 3), (5, 0, 0), KeyboardInterrupt())
    reader = PatternBlocks(stopping.array, 2, block_values=1, checkpoint=opened(path))
    reader.accumulate(Sums())
    assert stopping.counts() == {0}
    with pytest.raises(KeyboardInterrupt):
        reader.accumulate(Sums(2))
    scan, reader = blocks(path)
    reader.accumulate(Sums())
    np.testing.assert_array_equal(reader.accumulate(Sums(2)).sums["total"], expected(2))
    assert {chunk[0] for chunk in scan.loads} == {5, 6, 7, 8}
    assert reader.n_reads == 2


def test_the_result_is_the_same_to_the_last_bit(path):
    data = np.random.default_rng(0).normal(size=(30, 5, 3)).astype(np.float32)

    def read(checkpoint, error=None):
        scan = (
            Scan(data, (1, 5, 3), (13, 0, 0), error) if error else Scan(data, (1, 5, 3))
        )
        reader = PatternBlocks(
            scan.array, 2, block_values=1, allow_negative=True, checkpoint=checkpoint
        )
        return reader.accumulate(Sums(3)).sums["total"]

    whole = read(None)
    with pytest.raises(KeyboardInterrupt):
        read(opened(path), KeyboardInterrupt())
    np.testing.assert_array_equal(read(opened(path)), whole)


def test_what_is_loaded_into_memory(path):
    scan, reader = blocks(path, 3, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        reader.load()
    scan, reader = blocks(path)
    loaded = reader.load()
    assert {chunk[0] for chunk in scan.loads} == {3, 4, 5, 6, 7, 8}
    assert loaded.n_reads == 1
    found = loaded.accumulate(Sums())
    np.testing.assert_array_equal(found.sums["total"], expected())


def test_another_read_is_never_used(path):
    stop(path)
    scan, reader = blocks(path)
    with pytest.warns(UserWarning, match="Read 1 of the checkpoint .* made anew"):
        found = reader.accumulate(Sums(2))
    np.testing.assert_array_equal(found.sums["total"], expected(2))
    assert scan.counts() == {1}


def test_interrupted_while_merging(path, monkeypatch):
    """What is half added up is not kept."""
    merge, calls = Sums.merge, []

    def interrupted(self, other):
        calls.append(1)
        if len(calls) == 5:
            self.sums["total"] += 1e9
            raise KeyboardInterrupt
        return merge(self, other)

    _, reader = blocks(path)
    with monkeypatch.context() as patch:
        patch.setattr(Sums, "merge", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reader.accumulate(Sums())
    scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert {chunk[0] for chunk in scan.loads} == {4, 5, 6, 7, 8}


def test_interrupted_twice(path, monkeypatch):
    """The second Ctrl-C comes while the first one's state is written."""
    stop(path, 3)
    before = path.read_bytes()
    write, calls = np.lib.format.write_array, []

    def interrupted(*args, **options):
        calls.append(1)
        if len(calls) == 2:
            raise KeyboardInterrupt
        write(*args, **options)

    monkeypatch.setattr(_checkpoint, "_SECONDS", 1e9)
    _, reader = blocks(path, 6, KeyboardInterrupt())
    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array", interrupted)
        with pytest.raises(KeyboardInterrupt):
            reader.accumulate(Sums())
    assert calls
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert {chunk[0] for chunk in scan.loads} == {3, 4, 5, 6, 7, 8}


@pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
def test_truncated(path, share):
    stop(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.warns(UserWarning, match="is damaged.*starts anew"):
        scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert scan.counts() == {1}
    opened(path)


@pytest.mark.parametrize("n_bytes", [1, 2, 4, 5, 10, 31, 45, 100, 250, 300])
def test_cut_before_it_says_what_it_is(path, n_bytes):
    stop(path)
    path.write_bytes(path.read_bytes()[:n_bytes])
    assert not _archive.is_of_kind(path, "checkpoint")
    with pytest.warns(UserWarning, match="is damaged.*starts anew"):
        scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    assert scan.counts() == {1}


@pytest.mark.parametrize(
    "content", [b"1", b"PN", b"PK\x03\x05", b"PK\x03\x04" + bytes(26) + b"word/", b"\0"]
)
def test_short_files_of_others_are_not_overwritten(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match="is there, but is no checkpoint"):
        opened(path)
    assert path.read_bytes() == content


def test_what_numpy_saved_is_not_overwritten(path):
    """It has the same name inside, and the same number of bytes before its values."""
    with open(path, "wb") as stream:
        np.savez(stream, header=np.array("a header of a measurement"))
    whole = path.read_bytes()
    for n_bytes in (len(whole), 250, 200):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(ValueError, match="is there, but is no checkpoint"):
            opened(path)


def test_changed_within(path):
    stop(path)
    content = bytearray(path.read_bytes())
    place = content.find(b"total.npy") + 200
    content[place] ^= 1
    path.write_bytes(content)
    with pytest.warns(UserWarning, match="is damaged"):
        opened(path)


@pytest.mark.parametrize(
    ("identity", "message"),
    [
        (IDENTITY | {"rank": 3}, r"of something else: rank=None instead of 3\. It is"),
        (IDENTITY | {"values hash": "4"}, "something else: other values. It is nei"),
        (IDENTITY | {"version": "1.2"}, "version=None instead of '1.2'"),
        ({"scan": [9, 5], "values hash": "0123", "rank": 2}, "rank=None instead of 2"),
    ],
)
def test_of_something_else(path, identity, message):
    stop(path)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=message):
        opened(path, identity)
    assert path.read_bytes() == before


def test_other_files_are_not_overwritten(path):
    path.write_bytes(b"all my measurements")
    with pytest.raises(ValueError, match="is there, but is no checkpoint.*not overwr"):
        opened(path)
    write_arrays(path, {"patterns": {}}, {"Q": np.ones(3)})
    with pytest.raises(ValueError, match="is a saved compression, but no checkpoint"):
        opened(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ValueError, match="is there, but is no checkpoint"):
        opened(path)


def test_the_first_seed_is_kept(path):
    stop(path)
    assert opened(path, seed=8).seed == 7


def test_complete(path):
    checkpoint = opened(path)
    assert checkpoint.result is None
    checkpoint.finish({"patterns": {"a": 1}}, {"Q": np.ones(3)})
    header, arrays = opened(path).result
    assert header == {"patterns": {"a": 1}}
    np.testing.assert_array_equal(arrays["Q"], np.ones(3))
    with pytest.raises(ValueError, match="something else"):
        opened(path, IDENTITY | {"rank": 1})
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.warns(UserWarning, match="is damaged"):
        assert opened(path).result is None


def test_disk_full(path, monkeypatch):
    """Reads go on; what was written before is still there."""
    stop(path)
    before = path.read_bytes()

    def full(*args, **options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    _, reader = blocks(path)
    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array", full)
        with pytest.warns(UserWarning, match="could not be written.*No space") as told:
            found = reader.accumulate(Sums())
    assert len(told) == 1
    np.testing.assert_array_equal(found.sums["total"], expected())
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]
    # Once there is space again, nothing of the first read is missing.
    reader.accumulate(Sums(2))
    scan, reader = blocks(path)
    np.testing.assert_array_equal(reader.accumulate(Sums()).sums["total"], expected())
    reader.accumulate(Sums(2))
    assert scan.counts() == {0}


def test_a_really_full_disk(path, tmp_path):
    """A limit on the size of files is as good as a full disk."""
    resource = pytest.importorskip("resource")
    write_arrays(path, {}, {"a": np.ones(10)})
    before = path.read_bytes()
    signal = pytest.importorskip("signal")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(OSError, match="nothing was written.*unchanged"):
            write_arrays(path, {}, {"a": np.ones(10**6)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == [path.name]


def test_written_seldom(path, monkeypatch):
    monkeypatch.setattr(_checkpoint, "_SECONDS", 1e9)
    writes = []
    write = Checkpoint.write
    monkeypatch.setattr(
        Checkpoint, "write", lambda *args: (writes.append(1), write(*args))
    )
    _, reader = blocks(path)
    reader.accumulate(Sums())
    assert len(writes) == 1


def test_header_is_json_of_plain_values(path):
    stop(path)
    with np.load(path, allow_pickle=False) as file:
        content = json.loads(str(file["header"]))["content"]
    assert content["checkpoint"]["identity"] == IDENTITY
    assert content["checkpoint"]["reads"][0]["n_done"] == 4


def test_copies_are_as_good(path, tmp_path):
    stop(path)
    other = tmp_path / "other" / "name.bin"
    other.parent.mkdir()
    shutil.copy(path, other)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scan, reader = blocks(other)
        reader.accumulate(Sums())
    assert len(scan.loads) == 5


def test_kinds_are_known_by_their_beginning(path, tmp_path):
    stop(path)
    assert _archive.is_of_kind(path, "checkpoint")
    assert not _archive.is_of_kind(path)
