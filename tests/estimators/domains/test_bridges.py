"""Mixtures of two crowds are a boundary; a path between two parts is none."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._bridges import find_unmixed, is_bridged
from hyperspy_4dphase.estimators.domains._valley import find_valley

from ..domain_points import crowds, mixtures

DIMENSIONS = (2, 5, 12)


def ends(n_features, distance=30.0):
    return np.eye(2, n_features, k=-1) * distance


def noisy(points, seed):
    noise = np.random.default_rng(seed).normal(size=points.shape)
    return (points + noise).astype(np.float32)


def bridged(points, seed=0):
    """Along the first axis, where there must be a valley."""
    valley = find_valley(points[:, 0], 10)
    assert valley.log_p < -4
    return is_bridged(points, points[:, 0], valley, np.random.RandomState(seed))


def path(n, n_features, seed, height=40.0):
    """Points all along a curve that steps from 0 to 30 in the first axis."""
    t = np.random.default_rng(seed).random(n)
    step = 30 / (1 + np.exp(12 - 24 * t))
    others = height * np.cos(np.pi * np.outer(t, np.arange(1, n_features)))
    return noisy(np.column_stack([step, others]), seed)


@pytest.mark.parametrize("n_features", DIMENSIONS)
@pytest.mark.parametrize("n_mixed", [0, 60, 200])
@pytest.mark.parametrize("seed", range(3))
def test_mixtures_are_no_bridge(n_features, n_mixed, seed):
    centers = ends(n_features)
    points, _ = crowds((600, 400), centers, seed)
    points = np.concatenate([points, mixtures(n_mixed, *centers, seed + 9)])
    assert not bridged(points, seed)


@pytest.mark.parametrize("n_features", DIMENSIONS)
@pytest.mark.parametrize("sizes", [(400, 300, 200), (600, 200, 150)])
@pytest.mark.parametrize("seed", range(3))
def test_an_interface_may_be_wide(n_features, sizes, seed):
    """Mixtures may be nearly as many as positions of the smaller domain."""
    centers = ends(n_features, 60.0)
    points, _ = crowds(sizes[:2], centers, seed)
    points = np.concatenate([points, mixtures(sizes[2], *centers, seed + 9)])
    assert not bridged(points, seed)


@pytest.mark.parametrize(("n", "is_enough"), [(20, False), (600, True)])
@pytest.mark.parametrize("seed", range(3))
def test_with_a_margin_crowds_of_few_prove_nothing(n, is_enough, seed):
    centers = ends(4)
    points, labels = crowds((n, n), centers, seed)
    inside = mixtures(n // 5, *centers, seed + 9)
    given = inside, inside, points[labels == 0], points[labels == 1]
    surely = find_unmixed(*given, np.random.RandomState(seed), margin=5.0)
    assert find_unmixed(*given, np.random.RandomState(seed)).mean() < 0.1
    assert surely.mean() < 0.1 if is_enough else surely.all()


@pytest.mark.parametrize(("n_features", "third"), [(8, 6), (5, 8)])
def test_one_in_four_boundaries_of_few_points_may_be_a_path(n_features, third):
    """Twenty mixtures, with a little of something else."""
    centers, n_bridged, n_seeds = ends(n_features, 20.0), 0, 40
    for seed in range(n_seeds):
        points, _ = crowds((110, 60), centers, seed)
        mixed = mixtures(20, *centers, seed + 99)
        mixed[:, -1] += third * np.random.default_rng(seed).random(20)
        n_bridged += bridged(np.concatenate([points, mixed]), seed)
    assert n_bridged / n_seeds < 0.25


@pytest.mark.parametrize("n_features", [3, 5, 12])
@pytest.mark.parametrize("seed", range(3))
def test_a_curve_is_a_bridge(n_features, seed):
    assert bridged(path(1500, n_features, seed), seed)


@pytest.mark.parametrize("n_features", DIMENSIONS)
@pytest.mark.parametrize("seed", range(3))
def test_a_detour_is_a_bridge(n_features, seed):
    """Half an ellipse between two crowds."""
    points, _ = crowds((600, 400), ends(n_features), seed)
    t = np.random.default_rng(seed).random(150) * np.pi
    way = np.zeros((150, n_features))
    way[:, 0], way[:, 1] = 15 - 15 * np.cos(t), 40 * np.sin(t)
    assert bridged(np.concatenate([points, noisy(way, seed)]), seed)


@pytest.mark.parametrize("n_features", [3, 8])
@pytest.mark.parametrize("seed", range(3))
def test_mixtures_of_two_curves_are_no_bridge(n_features, seed):
    """Each point of one curve mixes with the one beside it on the other."""
    rng = np.random.default_rng(seed)
    t = rng.random(2200) * np.pi
    share = np.repeat([0.0, 1.0, np.nan], [1100, 900, 200])
    share = np.where(np.isnan(share), rng.random(2200), share)
    points = np.zeros((2200, n_features))
    points[:, 0] = 30 * share
    points[:, 1], points[:, 2] = 15 * np.sin(t), 15 * np.cos(t)
    assert not bridged(noisy(points, seed), seed)


def test_unmixed_points_are_told():
    centers = ends(4)
    points, labels = crowds((600, 400), centers)
    inside = mixtures(40, *centers)
    inside[::4, 2] += 20
    sides = [points[labels == 0], points[labels == 1]]
    found = find_unmixed(inside, inside, *sides, np.random.RandomState(0))
    expected = np.arange(40) % 4 == 0
    assert (found == expected).mean() > 0.9
    assert found[expected].all()
