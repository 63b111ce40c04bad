"""Patches that do not touch: of one domain, or of several that are nearly alike."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import DivisiveDomains, compress_patterns
from hyperspy_4dphase.estimators.domains._field import Field, average_alike
from hyperspy_4dphase.estimators.domains._patches import (
    are_of_one_trend,
    separate_patches,
)

SIDE, N_FEATURES = 8, 10


def patches_at(corners, means, seed=0):
    """Square patches of unit noise, at some corners; `means` of their positions."""
    rng = np.random.default_rng(seed)
    square = np.indices((SIDE, SIDE)).reshape(2, -1).T
    positions = np.concatenate([square + corner for corner in corners])
    names = np.repeat(np.arange(len(corners)), len(square))
    points = rng.standard_normal((len(positions), N_FEATURES))
    points += means(names, positions - positions.min(axis=0))
    return Field(points, positions), names


CORNERS = [(0, 0), (0, 12), (12, 0), (12, 12)]


@pytest.mark.parametrize("seed", range(5))
def test_patches_with_a_gap_are_told_apart(seed):
    centers = np.random.default_rng(seed).normal(0, 3, (4, N_FEATURES))
    centers[3] = centers[1]
    field, names = patches_at(CORNERS, lambda names, _: centers[names], seed)
    found = separate_patches(field, 10)
    expected = np.array([0, 1, 2, 1])[names]
    assert adjusted_rand_score(expected, found) == 1


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_patches_that_differ_by_noise_are_one(shift, seed):
    centers = np.zeros((4, N_FEATURES))
    centers[:, 0] = shift * np.arange(4) / 3
    field, _ = patches_at(CORNERS, lambda names, _: centers[names], seed)
    assert not separate_patches(field, 10).any()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("slope", [0.5, 2.0])
def test_what_changes_evenly_is_one(slope, seed):
    """A bent crystal that something hides a part of; a scan with descan."""

    def ramp(names, positions):
        change = np.zeros((len(positions), N_FEATURES))
        change[:, 0] = slope * positions[:, 0]
        change[:, 1] = slope / 2 * positions[:, 1]
        return change

    field, _ = patches_at(CORNERS, ramp, seed)
    assert not separate_patches(field, 10).any()
    far = [(0, 0), (0, 40), (60, 0), (60, 40), (30, 20)]
    assert not separate_patches(patches_at(far, ramp, seed)[0], 10).any()


@pytest.mark.parametrize("seed", range(3))
def test_what_bends_is_one_on_both_sides_of_what_hides_it(seed):
    def bend(names, positions):
        change = np.zeros((len(positions), N_FEATURES))
        for k in range(4):
            change[:, k] = 8 * np.sin(positions[:, 1] / 18 + k)
        return change

    corners = [(0, 0), (0, SIDE + 3), (0, 2 * SIDE + 6)]
    field, _ = patches_at(corners, bend, seed)
    assert not separate_patches(field, 10).any()


def test_few_points_go_to_what_is_most_like_them():
    centers = np.zeros((5, N_FEATURES))
    centers[1] = centers[4] = 5
    field, names = patches_at([*CORNERS, (24, 24)], lambda names, _: centers[names])
    kept = np.flatnonzero((names < 4) | (np.arange(len(names)) % 16 < 3))
    few = Field(field.points[kept], field.positions[kept])
    found, own = separate_patches(few, 20), names[kept]
    assert (found[own == 4] == found[own == 1][0]).all()
    assert found[own == 1][0] != found[own == 0][0]


@pytest.mark.accuracy
def test_very_many_patches_are_as_many_domains_as_there_are():
    corners = [(10 * i, 10 * j) for i in range(14) for j in range(14)]
    kinds = np.arange(len(corners)) % 3
    centers = np.random.default_rng(0).normal(0, 4, (3, N_FEATURES))
    field, names = patches_at(corners, lambda names, _: centers[kinds[names]])
    found = separate_patches(field, 10)
    assert adjusted_rand_score(kinds[names], found) == 1


def test_one_patch_is_one():
    field, _ = patches_at(CORNERS[:1], lambda names, positions: 9 * positions[:, :1])
    assert not separate_patches(field, 10).any()


def turned_grains(dose, seed):
    """Grains that differ by where on a circle their three spots are."""
    rng = np.random.default_rng(seed)
    shape, side = (36, 36), 6
    rows, columns = np.indices(shape) // side
    grain = rows * (shape[1] // side) + columns
    n_grains = grain.max() + 1
    turns = rng.permutation(n_grains) * 120 / n_grains
    angles = np.arange(120)
    away = (angles - turns[:, None] + 60) % 120 - 60
    patterns = 0.2 / 120 + np.exp(-0.5 * (away / 1.5) ** 2) / (1.5 * np.sqrt(2 * np.pi))
    patterns = np.tile(patterns / patterns.sum(axis=1, keepdims=True) / 3, 3)
    counts = rng.poisson(dose * patterns[grain.ravel()])
    return counts, np.indices(shape).reshape(2, -1).T, grain.ravel()


@pytest.mark.accuracy
def test_crystals_turned_by_little_are_domains():
    """36 grains at even angles leave no gap among patterns, but in the scan."""
    counts, positions, grain = turned_grains(300, 0)
    patterns = compress_patterns(counts, random_state=0)
    model = DivisiveDomains(random_state=0).fit(patterns, positions=positions)
    assert adjusted_rand_score(grain, model.labels_) > 0.9
    assert model.n_domains_ <= grain.max() + 1


def pair_of(means, seed):
    """Two patches, and whether what changes in both of them explains the step."""
    field, names = patches_at([(0, 0), (0, 12)], means, seed)
    members = [np.flatnonzero(names == i) for i in range(2)]
    pure = np.ones(len(names), bool)
    return are_of_one_trend(field, average_alike(field).points, pure, *members)


@pytest.mark.parametrize("seed", range(3))
def test_one_even_change_makes_two_patches_one(seed):
    def ramp(names, positions):
        return np.outer(positions[:, 1], np.eye(N_FEATURES)[0])

    assert pair_of(ramp, seed)
    assert pair_of(lambda names, positions: 0 * ramp(names, positions), seed)


@pytest.mark.parametrize("seed", range(3))
def test_two_crystals_that_bend_are_not_of_one_trend(seed):
    """Though each spreads as far as they are apart along the line between them."""

    def bend(names, positions):
        across = positions[:, 1] - 12 * names
        sides = [4 * np.eye(N_FEATURES)[3 * i + across // 3] for i in (0, 1)]
        return np.where(names[:, None] == 0, *sides) * (1 + across[:, None] / 2)

    assert not pair_of(bend, seed)
