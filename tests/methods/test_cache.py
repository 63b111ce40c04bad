"""Compressions of lazy scans: given again where it is certain, and only there."""

import gc
import os
import shutil
from array import array

import dask
import dask.array as da
import h5py
import hyperspy.api as hs
import numpy as np
import pytest
import zarr
from pyxem.signals import Diffraction2D
from scipy.ndimage import gaussian_filter

from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods.compress import compress

from .conftest import calibrated, counts, lazy, planted

SETTINGS = {"random_state": 0, "show_progressbar": False}
# Square patterns: blockfiles hold no others.
NAVIGATION, SIGNAL = (8, 10), (12, 12)
FORMATS = ("blo", "npy", "hspy", "zspy")


def mixture(n_components, seed=0):
    """A scan of so many patterns."""
    truth = planted(NAVIGATION, SIGNAL, n_components, seed)
    signal = calibrated(counts(*truth, dtype=np.uint8))
    for axis in signal.axes_manager.signal_axes:
        # As blockfiles want it.
        axis.units = "cm"
    return signal


def written(path, signal):
    """Write a file, and replace one of that name."""
    if path.suffix == ".npy":
        np.save(path, signal.data)
    else:
        signal.save(path, overwrite=True)


def loaded(path):
    signal = hs.load(path, lazy=True)
    if path.suffix == ".npy":
        signal = signal.transpose(signal_axes=2)
        signal.set_signal_type("diffraction")
    return signal


def check_is_of(compression, data):
    """The compression is what these data give when they are read anew."""
    fresh = compress(Diffraction2D(np.asarray(data, np.uint8)), **SETTINGS)
    found, expected = (c.reconstruct().data.compute() for c in (compression, fresh))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("extension", FORMATS)
def test_a_file_written_again_is_read_again(tmp_path, extension, has_read):
    path = tmp_path / f"scan.{extension}"
    for n_components in (4, 2, 3):
        scan = mixture(n_components, seed=n_components)
        written(path, scan)
        signal = loaded(path)
        compression = compress(signal, **SETTINGS)
        assert has_read()
        again = compress(signal, **SETTINGS)
        assert again.Q is compression.Q
        assert not has_read()
        check_is_of(compression, scan.data)
        if extension == "hspy":
            signal.close_file()


@pytest.mark.parametrize("extension", ["blo", "npy", "zspy"])
def test_a_file_written_again_under_a_signal_is_read_again(tmp_path, extension):
    path = tmp_path / f"scan.{extension}"
    first, second = mixture(3), mixture(2, seed=5)
    written(path, first)
    signal = loaded(path)
    check_is_of(compress(signal, **SETTINGS), first.data)
    written(path, second)
    compression = compress(signal, **SETTINGS)
    np.testing.assert_array_equal(signal.data.compute(), second.data)
    check_is_of(compression, second.data)


@pytest.mark.parametrize("keeps_times", [False, True])
def test_one_byte_of_a_file_counts(tmp_path, has_read, keeps_times):
    path = tmp_path / "scan.npy"
    written(path, mixture(3))
    signal = loaded(path)
    compress(signal, **SETTINGS)
    assert has_read()
    before = os.stat(path)
    with open(path, "r+b") as stream:
        stream.seek(-5, os.SEEK_END)
        stream.write(b"\x07")
    if keeps_times:
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    compress(signal, **SETTINGS)
    assert has_read()


@pytest.mark.parametrize("extension", FORMATS)
def test_the_same_name_in_another_folder(tmp_path, monkeypatch, extension):
    for n_components in (4, 2):
        folder = tmp_path / str(n_components)
        folder.mkdir()
        monkeypatch.chdir(folder)
        path = type(folder)(f"scan.{extension}")
        scan = mixture(n_components)
        written(path, scan)
        signal = loaded(path)
        check_is_of(compress(signal, **SETTINGS), scan.data)
        if extension == "hspy":
            signal.close_file()


def test_a_signal_whose_relative_name_means_another_file(tmp_path, monkeypatch):
    scans = {name: mixture(n, seed=n) for name, n in (("one", 4), ("other", 2))}
    for name, scan in scans.items():
        (tmp_path / name).mkdir()
        written(tmp_path / name / "scan.blo", scan)
    monkeypatch.chdir(tmp_path / "one")
    signal = hs.load("scan.blo", lazy=True)
    check_is_of(compress(signal, **SETTINGS), scans["one"].data)
    monkeypatch.chdir(tmp_path / "other")
    check_is_of(compress(signal, **SETTINGS), scans["other"].data)


def test_a_medipix_file_written_again(shared_data, tmp_path):
    source = shared_data / "vendor_files" / "001_4x2_6bit.mib"
    if not source.exists():
        pytest.skip(f"there is no {source}")
    for suffix in (".mib", ".hdr"):
        shutil.copy(source.with_suffix(suffix), tmp_path)
    path = tmp_path / source.name
    signal = hs.load(path, lazy=True)
    first = compress(signal, **SETTINGS)
    content = bytearray(path.read_bytes())
    before = signal.data.compute()
    # The last frame, at the end of the file, becomes the reverse of itself.
    n = before[0, 0].nbytes
    content[-n:] = content[-n:][::-1]
    path.write_bytes(content)
    again = hs.load(path, lazy=True)
    assert (again.data.compute() != before).any()
    for s in (signal, again):
        assert compress(s, **SETTINGS).Q is not first.Q


