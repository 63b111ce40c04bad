"""Points without brightness, and their noise."""

from dataclasses import replace

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.domains._shapes import (
    CompressedShapes,
    FeatureShapes,
    whitening,
)

from ..domain_points import counted_domains, domain_patterns

SIZES = (900, 500, 300)


def shapes_of(X, **options):
    return CompressedShapes.from_compressed(
        compress_patterns(X, random_state=0, device="cpu", **options)
    )


def variances(points, noise):
    """Of points in units of their noise, ascending."""
    white = (points - points.mean(axis=0)) @ whitening(noise)
    return np.linalg.eigvalsh(white.T @ white / len(points))


def assert_white(points, noise, most=1.0):
    """Of noise, as nearly as so many points can tell, but for what totals take."""
    n, k = points.shape
    found = variances(points, noise)
    width = 1.3 * np.sqrt(k / n) + 2 / np.sqrt(n)
    assert abs(found[0]) < 0.01
    assert found[1] > (1 - width) ** 2
    assert found[-1] < most * (1 + width) ** 2


def brightness(n, spread=8, seed=3):
    return np.random.default_rng(seed).uniform(1, spread, n)


@pytest.mark.parametrize("gain", [1, 7.3])
@pytest.mark.parametrize("spread", [1, 8])
@pytest.mark.parametrize("seed", range(2))
def test_noise_is_that_of_repeated_counts(gain, spread, seed):
    bright = brightness(sum(SIZES), spread)
    X, labels = counted_domains(SIZES, 1000, seed, bright)
    shapes = shapes_of(X if gain == 1 else X * gain)
    assert shapes.points.shape[1] >= 2
    for label in range(3):
        rows = np.flatnonzero(labels == label)
        assert_white(shapes.points[rows], shapes.noise(rows))


def test_uniform_noise():
    rng = np.random.default_rng(0)
    labels = rng.integers(3, size=1500)
    X = 100 * domain_patterns(3)[labels] + rng.normal(0, 0.03, (1500, 150))
    X = np.maximum(X + 1, 0)
    shapes = shapes_of(X, noise="uniform")
    for label in range(3):
        rows = np.flatnonzero(labels == label)
        # The total has noise as well.
        assert_white(shapes.points[rows], shapes.noise(rows), most=1.2)


@pytest.mark.parametrize("seed", range(3))
def test_brightness_does_not_show(seed):
    bright = brightness(sum(SIZES))
    X, labels = counted_domains(SIZES, 1000, seed, bright)
    shapes = shapes_of(X)
    for label in range(3):
        rows = np.flatnonzero(labels == label)
        parts = [rows[bright[rows] > 4.5], rows[bright[rows] <= 4.5]]
        means = [shapes.points[part].mean(axis=0) for part in parts]
        noise = sum(shapes.noise(part) / part.size for part in parts)
        step = (means[1] - means[0]) @ whitening(noise)
        assert step @ step < step.size + 6 * np.sqrt(2 * step.size)


def test_noise_falls_as_counts_rise():
    X, _ = counted_domains(SIZES, 500, brightness=np.repeat([1, 9], [800, 900]))
    shapes = shapes_of(X)
    dim, bright = (
        shapes.noise(rows) for rows in (np.arange(800), np.arange(800, 1700))
    )
    assert np.trace(dim) == pytest.approx(9 * np.trace(bright), rel=0.1)


@pytest.mark.parametrize("gain", [1, 7.3])
def test_patterns_with_too_few_counts_are_unknown(gain):
    X, _ = counted_domains(SIZES)
    X[[0, 77]] = 0
    X[5] = 5 * (np.arange(150) == 9)
    shapes = shapes_of(X if gain == 1 else X * gain)
    assert np.flatnonzero(~shapes.known).tolist() == [0, 5, 77]
    assert (shapes.points[~shapes.known] == 0).all()
    assert np.isfinite(shapes.points).all()


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
def test_averaged(noise):
    X, labels = counted_domains((90, 50, 30), 1000, 0, brightness(170))
    X[[3, 8]] = 0
    positions = np.stack([np.arange(170), 2 * np.arange(170)], axis=1)
    compressed = compress_patterns(X, random_state=0, device="cpu", noise=noise)
    shapes = CompressedShapes.from_compressed(compressed, positions)
    groups = np.random.default_rng(0).integers(9, size=170)
    # The last has patterns of no counts only.
    groups[[3, 8]] = 9
    found = shapes.average(groups, 10)
    assert np.flatnonzero(~found.known).tolist() == [9]
    assert (found.points[9] == 0).all()
    assert found.positions is None
    counts = compressed.reconstruct().sum(axis=1, dtype=float)
    for group in range(9):
        rows = np.flatnonzero(groups == group)
        share = counts[rows] / counts[rows].sum()
        np.testing.assert_allclose(
            found.points[group], share @ shapes.points[rows], atol=1e-6
        )
        np.testing.assert_allclose(
            found.spread[group], share**2 @ shapes.spread[rows], rtol=1e-3
        )
    # One each: nothing changes.
    same = shapes.average(np.arange(170), 170)
    np.testing.assert_allclose(same.points, shapes.points, rtol=1e-9)
    np.testing.assert_allclose(same.spread, shapes.spread, rtol=1e-9)


