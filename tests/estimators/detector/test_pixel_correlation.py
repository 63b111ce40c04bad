"""Noise that neighbouring pixels share."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter, uniform_filter

from hyperspy_4dphase.estimators.detector._pixel_correlation import (
    correlate_noise,
    correlated_spectrum,
    variance_along,
)

SHAPE = 26, 31
USED = np.arange(26 * 31)


def pairs(images):
    """Differences of like patterns, of which nothing else is looked at here."""
    differences = images.reshape(len(images), -1).astype(np.float32)
    return SimpleNamespace(
        mean=np.zeros(differences.shape[1]),
        variance=differences.var(axis=0),
        differences=differences,
        share_alike=1.0,
        n_pairs=len(differences),
        places=USED,
        signal_shape=images.shape[1:],
    )


def white(n=96, seed=0):
    return np.random.default_rng(seed).standard_normal((n, *SHAPE))


@pytest.mark.parametrize("seed", range(5))
def test_white_noise_is_not_shared(seed):
    assert correlate_noise(pairs(white(seed=seed))) is None


def test_smoothed_noise_has_its_correlation():
    smooth = uniform_filter(white(400), (0, 3, 3))
    found = correlate_noise(pairs(smooth))
    triangle = np.maximum(3 - np.abs(np.arange(-4, 5)), 0) / 3
    np.testing.assert_allclose(found, np.outer(triangle, triangle), atol=0.05)


def test_noise_that_is_shared_along_one_axis():
    smooth = gaussian_filter(white(), (0, 0, 1))
    found = correlate_noise(pairs(smooth))
    assert found[4, 5] > 0.6
    assert abs(found[5, 4]) < 0.1


def test_curves_have_no_neighbours():
    flat = white().reshape(96, -1)
    assert correlate_noise(pairs(flat)) is None


def test_spectrum_and_variance_of_smooth_noise():
    smooth = uniform_filter(white(400), (0, 3, 3))
    correlation = correlate_noise(pairs(smooth))
    spectrum = correlated_spectrum(correlation, USED.size)
    assert spectrum.mean() == pytest.approx(1)
    # All of it lies in a ninth of the directions, about.
    assert np.sort(spectrum)[::-1][: USED.size // 4].sum() > 0.75 * spectrum.sum()
    flat = np.full((1, USED.size), USED.size**-0.5)
    chequered = (np.indices(SHAPE).sum(axis=0).ravel() % 2 * 2 - 1) * flat
    assert variance_along(flat, correlation, SHAPE, USED) == pytest.approx(9, rel=0.2)
    # What is less than white noise counts as white.
    assert variance_along(chequered, correlation, SHAPE, USED) == 1
