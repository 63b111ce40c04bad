"""`cluster_hierarchical`: the same domains from every form of scan and every source."""

import inspect

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase import DomainMap
from hyperspy_4dphase.estimators.domains import smooth_labels
from hyperspy_4dphase.estimators.domains._tree_edits import leaf_sizes
from hyperspy_4dphase.methods import cluster_hierarchical as module
from hyperspy_4dphase.methods.cluster_hierarchical import cluster_hierarchical
from hyperspy_4dphase.methods.compress import compress

from .conftest import CHUNKS, calibrated, lazy, unchanged
from .domain_scans import NAVIGATION, SHAPES, SIGNAL, planted

SETTINGS = {"random_state": 0, "device": "cpu", "show_progressbar": False}
QUIET = {"show_progressbar": False}


def run(signal, *arguments, **keywords):
    return signal.cluster_hierarchical(*arguments, **(SETTINGS | keywords))


@pytest.fixture
def labels():
    return planted()[1]


@pytest.fixture
def scan():
    return planted()[0]


def test_signature():
    names = list(inspect.signature(Diffraction2D.cluster_hierarchical).parameters)
    assert names[1:3] == ["source", "n_domains"]
    assert cluster_hierarchical.__doc__.startswith("Find the domains")
    assert "%(" not in cluster_hierarchical.__doc__


@pytest.mark.parametrize("form", SHAPES)
def test_domains(form):
    scan, labels = planted(form)
    before = scan.deepcopy()
    domains = run(scan)
    assert type(domains) is DomainMap
    np.testing.assert_array_equal(domains.labels, labels)
    np.testing.assert_array_equal(leaf_sizes(domains.tree), np.bincount(labels.ravel()))
    means = domains.mean_patterns(**QUIET)
    assert type(means) is type(scan)
    np.testing.assert_allclose(means.data[2], scan.data[labels == 2].mean(axis=0))
    assert unchanged(scan, before)


@pytest.fixture(scope="module")
def eager_means():
    return run(planted()[0]).mean_patterns(**QUIET).data


@pytest.mark.parametrize("chunks", CHUNKS)
def test_lazy(scan, labels, eager_means, chunks):
    chunks = tuple(
        min(n, m) for n, m in zip(CHUNKS[chunks], scan.data.shape, strict=True)
    )
    signal = lazy(scan, chunks)
    domains = run(signal)
    np.testing.assert_array_equal(domains.labels, labels)
    assert domains.scan is signal
    np.testing.assert_allclose(domains.mean_patterns(**QUIET).data, eager_means)
    assert isinstance(signal.data, da.Array)


@pytest.mark.parametrize("kind", ["array", "signal", "map"])
def test_masks(scan, labels, kind):
    navigation, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation[3:6, 7] = pixels[4, 5:9] = True
    # What is masked may hold anything.
    scan.data[navigation] = 60_000
    scan.data[..., pixels] = 0
    mask = {
        "array": navigation,
        "signal": hs.signals.BaseSignal(navigation).T,
        "map": hs.signals.Signal2D(navigation),
    }[kind]
    domains = run(scan, navigation_mask=mask, signal_mask=pixels)
    np.testing.assert_array_equal(domains.labels, np.where(navigation, -1, labels))
    assert (domains.isig[7, 3:6].data == -1).all()
    means = domains.mean_patterns(**QUIET).data
    np.testing.assert_array_equal(np.isnan(means), np.stack([pixels] * 3))


def test_from_a_compression(scan, labels):
    mask = np.zeros(NAVIGATION, bool)
    mask[2, 3] = True
    compression = compress(scan, mask, random_state=0, **QUIET)
    domains = run(scan, compression=compression)
    np.testing.assert_array_equal(domains.labels, np.where(mask, -1, labels))
    record = domains.provenance
    assert record["compression"]["method"] == "compress"
    np.testing.assert_array_equal(run(scan, navigation_mask=mask).data, domains.data)


def test_counts_as_floats(labels):
    scan, _ = planted(dtype="float32")
    compression = compress(
        scan, normalize_poissonian_noise=True, random_state=0, **QUIET
    )
    domains = run(scan, compression=compression)
    np.testing.assert_array_equal(domains.labels, labels)
    assert domains.metadata.Domain_map.gain == pytest.approx(1, abs=0.1)


def test_reproducible(scan):
    one, other = run(scan), run(scan)
    np.testing.assert_array_equal(one.data, other.data)
    assert one.provenance["random_state"] == 0
    np.random.seed(3)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    seed = run(scan, random_state=None).provenance["random_state"]
    assert isinstance(seed, int)
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_provenance(scan):
    record = run(scan, n_domains=2, min_size=15, neighbours_vote=True).provenance
    assert record["method"] == "cluster_hierarchical"
    assert record["parameters"]["n_domains"] == 2
    assert record["parameters"]["min_size"] == 15
    assert record["parameters"]["neighbours_vote"]
    assert record["parameters"]["source"] == "compressed patterns"
    assert record["outcome"] == {"n_domains": 2, "n_levels": 1}


