"""Trees of other exposures of a scan, and what is judged by them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import (
    DivisiveDomains,
    MapEnsemble,
    compress_patterns,
)
from hyperspy_4dphase.estimators.confidence._map_making import MapMaker
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps

from ..domain_points import domain_patterns
from ..scan_points import places

SHAPE = (12, 24)
N = 288


def counted(dose=600, seed=0, n_domains=3):
    labels = np.indices(SHAPE)[-1] * n_domains // SHAPE[-1]
    expected = dose * domain_patterns(n_domains, 50)[labels.ravel()]
    return np.random.default_rng(seed).poisson(expected), labels.ravel()


def compressed(counts):
    return compress_patterns(counts, random_state=0)


@pytest.fixture(scope="module")
def planted():
    counts, labels = counted()
    return compressed(counts), labels


@pytest.fixture(scope="module")
def faint():
    """So few counts that trees of other exposures differ."""
    counts, labels = counted(22)
    return compressed(counts), labels


def grown(X, n_trees=3, seed=0, n_jobs=1):
    maps = PatternMaps(X, places(SHAPE))
    maps.grow(n_trees, np.random.RandomState(seed), n_jobs)
    return maps


@pytest.mark.parametrize("name", ["planted", "faint"])
def test_reproducible_whatever_the_threads(name, request):
    X = request.getfixturevalue(name)[0]
    one = grown(X)
    for n_jobs in (1, 2):
        for tree, same in zip(one.trees, grown(X, n_jobs=n_jobs).trees, strict=True):
            np.testing.assert_array_equal(tree, same)
    assert len(one.trees) == 3


def test_other_exposures_differ(faint):
    X, _ = faint
    trees = grown(X, 4).trees
    assert len({tree.tobytes() for tree in trees}) > 1
    others = grown(X, 4, seed=1).trees
    assert any((a != b).any() for a, b in zip(trees[1:], others[1:], strict=True))


def test_they_are_no_worse(planted):
    X, labels = planted
    for tree in grown(X).trees:
        assert adjusted_rand_score(labels, tree) > 0.97


def test_grown_once(planted):
    X, _ = planted
    maps = grown(X, 2)
    first = list(maps.trees)
    for _ in range(2):
        maps.grow(3, np.random.RandomState(3), 1)
        assert len(maps.trees) == 3
        assert all(a is b for a, b in zip(first, maps.trees, strict=False))
    assert maps.reason == "split"


def test_first_tree_is_that_of_the_patterns(faint):
    """However many others there are."""
    X, _ = faint
    trees = (grown(X, n).trees[0] for n in (1, 3))
    np.testing.assert_array_equal(*trees)


@pytest.mark.parametrize(("scan", "n_seeds"), [("planted", 1), ("faint", 2)])
def test_domains_are_those_of_the_tree_of_the_same_seed(scan, n_seeds, request):
    X, _ = request.getfixturevalue(scan)
    for seed in range(n_seeds):
        own = DivisiveDomains(random_state=seed).fit(X, positions=places(SHAPE)).labels_
        assert adjusted_rand_score(own, grown(X, seed=seed).choose()) == 1
        # An ensemble plans its maps before it grows them.
        ensemble = MapEnsemble(n_maps=5, random_state=seed)
        shared = PatternMaps(X, places(SHAPE))
        ensemble.fit(shared)
        assert adjusted_rand_score(own, shared.choose()) == 1


def test_structure_of_right_and_of_wrong_maps(planted):
    """A map that cuts a domain in two, or joins two, is judged less likely to stand."""
    X, labels = planted
    maps = grown(X)
    maker = MapMaker(maps, None, True)
    state = np.random.RandomState(0)
    right = maker.judge_structure(labels, state).probability
    assert right.shape == (N,)
    assert right.min() > 0.9
    cut = np.where((labels == 0) & (places(SHAPE)[:, 0] < 6), 3, labels)
    found = maker.judge_structure(cut, state).probability
    parts = (cut == 0) | (cut == 3)
    assert found[parts].mean() < 0.6
    assert found[~parts].min() > found[parts].max()
    joined = np.minimum(labels, 1)
    found = maker.judge_structure(joined, state)
    assert found.doubts["unresolved"][joined == 1].mean() > 0.1
    assert found.doubts["unresolved"][joined == 0].max() < 0.02


@pytest.mark.parametrize("kind", ["no positions", "noise only", "no labels"])
def test_nothing_to_judge(planted, kind):
    X, labels = planted
    if kind == "noise only":
        X = compressed(counted(n_domains=1)[0])
    maps = PatternMaps(X, None if kind == "no positions" else places(SHAPE))
    maps.grow(1, np.random.RandomState(0), 1)
    given = np.full(N, -1) if kind == "no labels" else labels
    maker = MapMaker(maps, None, True)
    assert maker.judge_structure(given, np.random.RandomState(0)) is None


def test_has_resolved(planted):
    X, _ = planted
    assert MapMaker(grown(X, 2), None, True).has_resolved
    maps = grown(compressed(counted(n_domains=1)[0]), 2)
    maker = MapMaker(maps, None, True)
    assert not maker.has_resolved
    assert maker.reason == maps.reason == "noise"
    # One tree that splits is enough to make agreement the reason.
    maps.trees[-1] = np.repeat([0, 1], N // 2)
    assert maker.has_resolved
    assert maker.reason == "consensus"


@pytest.mark.parametrize("dark", [0, 1, 2])
def test_a_given_domain_without_counts(dark):
    """Vacuum, say: none of its positions has a confidence, all others do."""
    counts, labels = counted()
    counts[labels == dark] = 0
    model = MapEnsemble(3, random_state=0, n_jobs=1)
    model.fit(compressed(counts), reference=labels, positions=places(SHAPE))
    lit = labels != dark
    np.testing.assert_array_equal(model.consensus_, np.where(lit, labels, -1))
    np.testing.assert_array_equal(model.confidence_[~lit], 0)
    assert model.confidence_[lit].min() > 0.9


def test_only_what_has_no_counts_is_given():
    counts, labels = counted()
    counts[labels == 1] = 0
    model = MapEnsemble(3, random_state=0, n_jobs=1)
    given = np.where(labels == 1, 0, -1)
    model.fit(compressed(counts), reference=given, positions=places(SHAPE))
    np.testing.assert_array_equal(model.labels_, -1)
    np.testing.assert_array_equal(model.confidence_, 0)


@pytest.mark.parametrize("row", [5, 6, 7])
def test_halves_of_a_domain_are_doubted_alike(planted, row):
    """Which of them keeps its name is open, whichever is larger by a few positions."""
    X, labels = planted
    y = np.indices(SHAPE)[0].ravel()
    given = np.where((labels == 1) & (y >= row), 3, labels)
    model = MapEnsemble(5, random_state=0, n_jobs=1)
    model.fit(X, reference=given, positions=places(SHAPE))
    for half in (1, 3):
        assert 0.3 < np.median(model.confidence_[given == half]) < 0.7
    assert np.median(model.confidence_[labels != 1]) > 0.9


def test_the_larger_part_of_a_domain_keeps_its_name(planted):
    X, labels = planted
    y = np.indices(SHAPE)[0].ravel()
    given = np.where((labels == 1) & (y >= 9), 3, labels)
    model = MapEnsemble(5, random_state=0, n_jobs=1)
    model.fit(X, reference=given, positions=places(SHAPE))
    large, small = (np.median(model.confidence_[given == k]) for k in (1, 3))
    assert small < 0.4 < 0.6 < large
