"""Ensembles of maps: sure where planted domains are clear, and honest elsewhere."""

import warnings

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, roc_auc_score

from hyperspy_4dphase.estimators import MapEnsemble, compress_patterns
from hyperspy_4dphase.estimators.confidence._map_making import DOUBTS
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
from hyperspy_4dphase.plot import calibration_error

from ..domain_points import counted_domains, domain_patterns
from ..scan_points import places

SIZES = (160, 100, 60)


def ensemble(n_maps=4, **options):
    return MapEnsemble(n_maps, **{"random_state": 0, "n_jobs": 1} | options)


def compressed(X):
    return compress_patterns(X, random_state=0, device="cpu")


def faint(dose, sizes=(400, 250), n_mixed=250, seed=0):
    """Two domains that are alike, and mixtures of them; which each holds most of."""
    rng = np.random.default_rng(seed)
    share = np.repeat([0.0, 1], sizes)
    share = rng.permutation(np.append(share, rng.random(n_mixed)))[:, np.newaxis]
    one, other = domain_patterns(2, 60, seed)
    other = 0.5 * one + 0.5 * other
    X = rng.poisson(dose * ((1 - share) * one + share * other))
    return compressed(X), (share[:, 0] > 0.5).astype(int)


def right(model, truth):
    """Whether the consensus is true, if domains are named after most of them."""
    table = np.zeros((model.n_domains_, truth.max() + 1))
    np.add.at(table, (model.consensus_, truth), 1)
    return table.argmax(axis=1)[model.consensus_] == truth


def assert_consistent(model, n, n_maps):
    """What holds of every fit."""
    assert model.posterior_.shape == (n, model.n_domains_)
    resolved = np.isfinite(model.posterior_).all()
    if resolved:
        np.testing.assert_allclose(model.posterior_.sum(axis=1), 1, atol=1e-5)
    else:
        # There is nothing to be sure of.
        assert model.n_domains_ == 1
        assert np.isnan(model.posterior_).all()
        assert np.isnan(model.confidence_).all()
    assert model.maps_.shape == (n_maps, n)
    assert model.maps_.dtype == np.int16
    assert len(model.map_sources_) == n_maps
    assert model.labels_.dtype == model.consensus_.dtype == np.int32
    assert 1 <= model.n_effective_ <= n_maps + 1e-9
    probabilities = [model.confidence_] if resolved else []
    for values in (*probabilities, model.overlap_, *model.doubts_.values()):
        assert values.shape == (n,)
        assert values.min() >= 0
        assert values.max() <= 1
    low = model.confidence_ < model.threshold
    np.testing.assert_array_equal(model.labels_[low], -1)
    np.testing.assert_array_equal(model.labels_[~low], model.consensus_[~low])


@pytest.fixture(scope="module")
def planted():
    X, truth = counted_domains(SIZES, 300, n_pixels=60)
    return compressed(X), truth


@pytest.fixture(scope="module")
def clear(planted):
    return ensemble(6).fit(planted[0])


def test_clear_domains(planted, clear):
    truth = planted[1]
    assert_consistent(clear, truth.size, 6)
    assert clear.n_domains_ == 3
    assert np.bincount(clear.labels_).tolist() == list(SIZES)
    assert adjusted_rand_score(truth, clear.labels_) == 1
    assert clear.confidence_.min() > 0.98
    assert clear.overlap_.min() > 0.98
    for doubt in clear.doubts_.values():
        assert doubt.mean() < 0.005
    assert clear.map_sources_ == ["all patterns", *["resampling", "kinds"] * 3][:6]
    for labels in clear.maps_:
        known = labels >= 0
        assert adjusted_rand_score(truth[known], labels[known]) > 0.99


