"""Patterns shifted back: counts stay counts, with their noise, equally blurred."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._moved_blocks import (
    find_covered_pixels,
    shift_patterns,
)

SIGNAL = (26, 31)


def counts(n, brightest=900.0):
    mean = np.zeros(SIGNAL)
    mean[6:-6, 7:-7] = np.random.default_rng(1).gamma(0.5, 4, (14, 17))
    mean[13, 15] = brightest
    patterns = np.random.default_rng(0).poisson(mean.ravel(), (n, mean.size))
    return patterns.astype(np.uint16), mean


def shift_all(patterns, signal_shape, shifts):
    """Shift patterns of all pixels."""
    return shift_patterns(patterns, signal_shape, shifts, np.arange(np.prod(SIGNAL)))


def centres(patterns):
    place = np.indices(SIGNAL).reshape(2, -1).T
    return patterns @ place / patterns.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("shift", [(0, 0), (1.3, -2.45), (-0.5, 0.49), (3, -4)])
@pytest.mark.parametrize("brightest", [9.0, 900.0, 3000.0])
def test_noise_is_that_of_counts(shift, brightest):
    patterns, _ = counts(3000, brightest)
    found = shift_all(patterns, SIGNAL, np.tile(shift, (3000, 1)))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found.sum(axis=1), patterns.sum(axis=1))
    np.testing.assert_array_equal(found, np.rint(found))
    mean, variance = found.mean(axis=0), found.var(axis=0)
    told = mean > 0.5
    ratio = variance[told] / mean[told]
    assert ratio.mean() == pytest.approx(1, abs=0.02)
    assert np.abs(ratio - 1).max() < 0.15
    noise = (found[:, told] - mean[told]) / np.sqrt(variance[told])
    across = noise.T @ noise / len(noise) - np.eye(told.sum())
    assert np.sqrt((across**2).mean()) < 1.1 / np.sqrt(len(noise))
    move = centres(found).mean(axis=0) - centres(patterns).mean(axis=0)
    np.testing.assert_allclose(move, shift, atol=0.01)


def test_blur_is_the_same_for_every_shift():
    image = np.zeros((1, *SIGNAL), np.uint32)
    image[0, 12, 14] = 1_000_000
    place = np.indices(SIGNAL).reshape(2, -1)
    for shift in [(0, 0), (0.25, -0.4), (0.5, 0.5), (-2.7, 1.1)]:
        out = shift_all(image.reshape(1, -1), SIGNAL, np.array([shift]))[0] / 1e6
        centre = place @ out
        np.testing.assert_allclose(centre, np.add((12, 14), shift), atol=3e-3)
        spread = (place - centre[:, None]) ** 2 @ out
        np.testing.assert_allclose(spread, 0.25, atol=3e-3)


def test_there_and_back():
    patterns, mean = counts(2000)
    shifts = np.random.default_rng(4).uniform(-3, 3, (2000, 2))
    there = shift_all(patterns, SIGNAL, shifts)
    back = shift_all(there, SIGNAL, -shifts)
    np.testing.assert_allclose(centres(back), centres(patterns), atol=0.2)
    place = np.indices(SIGNAL).reshape(2, -1)
    mean = mean.ravel() / mean.sum()
    spread = (place**2) @ (back.mean(axis=0) / back.mean(axis=0).sum() - mean)
    # Two blurs, and twice the mean change of the centre, which is none.
    np.testing.assert_allclose(spread, 0.5, atol=0.15)


def test_any_block_gives_the_same():
    patterns, _ = counts(30)
    shifts = np.random.default_rng(4).uniform(-3, 3, (30, 2))
    whole = shift_all(patterns, SIGNAL, shifts)
    np.testing.assert_array_equal(
        whole[7:12], shift_all(patterns[7:12], SIGNAL, shifts[7:12])
    )
    np.testing.assert_array_equal(
        whole, shift_all(patterns.astype(np.float32), SIGNAL, shifts)
    )


def test_readout_noise_is_shared_out():
    patterns = np.random.default_rng(0).normal(0, 0.2, (40, np.prod(SIGNAL)))
    patterns = patterns.reshape(40, *SIGNAL) * 1.0
    patterns[:, :3] = patterns[:, -3:] = patterns[:, :, :3] = patterns[:, :, -3:] = 0
    patterns = patterns.reshape(40, -1).astype(np.float32)
    out = shift_all(patterns, SIGNAL, np.full((40, 2), 1.4))
    np.testing.assert_allclose(out.sum(axis=1), patterns.sum(axis=1), atol=1e-4)
    assert out.min() < 0


@pytest.mark.parametrize("scale", [0, 1, 9, 40])
def test_covered_pixels_have_all_their_sources(scale):
    """Pixel by pixel, also for shifts that are larger than the detector."""
    rng = np.random.default_rng(scale)
    used = rng.random(SIGNAL) < 0.99
    shifts = scale * rng.uniform(-1, 1, (5, 2))
    covered = find_covered_pixels(np.flatnonzero(used), SIGNAL, shifts)
    around = np.pad(used, 50)
    for row, column in np.ndindex(SIGNAL):
        sources = np.add((row + 50, column + 50), -np.floor(shifts + 0.5).astype(int))
        boxes = [around[i - 1 : i + 2, j - 1 : j + 2].all() for i, j in sources]
        assert covered.reshape(SIGNAL)[row, column] == all(boxes)
    assert covered.any() == (scale < 40)


def test_covered_pixels_are_complete():
    used = np.flatnonzero(np.arange(np.prod(SIGNAL)) % SIGNAL[1] != 11)
    shifts = np.random.default_rng(4).uniform(-2.5, 1.5, (50, 2))
    covered = find_covered_pixels(used, SIGNAL, shifts)
    assert 0 < covered.sum() < len(used)
    flat = np.full((50, len(used)), 400, np.uint16)
    out = np.zeros((50, np.prod(SIGNAL)))
    out[:, used] = shift_patterns(flat, SIGNAL, shifts, used)
    assert np.abs(out[:, covered].mean() - 400) < 1
    assert out[:, covered].min() > 280
    # Beside the masked column, and at the edges, something is missing.
    assert out[:, ~covered].min() < 100


def test_without_used_pixels_all_are_covered_but_the_edges():
    covered = find_covered_pixels(np.arange(np.prod(SIGNAL)), SIGNAL, np.zeros((1, 2)))
    expected = np.zeros(SIGNAL, bool)
    expected[1:-1, 1:-1] = True
    np.testing.assert_array_equal(covered.reshape(SIGNAL), expected)
