"""The size of spots, measured from patterns of discs."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import measure_spot_radius

SHAPE = (120, 132)
CENTER = (58.5, 66.0)


def draw(radius, counts, seed, sharp=True):
    """A lattice of discs, or of Gaussian spots, about a bright beam."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(SHAPE)
    angle, length = rng.uniform(0, np.pi), rng.uniform(4.5, 6) * max(radius, 2)
    one = length * np.array([np.cos(angle), np.sin(angle)])
    two = 1.2 * length * np.array([-np.sin(angle), np.cos(angle)])
    image = np.full(SHAPE, 0.02)
    for i in range(-8, 9):
        for j in range(-8, 9):
            row, column = CENTER + i * one + j * two
            distance = np.hypot(rows - row, columns - column)
            height = 60 if i == j == 0 else rng.lognormal(0, 1)
            if sharp:
                image += height * np.clip(radius + 0.5 - distance, 0, 1)
            else:
                image += height * np.exp(-2 * (distance / radius) ** 2)
    return rng.poisson(counts * image / image.sum())


@pytest.mark.parametrize("radius", [1.5, 2.5, 4.0, 7.0])
@pytest.mark.parametrize("counts", [2e4, 1e7])
def test_radius_of_discs(radius, counts):
    patterns = [draw(radius, counts, seed) for seed in range(3)]
    found = measure_spot_radius(patterns, CENTER)
    assert found == pytest.approx(radius, rel=0.1, abs=0.25)


def test_radius_of_gaussian_spots_is_two_deviations():
    patterns = [draw(4.0, 1e6, seed, sharp=False) for seed in range(3)]
    assert measure_spot_radius(patterns, CENTER) == pytest.approx(4.0, rel=0.15)


def test_what_is_excluded_does_not_count():
    pattern = draw(3.0, 1e6, 1).astype(float)
    excluded = np.zeros(SHAPE, bool)
    excluded[20:26, 30:80] = True
    pattern[excluded] = 1e5
    found = measure_spot_radius([pattern], CENTER, excluded)
    assert found == pytest.approx(3.0, rel=0.12)
    pattern[excluded] = np.nan
    assert measure_spot_radius([pattern], CENTER) == pytest.approx(found)
