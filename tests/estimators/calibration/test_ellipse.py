"""Elliptical distortion."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.calibration import distortion_matrix, estimate_ellipse

from .scenes import CENTER, radii, rings, spots, textured_rings


@pytest.mark.parametrize("ellipse", [(0, 0), (0.03, 0), (-0.01, 0.04)])
def test_ellipse_is_found_within_its_errors(ellipse):
    found = estimate_ellipse(rings(1e6, ellipse=ellipse, random_state=3))
    assert found.resolved, found.problem
    np.testing.assert_allclose(found.value, ellipse, atol=0.006)
    assert found.standard_error.max() < 0.005
    low, high = found.interval(0.9999)
    assert np.all((low < ellipse) & (ellipse < high))


@pytest.mark.accuracy
def test_intervals_hold_for_textured_rings():
    hits, n = 0, 0
    for seed in range(12):
        ellipse = np.random.default_rng(seed).uniform(-0.03, 0.03, 2)
        found = estimate_ellipse(
            textured_rings(1e8, ellipse=ellipse, random_state=seed), center=CENTER
        )
        if not found.resolved:
            continue
        low, high = found.interval(0.95)
        hits += np.sum((low < ellipse) & (ellipse < high))
        n += 2
    assert n >= 20
    # Groups of all rings together hold it in 15 of these 22.
    assert hits >= 0.85 * n


def test_beam_stop_is_left_out():
    ellipse = (0.02, -0.03)
    radius, azimuth = radii()
    stop = (radius < 6) | ((np.abs(azimuth) < 0.15) & (radius < 40))
    found = estimate_ellipse(np.where(stop, np.nan, rings(1e6, ellipse=ellipse)))
    np.testing.assert_allclose(found.value, ellipse, atol=0.004)


def test_spots_of_one_crystal_tell_no_ellipse():
    found = estimate_ellipse(spots(1e6))
    assert not found.resolved
    assert found.problem


def test_distortion_stretches_by_half_along_and_shrinks_by_half_across():
    along = np.array([np.cos(0.4), np.sin(0.4)])
    across = np.array([-along[1], along[0]])
    matrix = distortion_matrix(0.05 * np.array([np.cos(0.8), np.sin(0.8)]))
    np.testing.assert_allclose(matrix @ along, 1.025 * along)
    np.testing.assert_allclose(matrix @ across, 0.975 * across)
