"""Clusters are joined where nothing parts them, and only there."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.domains._gaps import join_clusters
from hyperspy_4dphase.estimators.domains._shapes import FeatureShapes

from ..domain_points import UnitNoise, crowds, mixtures


def state(seed=0):
    return np.random.RandomState(seed)


def curve(n=3000, seed=0):
    """A path that turns in four dimensions, and how far along it points are."""
    along = np.random.default_rng(seed).random(n)
    turn = 3 * along[:, np.newaxis] * [1, 1.3, 1.7, 0.6] + [0, 1, 2, 3]
    points = 30 * np.cos(turn) + np.random.default_rng(seed + 1).normal(size=(n, 4))
    return points, along


@pytest.mark.parametrize("n_parts", [2, 5, 9])
@pytest.mark.parametrize("seed", range(3))
def test_parts_of_a_path(n_parts, seed):
    """Also if what lies between them has no label."""
    points, along = curve(seed=seed)
    features = np.column_stack([along, np.zeros(len(along))])
    features += 0.01 * np.random.default_rng(seed).normal(size=features.shape)
    labels = np.floor(n_parts * along).astype(int)
    labels[np.abs(n_parts * along - np.rint(n_parts * along)) < 0.1] = -1
    kept = labels.copy()
    found = join_clusters(
        UnitNoise.of(points), FeatureShapes.from_features(features), labels, state(seed)
    )
    np.testing.assert_array_equal(labels, kept)
    np.testing.assert_array_equal(found < 0, labels < 0)
    assert np.unique(found[found >= 0]).size == 1


def test_crowds_stay_and_their_parts_are_joined():
    points, true = crowds((900, 500, 60), 12.0 * np.eye(3), dtype=float)
    between = mixtures(100, [12, 0, 0], [0, 12, 0], dtype=float)
    points = np.concatenate([points, between])
    labels = np.append(true, np.full(100, -1))
    whole = UnitNoise.of(points)
    found = join_clusters(whole, FeatureShapes.from_features(points), labels, state())
    np.testing.assert_array_equal(found, labels)
    # The largest one cut in the middle.
    cut = np.where((labels == 0) & (points[:, 1] > 0), 3, labels)
    found = join_clusters(whole, FeatureShapes.from_features(points), cut, state())
    known = labels >= 0
    assert adjusted_rand_score(labels[known], found[known]) == 1


def ring(seed=0):
    """A crowd and a ring around it: no line has a valley."""
    rng = np.random.default_rng(seed)
    labels = np.repeat([0, 1], [1000, 1500])
    radius = np.where(labels == 1, 12, 3 * np.sqrt(rng.random(2500)))
    angle = 2 * np.pi * rng.random(2500)
    points = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    return points + 0.5 * rng.normal(size=points.shape), labels


@pytest.mark.parametrize("seed", range(3))
def test_features_or_patterns_that_show_a_gap(seed):
    points, labels = ring(seed)
    straight = np.hypot(*points.T)[:, np.newaxis] * [1, 0.1]
    shapes, features = UnitNoise.of(points), FeatureShapes.from_features(straight)
    np.testing.assert_array_equal(
        join_clusters(shapes, features, labels, state()), labels
    )
    shapes, features = UnitNoise.of(straight), FeatureShapes.from_features(points)
    np.testing.assert_array_equal(
        join_clusters(shapes, features, labels, state()), labels
    )


def test_a_gap_elsewhere_is_none_between_them():
    points, true = crowds((600, 60), [[0.0, 0], [30, 0]], dtype=float)
    labels = (points[:, 1] > 0).astype(int)
    shapes = UnitNoise.of(points)
    found = join_clusters(shapes, FeatureShapes.from_features(points), labels, state())
    assert np.unique(found).size == 1


def test_patterns_that_are_alike():
    """What features tell apart, but patterns do not, is chance."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1], 200)
    features = FeatureShapes.from_features(
        labels[:, np.newaxis] + 0.01 * rng.random((400, 2))
    )
    shapes = UnitNoise.of(rng.normal(size=(400, 3)))
    assert not join_clusters(shapes, features, labels, state()).any()


@pytest.mark.parametrize("labels", [[-1, -1, -1], [0, 0, -1]])
def test_nothing_to_join(labels):
    shapes = UnitNoise.of(np.zeros((3, 2)))
    shapes.known[2] = False
    found = join_clusters(
        shapes, FeatureShapes.from_features(np.eye(3)), np.array(labels), state()
    )
    np.testing.assert_array_equal(found, labels)