def test_same_whatever_the_threads(planted, clear):
    X = planted[0]
    kept = X.Q.copy(), X.B.copy(), X.row_scale.copy()
    state = str(np.random.get_state())  # noqa: NPY002
    filters = warnings.filters.copy()
    told = []
    model = ensemble(6, n_jobs=2, callback=lambda *values: told.append(values)).fit(X)
    for name in ("posterior_", "confidence_", "maps_", "labels_", "overlap_"):
        np.testing.assert_array_equal(getattr(model, name), getattr(clear, name))
    for name, doubt in clear.doubts_.items():
        np.testing.assert_array_equal(model.doubts_[name], doubt)
    assert told == [("Mapping", i, 6) for i in range(1, 7)]
    assert str(np.random.get_state()) == state  # noqa: NPY002
    assert warnings.filters == filters
    for before, after in zip(kept, (X.Q, X.B, X.row_scale), strict=True):
        np.testing.assert_array_equal(before, after)


@pytest.fixture(scope="module")
def dim():
    X, truth = faint(150)
    return X, truth, ensemble(threshold=0.8).fit(X)


@pytest.mark.parametrize("dose", [150, 400])
def test_calibrated(dim, dose):
    X, truth, model = dim
    if dose != 150:
        X, truth = faint(dose, seed=1)
        model = ensemble().fit(X)
    assert_consistent(model, 900, 4)
    assert model.n_domains_ == 2
    correct = right(model, truth)
    assert 0.005 < np.mean(~correct) < 0.15
    assert calibration_error(model.confidence_, correct) < 0.05
    assert roc_auc_score(~correct, -model.confidence_) > 0.85


def test_threshold(dim):
    model = dim[2]
    assert 0.005 < np.mean(model.labels_ < 0) < 0.3
    assert (model.consensus_ >= 0).all()


def test_noise_and_boundaries_are_told_apart(dim):
    doubts = dim[2].doubts_
    assert doubts["boundary"].mean() > 0.01
    assert doubts["noise"].mean() > 0.001
    unsure = dim[2].confidence_ < 0.7
    for name in ("boundary", "noise"):
        assert doubts[name][unsure].mean() > 4 * doubts[name][~unsure].mean()


def test_without_noise_votes_are_hard(dim):
    X, truth, soft = dim
    model = ensemble(3, doubts=["kinds"]).fit(X)
    assert_consistent(model, 900, 3)
    assert set(model.doubts_) == {"kinds"}
    # Maps have whole votes: few values of the posterior, and too sure.
    assert np.unique(model.posterior_.round(4)).size <= 8
    assert soft.posterior_[:, 0].round(4).size > 100
    assert model.confidence_.mean() > soft.confidence_.mean() + 0.01


@pytest.mark.parametrize(
    ("doubts", "sources", "told"),
    [
        (DOUBTS, ["resampling", "kinds"], {"boundary", "noise", "resampling", "kinds"}),
        (("kinds", "noise"), ["kinds"], {"boundary", "noise", "kinds"}),
        (["resampling"], ["resampling"], {"resampling"}),
        (["noise"], ["resampling"], {"boundary", "noise"}),
        (["distortion"], ["resampling"], set()),
        ((), ["resampling"], set()),
    ],
)
@pytest.mark.parametrize("n_maps", [2, 9])
def test_sources(doubts, sources, told, n_maps):
    """Of two maps, one is that of all patterns."""
    X = compressed(counted_domains((20, 15), 300, n_pixels=40)[0])
    model = ensemble(n_maps, doubts=doubts).fit(X)
    assert_consistent(model, 35, n_maps)
    asked = (sources * 9)[: n_maps - 1]
    assert model.map_sources_ == ["all patterns", *asked]
    assert set(model.doubts_) == told & {"boundary", "noise", *asked}
    assert model.n_domains_ == 2


def test_reference(planted):
    """Its own labels, unsure where it is wrong."""
    X, truth = planted
    given = np.array([7, 3, 12])[truth]
    wrong = np.flatnonzero(truth == 0)[:15]
    none = np.flatnonzero(truth == 1)[:10]
    given[wrong], given[none] = 12, -1
    kept = given.copy()
    model = ensemble(3).fit(X, reference=given)
    np.testing.assert_array_equal(given, kept)
    assert_consistent(model, truth.size, 3)
    np.testing.assert_array_equal(model.consensus_, given)
    assert model.n_domains_ == 3
    assert (model.confidence_[none] == 0).all()
    assert model.confidence_[wrong].max() < 0.1
    assert (model.labels_[wrong] == -1).all()
    good = np.setdiff1d(np.arange(truth.size), np.append(wrong, none))
    assert model.confidence_[good].min() > 0.95
    # The columns are its labels in rising order.
    names = np.array([3, 7, 12])[model.posterior_.argmax(axis=1)]
    np.testing.assert_array_equal(names[good], given[good])
    assert (names[wrong] == 7).all()


