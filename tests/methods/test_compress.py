"""`compress` and the Compression it gives."""

import json

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest

import hyperspy_4dphase
from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods._cache import _N_CACHED
from hyperspy_4dphase.methods.compress import Compression, compress
from hyperspy_4dphase.signals._archive import write_arrays

from .conftest import (
    CHUNKS,
    NAVIGATION,
    SHAPES,
    SIGNAL,
    calibrated,
    counts,
    lazy,
    planted,
    unchanged,
)

SETTINGS = {"random_state": 0, "show_progressbar": False}


def error(found, expected):
    kept = np.isfinite(found)
    return np.linalg.norm((found - expected)[kept]) / np.linalg.norm(expected[kept])


def test_public():
    assert hyperspy_4dphase.compress is compress
    assert hyperspy_4dphase.Compression is Compression


def test_reconstruct_removes_noise(scan, truth):
    compression = compress(scan, **SETTINGS)
    expected = np.tensordot(*truth, 1)
    model = compression.reconstruct()
    assert type(model) is type(scan.as_lazy())
    assert model.data.dtype == np.float32
    assert str(model.axes_manager) == str(scan.axes_manager)
    assert model.metadata.General.title == "planted"
    assert error(model.data.compute(), expected) < 0.5 * error(scan.data, expected)


def test_properties(scan):
    compression = compress(scan, **SETTINGS)
    n, m, rank = 120, 99, compression.rank
    assert compression.Q.shape == (n, rank)
    assert compression.B.shape == (rank, m)
    assert compression.row_scale.shape == (n,)
    assert compression.column_scale.shape == (m,)
    assert compression.singular_values.shape == (rank,)
    assert compression.n_significant == 3
    assert compression.noise_edge > 0
    assert compression.noise_variance == pytest.approx(1, abs=0.2)
    assert compression.residual.shape == NAVIGATION
    assert compression.residual.mean() == pytest.approx(1, abs=0.4)
    assert compression.n_reads >= 1
    assert compression.poissonian_noise_normalized
    assert "12x10|9x11" in repr(compression)


def test_the_scan_is_not_changed(scan):
    before = scan.deepcopy()
    compress(scan, **SETTINGS)
    assert unchanged(scan, before)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("make", [lambda s: s, lambda s: s.as_lazy()])
def test_shapes(name, make):
    cls, navigation, signal_shape = SHAPES[name]
    truth = planted(navigation, signal_shape)
    scan = make(calibrated(counts(*truth), cls))
    model = compress(scan, **SETTINGS).reconstruct()
    assert isinstance(model, cls)
    assert str(model.axes_manager) == str(scan.axes_manager)
    assert error(model.data.compute(), np.tensordot(*truth, 1)) < 0.2


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy_is_eager(scan, chunks):
    eager = compress(scan, **SETTINGS).reconstruct().data.compute()
    other = compress(lazy(scan, CHUNKS[chunks]), **SETTINGS).reconstruct()
    np.testing.assert_allclose(other.data.compute(), eager, rtol=1e-4, atol=1e-3)


def test_reconstruct_in_blocks(scan, monkeypatch):
    compression = compress(scan, **SETTINGS)
    whole = compression.reconstruct().data
    monkeypatch.setattr("hyperspy_4dphase.signals.compression._BLOCK_BYTES", 4 * 99 * 7)
    blocks = compression.reconstruct().data
    assert blocks.npartitions > 10
    np.testing.assert_allclose(blocks.compute(), whole.compute(), rtol=1e-6)


def test_masked_is_nan_in_its_place(scan, truth):
    navigation_mask, signal_mask = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation_mask[2:4, 7] = signal_mask[4, 5:9] = True
    compression = compress(scan, navigation_mask, signal_mask, **SETTINGS)
    assert compression.Q.shape[0] == 118
    assert compression.B.shape[1] == 95
    np.testing.assert_array_equal(np.isnan(compression.residual), navigation_mask)
    model = compression.reconstruct().data.compute()
    np.testing.assert_array_equal(np.isnan(model).all(axis=(2, 3)), navigation_mask)
    np.testing.assert_array_equal(np.isnan(model).all(axis=(0, 1)), signal_mask)
    assert error(model, np.tensordot(*truth, 1)) < 0.2


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
        patch.setattr(np, "savez", lambda *_, **__: 1 / 0)
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
    monkeypatch.setattr("hyperspy_4dphase.signals._archive._VERSION", 2)
    compress(scan, **SETTINGS).save(path)
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"version 2 .*up to version 1: update"):
        Compression.load(path)


