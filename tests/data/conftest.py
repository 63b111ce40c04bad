"""A small camera and small patterns for the tests of the simulations."""

import numpy as np
import pytest
from scipy.stats import poisson

from hyperspy_4dphase.data import Camera


@pytest.fixture(scope="session")
def camera():
    """A detector that is not square, with fields of view that hold the first spots."""
    return Camera(signal_shape=(72, 90))


@pytest.fixture(scope="session")
def mixture():
    """Three patterns (11, 13) and their abundances (7, 5)."""
    rng = np.random.default_rng(1)
    patterns = rng.random((3, 11, 13)) ** 4
    patterns[0, :, :3] = 0
    abundance = rng.random((7, 5, 3))
    abundance[2, 3] = [1, 0, 0]
    return patterns, abundance


@pytest.fixture(scope="session")
def radial_profile():
    """Mean of a pattern in rings about the direct beam: radii in 1/Å and means."""

    def profile(pattern, camera):
        ring = np.round(camera.radius() / camera.scale).astype(int).ravel()
        sums = np.bincount(ring, pattern.ravel())
        counts = np.bincount(ring)
        return np.arange(len(sums)) * camera.scale, sums / np.maximum(counts, 1)

    return profile


def assert_poisson(counts, expected, limit=1e-8):
    """Assert that counts are what is expected, to their Poisson error.

    Pixels of which little is expected are joined. None may be so far out that it
    would be so by chance once in ``1 / limit`` times.
    """
    order = np.argsort(expected, axis=None)
    share = np.cumsum(expected.ravel()[order])
    group = (share // 25).astype(int)
    counts = np.bincount(group, counts.ravel()[order].astype(float))
    expected = np.bincount(group, expected.ravel()[order])
    kept = expected > 9
    assert kept.any()
    counts, expected = counts[kept], expected[kept]
    assert poisson.sf(counts - 1, expected).min() > limit
    assert poisson.cdf(counts, expected).min() > limit
    deviation = (counts - expected) / np.sqrt(expected)
    # The spread of the deviations is that of noise: neither too wide nor too narrow.
    n = kept.sum()
    if n > 30:
        assert abs(np.mean(deviation**2) - 1) < 6 * np.sqrt(2 / n) + 0.05


@pytest.fixture(scope="session")
def assert_counts():
    """The function :func:`assert_poisson`."""
    return assert_poisson
