"""Domains that show only where neighbours are looked at together."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import (
    DivisiveDomains,
    MapEnsemble,
    compress_patterns,
)
from hyperspy_4dphase.estimators._checks import check_positions

from .domain_points import counted_domains, domain_patterns


def grid(*shape):
    return np.indices(shape).reshape(len(shape), -1).T


def compressed(X):
    return compress_patterns(X, random_state=0, device="cpu")


def faint_halves(shape=(30, 34), dose=22.0, seed=1):
    """Counts of two patterns that are alike, each on one half of a map."""
    positions = grid(*shape)
    true = (positions[:, 1] >= shape[1] / 2).astype(int)
    one, other = domain_patterns(2, 60, seed)
    patterns = np.stack([one, 0.5 * (one + other)])
    X = np.random.default_rng(seed).poisson(dose * patterns[true])
    return X.astype(np.uint16), true, positions


def right(labels, true):
    share = (labels == true).mean()
    return max(share, 1 - share)


def domains(**options):
    return DivisiveDomains(**{"random_state": 0, "device": "cpu"} | options)


@pytest.mark.parametrize("seed", [1, 2])
def test_domains_that_only_positions_show(seed):
    X, true, positions = faint_halves(seed=seed)
    X = compressed(X)
    assert domains().fit(X).n_domains_ == 1
    model = domains().fit(X, positions=positions)
    assert model.n_domains_ == 2
    assert right(model.labels_, true) > 0.95
    assert model.tree_[0].reason == "split"
    other = np.random.default_rng(0).permutation(positions)
    assert domains().fit(X, positions=other).n_domains_ == 1


def test_positions_of_clear_domains_change_nothing():
    X, true = counted_domains((130, 100, 40))
    X = compressed(X)
    without = domains().fit(X).labels_
    model = domains().fit(X, positions=grid(15, 18))
    assert model.n_domains_ == 3
    assert adjusted_rand_score(true, model.labels_) > 0.995
    np.testing.assert_array_equal(model.labels_, without)


def test_positions_of_patterns_that_are_unknown():
    X, true, positions = faint_halves()
    X[::50] = 0
    model = domains().fit(compressed(X), positions=positions)
    known = model.labels_ >= 0
    assert not known[::50].any()
    assert known.mean() > 0.97
    assert model.n_domains_ == 2
    assert right(model.labels_[known], true[known]) > 0.95


def test_an_ensemble_that_only_positions_make():
    X, true, positions = faint_halves((22, 26), 25)
    X = compressed(X)
    models = [
        MapEnsemble(4, random_state=0, n_jobs=1).fit(X, positions=given)
        for given in (None, positions)
    ]
    assert [model.n_domains_ for model in models] == [1, 2]
    assert right(models[1].consensus_, true) > 0.95
    sure = models[1].confidence_ > 0.9
    assert 0.5 < sure.mean() < 1
    assert right(models[1].consensus_[sure], true[sure]) > 0.97


@pytest.mark.parametrize("dtype", ["u1", "i2", "f8", list])
def test_positions_are_places_from_0_on(dtype):
    positions = grid(3, 5) + [2, 7]
    given = positions.tolist() if dtype is list else positions.astype(dtype)
    np.testing.assert_array_equal(check_positions(given, 15), grid(3, 5))
    np.testing.assert_array_equal(check_positions(grid(15) - 20, 15), grid(15))


def wrong_positions():
    positions = grid(5, 8)
    same, nan, half = positions.copy(), positions.astype(float), positions + 0.5
    same[7] = same[3]
    nan[2] = np.nan
    return {
        "short": (positions[:-1], r"positions have shape \(39, 2\); expected \(40"),
        "flat": (np.arange(40), r"positions have shape \(40,\)"),
        "no axes": (positions[:, :0], r"positions have shape \(40, 0\)"),
        "map": (positions.reshape(5, 8, 2), r"positions have shape \(5, 8, 2\)"),
        "same": (same, "positions .*twice"),
        "nan": (nan, "positions has 2 values .*no whole numbers"),
        "half": (half, "positions has 80 values .*no whole numbers"),
        "text": (positions.astype(str), "positions is of type <U"),
    }


@pytest.mark.parametrize("name", wrong_positions())
def test_wrong_positions(name):
    positions, match = wrong_positions()[name]
    X = counted_domains((25, 15))[0]
    with pytest.raises(ValueError, match=match):
        domains().fit(X, positions=positions)
    with pytest.raises(ValueError, match=match):
        MapEnsemble(2).fit(compressed(X), positions=positions)


def test_positions_of_features():
    with pytest.raises(ValueError, match="positions were given with noise=None"):
        domains(noise=None).fit(np.ones((40, 3)), positions=grid(5, 8))


def test_not_with_the_published_method():
    X = np.ones((12, 5))
    model = DivisiveDomains(n_parts=2, random_state=0)
    with pytest.raises(ValueError, match="n_parts was given together with positions"):
        model.fit(X, positions=np.indices((3, 4)).reshape(2, -1).T)