def test_arrays_changed_in_place_are_read_again(has_read):
    scan = mixture(3)
    for chunks in ((5, 4, 12, 12), (8, 10, 12, 12)):
        signal = lazy(scan, chunks)
        compress(signal, **SETTINGS)
        assert has_read()
        compress(signal, **SETTINGS)
        assert not has_read()
        scan.data[1, 2, 3, 4] += 1
        changed = signal.data[1, 2, 3, 4].compute() == scan.data[1, 2, 3, 4]
        has_read()
        compress(signal, **SETTINGS)
        assert has_read() == changed


def mapped(path, mode):
    """A file as a graph may hold it, without a copy."""
    return {"scan": np.load(path, mmap_mode=mode)}


def test_mapped_files(tmp_path):
    path = tmp_path / "scan.npy"
    np.save(path, mixture(3).data)
    graph = mapped(path, "r")
    before = _cache.content_of(graph)
    assert _cache.content_of(graph) == before
    np.save(path, mixture(2).data)
    assert _cache.content_of(graph) != before
    with pytest.raises(_cache.UnknownContent):
        _cache.content_of(mapped(path, "r+"))


def test_files_open_for_writing_prove_nothing(tmp_path, has_read):
    with h5py.File(tmp_path / "scan.h5", "w") as file:
        stored = file.create_dataset("data", data=mixture(3).data)
        signal = Diffraction2D(da.from_array(stored)).as_lazy()
        for _ in range(2):
            compress(signal, **SETTINGS)
            assert has_read()


def test_stores_in_memory_prove_nothing(has_read):
    stored = zarr.array(mixture(3).data)
    signal = Diffraction2D(da.from_array(stored, chunks=stored.chunks)).as_lazy()
    for _ in range(2):
        compress(signal, **SETTINGS)
        assert has_read()


@pytest.mark.parametrize("kind", [bytearray, lambda b: array("B", b)])
def test_buffers_prove_nothing(kind):
    first, second = mixture(3).data, mixture(2, seed=5).data
    buffer = kind(first.tobytes())
    values = dask.delayed(np.frombuffer, pure=True)(buffer, first.dtype)
    data = da.from_delayed(values, (first.size,), first.dtype).reshape(first.shape)
    signal = Diffraction2D(data).as_lazy()
    compress(signal, **SETTINGS)
    buffer[:] = kind(second.tobytes())
    check_is_of(compress(signal, **SETTINGS), signal.data.compute())


def test_a_file_closed_under_a_signal_is_said_to_be_so(tmp_path):
    path = tmp_path / "scan.hspy"
    mixture(3).save(path)
    signal = hs.load(path, lazy=True)
    compress(signal, **SETTINGS)
    signal.close_file()
    with pytest.raises(Exception, match="[Ff]ile|block") as error:
        compress(signal, **SETTINGS)
    assert "Not an id" not in str(error.value).splitlines()[0]


def test_functions_of_the_user_prove_nothing():
    hidden = [mixture(3).data, mixture(2, seed=5).data]
    places = da.from_array(np.arange(8).reshape(8, 1, 1, 1), chunks=1)

    def read(place):
        return hidden[0][int(place.ravel()[0])][np.newaxis]

    data = places.map_blocks(read, chunks=((1,) * 8, 10, 12, 12), dtype=np.uint8)
    signal = Diffraction2D(data).as_lazy()
    check_is_of(compress(signal, **SETTINGS), hidden[0])
    hidden.pop(0)
    check_is_of(compress(signal, **SETTINGS), hidden[0])


def test_random_data_prove_nothing(has_read):
    data = da.random.default_rng(0).poisson(5, (8, 10, 12, 12), chunks=(4, 5, 12, 12))
    signal = Diffraction2D(data).as_lazy()
    for _ in range(2):
        compress(signal, **SETTINGS)
        assert has_read()


@pytest.mark.parametrize("change", ["times", "slice", "sum", "rechunk", "map"])
def test_what_was_computed_from_a_file_is_remembered(tmp_path, has_read, change):
    path = tmp_path / "scan.npy"
    written(path, mixture(3))
    signal = loaded(path)
    signal = {
        "times": lambda: signal * 2,
        "slice": lambda: signal.inav[1:, :6],
        "sum": lambda: signal.rebin(scale=(1, 1, 2, 2)),
        "rechunk": lambda: signal.rechunk(nav_chunks=(3, 4), inplace=False),
        "map": lambda: signal.map(
            gaussian_filter, sigma=0.5, inplace=False, lazy_output=True
        ),
    }[change]()
    compress(signal, **SETTINGS)
    assert has_read()
    compress(signal, **SETTINGS)
    assert not has_read()
    written(path, mixture(2, seed=5))
    compress(signal, **SETTINGS)
    assert has_read()


def test_a_name_alone_proves_nothing():
    for n_components in (3, 2):
        scan = mixture(n_components)
        data = da.from_array(scan.data, chunks=(4, 5, 12, 12), name="scan")
        check_is_of(compress(Diffraction2D(data).as_lazy(), **SETTINGS), scan.data)


@pytest.mark.parametrize("extension", FORMATS)
def test_one_read_serves_the_whole_workflow(tmp_path, has_read, extension):
    path = tmp_path / f"scan.{extension}"
    written(path, mixture(3))
    signal = loaded(path)
    domains = signal.cluster_hierarchical(**SETTINGS)
    assert has_read()
    signal.domain_confidence(domains, n_maps=3, **SETTINGS)
    signal.decomposition_rnmf(3, print_info=False, **SETTINGS)
    assert not has_read()
    if extension == "hspy":
        signal.close_file()


def test_nothing_outlives_its_signal():
    signal = lazy(mixture(3), (4, 5, 12, 12))
    compress(signal, **SETTINGS)
    assert len(_cache._cache) == 1
    del signal
    gc.collect()
    assert not _cache._cache
