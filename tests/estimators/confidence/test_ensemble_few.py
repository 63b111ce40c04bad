"""Ensembles of maps of tiny and of degenerate scans: no failures, and nothing seen."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.confidence._map_making import MapMaker

from ..domain_points import counted_domains, domain_patterns
from .test_ensemble import assert_consistent, compressed, ensemble


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("n", [2, 5, 120])
def test_patterns_all_alike(n, exact):
    expected = np.tile(500 * domain_patterns(1, 40), (n, 1))
    X = expected.round() if exact else np.random.default_rng(0).poisson(expected)
    model = ensemble(7).fit(compressed(X))
    assert_consistent(model, n, 7)
    assert model.n_domains_ == 1
    assert np.isnan(model.posterior_).all()
    assert model.reason_ in ("noise", "size")
    np.testing.assert_array_equal(model.labels_, 0)
    assert not model.doubts_["kinds"].any()
    assert not model.doubts_["resampling"].any()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("n", [1, 2, 3, 11])
def test_few_patterns(n, seed):
    """Too few for domains, whichever are drawn."""
    X = compressed(counted_domains((n - n // 2, n // 2), 500, seed, n_pixels=40)[0])
    for features in (None, np.random.default_rng(seed).normal(size=(n, 2))):
        model = ensemble(7, random_state=seed).fit(X, features=features)
        assert_consistent(model, n, 7)
        assert model.n_domains_ == 1
        np.testing.assert_array_equal(model.labels_, 0)


@pytest.mark.parametrize("n", [30, 60])
@pytest.mark.parametrize("seed", range(3))
def test_two_small_domains(seed, n):
    """Of thirty patterns, they may be too few to tell; they are not torn apart."""
    X, truth = counted_domains((n * 3 // 5, n * 2 // 5), 500, seed, n_pixels=40)
    model = ensemble(7, random_state=seed).fit(compressed(X))
    assert_consistent(model, n, 7)
    assert model.n_domains_ == 1 or model.confidence_.min() > 0.9
    expected = truth if n == 60 or model.n_domains_ > 1 else np.zeros(n)
    np.testing.assert_array_equal(model.labels_, expected)


def test_domain_that_no_pattern_is_of(monkeypatch):
    """A first map that gives one pattern amid a domain a label of its own."""
    X, truth = counted_domains((40, 30), 300, n_pixels=40)
    odd = 2 * truth
    odd[np.flatnonzero(truth == 0)[0]] = 1
    monkeypatch.setattr(MapMaker, "make_first", lambda *given: odd)
    model = ensemble(4, doubts=["resampling", "noise"]).fit(compressed(X))
    assert_consistent(model, 70, 4)
    np.testing.assert_array_equal(model.labels_, truth)


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
def test_domains_without_noise(noise):
    X = np.repeat(np.random.default_rng(0).integers(1, 30, (3, 40)), 30, axis=0)
    X = compress_patterns(X, noise=noise, random_state=0, device="cpu")
    model = ensemble(7).fit(X)
    assert_consistent(model, 90, 7)
    assert model.n_domains_ == 3
    assert np.unique(model.labels_.reshape(3, 30), axis=1).shape == (3, 1)
    assert model.confidence_.min() > 0.99


@pytest.mark.parametrize("value", [0.0, 10.0])
def test_equal_features(value):
    """What features do not tell, the map of the patterns does, if it is asked for."""
    counts, truth = counted_domains((40, 30), 300, n_pixels=40)
    X, features = compressed(counts), np.full((70, 2), value)
    model = ensemble(7).fit(X, features=features)
    assert_consistent(model, 70, 7)
    assert model.n_domains_ == 2
    np.testing.assert_array_equal(model.consensus_, truth)
    without = ensemble(7, doubts=["resampling", "noise"]).fit(X, features=features)
    assert_consistent(without, 70, 7)
    assert without.n_domains_ == 1


def test_features_see_what_patterns_do_not():
    """Of one pixel all shapes are equal: no pattern tells which domain it is of."""
    X = compressed(np.random.default_rng(0).poisson(200, (60, 1)))
    truth = np.arange(60) % 2
    model = ensemble(7).fit(X, features=10.0 * truth[:, np.newaxis])
    assert_consistent(model, 60, 7)
    assert np.isfinite(model.posterior_).all() == (model.n_domains_ > 1)


def test_almost_all_dark():
    X = np.zeros((80, 40), int)
    X[3] = 20
    model = ensemble(7).fit(compressed(X))
    assert_consistent(model, 80, 7)
    assert np.flatnonzero(model.labels_ >= 0).tolist() == [3]


@pytest.mark.parametrize("reference", [np.arange(30), np.repeat([-1, 4], [29, 1])])
def test_strange_references(reference):
    X, _ = counted_domains((17, 13), 500, n_pixels=40)
    model = ensemble(5).fit(compressed(X), reference=reference)
    assert_consistent(model, 30, 5)
    np.testing.assert_array_equal(model.consensus_, reference)
