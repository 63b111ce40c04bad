"""Noise from pairs of like patterns: that of each pixel, whatever the domains are."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._pair_noise import (
    _choose_partners,
    pair_patterns,
)

from ..detector_scans import (
    KINDS,
    NAVIGATION,
    SIGNAL,
    counted,
    domain_images,
    pairs_of,
    stripes,
)

N, M = int(np.prod(NAVIGATION)), int(np.prod(SIGNAL))


@pytest.mark.parametrize("dose", [100, 2000])
@pytest.mark.parametrize("kind", KINDS)
def test_variance_is_the_mean_of_counts(kind, dose):
    """Within 4 % in the median: pairs are not chosen by their noise."""
    ratios = []
    for seed in range(3):
        pairs = pairs_of(counted(kind, dose, seed))
        ratio = pairs.variance / np.maximum(pairs.mean, 1e-9)
        # Bright pixels show what pairs differ in, most of all where patterns bend.
        dim = pairs.mean < np.quantile(pairs.mean, 0.7)
        ratios.append(ratio[dim].mean())
    assert np.mean(ratios) == pytest.approx(1, abs=0.15 if kind == "bent" else 0.04)


def test_each_pixel_has_its_own():
    scale = np.random.default_rng(1).uniform(0.5, 8, SIGNAL)
    data = np.random.default_rng(0).normal(100, scale, (*NAVIGATION, *SIGNAL))
    pairs = pairs_of(data)
    np.testing.assert_allclose(pairs.variance, scale.ravel() ** 2, rtol=0.6)
    assert np.mean(pairs.variance / scale.ravel() ** 2) == pytest.approx(1, abs=0.02)
    np.testing.assert_allclose(pairs.mean, data.mean((0, 1)).ravel(), rtol=1e-5)


def test_pairs_are_of_one_domain():
    """Domains differ by thousands of times the noise."""
    clean = 2000 * domain_images()[stripes()] + 10
    data = clean + np.random.default_rng(0).normal(0, 0.3, clean.shape)
    np.testing.assert_allclose(np.median(pairs_of(data).variance), 0.09, rtol=0.05)


def test_differences_and_patterns():
    data = counted().reshape(N, M)
    pairs = pair_patterns(data, SIGNAL, np.arange(M))
    assert pairs.n_pairs == N
    assert pairs.differences.shape == pairs.patterns.shape == (N, M)
    assert pairs.differences.dtype == pairs.patterns.dtype == np.float32
    half = np.square(pairs.differences, dtype=float).mean(axis=0) / 2
    np.testing.assert_allclose(pairs.variance, half, rtol=1e-6)
    # A difference is to one and the same pattern at all pixels of a colour.
    colour = np.indices(SIGNAL).sum(axis=0).ravel() % 2
    for side in (0, 1):
        other = (data[7] - pairs.differences[7])[colour == side]
        assert (data[:, colour == side] == other).all(axis=1).sum() == 1


def test_frames_in_any_order():
    data = counted().reshape(N, M)
    order = np.random.default_rng(5).permutation(N)
    one = pair_patterns(data, SIGNAL, np.arange(M))
    other = pair_patterns(data[order], SIGNAL, np.arange(M))
    np.testing.assert_allclose(other.variance, one.variance, rtol=1e-6)
    np.testing.assert_array_equal(other.differences, one.differences[order])


def test_neighbours_make_no_pairs():
    """Where each pattern was recorded twice, side by side."""
    positions = np.indices((20, 50)).reshape(2, -1).T
    data = np.repeat(counted(), 2, axis=1).reshape(2 * N, M)
    alone = pair_patterns(data, SIGNAL, np.arange(M))
    apart = pair_patterns(data, SIGNAL, np.arange(M), positions)
    step = -(-len(data) // len(apart.patterns))
    assert step > 1
    # Every second one is of no copy.
    assert apart.variance.sum() / apart.mean.sum() == pytest.approx(1, abs=0.1)
    odd = slice(0, 500)
    near = pair_patterns(data[odd], SIGNAL, np.arange(M))
    far = pair_patterns(data[odd], SIGNAL, np.arange(M), positions[odd])
    assert near.variance.sum() < 0.1 * far.variance.sum()
    assert far.variance.sum() / far.mean.sum() == pytest.approx(1, abs=0.1)
    assert alone.mean.shape == (M,)


def test_few_positions_are_all_taken():
    """Of a scan of 3 x 4 there are no others than neighbours."""
    data = counted(navigation=(3, 4)).reshape(12, M)
    positions = np.indices((3, 4)).reshape(2, -1).T
    pairs = pair_patterns(data, SIGNAL, np.arange(M), positions)
    assert np.isfinite(pairs.variance).all()
    assert pairs.variance.sum() / pairs.mean.sum() == pytest.approx(1, abs=0.3)


@pytest.mark.parametrize("used", ["rows", "some"])
def test_pixels_left_out(used):
    kept = np.ones(SIGNAL, bool)
    if used == "rows":
        kept[5:9] = False
    else:
        kept = np.random.default_rng(2).random(SIGNAL) > 0.4
    kept = kept.ravel()
    data = counted().reshape(N, M)[:, kept]
    pairs = pair_patterns(data, SIGNAL, np.flatnonzero(kept))
    assert pairs.variance.shape == (kept.sum(),)
    assert np.median(pairs.variance / pairs.mean) == pytest.approx(1, abs=0.05)


def test_curves():
    data = counted(signal=(24, 22)).reshape(N, M)[:, 200:270]
    pairs = pair_patterns(data, (70,), np.arange(70))
    assert np.median(pairs.variance / pairs.mean) == pytest.approx(1, abs=0.06)


def test_single_high_values_do_not_choose_pairs():
    data = counted().reshape(N, M)
    clean = pair_patterns(data, SIGNAL, np.arange(M))
    spoilt = data.copy()
    spoilt[np.arange(0, N, 9), np.arange(0, N, 9)] = 60000
    pairs = pair_patterns(spoilt, SIGNAL, np.arange(M))
    others = np.ones(M, bool)
    others[0:N:9] = False
    found = (pairs.variance[others], clean.variance[others])
    np.testing.assert_allclose(*(np.median(variance) for variance in found), rtol=0.02)


def test_taken():
    pairs = pairs_of(counted())
    pixels = np.random.default_rng(0).random(M) > 0.3
    taken = pairs.select(pixels)
    np.testing.assert_array_equal(taken.variance, pairs.variance[pixels])
    np.testing.assert_array_equal(taken.differences, pairs.differences[:, pixels])
    assert taken.patterns.shape == (N, pixels.sum())
    assert taken.mean.shape == (pixels.sum(),)


def test_data_stay_as_they_are():
    data = counted().reshape(N, M)
    before = data.copy()
    pair_patterns(data, SIGNAL, np.arange(M))
    np.testing.assert_array_equal(data, before)


def test_equal_patterns_have_partners_in_turn():
    """One that was the partner of all would be counted for all."""
    distances = np.zeros((6, 6))
    np.fill_diagonal(distances, np.inf)
    assert _choose_partners(distances).tolist() == [1, 2, 3, 4, 5, 0]
    distances[2, 5] = -1.0
    assert _choose_partners(distances).tolist() == [1, 2, 5, 4, 5, 0]
