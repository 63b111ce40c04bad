"""What a domain is like around each position: that of its neighbours, not of itself."""

import numpy as np
import pytest
from scipy import stats

from hyperspy_4dphase.estimators.confidence._local_domain import (
    REACH,
    WIDTH,
    fit_domain,
    sum_around,
    sum_squares_around,
)

from ..domain_points import UnitNoise
from ..scan_points import bent, places, scanned

SHAPES = [(60,), (14, 18), (8, 9, 10)]


def fitted(shapes, members=None, reached=None, depth=None):
    n = len(shapes.points)
    members = np.arange(n) if members is None else members
    reached = np.arange(n) if reached is None else reached
    depth = np.full(n, 2) if depth is None else depth
    return fit_domain(shapes, members, depth, reached)


@pytest.mark.parametrize("shape", SHAPES)
def test_sums_are_of_what_is_around(shape):
    """Each place by its distance, and the place itself not at all."""
    field = np.zeros(shape)
    middle = tuple(n // 2 for n in shape)
    field[middle] = 3.0
    offsets = np.indices(shape) - np.reshape(middle, (-1, *[1] * len(shape)))
    expected = 3 * np.exp(-np.square(offsets).sum(axis=0) / (2 * WIDTH**2))
    expected[np.abs(offsets).max(axis=0) > REACH] = 0
    expected[middle] = 0
    np.testing.assert_allclose(sum_around(field, len(shape)), expected, atol=1e-12)
    squares = sum_squares_around(field, len(shape))
    np.testing.assert_allclose(squares, expected**2 / 3, atol=1e-12)


def test_sums_of_features_are_taken_one_by_one():
    field = np.random.default_rng(0).normal(size=(9, 11, 3))
    found = sum_around(field, 2)
    for k in range(3):
        np.testing.assert_allclose(found[..., k], sum_around(field[..., k], 2))


@pytest.mark.parametrize("shape", [(300,), (24, 40), (6, 8, 30)])
def test_a_bend_is_followed(shape):
    """The mean at a position is that around it, not that of the whole domain."""
    clean = bent(shape)
    domain = fitted(scanned(clean))
    clean = clean.reshape(-1, 4)
    error = np.linalg.norm(domain.means - clean, axis=1)
    of_all = np.linalg.norm(clean.mean(axis=0) - clean, axis=1)
    assert np.median(error) < 2
    assert np.median(of_all) > 10
    assert (error < of_all).mean() > 0.98
    # What follows smoothly is no scatter: far less than the bend, of 12**2 and more.
    assert domain.usual.max() < 5


def test_a_scatter_is_not_followed():
    """Patterns that differ at random have one mean, and a variance for that."""
    rng = np.random.default_rng(1)
    clean = np.zeros((24, 40, 4))
    clean[..., 0] = 5 * rng.normal(size=(24, 40))
    domain = fitted(scanned(clean))
    assert np.abs(domain.means).max() < 5
    assert np.median(np.abs(domain.means)) < 1
    assert domain.usual.max() == pytest.approx(25, rel=0.3)


def test_equal_patterns_have_one_mean():
    shapes = scanned(np.ones((20, 20, 3)))
    domain = fitted(shapes)
    expected = np.repeat(shapes.points.mean(axis=0)[None], 400, axis=0)
    np.testing.assert_allclose(domain.means, expected)
    np.testing.assert_array_equal(domain.variances, 0)


@pytest.mark.parametrize("shape", [(300,), (24, 40), (6, 8, 30)])
def test_a_position_has_no_weight_in_its_own_mean(shape):
    shapes = scanned(bent(shape))
    before = fitted(shapes).means
    changed = np.ravel_multi_index(tuple(n // 2 for n in shape), shape)
    shapes.points[changed] += [0, 0, 30, 0]
    moved = np.linalg.norm(fitted(shapes).means - before, axis=1)
    away = np.abs(shapes.positions - shapes.positions[changed]).max(axis=1)
    # By way of the mean of all, and of its axes, it has a little.
    assert moved[changed] < 0.5
    if len(shape) > 1:
        return
    assert moved[(away > 0) & (away <= 2)].min() > 2 * moved[changed]


def test_positions_that_it_does_not_have():
    """Where members are missing, those around tell what it would have been."""
    clean = bent()
    shapes = scanned(clean)
    hole = (np.abs(shapes.positions - [12, 20]) <= 1).all(axis=1)
    shapes.points[hole] = 500
    domain = fitted(shapes, members=np.flatnonzero(~hole))
    error = np.linalg.norm(domain.means - clean.reshape(-1, 4), axis=1)
    assert hole.sum() == 9
    assert error[hole].max() < 4


def test_its_border_is_not_looked_at():
    """Mixtures there do not change what it is like, unless there is little else."""
    clean = np.zeros((20, 30, 3))
    clean[:, 24:, 0] = np.linspace(0, 20, 7)[1:]
    shapes = scanned(clean)
    depth = np.where(shapes.positions[:, 1] < 23, 2, 0)
    assert np.abs(fitted(shapes, depth=depth).means).max() < 0.5
    shallow = fitted(shapes, depth=np.zeros(600, int)).means
    assert shallow[shapes.positions[:, 1] == 29, 0].mean() > 5


@pytest.mark.parametrize("n", [1, 2, 3, 7])
def test_few_members(n):
    rng = np.random.default_rng(0)
    shapes = UnitNoise.of(rng.normal(size=(20, 4)))
    shapes.positions = places((20,))
    domain = fitted(shapes, members=np.arange(n))
    for values in (domain.means, domain.variances, domain.usual):
        assert np.isfinite(values).all()
    np.testing.assert_allclose(domain.means[0], shapes.points[:n].mean(axis=0))
    assert np.isfinite(domain.log_density(shapes.points, shapes.spread)).all()


def test_density():
    """That of a normal distribution, where it neither bends nor scatters."""
    shapes = scanned(np.zeros((30, 30, 3)))
    domain = fitted(shapes)
    mean = shapes.points.mean(axis=0)
    for spread in (1.0, 4.0):
        found = domain.log_density(shapes.points, np.full(900, spread))
        expected = stats.norm.logpdf(shapes.points - mean, scale=spread**0.5)
        # Without what is the same for all densities of three features.
        expected = expected.sum(axis=1) + 1.5 * np.log(2 * np.pi)
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_excess_of_noise_is_none():
    shapes = scanned(bent(), seed=2)
    domain = fitted(shapes)
    left = np.random.default_rng(3).normal(size=(960, 4))
    left *= np.sqrt(1 + domain.usual.mean())
    assert domain.measure_excess(np.zeros((960, 4)), shapes.spread).max() < 0
    excess = domain.measure_excess(shapes.points - domain.means, shapes.spread)
    assert abs(np.median(excess)) < 0.8
    assert domain.measure_excess(left + 20, shapes.spread).min() > 10