def test_features(planted):
    X, truth = planted
    features = np.eye(3)[truth] * 20 + np.random.default_rng(0).normal(size=(320, 3))
    kept = features.copy()
    model = ensemble(5).fit(X, features=features)
    np.testing.assert_array_equal(features, kept)
    assert_consistent(model, 320, 5)
    assert "distortion" not in model.map_sources_
    assert model.n_domains_ == 3
    assert adjusted_rand_score(truth, model.labels_) == 1
    assert model.confidence_.min() > 0.95


@pytest.mark.parametrize("found", [[0, 1, 1], [0, 0, 0]])
def test_features_that_merge_what_patterns_tell_apart(planted, found):
    X, truth = planted
    apart = 20.0 * np.eye(2)[np.array(found)[truth]]
    features = apart + np.random.default_rng(0).normal(size=(320, 2))
    model = ensemble(9).fit(X, features=features)
    assert_consistent(model, 320, 9)
    assert model.n_domains_ == 3
    assert adjusted_rand_score(truth, model.consensus_) == 1
    merged = ensemble(9, doubts=["resampling", "noise"]).fit(X, features=features)
    assert merged.n_domains_ < 3


def test_distorted_latent_spaces(planted):
    from ..vae_patterns import vae

    X, truth = planted
    trained = vae(1, epochs=20).fit(X)
    latent = trained.transform(X)
    one, same = (
        ensemble(4, doubts=["kinds", "distortion"], n_jobs=n_jobs).fit(
            X, features=latent, model=trained.model_
        )
        for n_jobs in (1, 2)
    )
    assert_consistent(one, 320, 4)
    sources = ["all patterns", "distortion", "kinds", "distortion"]
    assert one.map_sources_ == sources
    assert set(one.doubts_) == {"distortion", "kinds"}
    np.testing.assert_array_equal(one.posterior_, same.posterior_)
    np.testing.assert_array_equal(one.maps_, same.maps_)
    assert adjusted_rand_score(truth, one.consensus_) > 0.9


def test_a_continuum_in_a_latent_space_is_one_domain():
    """Clustering by density cuts it; there is no gap between the parts."""
    from ..vae_patterns import vae

    rng = np.random.default_rng(0)
    one, other, third = domain_patterns(3, 60)
    along = np.sort(rng.beta(0.6, 0.6, 900))[:, np.newaxis]
    path = (1 - along) ** 2 * one + 2 * along * (1 - along) * other + along**2 * third
    X = compressed(rng.poisson(1500 * path))
    trained = vae(2, epochs=40).fit(X)
    latent = trained.transform(X)
    options = {"doubts": ["resampling", "noise"], "random_state": 1}
    of_features = ensemble(4, **options).fit(X, features=latent)
    assert of_features.n_domains_ > 1
    model = ensemble(4, **options).fit(X, features=latent, model=trained.model_)
    assert_consistent(model, 900, 4)
    assert model.n_domains_ == 1
    assert np.isnan(model.confidence_).all()
    assert model.reason_ in ("continuum", "no gap")


def test_cuts_of_a_bend_that_come_back_are_no_domains():
    """k-means cuts a bend at the same places in two exposures; it is one domain."""
    shape = (20, 45)
    one, other, third = domain_patterns(3, 60)
    along = np.broadcast_to(np.linspace(0, 1, shape[1]), shape).reshape(-1, 1)
    path = (1 - along) ** 2 * one + 2 * along * (1 - along) * other + along**2 * third
    cuts = []
    for seed in (0, 1):
        counts = np.random.default_rng(seed).poisson(1500 * path)
        X = compressed(counts)
        points = CompressedShapes.from_compressed(X).points
        cuts.append(KMeans(3, n_init=4, random_state=seed).fit_predict(points))
        model = ensemble(8, random_state=seed).fit(X, positions=places(shape))
        assert model.n_domains_ == 1
        assert np.isnan(model.confidence_).all()
    assert adjusted_rand_score(*cuts) > 0.8


