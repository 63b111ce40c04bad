"""Shifts told from compressed patterns: right within their errors, and none made up."""

import numpy as np
import pytest
from scipy import ndimage

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.shifts._pattern_shifts import measure_shifts

from .scenes import (
    BEAM,
    CROSS,
    POSITIONS,
    SIGNAL,
    SLOPES,
    USED,
    plane,
    scene,
)


def assert_still(shifts):
    assert not shifts.plane.significant
    assert not shifts.has_jitter


def found(rate, dose, seed=0, used=USED):
    counts = np.random.default_rng(seed).poisson(rate * dose).astype(np.uint16)
    compressed = compress_patterns(counts[:, used], random_state=0, squares=False)
    return measure_shifts(compressed, used, SIGNAL, POSITIONS)


@pytest.fixture(scope="module")
def still():
    return scene()


@pytest.fixture(scope="module")
def descanned():
    return scene(plane(SLOPES))


@pytest.mark.parametrize("dose", [100, 1000, 10000])
@pytest.mark.parametrize("seed", range(4))
def test_what_stands_still_does_not_move(still, dose, seed):
    shifts = found(still, dose, seed)
    assert_still(shifts)
    assert shifts.plane.rms < 3 * shifts.plane.rms_error


@pytest.mark.parametrize("dose", [500, 5000])
def test_plane_is_found_within_its_error(descanned, dose):
    shifts = found(descanned, dose).plane
    assert shifts.significant
    error = np.abs(shifts.slopes - SLOPES)
    assert (error < 3 * shifts.slopes_error + 0.004).all()
    assert shifts.rms == pytest.approx(np.sqrt((plane(SLOPES) ** 2).sum(1).mean()), 0.3)
    np.testing.assert_allclose(shifts.at(POSITIONS).mean(axis=0), 0, atol=1e-9)


def test_jitter_is_found_and_no_plane():
    jitter = np.random.default_rng(3).normal(0, 0.3, (len(POSITIONS), 2))
    shifts = found(scene(jitter), 2000)
    assert shifts.has_jitter
    assert not shifts.plane.significant
    assert shifts.jitter == pytest.approx(0.3 * np.sqrt(2), rel=0.15)


def test_beam_behind_a_stop(still, descanned):
    used = USED[~BEAM]
    assert_still(found(still, 3000, used=used))
    shifts = found(descanned, 3000, used=used).plane
    assert shifts.significant
    assert (np.abs(shifts.slopes - SLOPES) < 3 * shifts.slopes_error + 0.01).all()


@pytest.mark.parametrize("masked", [True, False])
def test_beam_behind_the_cross_of_a_detector(still, descanned, masked):
    lit = ~CROSS.ravel()
    used = USED[lit] if masked else USED
    assert_still(found(still * lit, 3000, used=used))
    shifts = found(descanned * lit, 3000, used=used).plane
    assert shifts.significant
    assert (np.abs(shifts.slopes - SLOPES) < 3 * shifts.slopes_error + 0.01).all()


def test_hot_pixels_do_not_hold_patterns(descanned):
    rate = descanned.copy()
    rate[:, [300, 811, 1402]] += 0.05
    shifts = found(rate, 3000).plane
    assert (np.abs(shifts.slopes - SLOPES) < 3 * shifts.slopes_error + 0.01).all()


def test_without_positions(still):
    counts = np.random.default_rng(0).poisson(still * 1000)
    shifts = measure_shifts(compress_patterns(counts, random_state=0), USED, SIGNAL)
    assert shifts.plane.slopes.shape == (2, 1)
    assert_still(shifts)


def test_nothing_to_see():
    patterns = np.random.default_rng(0).poisson(3, (60, 12)).astype(np.uint16)
    compressed = compress_patterns(patterns, random_state=0)
    shifts = measure_shifts(compressed, np.arange(12), (3, 4))
    assert_still(shifts)
    assert shifts.jitter_error == np.inf


def jittered(images, rms, seed=0):
    """Images (ny, nx, *signal), each shifted on its own."""
    rng = np.random.default_rng(seed)
    moved = np.empty_like(images)
    for i in np.ndindex(images.shape[:2]):
        by = rng.normal(0, rms / np.sqrt(2), 2)
        moved[i] = np.maximum(ndimage.shift(images[i], by, order=1, mode="nearest"), 0)
    return moved


@pytest.mark.parametrize("noise", ["uniform", "measured"])
@pytest.mark.parametrize("kind", ["spotty", "bent", "overlapping"])
def test_uniform_noise_is_no_shift(kind, noise):
    """Domains of scans that stand still, also if noise is said to be the same."""
    from ..detector_scans import NAVIGATION, SIGNAL, counted, expected

    positions = np.indices(NAVIGATION).reshape(2, -1).T
    used = np.arange(np.prod(SIGNAL))

    def of(images):
        X = images.reshape(len(positions), -1)
        compressed = compress_patterns(X, noise=noise, random_state=0, squares=False)
        assert compressed.faulty_pixels is None
        return measure_shifts(compressed, used, SIGNAL, positions)

    for seed in range(2):
        rng = np.random.default_rng(5)
        images = counted(kind, 2000, seed).astype(float)
        if noise == "measured":
            images = 2000 * expected(kind, seed=seed)
            images += rng.normal(20, 2, images.shape)
        shifts = of(images)
        assert not shifts.has_jitter
        assert not shifts.plane.significant
        shifts = of(jittered(images, 0.8, seed))
        assert shifts.has_jitter
        error = max(0.1, 2 * shifts.jitter_error)
        assert shifts.jitter == pytest.approx(0.8, abs=error)
