"""Maps of different kinds, and of parts: planted crowds are found by all."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.confidence._map_kinds import (
    FEATURE_KINDS,
    PATTERN_KINDS,
    density_map,
    divisive_map,
    draw_subset,
    gaussian_map,
    nearest_center_map,
    remove_boundaries,
)
from hyperspy_4dphase.estimators.domains._shapes import FeatureShapes

from ..domain_points import UnitNoise, crowds, mixtures

ALL = (divisive_map, density_map, gaussian_map, nearest_center_map)
SIZES = (300, 200, 90)
CENTERS = 25.0 * np.eye(3)


def seeded(seed=0):
    return np.random.RandomState(seed)


def roughly(labels, n_domains=3):
    """A map that is wrong at every third position, for kinds that improve on one."""
    rows = np.arange(len(labels))
    return np.where(rows % 3, labels, rows % n_domains)


def test_kinds_are_all():
    assert set(PATTERN_KINDS) == set(FEATURE_KINDS) == set(ALL)


@pytest.mark.parametrize("form", [UnitNoise.of, FeatureShapes.from_features])
@pytest.mark.parametrize("kind", ALL)
def test_planted_crowds(kind, form):
    points, true = crowds(SIZES, CENTERS, dtype=float)
    shapes = form(points)
    shapes.known[::7] = False
    kept = shapes.points.copy()
    begin = roughly(true)
    labels = kind(shapes, seeded(), begin)
    np.testing.assert_array_equal(shapes.points, kept)
    assert labels.shape == true.shape
    assert (labels[::7] == -1).all()
    known = labels >= 0
    # HDBSCAN leaves what lies outside, and that is said.
    assert known[shapes.known].mean() > 0.9
    assert np.unique(labels[known]).tolist() == [0, 1, 2]
    assert adjusted_rand_score(true[known], labels[known]) > 0.99
    np.testing.assert_array_equal(kind(shapes, seeded(), begin), labels)


@pytest.mark.parametrize("kind", ALL)
def test_wherever_they_are(kind):
    """Far from the origin the same crowds are there."""
    points, true = crowds(SIZES, CENTERS, dtype=float)
    labels = kind(UnitNoise.of(points + 1e6), seeded(), roughly(true))
    known = labels >= 0
    assert adjusted_rand_score(true[known], labels[known]) > 0.99


@pytest.mark.parametrize("kind", [gaussian_map, nearest_center_map])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_number_of_domains(kind):
    points, _ = crowds((200,), [[0.0, 0]], dtype=float)
    begin = np.arange(200) % 4
    assert set(kind(UnitNoise.of(points), seeded(), begin)) == {0, 1, 2, 3}


@pytest.mark.parametrize("kind", [gaussian_map, nearest_center_map])
def test_improved_from_a_map(kind):
    """Its domains keep their numbers, and what was wrong is right."""
    points, true = crowds(SIZES, CENTERS, dtype=float)
    begin = np.array([2, 0, 1])[true]
    begin[::9] = 0
    begin[::11] = -1
    shapes = UnitNoise.of(points)
    shapes.known[5] = False
    kept = begin.copy()
    found = kind(shapes, seeded(), begin)
    expected = np.array([2, 0, 1])[true]
    expected[5] = -1
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(begin, kept)


def test_gaussians_follow_shapes():
    """A wide crowd beside a narrow one, of which k-means cuts off a part."""
    points, true = crowds((400, 400), [[0.0, 0], [9, 0]], dtype=float)
    points[400:, 1] *= 8
    points[400:, 0] = 10 + 4 * (points[400:, 0] - 9)
    shapes = UnitNoise.of(points)
    scores = [
        adjusted_rand_score(true, kind(shapes, seeded(), roughly(true, 2)))
        for kind in (gaussian_map, nearest_center_map)
    ]
    assert scores[0] > 0.9
    assert scores[1] < scores[0] - 0.1


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("value", [0.0, 10.0, -3e5])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_equal_points(kind, value):
    for form in (UnitNoise.of, FeatureShapes.from_features):
        begin = np.arange(40) % 2
        labels = kind(form(np.full((40, 2), value)), seeded(), begin)
        assert set(labels) <= {-1, 0, 1}
        if kind in (divisive_map, nearest_center_map):
            assert set(labels) == {0}


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_points_without_noise(kind):
    """Three places, in units of almost nothing."""
    points = np.repeat(1000 * np.eye(3), 40, axis=0)
    true = np.repeat([0, 1, 2], 40)
    labels = kind(FeatureShapes.from_features(points), seeded(), roughly(true))
    assert adjusted_rand_score(true, labels) == 1


class TestSubset:
    labels = np.random.default_rng(0).permutation(
        np.repeat([-1, 0, 1, 2, 3], [500, 6000, 900, 60, 1])
    )

    @pytest.mark.parametrize("seed", range(20))
    def test_some_of_each_label(self, seed):
        rows = draw_subset(self.labels, seeded(seed))
        assert (np.diff(rows) > 0).all()
        assert np.unique(self.labels[rows]).tolist() == [0, 1, 2, 3]

    def test_share(self):
        rows = draw_subset(self.labels, seeded())
        sizes = np.bincount(self.labels[rows])
        assert sizes[:2] / [6000, 900] == pytest.approx(2 / 3, abs=0.05)
        # Of small ones more, but not all.
        assert 45 <= sizes[2] < 60

    def test_not_more_than_serve(self):
        rows = draw_subset(np.repeat([0, 1], [90_000, 300]), seeded())
        assert len(rows) == pytest.approx(6000, rel=0.1)
        assert (rows >= 90_000).sum() == pytest.approx(100, abs=30)

    def test_seed(self):
        one, same, other = (draw_subset(self.labels, seeded(s)) for s in (1, 1, 2))
        np.testing.assert_array_equal(one, same)
        assert not np.array_equal(one, other)

    @pytest.mark.parametrize("seed", range(5))
    def test_few(self, seed):
        assert draw_subset(np.array([-1, 0]), seeded(seed)).tolist() == [1]
        assert draw_subset(np.array([-1, -1]), seeded(seed)).size == 0


def test_boundaries_are_removed():
    """A cluster between two others is none, and what is left is numbered."""
    points, true = crowds((400, 300), 30 * np.eye(2), dtype=float)
    between = mixtures(120, [24, 6], [6, 24], dtype=float)
    points = np.concatenate([points, between])
    labels = np.append(true + 5, np.full(120, 6))
    labels[labels == 6] = np.where(np.arange(420) < 300, 9, 7)
    labels[:3] = -1
    shapes = UnitNoise.of(points)
    shapes.known[3] = False
    given = labels.copy()
    found = remove_boundaries(shapes, labels, seeded())
    np.testing.assert_array_equal(labels, given)
    assert np.unique(found).tolist() == [-1, 0, 1]
    assert found[3] == -1
    np.testing.assert_array_equal(found[4:700], true[4:])
    # What was dissolved is on the side of which it has more.
    mixed = found[700:]
    clear = np.abs(points[700:] @ [1, -1]) > 6
    expected = points[700:, 1] > points[700:, 0]
    np.testing.assert_array_equal(
        mixed[clear & (mixed >= 0)], expected[clear & (mixed >= 0)]
    )


def test_crowds_are_no_boundaries():
    points, true = crowds(SIZES, CENTERS, dtype=float)
    found = remove_boundaries(UnitNoise.of(points), np.array([4, 2, 8])[true], seeded())
    np.testing.assert_array_equal(found, np.array([1, 0, 2])[true])
