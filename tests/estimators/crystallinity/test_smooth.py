"""The part of a pattern that is smooth in azimuth."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.crystallinity._smooth import (
    draw_profile,
    fit_profile,
    fit_smooth,
    make_disc,
    significance,
)

from ..mean_patterns import CENTER, SHAPE, diffuse, draw, halo, polar

DISC = make_disc(2.0)
EVERYWHERE = np.ones(SHAPE, bool)


def test_profile_of_exact_lines_is_found():
    truth = np.array([9.0, 5.0, 4.0, 0.5, 2.0, 1.0])
    radius = np.random.default_rng(0).uniform(0, 5, 4000)
    found = fit_profile(np.interp(radius, range(6), truth), radius, 6)
    np.testing.assert_allclose(found, truth, rtol=0.02, atol=0.02)
    np.testing.assert_allclose(draw_profile(truth, np.array([1.5])), 4.5)


def test_significance_has_unit_variance():
    rng = np.random.default_rng(0)
    for mean, readout in ((4, 0), (50, 0), (20, 30)):
        drawn = rng.poisson(mean, 20_000) + rng.normal(0, readout**0.5, 20_000)
        found = significance(drawn, mean, readout)
        assert found.std() == pytest.approx(1, abs=0.06)
        assert abs(found.mean()) < 0.2


def test_single_counts_are_not_significant():
    assert significance(1, 0.01) < 2


@pytest.mark.parametrize("ellipse", [0.0, 0.03, 0.05])
@pytest.mark.parametrize("offset", [(0, 0), (1.2, -0.9)])
def test_center_and_ellipse(ellipse, offset):
    counts = 1e6 * halo(ellipse=ellipse)
    part = fit_smooth(counts, EVERYWHERE, np.add(CENTER, offset), 6.0, DISC)
    np.testing.assert_allclose(part.geometry.center, CENTER, atol=0.1)
    angle = np.deg2rad(60)
    expected = ellipse * np.array([np.cos(angle), np.sin(angle)])
    np.testing.assert_allclose(part.geometry.ellipse, expected, atol=0.005)
    outside = part.radius > 8
    assert not part.spots.any()
    np.testing.assert_allclose(part.model[outside], counts[outside], rtol=0.1, atol=2)


def test_spots_are_left_out():
    counts = draw("crystalline", 1e7)
    part = fit_smooth(counts, EVERYWHERE, np.array(CENTER), 6.0, DISC)
    expected = 1e7 * 0.4 * 0.4 * diffuse()
    outside = part.radius > 8
    ratio = part.model[outside].sum() / expected[outside].sum()
    assert 0.9 < ratio < 1.25
    assert part.spots[polar()[0] > 8].mean() > 0.2


def test_masked_pixels_do_not_count():
    counts, used = draw("amorphous", 1e6), EVERYWHERE.copy()
    used[30:33], used[40:, 36:38] = False, False
    spoilt = np.where(used, counts, 1e5)
    one = fit_smooth(counts, used, np.array(CENTER), 6.0, DISC)
    other = fit_smooth(spoilt, used, np.array(CENTER), 6.0, DISC)
    np.testing.assert_allclose(one.profile, other.profile)
    np.testing.assert_allclose(one.geometry.center, CENTER, atol=0.2)