def test_positions_go_with_their_points():
    X, _ = counted_domains(SIZES)
    positions = np.stack([np.arange(1700), np.arange(1700) % 7], axis=1)
    compressed = compress_patterns(X, random_state=0, device="cpu")
    rows = np.array([5, 900, 7])
    found = CompressedShapes.from_compressed(compressed, positions).take(rows)
    np.testing.assert_array_equal(found.positions, positions[rows])
    assert CompressedShapes.from_compressed(compressed).take(rows).positions is None
    assert FeatureShapes.from_features(np.eye(3)).take(rows % 3).positions is None


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
@pytest.mark.parametrize("part", [0.25, 1.0])
def test_noise_is_added(noise, part):
    """As much as is asked for, in units of what there is, of each point its own."""
    X, labels = counted_domains((1200, 800), 1000, 0, brightness(2000))
    X[[3, 8]] = 0
    shapes = shapes_of(X, noise=noise)
    before = shapes.points.copy(), shapes.spread.copy()
    found = shapes.add_noise(part, np.random.RandomState(0))
    np.testing.assert_allclose(found.spread, (1 + part) * shapes.spread)
    added = found.points - shapes.points
    np.testing.assert_array_equal(added[[3, 8]], 0)
    np.testing.assert_array_equal(found.known, shapes.known)
    rows = np.flatnonzero(shapes.known)
    # Of each point by its own spread, in any direction.
    covariance = shapes.noise(rows) / shapes.spread[rows].mean()
    white = added[rows] @ whitening(covariance) / np.sqrt(shapes.spread[rows])[:, None]
    k = white.shape[1]
    assert k >= 1
    np.testing.assert_allclose(white.T @ white / rows.size, part * np.eye(k), atol=0.15)
    dim = shapes.spread[rows] > np.median(shapes.spread[rows])
    assert np.square(white[dim]).mean() == pytest.approx(part, rel=0.15)
    assert np.square(white[~dim]).mean() == pytest.approx(part, rel=0.15)
    # The noise that it says to have is what it has, for each label.
    for label in range(2):
        own = rows[labels[rows] == label]
        expected = (1 + part) * shapes.noise(own)
        error = np.abs(found.noise(own) - expected).max()
        assert error < 0.05 * np.trace(expected)
    np.testing.assert_array_equal(shapes.points, before[0])
    np.testing.assert_array_equal(shapes.spread, before[1])


def test_added_noise_is_reproducible():
    shapes = shapes_of(counted_domains((90, 50))[0])
    one, same, other = (
        shapes.add_noise(0.25, np.random.RandomState(seed)) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one.points, same.points)
    assert (one.points != other.points).any()


def test_added_noise_of_what_has_a_floor():
    """What readout noise is in each point grows as all of it does."""
    X, _ = counted_domains((200, 100))
    compressed = compress_patterns(X, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(replace(compressed, floor=2.0))
    found = shapes.add_noise(0.5, np.random.RandomState(0))
    np.testing.assert_allclose(found.dark, 1.5 * shapes.dark)
    rows = np.arange(300)
    np.testing.assert_allclose(
        np.trace(found.noise(rows)), 1.5 * np.trace(shapes.noise(rows)), rtol=0.02
    )


def test_nothing_is_added_where_there_is_no_noise():
    X = np.repeat(np.random.default_rng(0).integers(1, 30, (3, 40)), 30, axis=0)
    compressed = compress_patterns(X, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(replace(compressed, noise_variance=0.0))
    assert not shapes.spread.any()
    found = shapes.add_noise(0.25, np.random.RandomState(0))
    np.testing.assert_array_equal(found.points, shapes.points)
    np.testing.assert_array_equal(found.spread, 0)


@pytest.mark.parametrize("n_features", [2, 5, 12])
@pytest.mark.parametrize("scale", [1e-3, 1, 50])
def test_noise_of_features(n_features, scale):
    rng = np.random.default_rng(0)
    centers = 40 * rng.normal(size=(3, n_features))[rng.integers(3, size=3000)]
    points = scale * (centers + rng.normal(size=centers.shape))
    noise = FeatureShapes.from_features(points).noise(np.arange(3000))
    diagonal = noise[0, 0]
    np.testing.assert_array_equal(noise, diagonal * np.eye(n_features))
    # Neighbours are nearer than any two, the more so the fewer features there are.
    assert 0 < diagonal < scale**2


def test_noise_of_equal_features():
    shapes = FeatureShapes.from_features(np.ones((20, 3)))
    assert shapes.known.all()
    assert (np.diag(shapes.noise(np.arange(20))) > 0).all()


def test_whitening():
    rng = np.random.default_rng(0)
    A = rng.normal(size=(6, 6))
    covariance = A @ A.T
    found = whitening(covariance)
    np.testing.assert_allclose(found.T @ covariance @ found, np.eye(6), atol=1e-8)
    covariance[:, 0] = covariance[0] = 0
    assert np.isfinite(whitening(covariance)).all()