def test_seed(scan):
    first, second = (compress(scan, **SETTINGS) for _ in range(2))
    np.testing.assert_array_equal(first.Q, second.Q)
    assert first.provenance["random_state"] == 0
    unseeded = compress(scan, show_progressbar=False)
    again = compress(
        scan, random_state=unseeded.provenance["random_state"], show_progressbar=False
    )
    np.testing.assert_array_equal(unseeded.Q, again.Q)


def test_global_generator_is_untouched(scan):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    compress(scan, show_progressbar=False)
    compress(scan, **SETTINGS)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_lazy_is_remembered(scan, has_read):
    signal = lazy(scan)
    first = compress(signal, **SETTINGS)
    assert has_read()
    signal.axes_manager[0].scale = 7.0
    second = compress(signal, **SETTINGS)
    assert second.Q is first.Q
    assert second.axes != first.axes
    compress(signal.deepcopy(), **SETTINGS)
    assert not has_read()


@pytest.mark.parametrize(
    "other",
    [
        {"random_state": 1},
        {"oversampling": 5},
        {"rank": 4},
        {"power_iterations": 3},
        {"normalize_poissonian_noise": False},
        {"navigation_mask": np.eye(*NAVIGATION, dtype=bool)},
        {"signal_mask": np.eye(*SIGNAL, dtype=bool)},
    ],
)
def test_other_questions_are_not_remembered(scan, other):
    signal = lazy(scan)
    first = compress(signal, **SETTINGS)
    assert compress(signal, **(SETTINGS | other)).Q is not first.Q


def test_with_squares_serves_without(scan, has_read):
    signal = lazy(scan)
    plain = compress(signal, squares=False, **SETTINGS)
    assert compress(signal, squares=False, **SETTINGS).Q is plain.Q
    whole = compress(signal, **SETTINGS)
    assert whole.Q is not plain.Q
    assert has_read()
    assert compress(signal, squares=False, **SETTINGS).Q is whole.Q
    signal.decomposition_rnmf(random_state=SETTINGS["random_state"], print_info=False)
    assert not has_read()
    with pytest.raises(TypeError, match="squares must be True or False, not 'few'"):
        compress(signal, squares="few", **SETTINGS)


def test_other_data_are_not_remembered(scan, has_read):
    signal = lazy(scan)
    for other in (signal, signal * 2, signal.inav[:, 1:]):
        compress(other, **SETTINGS)
        assert has_read()
    signal.data[0, 0] = 5
    compress(signal, **SETTINGS)
    assert has_read()


def test_eager_is_never_remembered(scan):
    first, second = (compress(scan, **SETTINGS) for _ in range(2))
    assert second.Q is not first.Q


def test_few_are_remembered(scan, has_read):
    signal = lazy(scan)
    for seed in range(_N_CACHED + 1):
        compress(signal, random_state=seed, show_progressbar=False)
    assert len(_cache._cache) == _N_CACHED
    has_read()
    compress(signal, random_state=0, show_progressbar=False)
    assert has_read()


def test_masks_are_not_shared(scan):
    mask = np.eye(*NAVIGATION, dtype=bool)
    compression = compress(scan, mask, **SETTINGS)
    mask[:] = True
    assert compression.excluded_patterns.sum() == 10


def test_progress(scan, capsys):
    compress(scan, random_state=0, show_progressbar=True)
    assert "Reading patterns" in capsys.readouterr().err
    compress(scan, random_state=0, show_progressbar=False)
    assert not capsys.readouterr().err
    hs.preferences.General.show_progressbar, before = (
        False,
        hs.preferences.General.show_progressbar,
    )
    try:
        compress(scan, random_state=0)
    finally:
        hs.preferences.General.show_progressbar = before
    assert not capsys.readouterr().err


def test_dask_arrays_as_masks(scan):
    mask = da.from_array(np.eye(*NAVIGATION, dtype=bool), chunks=5)
    assert compress(lazy(scan), mask, **SETTINGS).Q.shape[0] == 110
