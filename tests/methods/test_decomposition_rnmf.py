"""`decomposition_rnmf`: what it finds, and that it finds it whatever the form."""

import inspect
import json

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D, ElectronDiffraction2D
from sklearn.exceptions import ConvergenceWarning

from hyperspy_4dphase.estimators.nmf._rnmf import RandomizedNMF
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.methods.decomposition_rnmf import decomposition_rnmf

from ..local_cluster import local_cluster
from .conftest import (
    CHUNKS,
    N_COMPONENTS,
    NAVIGATION,
    SHAPES,
    SIGNAL,
    calibrated,
    cosines,
    counts,
    lazy,
    planted,
    unchanged,
)

SETTINGS = {"random_state": 0, "show_progressbar": False, "print_info": False}


def run(signal, *args, **keywords):
    signal.decomposition_rnmf(*args, **(SETTINGS | {"max_iter": 2000} | keywords))
    return signal.learning_results


def check_truth(results, maps, patterns, least=0.95):
    n_components = len(patterns)
    loadings = results.loadings[np.isfinite(results.loadings).all(axis=1)]
    factors = results.factors[np.isfinite(results.factors).all(axis=1)]
    assert cosines(loadings.T, maps.reshape(-1, n_components).T).min() > least
    assert cosines(factors.T, patterns.reshape(n_components, -1)).min() > least


def test_signature():
    names = list(inspect.signature(Diffraction2D.decomposition_rnmf).parameters)
    assert names[1:5] == [
        "output_dimension",
        "normalize_poissonian_noise",
        "navigation_mask",
        "signal_mask",
    ]
    assert decomposition_rnmf.__doc__.startswith("Decompose the scan by *randomized*")
    assert "%(" not in decomposition_rnmf.__doc__


def test_true_reconstruction(scan, truth):
    results = run(scan, N_COMPONENTS)
    check_truth(results, *truth)
    model = results.loadings @ results.factors.T
    expected = np.tensordot(*truth, 1).reshape(model.shape)
    noise = np.linalg.norm(scan.data.reshape(model.shape) - expected)
    assert np.linalg.norm(model - expected) < 0.5 * noise


def test_number_is_chosen(scan):
    results = run(scan)
    assert results.output_dimension == N_COMPONENTS
    assert results.factors.shape[1] == N_COMPONENTS


def test_non_negative(scan):
    results = run(scan, 4)
    assert results.loadings.min() >= 0
    assert results.factors.min() >= 0


def test_nothing_is_returned_or_changed(scan):
    before = scan.deepcopy()
    assert scan.decomposition_rnmf(2, **SETTINGS) is None
    assert unchanged(scan, before)
    assert not scan.metadata._HyperSpy.Folding.unfolded


def test_return_info(scan):
    estimator = scan.decomposition_rnmf(2, return_info=True, **SETTINGS)
    assert isinstance(estimator, RandomizedNMF)
    assert estimator.callback is None
    np.testing.assert_allclose(
        estimator.components_.T, scan.learning_results.factors, rtol=1e-6
    )


def test_print_info(scan, capsys):
    scan.decomposition_rnmf(**(SETTINGS | {"print_info": True}))
    printed = capsys.readouterr().out
    for line in (
        "Decomposition info:",
        "  normalize_poissonian_noise=True",
        "  algorithm=randomized NMF",
        "  output_dimension=3 (chosen",
        "  directions_above_noise=3",
        "  residual=0.",
        "  iterations=",
        "(converged)",
        "  reads_of_the_scan=",
    ):
        assert line in printed
    scan.decomposition_rnmf(2, **(SETTINGS | {"print_info": True}))
    assert "output_dimension=2 (as asked)" in capsys.readouterr().out
    scan.decomposition_rnmf(2, **SETTINGS)
    assert not capsys.readouterr().out


def test_warns_and_says_so_when_not_converged(scan, capsys):
    with pytest.warns(ConvergenceWarning):
        scan.decomposition_rnmf(
            2, max_iter=1, tol=0, **(SETTINGS | {"print_info": True})
        )
    assert "(NOT converged)" in capsys.readouterr().out
    record = json.loads(scan.learning_results.provenance)
    assert not record["outcome"]["converged"]


