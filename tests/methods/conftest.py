"""Small scans with planted patterns. All dimensions differ, so none can be swapped."""

import dask.array as da
import numpy as np
import pytest
from dask.callbacks import Callback
from pyxem.signals import Diffraction1D, Diffraction2D, PolarDiffraction2D

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.methods._cache import clear_cache

NAVIGATION, SIGNAL, N_COMPONENTS = (12, 10), (9, 11), 3


@pytest.fixture(autouse=True)
def _empty_cache():
    clear_cache()
    yield
    clear_cache()


@pytest.fixture
def small_blocks(monkeypatch):
    """Read scans chunk by chunk, again and again, as one that memory does not hold."""
    module = "hyperspy_4dphase.estimators.compression._compress"
    monkeypatch.setattr(f"{module}._MAX_HELD_VALUES", 0)
    # It is the default of an argument, which is bound already.
    monkeypatch.setitem(PatternBlocks.__init__.__kwdefaults__, "block_values", 1)


class _Reads(Callback):
    """Notices whenever dask computes: lazy scans are read so."""

    has_read = False

    def _start(self, graph):
        self.has_read = True


@pytest.fixture
def has_read():
    """Tell whether a lazy scan was read since this was called last."""
    with _Reads() as reads:

        def ask():
            answer, reads.has_read = reads.has_read, False
            return answer

        yield ask


def planted(navigation=NAVIGATION, signal=SIGNAL, n_components=N_COMPONENTS, seed=0):
    """Abundance maps (*navigation, k) and patterns (k, *signal), in counts."""
    rng = np.random.default_rng(seed)
    maps = rng.dirichlet(np.full(n_components, 0.3), navigation)
    patterns = rng.gamma(0.3, 40, (n_components, *signal)) + 1
    return maps, patterns


def counts(maps, patterns, dtype=np.uint16, seed=1):
    """Counted patterns of the mixture."""
    expected = np.tensordot(maps, patterns, 1)
    return np.random.default_rng(seed).poisson(expected).astype(dtype)


def calibrated(data, cls=Diffraction2D):
    """A signal with a calibration of its own on each axis."""
    signal = cls(data)
    signal.metadata.General.title = "planted"
    axes = (*signal.axes_manager.navigation_axes, *signal.axes_manager.signal_axes)
    for i, axis in enumerate(axes):
        axis.scale, axis.offset = 0.5 + i, 10.0 * i
        axis.units = "nm" if axis.navigate else "1/A"
    return signal


@pytest.fixture
def truth():
    return planted()


@pytest.fixture
def scan(truth):
    return calibrated(counts(*truth))


def lazy(signal, chunks=(5, 4, 9, 11)):
    """The same signal, lazy, in chunks which by default are ragged."""
    twin = signal.as_lazy()
    twin.data = da.from_array(signal.data, chunks=chunks)
    return twin


CHUNKS = {
    "ragged": (5, 4, 9, 11),
    "rows": (1, 10, 9, 11),
    "cut signal": (5, 4, 4, 6),
    "one pixel": (12, 10, 1, 11),
    "one": (12, 10, 9, 11),
}

SHAPES = {
    "1-D navigation": (Diffraction2D, (60,), (9, 11)),
    "3-D navigation": (Diffraction2D, (3, 4, 5), (9, 11)),
    "1-D patterns": (Diffraction1D, (12, 10), (40,)),
    "1-D of both": (Diffraction1D, (60,), (40,)),
    "polar": (PolarDiffraction2D, (12, 10), (9, 11)),
}


def unchanged(signal, before):
    """Whether data, axes and metadata are those of a copy made before."""
    same_data = np.array_equal(
        np.asarray(signal.data),
        np.asarray(before.data),
        equal_nan=signal.data.dtype.kind == "f",
    )
    return (
        same_data
        and signal.data.dtype == before.data.dtype
        and str(signal.axes_manager) == str(before.axes_manager)
        and signal.metadata.as_dictionary() == before.metadata.as_dictionary()
    )


def cosines(found, true):
    """Best cosine of each of the true rows with any of the rows found."""
    found = found / np.linalg.norm(found, axis=1, keepdims=True)
    true = true / np.linalg.norm(true, axis=1, keepdims=True)
    return (true @ found.T).max(axis=1)
