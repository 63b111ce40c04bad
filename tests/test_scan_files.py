"""Files that a lazy scan is read from: all of them, and nothing else."""

import os

import dask.array as da
import h5py
import hyperspy.api as hs
import numpy as np
import pytest
import zarr

from hyperspy_4dphase._scan_files import GraphWalker, files_of, state_of


def counts():
    return np.random.default_rng(0).poisson(2, (15, 20, 12, 12)).astype("u1")


class TestFiles:
    def test_of_files_only(self, tmp_path):
        path = tmp_path / "scan.npy"
        np.save(path, counts())
        data = hs.load(path, lazy=True).data
        for lazy in (data, data[1:], (data + 1).map_blocks(lambda x: 2 * x)):
            assert files_of(lazy) == {os.path.realpath(path): state_of(path)}
        assert files_of(counts()) == {}
        assert files_of(da.from_array(counts())) == {}

    def test_names_of_chunks_are_no_files(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        for name in ("scan", "x", "getter"):
            (tmp_path / name).touch()
        assert files_of(da.from_array(counts(), name="scan")) == {}

    def test_what_is_gone(self, tmp_path):
        assert state_of(tmp_path / "nothing.npy") is None

    def test_of_hdf5(self, tmp_path):
        path = tmp_path / "scan.h5"
        with h5py.File(path, "w") as file:
            stored = file.create_dataset("data", data=counts())
            found = files_of(da.from_array(stored))
            assert found == {os.path.realpath(path): state_of(path)}

    def test_of_zarr(self, tmp_path):
        path = tmp_path / "scan.zarr"
        stored = zarr.open(str(path), mode="w", shape=(15, 20, 4), chunks=(5, 20, 4))
        stored[:] = 1
        found = files_of(da.from_array(stored, chunks=stored.chunks))
        assert found == {os.path.realpath(path): state_of(path)}
        n_files, size, _ = state_of(path)
        assert n_files >= 3
        assert size > 0

    def test_a_change_shows(self, tmp_path):
        path = tmp_path / "scan.npy"
        np.save(path, counts())
        before = state_of(path)
        os.utime(path, ns=(0, before[1] + 1))
        assert state_of(path) != before


class Seen(GraphWalker):
    def see_name(self, value):
        return value if value.startswith("found") else None

    def see_array(self, array):
        return f"array of {array.size}"

    def see_other(self, value, module):
        return None


def test_everything_is_looked_at_once():
    graph = {"found 1": (sum, [np.ones(3), np.ones(4)]), ("x", 0): {"y": ["found 2"]}}
    walker = Seen()
    walker.dump(graph | {"again": ("found 1", "found 2")})
    assert list(walker.found) == ["found 1", "array of 3", "array of 4", "found 2"]


@pytest.mark.parametrize("data", [None, 3, np.ones(4)])
def test_no_files_without_a_graph(data):
    assert files_of(data) == {}
