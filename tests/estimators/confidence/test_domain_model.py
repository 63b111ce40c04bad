"""Probabilities of domains: as often right as they say, whatever is mixed and noisy."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
from scipy.stats import norm

from hyperspy_4dphase.estimators.compression._compress import compress_patterns
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes, Shapes
from hyperspy_4dphase.plot import calibration_error

from ..domain_points import UnitNoise, crowds, domain_patterns, mixtures

ENDS = np.array([[0.0, 0, 0], [1, 0, 0]])


@dataclass
class KnownNoise(Shapes):
    """Points of a given covariance, times the spread of each."""

    covariance: np.ndarray

    def noise(self, rows):
        return self.spread[rows].mean() * self.covariance


def modelled(points, labels, seed=0):
    shapes = points if isinstance(points, Shapes) else UnitNoise.of(points)
    return DomainModel(shapes, np.asarray(labels), np.random.RandomState(seed))


def mixed_crowds(sizes, n_mixed, distance, seed=0):
    """Two crowds and mixtures with uniform shares; which each holds most of."""
    rng = np.random.default_rng(seed)
    share = np.concatenate([np.zeros(sizes[0]), np.ones(sizes[1]), rng.random(n_mixed)])
    points = distance * share[:, np.newaxis] * ENDS[1]
    return points + rng.normal(size=points.shape), (share > 0.5).astype(int)


def bayes(points, sizes, n_mixed, distance):
    """Probability of the second domain when all is known."""
    x = points[:, 0]
    pure = [n * norm.pdf(x, end) for n, end in zip(sizes, (0, distance), strict=True)]
    edges = norm.cdf(np.multiply.outer([0, 0.5, 1], [distance]) - x)
    less, more = n_mixed * np.diff(edges, axis=0) / distance
    one, other = pure[0] + less, pure[1] + more
    return other / (one + other)


@pytest.mark.parametrize("distance", [4.0, 12.0])
@pytest.mark.parametrize(
    ("sizes", "n_mixed"), [((1500, 900), 0), ((1500, 900), 600), ((2000, 300), 300)]
)
def test_calibrated(sizes, n_mixed, distance):
    """As good as if all were known, from a map that cuts at the middle."""
    points, truth = mixed_crowds(sizes, n_mixed, distance)
    start = (points[:, 0] > distance / 2).astype(int)
    found = modelled(points, start).posterior()[0]
    right = found.argmax(axis=1) == truth
    assert calibration_error(found.max(axis=1), right) < 0.02
    known = bayes(points, sizes, n_mixed, distance)
    error = np.mean((known > 0.5) != truth)
    assert np.mean(~right) < 1.1 * error + 0.003
    assert np.sqrt(np.mean((found[:, 1] - known) ** 2)) < 0.03


@pytest.mark.parametrize("distance", [6.0, 15.0])
def test_calibrated_with_three_domains(distance):
    corners = distance * np.eye(3)
    pure, labels = crowds((1500, 800, 400), corners, seed=1, dtype=float)
    rng = np.random.default_rng(2)
    share = rng.random((600, 1))
    between = share * corners[0] + (1 - share) * corners[2]
    points = np.concatenate([pure, between + rng.normal(size=between.shape)])
    truth = np.append(labels, np.where(share[:, 0] > 0.5, 0, 2))
    model = modelled(points, points.argmax(axis=1))
    found, boundary = model.posterior()
    right = found.argmax(axis=1) == truth
    assert calibration_error(found.max(axis=1), right) < 0.025
    # Where patterns are mixed, and nowhere else.
    assert boundary[2700:].mean() > 4 * boundary[:2700].mean()
    # Of mixtures near an end, some are taken for scatter.
    where = dict(zip(model.pairs, model.pair_frequencies, strict=True))
    assert where.pop((2, 0)) > 0.05
    assert sum(where.values()) < 0.01


@pytest.fixture(scope="module")
def mixed():
    points, labels = mixed_crowds((500, 300), 200, 20.0, seed=3)
    return UnitNoise.of(points), labels


@pytest.fixture(scope="module")
def model(mixed):
    return modelled(*mixed)


def test_probabilities(model):
    found, boundary = model.posterior()
    assert found.dtype == boundary.dtype == np.float32
    assert found.shape == (1000, 2)
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-6)
    assert found.min() >= 0
    assert boundary.min() >= 0
    # What another domain may have as the larger part of a mixture is not its own.
    assert (boundary <= 1 - found.max(axis=1) + 1e-6).all()
    assert model.frequencies.sum() + model.pair_frequencies.sum() == pytest.approx(1)
    np.testing.assert_allclose(model.frequencies, [0.5, 0.3], atol=0.04)
    np.testing.assert_allclose(model.pair_frequencies, [0.2], atol=0.08)


def test_sure_and_even(mixed):
    """Pure points far apart are sure; half way between them it is even."""
    shapes, labels = mixed
    extra = np.array([[0.0, 0, 0], [20, 0, 0], [10, 0, 0], [-2, 1, 0], [13, 0, 1]])
    both = UnitNoise.of(np.concatenate([shapes.points, extra]))
    model = modelled(both, np.append(labels, [0, 1, 0, 0, 1]))
    found, boundary = model.posterior(np.arange(1000, 1005))
    assert found[0, 0] > 0.9999
    assert found[1, 1] > 0.9999
    assert found[2, 0] == pytest.approx(0.5, abs=0.05)
    assert boundary[2] == pytest.approx(0.5, abs=0.05)
    assert found[3, 0] > 0.9999
    # Three units of noise from the middle.
    assert found[4, 1] == pytest.approx(norm.cdf(3), abs=0.002)
    assert boundary[[0, 1]].max() < 1e-4


def test_pairs_without_mixtures_are_left_out():
    centers = 25 * np.eye(3)
    pure, labels = crowds((400, 400, 400), centers, dtype=float)
    points = np.concatenate([pure, mixtures(150, *centers[:2], dtype=float)])
    labels = np.append(labels, points[1200:].argmax(axis=1))
    model = modelled(points, labels)
    assert model.pairs == [(1, 0)]
    assert modelled(pure, labels[:1200]).pairs == []


def test_domains_of_unlike_scatter():
    """Where one is wide and the other narrow, what is between them is of the wide."""
    rng = np.random.default_rng(5)
    narrow = rng.normal(size=(1500, 3))
    wide = rng.normal(size=(1500, 3)) * [5, 5, 1] + [14.0, 0, 0]
    points, truth = np.concatenate([narrow, wide]), np.repeat([0, 1], 1500)
    start = (points[:, 0] > 7).astype(int)
    found = modelled(points, start).posterior()[0]
    right = found.argmax(axis=1) == truth
    assert calibration_error(found.max(axis=1), right) < 0.02
    log_odds = norm.logpdf(wide, [14, 0, 0], [5, 5, 1]).sum(axis=1)
    log_odds -= norm.logpdf(wide).sum(axis=1)
    error = (np.mean(log_odds < 0) + _missed(narrow)) / 2
    assert np.mean(~right) < 1.2 * error + 0.002
    assert np.mean(~right) < np.mean(start != truth) / 2


def _missed(narrow):
    log_odds = norm.logpdf(narrow, [14, 0, 0], [5, 5, 1]).sum(axis=1)
    return np.mean(log_odds > norm.logpdf(narrow).sum(axis=1))


def test_dim_points_are_less_sure(mixed):
    shapes, labels = mixed
    points = np.concatenate([shapes.points, np.tile([13.0, 0, 0], (3, 1))])
    spread = np.append(np.ones(1000), [0.25, 1, 25])
    known = np.ones(1003, bool)
    model = modelled(
        KnownNoise(points, spread, known, np.eye(3)), np.append(labels, [1, 1, 1])
    )
    bright, typical, dim = model.posterior(np.arange(1000, 1003))[0][:, 1]
    assert bright > typical + 0.0005
    assert typical > dim + 0.1
    assert dim > 0.5


def test_brightness_of_counts():
    """Of compressed counts, too: what a tenth as many counts leave open."""
    brightness = np.where(np.arange(600) % 3, 1, 0.1)
    truth = np.repeat([0, 1], 300)
    ends = domain_patterns(2, 40)
    ends[1] = 0.6 * ends[0] + 0.4 * ends[1]
    X = np.random.default_rng(0).poisson(250 * brightness[:, np.newaxis] * ends[truth])
    shapes = CompressedShapes.from_compressed(
        compress_patterns(X, random_state=0, device="cpu")
    )
    found = modelled(shapes, truth).posterior()[0]
    sure = found.max(axis=1)
    known = shapes.known
    assert sure[known & (brightness < 1)].mean() < sure[brightness == 1].mean() - 0.02
    right = found.argmax(axis=1) == truth
    assert calibration_error(sure[known], right[known]) < 0.03


def test_any_units(mixed, model):
    """Turned, sheared, stretched and moved with their noise, points tell the same."""
    shapes, labels = mixed
    matrix = np.random.default_rng(7).normal(size=(3, 3)) * [0.3, 1, 5]
    other = KnownNoise(
        shapes.points @ matrix + [1, 2, 3],
        shapes.spread,
        shapes.known,
        matrix.T @ matrix,
    )
    found = modelled(other, labels).posterior()
    for one, same in zip(model.posterior(), found, strict=True):
        np.testing.assert_allclose(same, one, atol=1e-3)


def test_random_state(mixed, model):
    points, spread = mixed[0].points.copy(), mixed[0].spread.copy()
    labels = mixed[1].copy()
    state = str(np.random.get_state())  # noqa: NPY002
    same = modelled(*mixed)
    for one, other in zip(model.posterior(), same.posterior(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert str(np.random.get_state()) == state  # noqa: NPY002
    np.testing.assert_array_equal(mixed[0].points, points)
    np.testing.assert_array_equal(mixed[0].spread, spread)
    np.testing.assert_array_equal(mixed[1], labels)


def test_a_sample_of_many_serves():
    """Any few thousand points tell what many do, of small domains as well."""
    points, labels = mixed_crowds((20_000, 300), 5000, 20.0)
    one, other = (modelled(points, labels, seed).posterior()[0] for seed in (0, 1))
    difference = np.abs(one - other)
    assert 0 < difference.mean() < 0.01
    assert difference[20_000:20_300].mean() < 0.02
    assert np.mean(one.argmax(axis=1) != labels) < 0.03


@pytest.mark.parametrize("rows", [np.array([999, 3, 3, 500]), np.arange(70_000) % 1000])
def test_rows_and_blocks(model, rows):
    for all_, some in zip(model.posterior(), model.posterior(rows), strict=True):
        np.testing.assert_allclose(some, all_[rows], atol=1e-6)


def test_one_domain():
    points, labels = crowds((80,), [[0.0, 0]])
    found, boundary = modelled(points, labels).posterior()
    np.testing.assert_array_equal(found, np.ones((80, 1)))
    np.testing.assert_array_equal(boundary, 0)


def test_points_without_a_label(mixed, model):
    """They say nothing about the domains, and have their probabilities."""
    shapes, labels = mixed
    some = np.where(np.arange(1000) % 3, labels, -1)
    found = modelled(shapes, some).posterior()[0]
    assert np.abs(found - model.posterior()[0]).max() < 0.2
    assert np.abs(found - model.posterior()[0]).mean() < 0.01


def test_points_without_a_shape(mixed, model):
    """They have what is frequent, and are no trouble to others."""
    shapes, labels = mixed
    known = np.arange(1000) % 100 > 0
    unknown = KnownNoise(
        np.where(known[:, np.newaxis], shapes.points, 0),
        np.where(known, 1.0, 0),
        known,
        np.eye(3),
    )
    found, boundary = modelled(unknown, np.where(known, labels, -1)).posterior()
    np.testing.assert_allclose(found[~known], [[0.6, 0.4]] * 10, atol=0.02)
    np.testing.assert_array_equal(boundary[~known], 0)
    assert np.abs(found - model.posterior()[0])[known].max() < 0.05


@pytest.mark.parametrize("n_few", [1, 2, 5])
def test_a_domain_of_few_points(n_few):
    points, labels = crowds((300, n_few), [[0.0, 0, 0], [40, 0, 0]])
    model = modelled(points, labels)
    found = model.posterior()[0]
    np.testing.assert_array_equal(found.argmax(axis=1), labels)
    assert found.max(axis=1).min() > 0.99


def test_points_without_noise():
    points = np.repeat(np.eye(3), 20, axis=0)
    shapes = KnownNoise(points, np.zeros(60), np.ones(60, bool), 1e-12 * np.eye(3))
    shapes.noise = lambda rows: shapes.covariance
    found = modelled(shapes, np.repeat([0, 1, 2], 20)).posterior()[0]
    np.testing.assert_allclose(found, np.repeat(np.eye(3), 20, axis=0), atol=1e-6)


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
def test_counts_whose_noise_is_exactly_0(noise):
    """It is then that of rounding, not that of a count."""
    X = np.repeat(np.random.default_rng(0).integers(1, 30, (3, 40)), 30, axis=0)
    X = compress_patterns(X, noise=noise, random_state=0, device="cpu")
    shapes = CompressedShapes.from_compressed(replace(X, noise_variance=0.0))
    assert not shapes.spread.any()
    found = modelled(shapes, np.repeat([0, 1, 2], 30)).posterior()[0]
    np.testing.assert_allclose(found, np.repeat(np.eye(3), 30, axis=0), atol=1e-6)
