"""Which maps are made, in turn, and that each is what its source asks for."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.confidence._map_kinds import (
    FEATURE_KINDS,
    PATTERN_KINDS,
    cluster_density,
    divide_shapes,
)
from hyperspy_4dphase.estimators.confidence._map_making import (
    DOUBTS,
    MapMaker,
    Task,
    plan_maps,
)
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps

from ..domain_points import counted_domains


def plan(n_maps=26, doubts=DOUBTS, of_features=False, has_model=False, seed=0):
    random_state = np.random.RandomState(seed)
    return plan_maps(n_maps, doubts, of_features, has_model, random_state)


def kinds_of(tasks, source):
    return [task.kind for task in tasks if task.source == source]


def test_maps_of_patterns():
    tasks = plan()
    assert [task.source for task in tasks[:4]] == ["resampling", "kinds"] * 2
    # One in three is sought anew, the others are that of all patterns.
    anew = kinds_of(tasks, "resampling")
    assert [kind is divide_shapes for kind in anew] == [True, *2 * [False]] * 4 + [True]
    assert set(anew[1:3]) == {None}
    assert kinds_of(tasks, "kinds")[:4] == [*PATTERN_KINDS[1:], PATTERN_KINDS[1]]
    assert not any(task.of_patterns for task in tasks)


def test_fewer_trees_of_many_patterns():
    state = np.random.RandomState(0)
    tasks = plan_maps(26, DOUBTS, False, False, state, 50_000)
    anew = [task.kind is divide_shapes for task in tasks if task.source == "resampling"]
    assert sum(anew) == 3
    assert anew[0]


def test_maps_of_features():
    tasks = plan(37, of_features=True, has_model=True)
    assert [task.source for task in tasks] == ["distortion", "resampling", "kinds"] * 12
    assert set(kinds_of(tasks, "distortion")) == {cluster_density}
    assert set(kinds_of(tasks, "resampling")) == {cluster_density}
    others = FEATURE_KINDS[1:]
    assert kinds_of(tasks, "kinds") == [*others, *others[:3]]
    # The tree is that of the patterns themselves.
    assert [t.of_patterns for t in tasks] == [t.kind is divide_shapes for t in tasks]


@pytest.mark.parametrize("has_model", [False, True])
@pytest.mark.parametrize("doubts", [(), ("noise",)])
def test_without_a_source(doubts, has_model):
    """Maps differ by their samples only."""
    tasks = plan(5, doubts, True, has_model)
    assert [task.source for task in tasks] == ["resampling"] * 4


def test_seeds():
    one, same, other = (plan(seed=seed) for seed in (0, 0, 1))
    assert one == same
    assert [task.number for task in one] == list(range(25))
    assert [task.seed for task in one] != [task.seed for task in other]
    assert len({task.seed for task in one}) == 25


@pytest.fixture(scope="module")
def planted():
    counts, truth = counted_domains((60, 40), 300, n_pixels=40)
    counts[7] = 0
    return compress_patterns(counts, random_state=0, device="cpu"), truth


def test_votes(planted):
    """Whatever the kind, of patterns and of features, planted domains are found."""
    X, truth = planted
    features = 20.0 * np.eye(2)[truth] + np.random.default_rng(0).normal(size=(100, 2))
    for given, own_kinds in ((None, PATTERN_KINDS), (features, FEATURE_KINDS[:4])):
        maker = MapMaker(PatternMaps(X), given, True)
        tree = Task(5, "kinds", divide_shapes, 1, True)
        maker.grow_trees([tree], False, np.random.RandomState(0), 1)
        own = maker.make_first(np.random.RandomState(0))
        sure = own >= 0
        assert sure.mean() > 0.6
        assert adjusted_rand_score(truth[sure], own[sure]) == 1
        for kind in (None, *own_kinds):
            vote = maker.make_vote(Task(0, "kinds", kind, 1, False), own, None)
            assert vote.first[7] == -1
            sure = vote.first >= 0
            assert np.flatnonzero(~sure).tolist() == [7]
            assert adjusted_rand_score(truth[sure], vote.first[sure]) == 1


def test_distorted_features_are_clustered(planted):
    X, truth = planted
    maker = MapMaker(PatternMaps(X), np.zeros((100, 2)), False)
    task = Task(0, "distortion", cluster_density, 0, False)
    distorted = 20.0 * np.eye(2)[truth] + np.random.default_rng(0).normal(size=(100, 2))
    one = np.zeros(100, int)
    assert maker.make_vote(task, one, None).first.max() == 0
    found = maker.make_vote(task, one, distorted).first
    assert adjusted_rand_score(truth[found >= 0], found[found >= 0]) == 1


def test_maps_of_the_patterns_are_kept(planted):
    X, truth = planted
    patterns, task = PatternMaps(X), Task(4, "kinds", divide_shapes, 3, True)
    votes = []
    for features in (np.zeros((100, 2)), np.ones((100, 2))):
        maker = MapMaker(patterns, features, True)
        maker.grow_trees([task], False, np.random.RandomState(0), 1)
        votes.append(maker.make_vote(task, None, None))
    assert len(patterns.trees) == 2
    assert votes[0] is votes[1]
    assert list(patterns.votes) == [4]
    sure = votes[0].first >= 0
    assert adjusted_rand_score(truth[sure], votes[0].first[sure]) == 1
