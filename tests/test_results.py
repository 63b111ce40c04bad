"""Arrays to `learning_results`: shapes, masks, what is reset, what is saved."""

import json
from types import SimpleNamespace

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._results import (
    array_shapes,
    filled,
    store_decomposition,
)
from hyperspy_4dphase._scan import Scan

NAVIGATION, SIGNAL, N_COMPONENTS = (4, 3), (5, 6), 2


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def scan(rng):
    return Diffraction2D(rng.random(NAVIGATION + SIGNAL))


@pytest.fixture
def arrays(rng):
    return rng.random((12, N_COMPONENTS)), rng.random((N_COMPONENTS, 30))


def store(signal, W, H, *, masks=(None, None), variance=(2.0, 1.0), provenance=None):
    """Store what a fitted estimator has learned."""
    estimator = SimpleNamespace(
        components_=H,
        explained_variance_=variance,
        explained_variance_ratio_=np.array([0.6, 0.3]),
        groups_=np.array([0, 1]),
    )
    store_decomposition(
        Scan.from_signal(signal).masked(*masks),
        W,
        estimator,
        algorithm="randomized NMF",
        poissonian_noise_normalized=True,
        provenance=provenance,
    )
    return signal.learning_results


def test_array_shapes(scan):
    assert array_shapes(scan) == (NAVIGATION, SIGNAL)


@pytest.mark.parametrize("fill_value", [np.nan, -1])
def test_filled(fill_value):
    excluded = np.array([False, True, False, False])
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rows = filled(values, excluded, fill_value)
    np.testing.assert_array_equal(rows[[0, 2, 3]], values)
    np.testing.assert_array_equal(rows[1], fill_value)
    assert filled(values, None) is not values


def test_shapes_and_kinds(scan, arrays):
    W, H = arrays
    results = store(scan, W.astype(np.float32), H.astype(np.float32))
    assert results.loadings.shape == (12, N_COMPONENTS)
    assert results.factors.shape == (30, N_COMPONENTS)
    for array in (results.loadings, results.factors):
        assert type(array) is np.ndarray
        assert array.dtype == np.float64
        assert array.flags.writeable
        assert array.flags.c_contiguous
    assert results.output_dimension == N_COMPONENTS
    assert type(results.output_dimension) is int
    assert type(results.number_significant_components) is int
    assert results.decomposition_algorithm == "randomized NMF"
    assert results.poissonian_noise_normalized is True
    assert results.unfolded is False
    for name in ("mean", "centre", "navigation_mask", "signal_mask", "original_shape"):
        assert getattr(results, name) is None


def test_no_array_is_shared(scan, arrays):
    W, H = arrays
    results = store(scan, W, H)
    assert not np.shares_memory(results.loadings, W)
    assert not np.shares_memory(results.factors, H)


def test_masked_is_nan_at_the_right_place(scan, arrays):
    W, H = arrays
    patterns, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    (x, y), (kx, ky) = (2, 1), (5, 0)
    patterns[y, x] = pixels[ky, kx] = True
    masks = patterns.ravel(), pixels.ravel()
    results = store(scan, W[:11], H[:, :29], masks=masks)
    np.testing.assert_array_equal(results.navigation_mask, patterns)
    np.testing.assert_array_equal(results.signal_mask, pixels)
    assert np.isnan(results.loadings).sum() == np.isnan(results.factors).sum() == 2
    loadings = scan.get_decomposition_loadings()
    assert np.isnan(loadings.inav[0].isig[x, y].data).all()
    factors = scan.get_decomposition_factors()
    assert np.isnan(factors.inav[0].isig[kx, ky].data).all()


def test_earlier_results_go(scan, arrays):
    scan.decomposition(output_dimension=3, print_info=False)
    scan.blind_source_separation(2, print_info=False)
    scan.cluster_analysis("decomposition", n_clusters=2, number_of_components=2)
    held = scan.learning_results
    results = store(scan, *arrays)
    assert results is held
    fresh = Diffraction2D(np.zeros((2, 2, 2, 2))).learning_results
    for name in vars(type(fresh)):
        if name.startswith(("bss_", "cluster_", "unmixing", "estimated")):
            assert getattr(results, name) is None, name
    stale = ("bss", "cluster", "on_loadings")
    assert not [name for name in vars(results) if name.startswith(stale)]


def test_failure_leaves_everything(scan, arrays):
    before = dict(vars(store(scan, *arrays)))
    with pytest.raises(ValueError, match="could not convert"):
        store(scan, *arrays, variance=["much"])
    with pytest.raises(ValueError, match="shape mismatch"):
        store(scan, *arrays, masks=(None, np.zeros(7, bool)))
    assert vars(scan.learning_results) == before


def test_the_signal_is_not_changed(scan, arrays):
    before = scan.deepcopy()
    store(scan, *arrays)
    np.testing.assert_array_equal(scan.data, before.data)
    assert str(scan.axes_manager) == str(before.axes_manager)
    assert scan.metadata.as_dictionary() == before.metadata.as_dictionary()


@pytest.mark.parametrize("extension", ["hspy", "zspy"])
def test_provenance_is_saved(scan, arrays, tmp_path, extension):
    record = provenance(
        "decomposition_rnmf",
        {"a": None, "b": np.float32(0.5), "c": (1, np.int64(2)), "d": {"e": True}},
        np.uint32(7),
        {"converged": np.True_, "device": object},
    )
    store(scan, *arrays, provenance=record)
    path = tmp_path / f"scan.{extension}"
    scan.save(path)
    saved = json.loads(hs.load(path).learning_results.provenance)
    assert saved["method"] == "decomposition_rnmf"
    assert saved["parameters"]["a"] is None
    assert saved["parameters"]["b"] == 0.5
    assert list(saved["parameters"]["c"]) == [1, 2]
    assert saved["parameters"]["d"] == {"e": True}
    assert saved["random_state"] == 7
    assert saved["outcome"]["converged"]
    assert set(saved["versions"]) >= {"hyperspy", "numpy", "hyperspy-4dphase"}
    assert saved["versions"]["numpy"] == np.__version__
