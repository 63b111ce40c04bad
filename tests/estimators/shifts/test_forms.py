"""Forms of two patterns: they tell shifts, and nothing else."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.shifts._forms import (
    ShiftPixels,
    find_sound_pixels,
    make_forms,
)

from .scenes import POSITIONS, SIGNAL, USED, discs, scene


def test_forms_are_linear_in_small_shifts_and_blind_to_strength():
    rate = scene()[:1].reshape(SIGNAL)
    moved = scene(np.full((len(POSITIONS), 2), [0.1, -0.05]))[0]
    spots = [(20, 23), (20, 33), (20, 13), (30, 23), (10, 23)]
    stronger = discs(spots, [1.5, 1.6, 0.2, 0.1, 0.9])
    rows = np.stack([rate.ravel(), moved, stronger.ravel()])
    pixels = ShiftPixels(rate.ravel(), USED, SIGNAL, 100)
    forms = make_forms(rows.astype(np.float32), pixels)
    value = forms.shift.sum(axis=0)
    slope = forms.slope.sum(axis=0)[..., 0, 0]
    shift = np.linalg.solve(slope, value[:, 1, 0])
    np.testing.assert_allclose(shift, [0.1, -0.05], atol=0.01)
    np.testing.assert_allclose(value, -value.transpose(0, 2, 1))
    change = np.linalg.solve(slope, value[:, 2, 0])
    by_mass = (np.indices(SIGNAL) * (stronger - rate)).sum(axis=(1, 2))
    assert np.abs(by_mass).max() > 0.5
    assert np.abs(change).max() < 0.1 * np.abs(by_mass).max()


@pytest.mark.parametrize("masked", [False, True])
def test_hot_and_dead_pixels_are_not_sound(masked):
    mean = 1000 * scene()[0]
    hot, dead = [300, 811, 1402], [505, 930]
    mean[hot], mean[dead] = 500, 0
    used = USED[USED % 7 != 2] if masked else USED
    sound = find_sound_pixels(mean[used], used, SIGNAL, 10_000)
    assert set(used[~sound]) == set(used) & {*hot, *dead}


def test_nothing_comes_from_pixels_that_are_not_used():
    used = USED[USED % SIGNAL[1] != 17]
    rows = scene()[:3].astype(np.float32)
    pixels = ShiftPixels(rows[0, used].astype(float), used, SIGNAL, 100)
    smooth, differences, parts = pixels.moments(pixels.images(rows[:, used]))
    assert smooth.shape == differences[0].shape == (3, len(parts))
    assert 0 < parts.sum() < len(parts)
    # Five columns about the missing one, and two at each edge, are left out.
    assert len(parts) == (SIGNAL[0] - 4) * (SIGNAL[1] - 4 - 5)


def test_pixels_without_a_count_by_chance_tell_a_shift():
    """In few patterns of few counts they are everywhere."""
    mean = np.random.default_rng(0).poisson(1.0, (60, 64)).ravel() / 20
    assert 0.3 < (mean == 0).mean() < 0.4
    pixels = ShiftPixels(mean, np.arange(mean.size), (60, 64), n_patterns=20)
    parts = pixels.moments(np.ones((1, 60, 64), np.float32))[-1]
    assert len(parts) > 0.9 * 56 * 60


def test_a_pixel_without_a_count_by_chance_is_not_dead():
    """Most dark pixels have none. One in a disc is dead, and so is a beam stop."""
    rng = np.random.default_rng(0)
    y, x = np.indices((60, 64))
    counts = 0.5 + 200 * np.exp(-(((y - 30) ** 2 + (x - 20) ** 2) / 60))
    counts[33, 23] = counts[:31, 20] = 0.0
    used, n_patterns = np.arange(counts.size), 100
    mean = rng.poisson(counts).ravel() / n_patterns
    assert (mean == 0).mean() > 0.4
    unsound = ~find_sound_pixels(mean, used, counts.shape, n_patterns)
    unsound = unsound.reshape(counts.shape)
    assert unsound[33, 23]
    assert unsound[21:31, 20].all()
    assert not unsound[:, 40:].any()
    assert unsound.sum() < 60