@pytest.mark.parametrize(
    ("options", "n_domains"),
    [({"n_domains": 1}, 1), ({"n_domains": 2}, 2), ({"max_depth": 0}, 1)],
)
def test_options_reach_the_estimator(scan, options, n_domains):
    domains, estimator = run(scan, return_info=True, **options)
    assert domains.n_domains == estimator.n_domains_ == n_domains
    assert estimator.get_params()["callback"] is None
    for name, value in options.items():
        assert estimator.get_params()[name] == value


def test_constant_data():
    scan = calibrated(np.full((6, 7, 9, 11), 5, np.uint16))
    assert (run(scan).labels == 0).all()


def test_progress(scan, capfd):
    run(scan, show_progressbar=True)
    assert "Splitting" in capfd.readouterr().err


# Sources


def features(labels, seed=1):
    """Three heaps in two dimensions."""
    centres = np.array([[0, 0], [9, 0], [0, 9.0]])
    noise = np.random.default_rng(seed).normal(0, 0.5, (*labels.shape, 2))
    return centres[labels] + noise


def as_signal(values):
    return hs.signals.Signal1D(values)


@pytest.mark.parametrize(
    "kind", [np.asarray, as_signal, da.from_array, np.ndarray.tolist]
)
def test_features(scan, labels, kind):
    domains = run(scan, kind(features(labels)))
    np.testing.assert_array_equal(domains.labels, labels)
    # The patterns are those of the scan.
    means = domains.mean_patterns(**QUIET)
    np.testing.assert_allclose(means.data[1], scan.data[labels == 1].mean(axis=0))


@pytest.mark.parametrize(
    "kind",
    [np.asarray, hs.signals.Signal2D, lambda a: hs.signals.BaseSignal(a).T],
    ids=["array", "map", "navigation"],
)
def test_one_feature(scan, labels, kind):
    values = 9.0 * labels + np.random.default_rng(2).normal(0, 0.5, labels.shape)
    domains = run(scan, kind(values))
    np.testing.assert_array_equal(domains.labels, labels)


@pytest.mark.parametrize("form", ["1-D navigation", "3-D navigation"])
def test_features_of_other_dimensions(form):
    scan, labels = planted(form)
    np.testing.assert_array_equal(run(scan, features(labels)).labels, labels)
    found = run(scan, as_signal(features(labels)))
    np.testing.assert_array_equal(found.labels, labels)


def test_positions_without_features(scan, labels):
    values, mask = features(labels), np.zeros(NAVIGATION, bool)
    values[2, 5, 1] = values[7, 3] = np.nan
    mask[0, :2] = True
    domains = run(scan, values, navigation_mask=mask)
    expected = labels.copy()
    expected[2, 5] = expected[7, 3] = -1
    np.testing.assert_array_equal(domains.labels, np.where(mask, -1, expected))


@pytest.fixture(scope="module")
def embedding():
    scan, _ = planted()
    mask, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    mask[4, 9] = pixels[2, 7] = True
    return scan.vae_embed(
        epochs=60, navigation_mask=mask, signal_mask=pixels, **SETTINGS
    )


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_embedding(scan, labels, embedding, kind):
    source = embedding if kind == "eager" else embedding.as_lazy()
    domains = run(scan, source)
    assert domains.labels[4, 9] == -1
    inside = domains.labels >= 0
    assert inside.sum() == labels.size - 1
    assert adjusted_rand_score(labels[inside], domains.labels[inside]) > 0.9
    assert np.isnan(domains.mean_patterns(**QUIET).data[:, 2, 7]).all()
    assert "LatentEmbedding" in domains.provenance["parameters"]["source"]


@pytest.mark.parametrize("algorithm", ["decomposition_rnmf", "SVD"])
def test_loadings(scan, labels, algorithm):
    mask = np.zeros(NAVIGATION, bool)
    mask[4, 9] = True
    if algorithm == "SVD":
        scan.change_dtype("float64")
        scan.decomposition(output_dimension=3, print_info=False)
        mask[:] = False
    else:
        scan.decomposition_rnmf(
            3, navigation_mask=mask, random_state=0, print_info=False, **QUIET
        )
    before, results = scan.deepcopy(), dict(vars(scan.learning_results))
    domains = run(scan, "rnmf")
    inside = domains.labels >= 0
    np.testing.assert_array_equal(inside, ~mask)
    assert adjusted_rand_score(labels[inside], domains.labels[inside]) > 0.9
    assert unchanged(scan, before)
    assert vars(scan.learning_results) == results


