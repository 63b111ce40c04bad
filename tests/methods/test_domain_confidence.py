"""`domain_confidence`: the same from every form of scan, source and given map."""

import inspect

import dask.array as da
import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase import DomainConfidence, DomainMap
from hyperspy_4dphase.estimators.domains._tree_edits import leaf_sizes
from hyperspy_4dphase.methods import domain_confidence as module
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.methods.domain_confidence import domain_confidence

from .conftest import lazy, unchanged
from .domain_scans import NAVIGATION, SHAPES, SIGNAL, planted

QUIET = {"show_progressbar": False}
SETTINGS = {"random_state": 0, "device": "cpu"} | QUIET


def run(signal, *arguments, **keywords):
    return signal.domain_confidence(*arguments, **({"n_maps": 3} | SETTINGS | keywords))


def same(one, other):
    """Whether two confidences agree in all that they say."""
    for name in ("domains", "posterior", "overlap", "sample_weight"):
        pair = (getattr(c, name).data for c in (one, other))
        np.testing.assert_array_equal(*pair)
    np.testing.assert_array_equal(one.data, other.data)
    assert one.doubts.keys() == other.doubts.keys()
    for name, doubt in one.doubts.items():
        np.testing.assert_array_equal(doubt.data, other.doubts[name].data)


@pytest.fixture
def labels():
    return planted()[1]


@pytest.fixture
def scan():
    return planted()[0]


def test_signature():
    names = list(inspect.signature(Diffraction2D.domain_confidence).parameters)
    assert names[1:3] == ["domains", "source"]
    assert domain_confidence.__doc__.startswith("Say for every probe position")
    assert "%(" not in domain_confidence.__doc__


@pytest.mark.parametrize("form", [name for name in SHAPES if name != "1-D of both"])
def test_confidence(form):
    scan, labels = planted(form)
    before = scan.deepcopy()
    confidence, estimator = run(scan, return_info=True)
    assert type(confidence) is DomainConfidence
    assert type(confidence.domains) is DomainMap
    assert confidence.domains.labels.shape == labels.shape
    assert adjusted_rand_score(labels.ravel(), confidence.domains.labels.ravel()) > 0.9
    flat = estimator.confidence_.reshape(confidence.data.shape)
    np.testing.assert_array_equal(confidence.data, flat)
    posterior = confidence.posterior.data
    # The rest is that a pattern is of none of the domains, as they are.
    assert posterior.sum(axis=-1).max() < 1 + 1e-4
    assert np.median(posterior.sum(axis=-1)) > 0.7
    found = estimator.labels_.reshape(labels.shape)
    np.testing.assert_array_equal(confidence.domains.labels, found)
    sure = np.take_along_axis(posterior, np.maximum(found, 0)[..., None], -1)[..., 0]
    values = confidence.data.reshape(labels.shape)
    np.testing.assert_allclose(values[found >= 0], sure[found >= 0], rtol=1e-5)
    means = confidence.mean_patterns(**QUIET)
    assert type(means) is type(scan)
    expected = scan.data[found == 1].mean(axis=0)
    np.testing.assert_allclose(means.data[1], expected)
    assert estimator.get_params()["callback"] is None
    assert "distortion" not in confidence.doubts
    assert unchanged(scan, before)


@pytest.fixture(scope="module")
def expected():
    return run(planted()[0])


@pytest.mark.parametrize("kind", ["again", "cut signal"])
def test_reproducible_eager_and_lazy(scan, expected, kind):
    np.random.seed(3)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    signal = scan if kind == "again" else lazy(scan, (7, 5, 4, 6))
    found = run(signal)
    if kind == "again":
        same(found, expected)
    else:
        # Sums over blocks differ in their last digits.
        np.testing.assert_array_equal(found.domains.data, expected.domains.data)
        np.testing.assert_allclose(found.data, expected.data, atol=1e-3)
        assert isinstance(signal.data, da.Array)
        assert found.scan is signal
    np.testing.assert_array_equal(state, np.random.get_state()[1])  # noqa: NPY002


