"""Two patterns in polar coordinates: at which angle, and how much they share."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.rotation._polar_pairs import PolarPatterns

SHAPE, CENTER = (57, 63), (27.0, 32.0)


def spots(angle=0.0, mirrored=False, seed=0, n=8, scale=1.0):
    """Spots at random places, turned from the columns' axis to the rows'."""
    rng = np.random.default_rng(seed)
    radius, at = rng.uniform(8, 20, n) * scale, rng.uniform(0, 2 * np.pi, n)
    at = (-at if mirrored else at) + np.deg2rad(angle)
    rows, columns = np.indices(SHAPE)
    y, x = CENTER[0] + radius * np.sin(at), CENTER[1] + radius * np.cos(at)
    off = (rows - y[:, None, None]) ** 2 + (columns - x[:, None, None]) ** 2
    beam = np.exp(-np.hypot(rows - CENTER[0], columns - CENTER[1]) / 2)
    return np.exp(-off / 4).sum(axis=0) + 9 * beam + 0.02


def ring(radius):
    rows, columns = np.indices(SHAPE)
    off = np.hypot(rows - CENTER[0], columns - CENTER[1])
    return np.exp(-((off - radius) ** 2) / 8) + 9 * np.exp(-off / 2) + 0.02


def polar(*patterns, n_electrons=1e7, mirror=True, strain=0.025):
    patterns = np.stack(patterns)
    patterns /= patterns.mean(axis=(1, 2), keepdims=True)
    variances = patterns * patterns[0].size / n_electrons
    used = np.ones(patterns.shape, bool)
    centers = np.tile(CENTER, (len(patterns), 1))
    return PolarPatterns(patterns, variances, used, centers, mirror, strain, 0.1)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.4, 33.3, -120.0, 179.0])
def test_angle_and_sense(angle, mirrored):
    pair = polar(spots(), spots(angle, mirrored)).compare(1, 0)
    assert pair.angle == pytest.approx(angle, abs=0.1)
    assert pair.mirrored == mirrored
    assert pair.correlation == pytest.approx(1, abs=0.02)
    assert pair.misfit < 0.3


def test_mirror_images_are_not_looked_at_if_not_asked_for():
    pair = polar(spots(), spots(33, True), mirror=False).compare(1, 0)
    assert not pair.mirrored
    assert pair.misfit > 1


def test_what_is_shared_falls_as_another_pattern_is_added():
    one, other = spots(), spots(seed=3)
    mixed = [(1 - share) * one + share * other for share in (0, 0.1, 0.3, 1)]
    found = polar(one, *mixed)
    pairs = [found.compare(i, 0) for i in range(1, 5)]
    assert (np.diff([pair.correlation for pair in pairs]) < 0).all()
    assert (np.diff([pair.misfit for pair in pairs]) > 0).all()
    assert pairs[-1].misfit > 1


@pytest.mark.parametrize(("scale", "alike"), [(1.01, True), (1.06, False)])
def test_strain(scale, alike):
    pair = polar(spots(), spots(20, scale=scale)).compare(1, 0)
    assert (pair.misfit < 1) == alike


def test_rings_are_compared_by_their_profiles():
    found = polar(ring(12), ring(12), ring(15))
    same, other = found.compare(1, 0), found.compare(2, 0)
    assert np.isnan([same.correlation, other.correlation]).all()
    assert same.misfit < 0.1
    assert other.misfit > 1
    assert same.angle == other.angle == 0


def test_noise_is_no_difference():
    rng = np.random.default_rng(0)
    n_electrons = 2e4
    patterns = [spots(angle) for angle in (0, 50)]
    counts = [rng.poisson(p / p.sum() * n_electrons).astype(float) for p in patterns]
    pair = polar(*counts, n_electrons=n_electrons).compare(1, 0)
    assert pair.correlation == pytest.approx(1, abs=0.1)
    assert pair.misfit < 1
    assert pair.angle == pytest.approx(50, abs=1)
