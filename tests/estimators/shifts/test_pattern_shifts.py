"""Shifts told from compressed patterns: right within their errors, and none made up."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.shifts._pattern_shifts import measure_shifts

from .scenes import (
    BEAM,
    CROSS,
    POSITIONS,
    SIGNAL,
    SLOPES,
    USED,
    find_shifts,
    plane,
    scene,
)


def assert_still(shifts):
    assert not shifts.plane.significant
    assert not shifts.has_jitter


@pytest.fixture(scope="module")
def still():
    return scene()


@pytest.fixture(scope="module")
def descanned():
    return scene(plane(SLOPES))


@pytest.mark.parametrize("dose", [100, 1000, 10000])
@pytest.mark.parametrize("seed", range(4))
def test_what_stands_still_does_not_move(still, dose, seed):
    shifts = find_shifts(still, dose, seed)
    assert_still(shifts)
    assert shifts.plane.rms < 3 * shifts.plane.rms_error


@pytest.mark.parametrize("dose", [500, 5000])
def test_plane_is_found_within_its_error(descanned, dose):
    shifts = find_shifts(descanned, dose).plane
    assert shifts.significant
    error = np.abs(shifts.slopes - SLOPES)
    assert (error < 3 * shifts.slopes_error + 0.004).all()
    assert shifts.rms == pytest.approx(np.sqrt((plane(SLOPES) ** 2).sum(1).mean()), 0.3)
    np.testing.assert_allclose(shifts.at(POSITIONS).mean(axis=0), 0, atol=1e-9)


def test_beam_behind_a_stop(still, descanned):
    used = USED[~BEAM]
    assert_still(find_shifts(still, 3000, used=used))
    shifts = find_shifts(descanned, 3000, used=used).plane
    assert shifts.significant
    assert (np.abs(shifts.slopes - SLOPES) < 3 * shifts.slopes_error + 0.01).all()


@pytest.mark.parametrize("masked", [True, False])
def test_beam_behind_the_cross_of_a_detector(still, descanned, masked):
    lit = ~CROSS.ravel()
    used = USED[lit] if masked else USED
    assert_still(find_shifts(still * lit, 3000, used=used))
    shifts = find_shifts(descanned * lit, 3000, used=used).plane
    assert shifts.significant
    assert (np.abs(shifts.slopes - SLOPES) < 3 * shifts.slopes_error + 0.01).all()


def test_hot_pixels_do_not_hold_patterns(descanned):
    rate = descanned.copy()
    rate[:, [300, 811, 1402]] += 0.05
    shifts = find_shifts(rate, 3000).plane
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