def test_seed_is_recorded(scan, expected):
    assert expected.provenance["random_state"] == 0
    compression = compress(scan, random_state=0, **QUIET)
    options = {"n_maps": 2, "compression": compression}
    first = run(scan, random_state=None, **options)
    assert isinstance(first.provenance["random_state"], int)
    generators = (np.random.RandomState(4) for _ in range(2))
    same(*(run(scan, random_state=g, **options) for g in generators))


@pytest.mark.parametrize("kind", ["array", "signal", "map", "compression"])
def test_masks(scan, labels, kind):
    navigation, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    navigation[3:6, 7] = pixels[4, 5:9] = True
    # What is masked may hold anything.
    scan.data[navigation] = 60_000
    scan.data[..., pixels] = 0
    masks = {
        "navigation_mask": {
            "signal": hs.signals.BaseSignal(navigation).T,
            "map": hs.signals.Signal2D(navigation),
        }.get(kind, navigation),
        "signal_mask": pixels,
    }
    if kind == "compression":
        masks = {"compression": compress(scan, **masks, random_state=0, **QUIET)}
    confidence = run(scan, **masks)
    np.testing.assert_array_equal(np.isnan(confidence.data), navigation)
    assert np.isnan(confidence.isig[7, 3:6].data).all()
    domains = confidence.domains
    assert (domains.labels[navigation] == -1).all()
    inside = domains.labels >= 0
    assert adjusted_rand_score(labels[inside], domains.labels[inside]) > 0.9
    assert np.isnan(confidence.posterior.data[navigation]).all()
    assert (confidence.sample_weight.data[navigation] == 0).all()
    means = confidence.mean_patterns(**QUIET).data
    np.testing.assert_array_equal(np.isnan(means), np.stack([pixels] * len(means)))


def compress_never(monkeypatch):
    def fail(*patterns, **options):
        raise AssertionError("The scan was compressed.")

    monkeypatch.setattr("hyperspy_4dphase.methods._reading.compress_patterns", fail)


def test_compression_saves_reading(scan, expected, monkeypatch):
    compression = compress(scan, random_state=0, **QUIET)
    compress_never(monkeypatch)
    same(run(scan, compression=compression), expected)
    scan.data[:] = 0
    with pytest.raises(ValueError, match="compression is of another scan"):
        run(scan, compression=compression)


def test_lazy_scan_is_compressed_once(scan, monkeypatch):
    signal = lazy(scan, (7, 5, 9, 11))
    domains = signal.cluster_hierarchical(**SETTINGS)
    compress_never(monkeypatch)
    run(signal, domains)


def test_threshold(scan, expected):
    strict = run(scan, threshold=1.0)
    np.testing.assert_array_equal(strict.data, expected.data)
    np.testing.assert_array_equal(
        strict.domains.labels, expected.at_threshold(1).labels
    )
    assert strict.threshold == 1


@pytest.mark.parametrize("doubts", [["noise"], {"resampling", "kinds"}])
def test_doubts(scan, doubts):
    confidence, estimator = run(scan, doubts=doubts, return_info=True)
    assert set(estimator.doubts) == set(doubts)
    # With noise alone, maps differ by their samples.
    assert set(confidence.doubts) <= {"boundary", "resampling", *doubts}
    assert set(confidence.provenance["parameters"]["doubts"]) == set(doubts)


def test_provenance(scan):
    record = run(scan, threshold=0.25).provenance
    assert record["method"] == "domain_confidence"
    parameters, outcome = record["parameters"], record["outcome"]
    assert parameters["n_maps"] == 3
    assert parameters["threshold"] == 0.25
    assert parameters["source"] == "compressed patterns"
    assert parameters["domains"] == "consensus"
    assert record["compression"]["method"] == "compress"
    assert outcome["n_domains"] == 3
    assert outcome["n_rounds"] == 1
    assert outcome["best_round"] == 0


