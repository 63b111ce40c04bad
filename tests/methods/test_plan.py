"""A plan tells what a compression then does; nothing of the scan is changed."""

import html
import pickle

import dask.array as da
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

import hyperspy_4dphase
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.methods.plan import plan

from ..block_scans import Scan as CountingScan
from .conftest import NAVIGATION, SIGNAL, lazy

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}


@pytest.mark.parametrize("is_lazy", [False, True])
def test_reads_are_those_of_the_compression(scan, is_lazy):
    signal = lazy(scan) if is_lazy else scan
    expected = plan(signal, probe=False)
    least, most = expected.reads
    assert least <= compress(signal, **QUIET).n_reads <= most
    assert expected.is_lazy == is_lazy


def test_reads_of_a_large_scan(scan, small_blocks):
    signal = lazy(scan)
    least, most = plan(signal, probe=False).reads
    assert least <= compress(signal, **QUIET).n_reads <= most
    assert least < most


def test_what_it_says(scan):
    found = plan(lazy(scan))
    assert found.navigation_shape == NAVIGATION
    assert found.signal_shape == SIGNAL
    assert found.scan_bytes == scan.data.nbytes
    assert found.dtype == str(scan.data.dtype)
    assert found.seconds_per_read > 0
    assert found.seconds == tuple(n * found.seconds_per_read for n in found.reads)
    assert found.bytes_per_second == pytest.approx(
        found.scan_bytes / found.seconds_per_read
    )
    assert found.memory_bytes > scan.data.nbytes
    assert found.worker_bytes is None
    assert found.warnings == []
    assert found.rechunk is None
    text = repr(found)
    shape = " x ".join(map(str, NAVIGATION)) + " positions of "
    assert shape + " x ".join(map(str, SIGNAL)) in text
    assert "a read" in text
    for _, value in found._rows():
        assert html.escape(value) in found._repr_html_()
    assert repr(pickle.loads(pickle.dumps(found))) == text


def test_without_probe_nothing_is_read(scan):
    counting = CountingScan(scan.data, (4, 5, *SIGNAL))
    signal = Diffraction2D(counting.array).as_lazy()
    found = plan(signal, probe=False)
    assert counting.counts() == {0}
    assert found.seconds_per_read is found.seconds is found.bytes_per_second is None
    assert "not measured" in repr(found)


def test_few_blocks_are_read(small_blocks):
    data = np.ones((30, 20, 5, 4), np.uint8)
    counting = CountingScan(data, (1, 1, 5, 4))
    assert plan(Diffraction2D(counting.array).as_lazy()).seconds_per_read > 0
    assert 0 < sum(counting.loads.values()) <= 50


def test_chunks_that_cut_patterns():
    data = da.zeros((64, 60, 128, 120), dtype="uint16", chunks=(64, 60, 8, 10))
    signal = Diffraction2D(data).as_lazy()
    found = plan(signal, probe=False)
    assert any("cut each pattern into 192 pieces" in text for text in found.warnings)
    assert found.chunks == data.chunks
    assert "! Chunks cut" in repr(found)
    assert found.rechunk in repr(found)
    # The call is one that can be made, and leaves nothing to be said.
    eval(found.rechunk, {"s": signal})
    assert signal.data.chunks[2:] == ((128,), (120,))
    assert plan(signal, probe=False).warnings == []


def test_large_blocks_are_not_read(monkeypatch, scan):
    monkeypatch.setattr("hyperspy_4dphase.methods.plan._MOST_PROBED_BYTES", 10)
    found = plan(scan)
    assert found.seconds_per_read is None
    assert "too much to be read" in found.warnings[0]


def test_masks_count(scan):
    mask = np.zeros(NAVIGATION, bool)
    mask[:3] = True
    full, masked = plan(scan, probe=False), plan(scan, mask, probe=False)
    assert masked.result_bytes < full.result_bytes
    with pytest.raises(ValueError, match="navigation_mask"):
        plan(scan, mask[:, :2])


def test_bad_input(scan):
    with pytest.raises(TypeError, match="signal is needed"):
        plan(scan.data)
    with pytest.raises(TypeError, match="probe must be"):
        plan(scan, probe=3)


def test_public():
    assert hyperspy_4dphase.plan is plan
    assert hyperspy_4dphase.ScanPlan.__name__ == "ScanPlan"