def test_progress(scan, capsys):
    scan.decomposition_rnmf(2, **(SETTINGS | {"show_progressbar": True}))
    assert "Reading patterns" in capsys.readouterr().err
    scan.decomposition_rnmf(2, **SETTINGS)
    assert not capsys.readouterr().err


def test_provenance(scan):
    record = json.loads(run(scan, 3, oversampling=7).provenance)
    assert record["method"] == "decomposition_rnmf"
    assert record["parameters"]["output_dimension"] == 3
    assert record["parameters"]["max_iter"] == 2000
    assert record["random_state"] == 0
    assert record["outcome"]["converged"]
    assert record["outcome"]["n_reads"] >= 1
    assert record["compression"]["parameters"]["oversampling"] == 7
    assert record["versions"]["numpy"] == np.__version__


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("make", [lambda s: s, lambda s: s.as_lazy()])
def test_shapes(name, make):
    cls, navigation, signal_shape = SHAPES[name]
    truth = planted(navigation, signal_shape)
    scan = make(calibrated(counts(*truth), cls))
    check_truth(run(scan, N_COMPONENTS), *truth, least=0.9)
    assert scan.get_decomposition_loadings().data.shape == (N_COMPONENTS, *navigation)
    factors = scan.get_decomposition_factors()
    assert factors.data.shape == (N_COMPONENTS, *signal_shape)


def test_subclasses(scan, truth):
    scan.set_signal_type("electron_diffraction")
    assert isinstance(scan, ElectronDiffraction2D)
    check_truth(run(scan, N_COMPONENTS), *truth)


def check_same(found, expected):
    for name in ("loadings", "factors"):
        one, other = getattr(found, name), getattr(expected, name)
        assert type(one) is np.ndarray
        assert np.linalg.norm(one - other) < 1e-4 * np.linalg.norm(other)


@pytest.fixture(scope="module")
def eager():
    """Results of the scan in memory, read at once."""
    return run(calibrated(counts(*planted())), N_COMPONENTS)


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy_is_eager(scan, eager, chunks):
    check_same(run(lazy(scan, CHUNKS[chunks]), N_COMPONENTS), eager)


@pytest.mark.parametrize("chunks", [None, *CHUNKS])
def test_blocks_are_the_whole(scan, eager, chunks, small_blocks):
    signal = scan if chunks is None else lazy(scan, CHUNKS[chunks])
    check_same(run(signal, N_COMPONENTS), eager)


@pytest.mark.usefixtures("small_blocks")
def test_distributed(scan):
    expected = run(lazy(scan), N_COMPONENTS)
    with local_cluster(1, processes=False, threads_per_worker=2):
        found = run(lazy(scan, CHUNKS["cut signal"]), N_COMPONENTS)
    check_same(found, expected)


def test_random_state(scan):
    results = [dict(vars(run(scan, 4, random_state=seed))) for seed in (3, 3)]
    for name in ("loadings", "factors"):
        np.testing.assert_array_equal(results[0][name], results[1][name])
    generator = np.random.RandomState(3)
    found = run(scan, 4, random_state=generator)
    assert found.output_dimension == 4


