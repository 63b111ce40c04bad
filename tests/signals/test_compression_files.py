"""A compression is saved whole, without pickle, and nothing else is taken for one."""

import json

import numpy as np
import pytest

from hyperspy_4dphase import Compression, compress
from hyperspy_4dphase._archive import write_arrays

from ..methods.conftest import NAVIGATION, calibrated, counts, planted

SETTINGS = {"random_state": 0, "show_progressbar": False}


@pytest.fixture
def scan():
    return calibrated(counts(*planted()))


@pytest.mark.parametrize("suffix", ["", ".npz"])
def test_save_and_load(scan, tmp_path, suffix):
    mask = np.zeros(NAVIGATION, bool)
    mask[0, 1] = True
    compression = compress(scan, mask, rank=5, **SETTINGS)
    path = tmp_path / f"compression.2{suffix}"
    compression.save(path)
    assert [p.name for p in tmp_path.iterdir()] == ["compression.2.npz"]
    loaded = Compression.load(path)
    assert repr(loaded) == repr(compression)
    for name in ("Q", "B", "row_scale", "column_scale", "residual", "singular_values"):
        np.testing.assert_array_equal(getattr(loaded, name), getattr(compression, name))
    for name in ("navigation_shape", "signal_shape", "axes", "metadata", "provenance"):
        assert getattr(loaded, name) == getattr(compression, name)
    np.testing.assert_array_equal(loaded.excluded_patterns, mask.ravel())
    assert loaded.excluded_pixels is None
    assert loaded.noise_edge == compression.noise_edge
    model = loaded.reconstruct()
    assert str(model.axes_manager) == str(scan.axes_manager)
    np.testing.assert_array_equal(
        model.data.compute(), compression.reconstruct().data.compute()
    )


def test_save_replaces_only_when_complete(scan, tmp_path, monkeypatch):
    compression = compress(scan, **SETTINGS)
    path = tmp_path / "compression.npz"
    compression.save(path)
    before = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(np.lib.format, "write_array", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            compression.save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["compression.npz"]
    compression.save(path)


def test_nothing_is_unpickled(tmp_path):
    path = tmp_path / "other.npz"
    np.savez(path, header=np.array([{}], dtype=object))
    with pytest.raises(ValueError, match="not a compression.*pickle"):
        Compression.load(path)


def test_load_refuses_other_files(scan, tmp_path):
    text, arrays = tmp_path / "text.npz", tmp_path / "arrays.npz"
    text.write_text("no archive")
    np.savez(arrays, a=np.ones(3))
    for path in (text, arrays):
        with pytest.raises(ValueError, match="is not a compression saved by"):
            Compression.load(path)
    np.savez(arrays, header=np.array(json.dumps({"format": "else"})))
    with pytest.raises(ValueError, match="header says otherwise"):
        Compression.load(arrays)
    for header in ({}, {"patterns": {"nothing": 1}}):
        write_arrays(arrays, header, {})
        with pytest.raises(ValueError, match="is damaged"):
            Compression.load(arrays)
    with pytest.raises(FileNotFoundError):
        Compression.load(tmp_path / "none.npz")


def test_load_refuses_newer_files(scan, tmp_path, monkeypatch):
    path = tmp_path / "compression.npz"
    monkeypatch.setattr("hyperspy_4dphase._archive._VERSION", 2)
    compress(scan, **SETTINGS).save(path)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"version 2 .*up to version 1: update"):
        Compression.load(path)
