"""`compress`: what it takes, what it remembers, what stays as it was."""

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest

import hyperspy_4dphase
from hyperspy_4dphase.methods import _cache
from hyperspy_4dphase.methods._cache import _N_CACHED
from hyperspy_4dphase.methods.compress import Compression, compress

from .conftest import (
    CHUNKS,
    NAVIGATION,
    SIGNAL,
    lazy,
    unchanged,
)

SETTINGS = {"random_state": 0, "show_progressbar": False}


def test_public():
    assert hyperspy_4dphase.compress is compress
    assert hyperspy_4dphase.Compression is Compression


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


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy_is_eager(scan, chunks):
    eager = compress(scan, **SETTINGS).reconstruct().data.compute()
    other = compress(lazy(scan, CHUNKS[chunks]), **SETTINGS).reconstruct()
    np.testing.assert_allclose(other.data.compute(), eager, rtol=1e-4, atol=1e-3)


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
    # They are added to what is there.
    assert whole.Q is plain.Q
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
