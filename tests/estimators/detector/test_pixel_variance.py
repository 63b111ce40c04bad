"""Variances of noise, without what patterns differ in."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._pair_noise import pair_patterns
from hyperspy_4dphase.estimators.detector._pixel_variance import measure_pixel_variance

from ..detector_scans import KINDS, NAVIGATION, SIGNAL, counted, expected, pairs_of

M = int(np.prod(SIGNAL))


def ratios(pairs):
    """Variance over mean of dim, brighter and the brightest pixels."""
    noise = measure_pixel_variance(pairs)
    mean, variance = noise.mean.mean(axis=0), noise.variance.mean(axis=0)
    parts = np.array_split(np.argsort(mean), 4)
    return np.array([variance[p].sum() / mean[p].sum() for p in parts])


@pytest.mark.parametrize("dose", [1000, 20000])
@pytest.mark.parametrize("kind", KINDS)
def test_variance_is_the_mean_of_counts(kind, dose):
    """Also of bright pixels, where like patterns differ by up to 30 % more."""
    found = [ratios(pairs_of(counted(kind, dose, seed))) for seed in range(3)]
    # Spots of a single pixel share nothing with others.
    atol = 0.2 if kind == "sharp" else 0.05
    np.testing.assert_allclose(np.mean(found, axis=0), 1, atol=atol)


def test_pairs_alone_are_not_enough():
    """What the test above would see without it."""
    data, clean = counted("bent", 26000, 0), expected("bent").mean((0, 1)).ravel()
    pairs = pairs_of(data)
    bright = np.argsort(clean)[-M // 4 : -20]
    assert pairs.variance[bright].sum() > 1.1 * pairs.mean[bright].sum()
    noise = measure_pixel_variance(pairs)
    ratio = noise.variance[:, bright].sum() / noise.mean[:, bright].sum()
    assert ratio == pytest.approx(1, abs=0.06)


def test_noise_that_all_pixels_share_stays():
    """It is no structure, though neighbours have it in common."""
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(*NAVIGATION, SIGNAL[0] + 1, SIGNAL[1] + 1))
    shared = noise[..., 1:, 1:] + 0.5 * noise[..., :-1, :-1]
    found = measure_pixel_variance(pairs_of(100 + shared))
    assert found.variance.mean() == pytest.approx(1.25, rel=0.05)


def test_pixels_that_flicker_are_left_out():
    data = counted("spotty", 2000, 0).reshape(-1, M)
    data[::7, 30] = 60000
    found = measure_pixel_variance(pair_patterns(data, SIGNAL, np.arange(M)))
    assert found.mean.shape[1] < M
    assert found.variance.max() < 1000


def test_halves_have_no_pattern_in_common():
    pairs = pairs_of(counted())
    for colour in (0, 1):
        matched = pairs.match(colour)
        assert np.unique(matched).size == matched.size > 400


def test_curves():
    data = counted("spotty", 2000, 0).reshape(-1, M)[:, 200:270]
    found = measure_pixel_variance(pair_patterns(data, (70,), np.arange(70)))
    ratio = found.variance.sum() / found.mean.sum()
    assert ratio == pytest.approx(1, abs=0.1)
