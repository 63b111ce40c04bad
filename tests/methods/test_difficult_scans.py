"""Scans of every type, and scans with little, or strange things, in them."""

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from .conftest import (
    N_COMPONENTS,
    SIGNAL,
    calibrated,
    cosines,
    counts,
    lazy,
    planted,
)

SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}


def run(signal, *args):
    signal.decomposition_rnmf(*args, **SETTINGS)
    return signal.learning_results


DTYPES = ["float32", "float64", "uint8", "uint16", "int32", "int64", ">u2", ">f4"]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("make", [lambda s: s, lazy])
def test_types(truth, dtype, make):
    maps, patterns = truth
    data = np.minimum(counts(maps, patterns), 255).astype(dtype)
    scan = make(calibrated(data))
    results = run(scan, N_COMPONENTS, True)
    assert scan.data.dtype == np.dtype(dtype)
    assert cosines(results.loadings.T, maps.reshape(-1, 3).T).min() > 0.95


@pytest.mark.parametrize("make", [lambda s: s, lazy])
def test_booleans(make):
    """Patterns of single electrons: at most one count in each pixel."""
    maps, patterns = planted((30, 20), SIGNAL)
    data = counts(maps, patterns / 40) > 0
    results = run(make(calibrated(data)), N_COMPONENTS)
    assert results.poissonian_noise_normalized
    assert cosines(results.loadings.T, maps.reshape(-1, 3).T).min() > 0.8


@pytest.mark.parametrize("normalize", [True, False])
class TestDifficultScans:
    def check(self, scan, n_components, normalize):
        results = run(scan, n_components, normalize)
        n_found = results.output_dimension
        assert n_components in (None, n_found)
        assert results.loadings.shape == (scan.axes_manager.navigation_size, n_found)
        for array in (results.loadings, results.factors):
            assert np.isfinite(array).all()
            assert array.min() >= 0
        return results

    @pytest.mark.parametrize("n_components", [None, 3])
    def test_empty_pattern(self, scan, truth, n_components, normalize):
        scan.data[4, 7] = 0
        results = self.check(scan, n_components, normalize)
        assert results.loadings[47].max() == 0
        assert cosines(results.loadings.T, truth[0].reshape(-1, 3).T).min() > 0.9

    @pytest.mark.parametrize("n_components", [None, 3])
    def test_dead_pixel(self, scan, truth, n_components, normalize):
        scan.data[:, :, 4, 7] = 0
        results = self.check(scan, n_components, normalize)
        assert results.factors[4 * 11 + 7].max() == 0
        assert cosines(results.loadings.T, truth[0].reshape(-1, 3).T).min() > 0.9

    def test_hot_pixel(self, scan, truth, normalize):
        scan.data[:, :, 4, 7] = 60_000
        if not normalize:
            self.check(scan, 3, normalize)
            return
        # No counting gives the same value each time: it is left out.
        results = run(scan, 3, normalize)
        left_out = np.isnan(results.factors).all(axis=1)
        assert left_out.sum() == 1
        assert np.isfinite(results.factors[~left_out]).all()
        if normalize:
            assert cosines(results.loadings.T, truth[0].reshape(-1, 3).T).min() > 0.9

    @pytest.mark.parametrize("n_components", [None, 1, 3])
    def test_constant_patterns(self, scan, n_components, normalize):
        scan.data[:] = scan.data[0, 0]
        results = self.check(scan, n_components, normalize)
        model = results.loadings @ results.factors.T
        np.testing.assert_allclose(
            model, scan.data.reshape(120, 99), rtol=0.02, atol=0.02
        )

    @pytest.mark.parametrize("n_components", [None, 2])
    def test_everything_is_empty(self, scan, n_components, normalize):
        scan.data[:] = 0
        with pytest.raises(ValueError, match="empty"):
            self.check(scan, n_components, normalize)

    def test_all_values_alike(self, scan, normalize):
        scan.data[:] = 7
        results = self.check(scan, None, normalize)
        np.testing.assert_allclose(results.loadings @ results.factors.T, 7, rtol=1e-3)

    def test_one_component(self, scan, normalize):
        self.check(scan, 1, normalize)

    @pytest.mark.filterwarnings("ignore:The factorization did not converge")
    def test_more_components_than_rank(self, scan, truth, normalize):
        scan.data[:] = np.tensordot(*truth, 1)
        self.check(scan, 12, normalize)

    def test_as_many_components_as_pixels(self, normalize):
        scan = Diffraction2D(counts(*planted((6, 4), (3, 2), 2)))
        self.check(scan, 6, normalize)

    def test_few_patterns(self, scan, normalize):
        self.check(scan.inav[:2, :1], None, normalize)

    def test_single_pixel(self, scan, normalize):
        self.check(scan.isig[:1, :1], None, normalize)


class TestConstantScans:
    """Every pattern is the same: one domain, and no warning of NumPy on the way."""

    NAVIGATION, SIGNAL = (12, 14), (20, 18)

    def scan(self, kind):
        pattern = np.full(self.SIGNAL, 3, np.uint16)
        if kind == "floats":
            pattern = np.full(self.SIGNAL, 0.37, np.float32)
        if kind == "structured":
            pattern = np.random.default_rng(0).gamma(1, 3, self.SIGNAL).round()
        whole = np.broadcast_to(pattern, (*self.NAVIGATION, *self.SIGNAL)).copy()
        return Diffraction2D(whole)

    @pytest.mark.filterwarnings("ignore:The values vary less:UserWarning")
    @pytest.mark.filterwarnings("ignore:Neighbouring patterns:UserWarning")
    @pytest.mark.parametrize("poissonian", [None, True, False])
    @pytest.mark.parametrize("kind", ["counts", "floats", "structured"])
    def test_one_domain(self, kind, poissonian):
        settings = {"normalize_poissonian_noise": poissonian, **SETTINGS}
        domains = self.scan(kind).cluster_hierarchical(**settings)
        assert domains.n_domains == 1
        assert (domains.labels == 0).all()

    @pytest.mark.filterwarnings("ignore:The values vary less:UserWarning")
    @pytest.mark.parametrize("kind", ["counts", "floats", "structured"])
    def test_nothing_is_resolved(self, kind):
        confidence = self.scan(kind).domain_confidence(n_maps=3, **SETTINGS)
        assert confidence.n_domains == 1
        assert not confidence.is_resolved
        assert np.isnan(confidence.data).all()