def test_progress(scan, capfd):
    run(scan, show_progressbar=True)
    assert "Mapping" in capfd.readouterr().err


# Given domains


def clustered(scan):
    """HyperSpy's clusters, of a copy, as integers cannot be decomposed."""
    other = scan.deepcopy()
    other.change_dtype("float64")
    other.decomposition(output_dimension=3, print_info=False)
    other.cluster_analysis(
        "decomposition", n_clusters=3, preprocessing="minmax", random_state=0
    )
    return other


@pytest.mark.parametrize("form", ["2-D navigation", "3-D navigation"])
def test_given_map(form):
    scan, labels = planted(form)
    given = scan.cluster_hierarchical(**SETTINGS)
    confidence = run(scan, given)
    sure = confidence.domains.labels >= 0
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(
        confidence.domains.labels, np.where(sure, given.labels, -1)
    )
    tree = confidence.domains.tree
    assert [node.parent for node in tree] == [node.parent for node in given.tree]
    np.testing.assert_array_equal(tree.label, given.tree.label)
    np.testing.assert_array_equal(leaf_sizes(tree), confidence.domains.sizes)
    assert "DomainMap" in confidence.provenance["parameters"]["domains"]
    if form == "2-D navigation":
        same(run(scan, given.as_lazy()), confidence)
        same(run(scan, hs.signals.Signal2D(given.labels)), confidence)


def test_wrong_labels_are_doubted(scan, labels):
    given = labels.copy()
    wrong = np.zeros(NAVIGATION, bool)
    wrong[2, 3] = wrong[11, 5] = wrong[17, 8] = True
    given[wrong] = (given[wrong] + 1) % 3
    confidence = run(scan, given)
    assert np.nanmax(confidence.data[wrong]) < 0.5
    assert (confidence.domains.labels[wrong] == -1).all()
    found = confidence.reliability(labels)
    assert found["auroc"] > 0.95
    assert {node.reason for node in confidence.domains.tree} == {"split", "by hand"}


@pytest.mark.parametrize("merged", [True, False])
def test_hyperspy_clusters(scan, merged):
    other = clustered(scan)
    clusters = other.get_cluster_labels(merged=merged)
    confidence = run(scan, clusters)
    expected = other.get_cluster_labels(merged=True).data
    np.testing.assert_array_equal(confidence.at_threshold(0).labels, expected)
    if not merged:
        same(run(scan, other.learning_results.cluster_labels), confidence)


def test_unassigned_and_other_numbers(scan, labels):
    given = np.array([40, 7, 12])[labels]
    given[5, 2] = given[0, :3] = -1
    confidence = run(scan, given)
    expected = np.array([2, 0, 1])[labels]
    expected[given < 0] = -1
    np.testing.assert_array_equal(confidence.at_threshold(0).labels, expected)


def test_masks_of_a_map_are_kept(scan, labels):
    mask, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    mask[4, 9] = pixels[2, 7] = True
    masks = {"navigation_mask": mask, "signal_mask": pixels}
    given = scan.cluster_hierarchical(**masks, **SETTINGS)
    confidence = run(scan, given)
    np.testing.assert_array_equal(np.isnan(confidence.data), mask)
    assert np.isnan(confidence.mean_patterns(**QUIET).data[:, 2, 7]).all()
    same(run(scan, given, **masks), confidence)


def test_domain_that_is_masked_away(scan, labels):
    given = scan.cluster_hierarchical(**SETTINGS)
    confidence = run(scan, given, navigation_mask=labels == 1)
    assert confidence.n_domains == 2
    expected = np.array([0, -1, 1])[labels]
    np.testing.assert_array_equal(confidence.at_threshold(0).labels, expected)


# Sources


def features(labels, seed=1):
    """Three heaps in two dimensions."""
    centres = np.array([[0, 0], [9, 0], [0, 9.0]])
    noise = np.random.default_rng(seed).normal(0, 0.5, (*labels.shape, 2))
    return centres[labels] + noise


