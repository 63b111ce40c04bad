"""Splits that single patterns hide in noise, and their neighbourhoods show."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.domains._pooled import (
    average_blocks,
    find_pooled_split,
)
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, whitening
from hyperspy_4dphase.estimators.domains._splits import find_local_points, find_split

from ..domain_points import counted_domains

N_FEATURES = 3


def grid(*shape):
    return np.indices(shape).reshape(len(shape), -1).T


def state(seed=0):
    return np.random.RandomState(seed)


def unit_shapes(points, positions, spread=1.0):
    """Points of unit noise in any of their directions, times a spread."""
    n, k = points.shape
    spread = np.broadcast_to(spread, n).astype(float)
    known = np.ones(n, bool)
    axes = np.eye(k), np.ones(k)
    shapes = CompressedShapes(points, spread, known, *axes, gain=1.0, poisson=False)
    shapes.positions = positions
    return shapes


def scanned(positions, means, seed=0):
    """Points whose first feature has these means."""
    points = np.random.default_rng(seed).normal(size=(len(positions), N_FEATURES))
    points[:, 0] += means
    return unit_shapes(points, positions)


def halves(positions, distance=2.5):
    """Which half along the last axis, and the mean there."""
    along = positions[:, -1]
    true = along > along.max() / 2
    return true, distance * true


def right(labels, true):
    share = (labels == true).mean()
    return max(share, 1 - share)


def seen_singly(shapes, seed):
    points = find_local_points(
        shapes.points, shapes.noise(np.arange(len(shapes.points)))
    )
    return find_split(points, 10, state(seed))[0] is not None


@pytest.mark.parametrize(("scan", "least"), [((900,), 0.97), ((30, 34), 0.95)])
@pytest.mark.parametrize("seed", range(2))
def test_halves_that_overlap(scan, least, seed):
    positions = grid(*scan)
    true, means = halves(positions)
    shapes = scanned(positions, means, seed)
    assert not seen_singly(shapes, seed)
    split = find_pooled_split(shapes, 10, state(seed))
    assert split.side.shape == true.shape
    assert split.side.dtype == bool
    assert right(split.side, true) > least
    assert split.log_p < -4
    # As of a split of single patterns.
    assert split.strength == pytest.approx(0.25 * 2.5, rel=0.2)


def test_halves_in_three_dimensions():
    positions = grid(14, 16, 12)
    true, means = halves(positions)
    split = find_pooled_split(scanned(positions, means), 10, state())
    assert right(split.side, true) > 0.93


@pytest.mark.parametrize("seed", range(2))
def test_halves_with_holes_anywhere_in_any_order(seed):
    rng = np.random.default_rng(seed)
    whole = grid(36, 40)
    positions = rng.permutation(whole)[:1200]
    true, means = halves(positions)
    shapes = scanned(positions + [70, -300], means, seed)
    split = find_pooled_split(shapes, 10, state(seed))
    assert right(split.side, true) > 0.95
    # Elsewhere in the scan, they are noise.
    shapes.positions = rng.permutation(positions)
    assert find_pooled_split(shapes, 10, state(seed)) is None


@pytest.mark.parametrize("scan", [(900,), (30, 34), (14, 16, 12)])
def test_one_kind_is_not_split(scan):
    for seed in range(5):
        assert find_pooled_split(scanned(grid(*scan), 0, seed), 10, state(seed)) is None


@pytest.mark.parametrize("extent", [2.5, 8, 40])
@pytest.mark.parametrize("axis", [0, 1])
def test_a_gradient_is_not_split(extent, axis):
    positions = grid(24, 26)
    means = extent * positions[:, axis] / positions[:, axis].max()
    assert find_pooled_split(scanned(positions, means, axis), 10, state()) is None


@pytest.mark.parametrize("seed", range(2))
def test_dim_patterns_count_less(seed):
    rng = np.random.default_rng(seed)
    positions = grid(30, 34)
    true, means = halves(positions, 4)
    spread = np.where(rng.random(len(positions)) < 0.4, 16, 1)
    points = rng.normal(size=(len(positions), N_FEATURES)) * np.sqrt(spread)[:, None]
    points[:, 0] += means
    split = find_pooled_split(unit_shapes(points, positions, spread), 10, state(seed))
    assert right(split.side, true) > 0.95


def test_parts_are_no_smaller_than_asked():
    positions = grid(30, 30)
    true = positions[:, 1] < 10
    shapes = scanned(positions, 3 * true)
    assert right(find_pooled_split(shapes, 10, state()).side, true) > 0.95
    assert find_pooled_split(shapes, 110, state()) is None


def test_far_from_each_other_nothing_is_pooled():
    positions = 20 * grid(20, 20)
    _, means = halves(positions)
    assert find_pooled_split(scanned(positions, means), 10, state()) is None


def test_same_random_state_same_split():
    positions = grid(20, 24)
    shapes = scanned(positions, halves(positions, 3.5)[1])
    kept = shapes.points.copy(), positions.copy()
    one, other = (find_pooled_split(shapes, 10, state(2)) for _ in range(2))
    np.testing.assert_array_equal(one.side, other.side)
    np.testing.assert_array_equal(shapes.points, kept[0])
    np.testing.assert_array_equal(shapes.positions, kept[1])


def literal_blocks(positions, width, labels=None):
    """Lists of the points in each block."""
    found = {}
    for i, at in enumerate(positions - positions.min(axis=0)):
        key = (*(at // width), 0 if labels is None else labels[i])
        found.setdefault(tuple(map(int, key)), []).append(i)
    return sorted(found.values())


def members(groups):
    return sorted(np.flatnonzero(groups == i).tolist() for i in range(max(groups) + 1))


@pytest.mark.parametrize(
    ("scan", "given", "width"),
    [
        ((50,), 4, 4),
        ((50,), None, 9),
        ((10, 13), 2, 2),
        ((10, 13), None, 3),
        ((5, 6, 7), None, 2),
        ((1, 40), None, 3),
    ],
)
@pytest.mark.parametrize("has_labels", [False, True])
def test_blocks_are_neighbours(scan, given, width, has_labels):
    rng = np.random.default_rng(0)
    positions = grid(*scan)
    # A corner stays, from which blocks are counted.
    kept = np.append(0, 1 + np.flatnonzero(rng.random(len(positions) - 1) < 0.8))
    positions = positions[kept]
    n = len(positions)
    labels = rng.integers(-1, 3, n) if has_labels else None
    spread = rng.uniform(0.5, 3, n)
    shapes = unit_shapes(rng.normal(size=(n, 2)), positions, spread)
    pooled, groups, counts = average_blocks(shapes, labels, given)
    assert members(groups) == literal_blocks(positions, width, labels)
    np.testing.assert_array_equal(counts, np.bincount(groups))
    assert len(pooled.points) == len(pooled.spread) == counts.size
    assert pooled.known.all()
    assert pooled.positions is None
    if has_labels:
        for rows in members(groups):
            assert len(set(labels[rows])) == 1


def sums_of(X, groups):
    total = np.zeros((groups.max() + 1, X.shape[1]))
    np.add.at(total, groups, X)
    return total


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
@pytest.mark.parametrize("has_labels", [False, True])
def test_means_are_those_of_sums_of_patterns(noise, has_labels):
    bright = np.random.default_rng(3).uniform(1, 8, 20 * 26)
    X, true = counted_domains((220, 180, 120), 800, 0, bright)
    compressed = compress_patterns(X, noise=noise, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(compressed, grid(20, 26))
    pooled, groups, counts = average_blocks(shapes, true if has_labels else None)
    assert counts.max() == 9 or has_labels
    # What of the patterns is not noise, summed, of total 1, in the same directions.
    sums = sums_of(compressed.reconstruct().astype(float), groups)
    totals = sums.sum(axis=1)
    expected = (sums / totals[:, None] * compressed.column_scale) @ shapes.directions.T
    np.testing.assert_allclose(pooled.points, expected, rtol=1e-3, atol=1e-5)
    gain = compressed.noise_variance
    n = counts if noise == "uniform" else 1
    power = 2 if noise == "uniform" else 1
    np.testing.assert_allclose(pooled.spread, n * gain / totals**power, rtol=1e-3)


@pytest.mark.parametrize("seed", range(2))
def test_noise_of_means_is_that_of_repeated_counts(seed):
    bright = np.random.default_rng(3).uniform(1, 8, 60 * 60)
    X, true = counted_domains((2000, 1600), 300, seed, bright, n_pixels=60)
    compressed = compress_patterns(X, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(compressed, grid(60, 60))
    pooled, groups, counts = average_blocks(shapes, true, 2)
    label = np.zeros(counts.size, int)
    label[groups] = true
    for kind in range(2):
        rows = np.flatnonzero((label == kind) & (counts >= 2))
        points = pooled.points[rows] - pooled.points[rows].mean(axis=0)
        white = points @ whitening(pooled.noise(rows))
        # A total of 1 takes one of the two directions away.
        found = np.linalg.eigvalsh(white.T @ white / len(rows))
        assert abs(found[0]) < 0.01
        assert found[-1] == pytest.approx(1, abs=0.2)