def test_loadings_of_another_scale(scan):
    """However loadings and factors share the counts, and however bright it is."""
    scan.decomposition_rnmf(3, random_state=0, print_info=False, **QUIET)
    expected = run(scan, "rnmf").labels
    scale = np.array([0.01, 5, 300])
    results = scan.learning_results
    results.loadings, results.factors = (
        results.loadings * scale,
        results.factors / scale,
    )
    results.loadings *= np.linspace(1, 3, len(results.loadings))[:, np.newaxis]
    np.testing.assert_array_equal(run(scan, "rnmf").labels, expected)


def test_loadings_after_lazy_loading(scan, labels, tmp_path):
    scan.decomposition_rnmf(3, random_state=0, print_info=False, **QUIET)
    scan.save(tmp_path / "scan.hspy")
    expected = run(scan, "rnmf").labels
    loaded = hs.load(tmp_path / "scan.hspy", lazy=True)
    np.testing.assert_array_equal(run(loaded, "rnmf").labels, expected)


# Neighbours, and rotations


def test_neighbours_vote(scan, labels):
    single = labels.copy()
    single[3, 4], single[15, 6] = 1, 0
    rng = np.random.default_rng(5)
    patterns = rng.gamma(0.3, 40, (3, *SIGNAL)) + 1
    scan.data[:] = rng.poisson(patterns[single])
    np.testing.assert_array_equal(run(scan).labels, single)
    domains, estimator = run(scan, neighbours_vote=True, return_info=True)
    np.testing.assert_array_equal(domains.labels, smooth_labels(single))
    assert domains.labels[3, 4] == 0
    np.testing.assert_array_equal(leaf_sizes(domains.tree), domains.sizes)
    np.testing.assert_array_equal(estimator.labels_.reshape(NAVIGATION), single)


def test_masked_positions_have_no_vote(scan, labels):
    mask = np.zeros(NAVIGATION, bool)
    mask[-2:, -2:] = True
    mask[-1, -1] = False
    expected = smooth_labels(np.where(mask, -1, labels))
    as_largest = smooth_labels(np.where(mask, 0, labels))
    assert (expected != as_largest)[~mask].any()
    domains = run(scan, neighbours_vote=True, navigation_mask=mask)
    np.testing.assert_array_equal(domains.labels, expected)


def test_vote_erases_domains(scan):
    """And takes them out of the tree."""
    scattered = np.zeros(NAVIGATION, int)
    scattered[1::3, 1::3] = 1
    scattered[:, 9:] = 2
    rng = np.random.default_rng(5)
    scan.data[:] = rng.poisson((rng.gamma(0.3, 40, (3, *SIGNAL)) + 1)[scattered])
    assert run(scan).n_domains == 3
    mask = np.zeros(NAVIGATION, bool)
    mask[5, 5] = True
    domains = run(scan, neighbours_vote=True, navigation_mask=mask)
    assert domains.n_domains == 2
    assert domains.labels[5, 5] == -1
    np.testing.assert_array_equal(domains.sizes, leaf_sizes(domains.tree))
    assert (domains.mean_patterns(**QUIET).data >= 0).all()


def turned_scan():
    """Two structures, one in two orientations."""
    rows, columns = np.indices((40, 50)) - np.array([20, 24])[:, None, None]

    def spots(x, y):
        places = (0, 0), (x, y), (-x, -y)
        return sum(np.exp(-np.hypot(rows - v, columns - u)) for u, v in places)

    labels = np.repeat([0, 1, 2], [96, 84, 60]).reshape(NAVIGATION)
    patterns = 30 * np.stack([spots(12, 0), spots(0, 12), spots(8, 0)]) + 0.1
    counts = np.random.default_rng(0).poisson(patterns[labels]).astype("uint16")
    return Diffraction2D(counts), labels


def test_rotation_invariant():
    scan, labels = turned_scan()
    assert run(scan).n_domains == 3
    domains, estimator = run(scan, rotation_invariant=True, return_info=True)
    np.testing.assert_array_equal(domains.labels, np.array([0, 0, 1])[labels])
    assert estimator.n_domains_ == 3
    angles = np.abs(domains.angles)
    assert sorted(angles.round()) == [0, 0, 90]
    assert domains.provenance["changes"] == ["phases()"]
    rotation = np.abs(domains.rotation.data).round()
    assert {len(np.unique(rotation[labels == i])) for i in range(3)} == {1}


def test_failure_midway(scan, monkeypatch):
    scan.learning_results.factors = "earlier"
    before = scan.deepcopy()

    def fail(*arguments, **keywords):
        raise RuntimeError("midway")

    monkeypatch.setattr(module.DivisiveDomains, "fit", fail)
    with pytest.raises(RuntimeError, match="midway"):
        run(scan)
    assert unchanged(scan, before)
    assert vars(scan.learning_results) == {"factors": "earlier"}
