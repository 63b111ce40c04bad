"""What is dissolved is nothing but a mixture of two larger ones."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._boundaries import dissolve_boundaries

from ..domain_points import UnitNoise, crowds


def dissolved(points, labels, seed=0):
    shapes = UnitNoise.of(points)
    return dissolve_boundaries(shapes, labels, np.random.RandomState(seed))


def three(n_between, offset=0.0, n_features=5, seed=0):
    """Two crowds 40 apart, and what may be a boundary half way, off by so much."""
    centers = np.zeros((3, n_features))
    centers[:, 0] = 0, 40, 20
    centers[2, 1] = offset
    points, labels = crowds((600, 400, n_between), centers, seed)
    along = np.random.default_rng(seed).uniform(-5, 5, n_between)
    points[labels == 2, 0] += along
    return points, labels


@pytest.mark.parametrize("n_features", [2, 5, 12])
@pytest.mark.parametrize("n_between", [20, 80])
@pytest.mark.parametrize("seed", range(3))
def test_mixtures_go_to_their_nearer_end(n_features, n_between, seed):
    points, labels = three(n_between, n_features=n_features, seed=seed)
    before = labels.copy()
    found, gone = dissolved(points, labels, seed)
    assert gone == [2]
    np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(found[before < 2], before[before < 2])
    boundary = points[before == 2, 0]
    clear = np.abs(boundary - 20) > 0.5
    right = found[before == 2] == (boundary > 20)
    assert right[clear].all()
    assert 0.2 < (boundary > 20).mean() < 0.8


@pytest.mark.parametrize("is_between", [True, False])
def test_only_what_is_near_in_the_scan_is_mixed(is_between):
    """The same points are no boundary where one of both sides is far away."""
    points, labels = three(80)
    shapes = UnitNoise.of(points)
    order = [0, 2, 1] if is_between else [2, 0, 1]
    rows = np.concatenate([np.flatnonzero(labels == i) for i in order])
    shapes.positions = np.empty((len(rows), 2), int)
    shapes.positions[rows] = np.stack(np.divmod(np.arange(len(rows)), 20), axis=1)
    gone = dissolve_boundaries(shapes, labels, np.random.RandomState(0))[1]
    assert gone == ([2] if is_between else [])


@pytest.mark.parametrize("offset", [-15, 15])
@pytest.mark.parametrize("seed", range(3))
def test_a_domain_off_the_line_stays(offset, seed):
    points, labels = three(60, offset, seed=seed)
    found, gone = dissolved(points, labels, seed)
    assert gone == []
    np.testing.assert_array_equal(found, labels)


def test_more_than_the_ends_stay():
    points, labels = three(900)
    found, gone = dissolved(points, labels)
    assert gone == []
    np.testing.assert_array_equal(found, labels)


def test_two_domains_and_unknown_points_stay():
    points, labels = three(60)
    labels[labels == 2] = -1
    found, gone = dissolved(points, labels)
    assert gone == []
    np.testing.assert_array_equal(found, labels)
    labels[:] = 0
    assert dissolved(points, labels)[1] == []


def test_every_boundary_goes():
    """A triangle of domains has one along each side."""
    corners = np.array([[0.0, 0, 0], [40, 0, 0], [0, 40, 0]])
    sides = (corners + np.roll(corners, 1, axis=0)) / 2
    points, labels = crowds(
        (700, 600, 500, 40, 30, 20), np.concatenate([corners, sides])
    )
    found, gone = dissolved(points, labels)
    assert sorted(gone) == [3, 4, 5]
    assert set(found) == {0, 1, 2}
    for label, (one, other) in ((3, (0, 2)), (4, (1, 0)), (5, (2, 1))):
        assert set(found[labels == label]) <= {one, other}


def blended(spread, seed=0):
    """Four crowds, and a few points where they meet, in one place or scattered."""
    corners = np.zeros((4, 5))
    corners[1:, :3] = 60 * np.eye(3)
    points, labels = crowds((500, 400, 300, 250), corners, seed)
    rng = np.random.default_rng(seed)
    shares = spread * rng.dirichlet(np.ones(4), 40) + (1 - spread) / 4
    meeting = shares @ corners + rng.normal(size=(40, 5))
    return np.concatenate([points, meeting]), np.append(labels, np.full(40, 4)), shares


@pytest.mark.parametrize("seed", range(3))
def test_where_several_domains_meet_is_no_domain(seed):
    points, labels, shares = blended(0.7, seed)
    found, gone = dissolved(points, labels, seed)
    assert gone == [4]
    np.testing.assert_array_equal(found[:-40], labels[:-40])
    right = found[-40:] == shares.argmax(axis=1)
    assert right.mean() > 0.6


def test_alike_mixtures_of_several_are_a_domain():
    points, labels, _ = blended(0.0)
    found, gone = dissolved(points, labels)
    assert gone == []
    np.testing.assert_array_equal(found, labels)
