"""The centre of patterns."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.calibration import estimate_center

from .scenes import CENTER, SHAPE, radii, rings, spots


@pytest.mark.parametrize("make", [rings, spots])
def test_center_is_found_within_its_errors(make):
    errors, standard = [], []
    for seed in range(8):
        center = CENTER + [0.11 * seed, -0.07 * seed]
        found = estimate_center(make(3e5, center, random_state=seed))
        assert found.resolved, found.problem
        errors.append(found.value - center)
        standard.append(found.standard_error)
    errors, standard = np.array(errors), np.array(standard)
    assert np.abs(errors).max() < 0.1
    # Sixteen numbers, of which chance leaves three standard errors to few.
    assert np.mean(np.abs(errors) < 3 * standard) > 0.8
    assert np.median(standard) < 0.05


def test_several_patterns_tell_more():
    patterns = [spots(1e4, angle=0.4 * k, random_state=k) for k in range(5)]
    together = estimate_center(patterns)
    alone = [estimate_center(one) for one in patterns]
    alone = [one.standard_error.max() for one in alone if one.resolved]
    assert together.resolved
    assert together.standard_error.max() < np.median(alone)
    np.testing.assert_allclose(together.value, CENTER, atol=0.1)


def test_beam_stop_is_left_out():
    pattern = rings(1e6)
    radius, azimuth = radii()
    stop = (radius < 6) | ((np.abs(azimuth) < 0.15) & (radius < 40))
    hidden = np.where(stop, np.nan, pattern)
    by_nan = estimate_center(hidden)
    by_mask = estimate_center(np.where(stop, 1e6, pattern), stop)
    assert by_nan.resolved
    np.testing.assert_allclose(by_nan.value, CENTER, atol=0.1)
    np.testing.assert_allclose(by_mask.value, by_nan.value, atol=1e-3)


def test_lattice_without_its_direct_beam_is_not_resolved():
    # All spots alike: any of them, and any point between, may be the centre.
    y, x = np.indices(SHAPE)
    lattice = np.cos(2 * np.pi * x / 9) ** 2 * np.cos(2 * np.pi * y / 9) ** 2
    found = estimate_center(np.random.default_rng(0).poisson(200 * lattice**4))
    assert not found.resolved
    assert "may be the centre as well" in found.problem
    assert np.isinf(found.interval()).all()


def test_noise_alone_is_not_resolved():
    noise = np.random.default_rng(1).poisson(5.0, SHAPE)
    assert not estimate_center(noise).resolved


def test_patterns_are_not_changed():
    patterns = np.stack([rings(1e4), rings(1e4, random_state=1)])
    before = patterns.copy()
    estimate_center(patterns)
    np.testing.assert_array_equal(patterns, before)


def test_bad_patterns():
    with pytest.raises(ValueError, match="must have one shape"):
        estimate_center(np.ones(5))
    with pytest.raises(ValueError, match="excluded must be bool"):
        estimate_center(np.ones((3, 8, 9)), np.ones((8, 8), bool))
    with pytest.raises(ValueError, match="must have pixels to be used"):
        estimate_center(np.full((8, 9), np.nan))