@pytest.mark.parametrize("kind", ["array", "signal", "rnmf"])
def test_features(scan, labels, kind):
    source = features(labels)
    source[2, 5] = np.nan
    mask = np.isnan(source[..., 0])
    if kind == "signal":
        source = hs.signals.Signal1D(source)
    if kind == "rnmf":
        scan.decomposition_rnmf(
            3, navigation_mask=mask, random_state=0, print_info=False, **QUIET
        )
        source = "rnmf"
    confidence = run(scan, source=source)
    np.testing.assert_array_equal(np.isnan(confidence.data), mask)
    found = confidence.at_threshold(0).labels
    assert adjusted_rand_score(labels[~mask], found[~mask]) > 0.9
    assert confidence.embedding is None


@pytest.fixture(scope="module")
def embedding():
    mask, pixels = np.zeros(NAVIGATION, bool), np.zeros(SIGNAL, bool)
    mask[4, 9] = pixels[2, 7] = True
    return planted()[0].vae_embed(
        epochs=60, navigation_mask=mask, signal_mask=pixels, **SETTINGS
    )


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_embedding(scan, labels, embedding, kind):
    source = embedding if kind == "eager" else embedding.as_lazy()
    confidence = run(scan, source=source)
    assert np.argwhere(np.isnan(confidence.data)).tolist() == [[4, 9]]
    found = confidence.at_threshold(0).labels
    inside = found >= 0
    assert adjusted_rand_score(labels[inside], found[inside]) > 0.9
    assert "distortion" in confidence.doubts
    np.testing.assert_array_equal(confidence.embedding.data, embedding.data)
    assert "held_out_loss" not in confidence.rounds
    assert np.isnan(confidence.mean_patterns(**QUIET).data[:, 2, 7]).all()


def test_embedding_without_its_model(scan, embedding):
    bare = embedding.deepcopy()
    del bare.metadata.Latent_embedding
    confidence = run(scan, source=bare, n_maps=2)
    assert "distortion" not in confidence.doubts
    assert np.isnan(confidence.data[4, 9])


# Rounds


@pytest.fixture
def rising(monkeypatch):
    """Confidences as they are set for each round, whatever the maps say."""

    def plan(*shares):
        left, fit = list(shares), module.MapEnsemble.fit
        calls = []
        # The quickest of all: what the maps say does not matter.
        monkeypatch.setitem(SETTINGS, "doubts", ["resampling"])

        def planned(self, X, y=None, **keywords):
            calls.append(keywords)
            fit(self, X, **keywords)
            n = len(self.confidence_)
            self.confidence_ = np.full(n, 0.95, np.float32)
            self.confidence_[round(left.pop(0) * n) :] = 0.7
            others = (1 - self.confidence_) / (self.n_domains_ - 1)
            self.posterior_[:] = others[:, np.newaxis]
            chosen = self.consensus_.clip(0)
            self.posterior_[np.arange(n), chosen] = self.confidence_
            return self

        monkeypatch.setattr(module.MapEnsemble, "fit", planned)
        return calls

    return plan


def test_rounds_go_on_while_it_rises(scan, rising):
    rising(0.2, 0.5, 0.6, 0.9)
    confidence = run(scan, source={"epochs": 12}, n_maps=2, n_rounds=3)
    rounds = confidence.rounds
    np.testing.assert_allclose(rounds["consistent"], [0.2, 0.5, 0.6], atol=0.01)
    assert rounds["best"] == 2
    assert np.isfinite(rounds["held_out_loss"]).all()
    record = confidence.embedding.provenance
    assert record["parameters"]["sample_weight"]
    assert len(confidence.embedding.loss) <= 4
    assert confidence.provenance["outcome"]["n_rounds"] == 3