def test_global_generator_is_untouched(scan):
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    run(scan, 3, random_state=None)
    run(scan, 3)
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_masks(scan, truth):
    navigation_mask, signal_mask = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation_mask[2:4, 7] = signal_mask[4, 5:9] = True
    damaged = scan.deepcopy()
    damaged.data[navigation_mask] = 60_000
    damaged.data[:, :, signal_mask] = 50_000
    expected = run(scan, N_COMPONENTS, None, navigation_mask, signal_mask)
    masks = hs.signals.Signal2D(navigation_mask).T, hs.signals.Signal2D(signal_mask)
    for signal in (damaged, lazy(damaged)):
        found = run(signal, N_COMPONENTS, None, *masks)
        tolerance = 1e-4 * np.nanmax(expected.loadings)
        np.testing.assert_allclose(found.loadings, expected.loadings, 0, tolerance)
        np.testing.assert_array_equal(found.navigation_mask, navigation_mask)
        np.testing.assert_array_equal(found.signal_mask, signal_mask)
        loadings = signal.get_decomposition_loadings()
        assert np.isnan(loadings.isig[7, 2:4].data).all()
        assert np.isnan(loadings.data).sum() == 2 * N_COMPONENTS
        factors = signal.get_decomposition_factors()
        assert np.isnan(factors.isig[5:9, 4].data).all()
        assert np.isnan(factors.data).sum() == 4 * N_COMPONENTS
    assert np.isfinite(expected.loadings).any()


@pytest.mark.parametrize(
    ("dtype", "factor"),
    [("int64", 1), ("uint16", 7), ("float32", 1), ("float32", 0.0123), ("float64", 7)],
)
def test_noise_is_scaled_of_counts_of_any_type(scan, eager, dtype, factor):
    scan.data = (scan.data * factor).astype(dtype)
    for given in (None, True):
        found = run(scan, 3, given)
        assert found.poissonian_noise_normalized
        np.testing.assert_allclose(found.factors, eager.factors, atol=1e-5)
    assert not run(scan, 3, False).poissonian_noise_normalized


def test_noise_is_not_scaled_of_values_that_are_no_counts(scan):
    scan.change_dtype("float32")
    scan.data -= np.random.default_rng(0).uniform(0, 60, SIGNAL).astype("f4")
    assert not run(scan, 3).poissonian_noise_normalized
    rng = np.random.default_rng(0)
    features = rng.normal(50, 1, scan.data.shape).astype("f4")
    assert not run(Diffraction2D(features), 1).poissonian_noise_normalized


class TestCompression:
    def test_is_the_same_as_without(self, scan):
        expected = run(scan, 3)
        compression = compress(scan, rank=3, random_state=0, show_progressbar=False)
        np.testing.assert_allclose(
            run(scan.deepcopy(), 3, compression=compression).loadings,
            expected.loadings,
            rtol=1e-5,
        )

    def test_it_is_not_compressed_again(self, scan, capsys):
        compression = compress(scan, random_state=0, show_progressbar=False)
        results = run(scan, compression=compression, print_info=True)
        assert results.output_dimension == N_COMPONENTS
        assert "reads_of_the_scan=0 (" in capsys.readouterr().out
        scan.data = np.zeros_like(scan.data)
        with pytest.raises(ValueError, match="compression is of another scan"):
            run(scan, compression=compression)

    def test_masks_come_with_it(self, scan):
        masks = np.eye(*NAVIGATION, dtype=bool), np.eye(*SIGNAL, dtype=bool)
        compression = compress(scan, *masks, show_progressbar=False)
        for given in ((None, None), masks):
            results = run(scan, 3, None, *given, compression=compression)
            np.testing.assert_array_equal(results.navigation_mask, masks[0])
            np.testing.assert_array_equal(results.signal_mask, masks[1])

    @pytest.mark.parametrize("name", ["navigation_mask", "signal_mask"])
    def test_other_masks(self, scan, name):
        shape = {"navigation_mask": NAVIGATION, "signal_mask": SIGNAL}[name]
        mask = np.eye(*shape, dtype=bool)
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match=f"{name} is not the one"):
            run(scan, 3, compression=compression, **{name: mask})

    def test_other_scan(self, scan):
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match=r"another scan.*\(12, 10\).*\(11, 10\)"):
            run(scan.inav[:, 1:], 3, compression=compression)

    def test_other_scaling(self, scan):
        compression = compress(scan, show_progressbar=False)
        with pytest.raises(ValueError, match="compression was made with True"):
            run(scan, 3, False, compression=compression)

    def test_no_compression(self, scan):
        with pytest.raises(TypeError, match="not ndarray"):
            run(scan, 3, compression=scan.data)
