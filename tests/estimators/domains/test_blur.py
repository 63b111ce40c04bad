"""Borders that a wide probe blurs, and contours of a crystal that bends."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import DivisiveDomains, compress_patterns
from hyperspy_4dphase.estimators.domains._blur import find_blur
from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._gradual import LEAST, Borders
from hyperspy_4dphase.estimators.domains._steps import measure_steps

SHAPE = 48, 56
N_PIXELS = 160


def lay_grains(rng, n_grains, sigma, shape=SHAPE):
    """Label of each position, and the fraction of each grain under the probe."""
    places = np.indices(shape)
    seeds = rng.uniform(0, 1, (n_grains, 2)) * shape
    labels = cKDTree(seeds).query(np.moveaxis(places, 0, -1))[1]
    return labels, gaussian_filter(np.eye(n_grains)[labels], (sigma, sigma, 0))


def noisy_field(points, rng):
    points = points + rng.normal(size=points.shape)
    positions = np.indices(points.shape[:2]).reshape(2, -1).T
    return Field(points.reshape(len(positions), -1), positions)


def grains(sigma, seed=0, height=15.0):
    """Four grains that bend a little, seen by a probe of a width."""
    rng = np.random.default_rng(seed)
    labels, fractions = lay_grains(rng, 4, sigma)
    slope = np.indices(SHAPE)[1, ..., None] / 10
    field = noisy_field(np.concatenate([height * fractions, slope], axis=-1), rng)
    return labels.ravel(), field, measure_steps(field)


def contours(cut, seed=0, width=4.5, height=30.0):
    """One bent crystal, cut where spots come or go within some positions."""
    rng = np.random.default_rng(seed)
    y, x = np.indices(SHAPE)
    tilt = x + 3 * np.sin(y / 9)
    orders = np.linspace(6, 50, 3)
    points = height * np.exp(-(((tilt[..., None] - orders) / width) ** 2))
    field = noisy_field(points, rng)
    return (tilt > cut).astype(int).ravel(), field, measure_steps(field)


@pytest.mark.parametrize("seed", range(3))
def test_a_sharp_scan_has_no_blur(seed):
    labels, field, steps = grains(0.5, seed)
    assert steps.sharpness > 0.75
    assert find_blur(labels, field, steps) == 1


@pytest.mark.parametrize("seed", range(3))
def test_wider_probes_blur_more(seed):
    blurs = [find_blur(*grains(sigma, seed)) for sigma in (1.0, 1.25, 1.5)]
    assert 1 < blurs[0] < blurs[1] < blurs[2] < 2


@pytest.mark.parametrize("cut", [22, 26, 28, 30])
def test_contours_of_a_bend_tell_nothing_of_the_probe(cut):
    labels, field, steps = contours(cut)
    assert steps.sharpness < 0.75
    assert find_blur(labels, field, steps) == 1


def test_noise_alone_has_no_sharpness():
    rng = np.random.default_rng(0)
    field = noisy_field(np.zeros((*SHAPE, 4)), rng)
    steps = measure_steps(field)
    assert np.isnan(steps.sharpness)
    halves = (np.arange(len(field.points)) % SHAPE[1] > 20).astype(int)
    assert find_blur(halves, field, steps) == 1


def test_some_of_the_points_are_as_sharp_as_all():
    _, field, steps = grains(1.5)
    assert steps.take(np.arange(len(field.points) // 2)).sharpness == steps.sharpness


@pytest.mark.parametrize(("width", "is_known"), [(7, False), (14, True)])
def test_what_is_in_a_hole_is_not_compared(width, is_known):
    """Blocks of five positions have few edges with any so far away on both sides."""
    _, whole, steps = grains(1.25)
    kept = (whole.positions % width < width - 2).all(axis=1)
    blocks = Field(100 + whole.points[kept], whole.positions[kept])
    sharpness = measure_steps(blocks).sharpness
    if is_known:
        assert abs(sharpness - steps.sharpness) < 0.1
    else:
        assert np.isnan(sharpness)


@pytest.mark.parametrize("seed", range(3))
def test_blurred_borders_are_gradual_if_the_blur_is_not_known(seed):
    labels, field, steps = grains(1.5, seed)
    blur = find_blur(labels, field, steps)
    pairs = {tuple(pair) for pair in steps.borders(labels)[0].tolist()}
    assert pairs
    for pair in pairs:
        assert Borders(field).measure(labels, pair) < LEAST
        assert Borders(field, blur).measure(labels, pair) > LEAST


def bent_grains(sigma, seed, n_grains=8, n_orders=7, width=0.6, dose=2000):
    """Counts of grains that bend all in the same way."""
    rng = np.random.default_rng(seed)
    labels, fractions = lay_grains(rng, n_grains, sigma, (60, 64))
    y, x = np.indices(labels.shape) / np.reshape(labels.shape, (2, 1, 1))
    start = rng.uniform(0, 6, 2)
    tilt = 0.8 * np.sin(5.7 * x + start[0]) + 0.6 * np.sin(5 * y + start[1])
    patterns = np.full((*labels.shape, N_PIXELS), 0.15 / N_PIXELS)
    for k in range(n_grains):
        orders = np.linspace(-1.6, 1.6, n_orders) + rng.uniform(-0.2, 0.2)
        excited = np.exp(-(((tilt[..., None] - orders) / width) ** 2))
        spots = np.zeros((n_orders, N_PIXELS))
        for order in spots:
            order[rng.choice(N_PIXELS, 6, replace=False)] = rng.exponential(size=6)
        spots /= spots.sum(axis=1, keepdims=True)
        patterns += 0.5 * fractions[..., k, None] * (excited @ spots)
    counts = rng.poisson(dose * patterns.reshape(-1, N_PIXELS))
    return counts, np.argwhere(np.ones(labels.shape)), labels.ravel()


@pytest.mark.parametrize("sigma", [0.6, 1.5])
@pytest.mark.parametrize("seed", range(2))
@pytest.mark.accuracy
def test_bent_grains_are_found_whatever_the_probe(sigma, seed):
    counts, positions, labels = bent_grains(sigma, seed)
    compressed = compress_patterns(counts, random_state=0)
    domains = DivisiveDomains(random_state=0).fit(compressed, positions=positions)
    assert adjusted_rand_score(labels, domains.labels_) > 0.9
    assert abs(domains.n_domains_ - 8) <= 1