def test_rounds_end_and_the_best_is_kept(scan, rising):
    calls = rising(0.2, 0.6, 0.55, 0.9)
    confidence = run(scan, source={"epochs": 6}, n_maps=2, n_rounds=4)
    rounds = confidence.rounds
    np.testing.assert_allclose(rounds["consistent"], [0.2, 0.6, 0.55], atol=0.01)
    assert rounds["best"] == 1
    assert np.mean(confidence.data >= 0.9) == rounds["consistent"][1]
    # The embedding is that of the round.
    found = confidence.embedding.data.reshape(-1, 2)
    np.testing.assert_array_equal(found, calls[1]["features"])
    assert (calls[2]["features"] != calls[1]["features"]).any()
    assert calls[1]["model"] is not calls[0]["model"]


@pytest.mark.parametrize("kind", ["own scan", "lazy", "another compression"])
def test_embedding_is_trained_on(scan, embedding, rising, kind):
    calls = rising(0.2, 0.6)
    before = embedding.deepcopy()
    options = {"random_state": 5} if kind == "another compression" else {}
    signal = lazy(scan, (7, 5, 9, 11)) if kind == "lazy" else scan
    confidence = run(signal, source=embedding, n_maps=2, n_rounds=2, **options)
    inside = ~np.isnan(embedding.data[..., 0])
    np.testing.assert_array_equal(calls[0]["features"], embedding.data[inside])
    losses = confidence.rounds["held_out_loss"]
    assert np.isnan(losses[0])
    # It goes on from what was learned: no worse than after 60 epochs, nearly.
    assert losses[1] < 1.5 * embedding.loss[:, 1].min()
    assert len(confidence.embedding.loss) <= 20
    np.testing.assert_array_equal(embedding.data, before.data)
    np.testing.assert_array_equal(embedding.loss, before.loss)
    decoded = (e.decode([[0.1, 0.3]]).data for e in (embedding, before))
    np.testing.assert_array_equal(*decoded)


def test_convolutional_embedding_is_trained_on(scan, rising):
    rising(0.2, 0.6, 0.2, 0.6)
    source = {"architecture": "convolutional", "epochs": 2}
    first = run(scan, source=source, n_maps=2, n_rounds=2)
    assert first.rounds["best"] == 1
    assert first.embedding.metadata.Latent_embedding.architecture == "convolutional"
    second = run(lazy(scan, -1), source=first.embedding, n_maps=2, n_rounds=2)
    assert second.rounds["best"] == 1
    assert len(second.embedding.loss) == 2


def test_vae_is_trained_as_vae_embed_does(scan):
    """With the same seed, the same compression and the same training."""
    expected = scan.vae_embed(3, epochs=3, **SETTINGS)
    # The doubt that is quickest to raise: it changes nothing of the training.
    options = {"n_maps": 2, "doubts": ["resampling"]}
    found = run(scan, source={"latent_dim": 3, "epochs": 3}, **options)
    np.testing.assert_array_equal(found.embedding.data, expected.data)
    weights = np.ones(NAVIGATION)
    weights[3:] = 5
    found = run(scan, source={"epochs": 2, "sample_weight": weights}, **options)
    expected = scan.vae_embed(epochs=2, sample_weight=weights, **SETTINGS)
    np.testing.assert_array_equal(found.embedding.data, expected.data)


def test_failure_midway(scan, monkeypatch):
    scan.learning_results.factors = "earlier"
    before = scan.deepcopy()

    def fail(*arguments, **keywords):
        raise RuntimeError("midway")

    monkeypatch.setattr(module.MapEnsemble, "fit", fail)
    with pytest.raises(RuntimeError, match="midway"):
        run(scan)
    assert unchanged(scan, before)
    assert vars(scan.learning_results) == {"factors": "earlier"}


def test_published_distortion(scan):
    both = [
        run(scan, source={"epochs": 3}, doubts="distortion", distortion=name)
        for name in ("jacobian", "ssim")
    ]
    for confidence, name in zip(both, ("jacobian", "ssim"), strict=True):
        assert list(confidence.doubts) == ["distortion"]
        assert confidence.provenance["parameters"]["distortion"] == name