def test_a_domain_that_is_nowhere_probable_is_told(monkeypatch):
    """Positions that are like those around them are no domain, whatever a tree says."""
    shape = (20, 24)
    labels = (np.indices(shape)[1] // 12).ravel()
    counts = np.random.default_rng(0).poisson(400 * domain_patterns(2, 60)[labels])
    X = compressed(counts)
    model = ensemble(4).fit(X, positions=places(shape))
    assert model.lost_ == []
    tree = labels.copy()
    tree[::17] = 2
    monkeypatch.setattr(PatternMaps, "choose", lambda self: tree)
    model = ensemble(4).fit(X, positions=places(shape))
    assert (model.consensus_ < 2).mean() > 0.99
    assert model.lost_ == [(tree == 2).sum()]
    model = ensemble(4).fit(X, reference=tree, positions=places(shape))
    assert model.lost_ == []


@pytest.mark.parametrize("with_features", [False, True])
def test_patterns_without_counts(with_features):
    X, truth = counted_domains((60, 40), 300, n_pixels=40)
    dark = np.array([0, 17, 99])
    X[dark] = 0
    X[17, 3] = 2
    features = 20.0 * np.eye(2)[truth] if with_features else None
    model = ensemble().fit(compressed(X), features=features)
    assert_consistent(model, 100, 4)
    assert (model.labels_[dark] == -1).all()
    assert (model.consensus_[dark] == -1).all()
    assert (model.maps_[:, dark] == -1).all()
    assert (model.confidence_[dark] == 0).all()
    assert not any(doubt[dark].any() for doubt in model.doubts_.values())
    known = np.delete(np.arange(100), dark)
    assert adjusted_rand_score(truth[known], model.labels_[known]) == 1


@pytest.mark.parametrize(
    ("options", "fit", "match"),
    [
        ({"n_maps": 1}, {}, "n_maps must be at least 2, not 1"),
        ({"doubts": ["noise", "taste"]}, {}, r"\['taste'\]; expected some of"),
        (
            {"threshold": 1.5},
            {},
            "threshold must be .*at least 0 and at most 1, not 1.5",
        ),
        ({}, {"features": np.ones((9, 2))}, r"numbers of samples: \[9, 320\]"),
        ({}, {"features": np.full((320, 1), np.nan)}, "NaN"),
        ({}, {"reference": np.zeros(9, int)}, r"shape \(9,\); expected \(320,\)"),
        ({}, {"reference": np.full(320, -1)}, "reference assigns no position"),
        ({}, {"reference": np.full(320, 0.5)}, "no whole numbers"),
        ({}, {"model": object()}, "model without features"),
    ],
)
def test_bad_input(planted, options, fit, match):
    with pytest.raises(ValueError, match=match):
        ensemble(**options).fit(planted[0], **fit)


def test_arguments_of_wrong_type(planted):
    with pytest.raises(TypeError, match="threshold must be a number, not 'high'"):
        ensemble(threshold="high").fit(planted[0])
    with pytest.raises(TypeError, match="n_maps must be an integer.*not 2.5"):
        ensemble(2.5).fit(planted[0])


def test_parameters(clear):
    parameters = clear.get_params()
    assert parameters["n_maps"] == 6
    assert "device" not in parameters
    copy = clone(clear)
    assert copy.get_params() == parameters
    assert not hasattr(copy, "labels_")
    assert clone(clear).set_params(threshold=0.9).threshold == 0.9


def test_a_single_domain_is_not_resolved():
    """Other kinds of maps may cut it; there is nothing that a label could be but it."""
    patterns = domain_patterns(1, 40)
    counts = np.random.default_rng(0).poisson(np.tile(500 * patterns, (120, 1)))
    model = ensemble(7).fit(compressed(counts))
    assert model.n_domains_ == 1
    assert np.isnan(model.confidence_).all()
    assert (model.labels_ == 0).all()
    assert model.reason_ == "noise"
    assert not np.any([model.doubts_["boundary"], model.doubts_["noise"]])
