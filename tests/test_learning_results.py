"""Arrays to `learning_results`: shapes, masks, what is reset, what is saved.

And the three changes that HyperSpy is to make to it, each stood in for.
"""

import ast
import json
import warnings
from pathlib import Path
from types import SimpleNamespace

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import PatternDecomposition
from hyperspy_4dphase._learning_results import (
    Decomposition,
    fill_results,
    read_results,
)
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scan import Scan

from .methods.conftest import calibrated, counts, planted

PACKAGE = Path(__file__).parents[1] / "hyperspy_4dphase"
NAVIGATION, SIGNAL, N_COMPONENTS = (4, 3), (5, 6), 2
QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}


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
    found = Decomposition.from_estimator(
        Scan.from_signal(signal).replace_masks(*masks),
        W,
        estimator,
        algorithm="randomized NMF",
        poissonian_noise_normalized=True,
        provenance=provenance,
    )
    assert fill_results(signal, found, NAVIGATION, SIGNAL)
    return signal.learning_results


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


def test_what_was_stored_is_read(scan, arrays):
    W, H = arrays
    masks = np.zeros(12, bool), np.zeros(30, bool)
    masks[0][3] = masks[1][7] = True
    store(scan, W[:11], H[:, :29], masks=masks, provenance={"method": "planted"})
    found = read_results(scan)
    np.testing.assert_array_equal(found.maps[~masks[0]], W[:11])
    np.testing.assert_array_equal(found.patterns[:, ~masks[1]], H[:, :29])
    np.testing.assert_array_equal(found.excluded_patterns, masks[0])
    np.testing.assert_array_equal(found.excluded_pixels, masks[1])
    np.testing.assert_array_equal(found.groups, [0, 1])
    assert found.algorithm == "randomized NMF"
    assert found.provenance == {"method": "planted"}
    assert read_results(Diffraction2D(np.zeros((2, 2, 2, 2)))) is None


# What HyperSpy is to change.


class Renamed:
    """HyperSpy's results with components and scores, and no other names."""

    components = scores = None
    explained_variance = explained_variance_ratio = None
    output_dimension = number_significant_components = None
    decomposition_algorithm = navigation_mask = signal_mask = None
    poissonian_noise_normalized = unfolded = False


class Renaming(Renamed):
    """The same, where the old names are still there, and warn."""

    def _warn(self):
        warnings.warn("use the new names", DeprecationWarning, stacklevel=2)

    factors = property(_warn)
    loadings = property(_warn)


def planted_scan():
    return calibrated(counts(*planted()))


@pytest.fixture(scope="module")
def today():
    """What comes of it where nothing has changed."""
    s = planted_scan()
    result = s.decomposition_rnmf(3, return_result=True, **QUIET)
    domains = s.cluster_hierarchical("rnmf", n_domains=3, **QUIET)
    return s, result, domains


@pytest.mark.parametrize("kind", [Renamed, Renaming])
def test_factors_and_loadings_are_renamed(today, kind, monkeypatch):
    expected, result, domains = today
    s = planted_scan()
    s.learning_results = kind()
    s.decomposition_rnmf(3, **QUIET)
    held, known = vars(s.learning_results), vars(expected.learning_results)
    np.testing.assert_array_equal(held["components"], known["factors"])
    np.testing.assert_array_equal(held["scores"], known["loadings"])
    assert not {"factors", "loadings"} & set(held)
    found = s.get_decomposition_result()
    np.testing.assert_array_equal(found.data, result.data)
    np.testing.assert_array_equal(found.groups, result.groups)
    mapped = s.cluster_hierarchical("rnmf", n_domains=3, **QUIET)
    np.testing.assert_array_equal(mapped.labels, domains.labels)
    loadings = expected.get_decomposition_loadings()
    monkeypatch.setattr(
        type(s), "get_decomposition_scores", lambda s: loadings, raising=False
    )
    monkeypatch.setattr(type(s), "get_decomposition_loadings", None)
    np.testing.assert_array_equal(
        s.get_group_loadings().data, expected.get_group_loadings().data
    )


def test_files_do_not_hold_it(today, tmp_path):
    expected, result, _ = today
    s = expected.deepcopy()
    # A scan that was saved without it comes back with empty results.
    s.learning_results = type(s.learning_results)()
    s.save(tmp_path / "scan.hspy")
    result.save(tmp_path / "decomposition.hspy")
    s = hs.load(tmp_path / "scan.hspy")
    assert read_results(s) is None
    with pytest.raises(RuntimeError, match="holds no decomposition"):
        s.get_decomposition_result()
    with pytest.raises(ValueError, match="there is none"):
        s.cluster_hierarchical("rnmf", **QUIET)
    loaded = hs.load(tmp_path / "decomposition.hspy")
    assert type(loaded) is PatternDecomposition
    loaded.fill_learning_results(s)
    np.testing.assert_array_equal(
        s.get_decomposition_model().data, expected.get_decomposition_model().data
    )
    np.testing.assert_array_equal(
        s.get_group_loadings().data, expected.get_group_loadings().data
    )


def test_decomposition_leaves_hyperspy(today):
    _, result, domains = today
    s = planted_scan()
    del s.learning_results
    assert not hasattr(s, "learning_results")
    # Nothing else could be asked for it.
    found = s.decomposition_rnmf(3, **QUIET)
    assert type(found) is PatternDecomposition
    np.testing.assert_array_equal(found.data, result.data)
    found, estimator = s.decomposition_rnmf(3, return_info=True, **QUIET)
    assert estimator.n_components_ == 3
    assert not hasattr(s, "learning_results")
    with pytest.raises(RuntimeError, match="holds no decomposition"):
        s.get_decomposition_result()
    with pytest.raises(RuntimeError, match="no groups"):
        s.get_group_loadings()
    with pytest.raises(TypeError, match="keeps no decompositions"):
        found.fill_learning_results(s)
    np.testing.assert_array_equal(found.group_maps().data, result.group_maps().data)
    mapped = s.cluster_hierarchical(found, n_domains=3, **QUIET)
    assert mapped.n_domains == domains.n_domains


NAMES = {"learning_results", "factors", "loadings", "bss_factors", "bss_loadings"}


def names_in(source):
    """Attributes of these names, also those that are asked for as text."""
    tree = ast.parse(source)
    found = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "getattr":
            found |= {a.value for a in node.args if isinstance(a, ast.Constant)}
    return found & NAMES


def test_only_one_file_knows_of_it():
    files = [
        file.relative_to(PACKAGE).as_posix()
        for file in PACKAGE.rglob("*.py")
        # What hals() gives, on plain arrays.
        if file.parent.name != "nmf" and names_in(file.read_text(encoding="utf-8"))
    ]
    assert files == []
    assert names_in("s.learning_results.loadings") == {"learning_results", "loadings"}
    assert names_in("getattr(s, 'factors')") == {"factors"}
