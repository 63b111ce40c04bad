"""The scale, of a known structure."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.calibration import estimate_scale

from .scenes import CENTER, SCALE, lengths, rings, spots

LIMITS = 0.8 * SCALE, 1.2 * SCALE


# Rings that touch tell less than spots.
@pytest.mark.parametrize(("make", "error"), [(rings, 0.01), (spots, 0.002)])
def test_scale_is_found_within_its_errors(make, error):
    found = estimate_scale(make(1e6), *lengths(), LIMITS, center=CENTER)
    assert found.resolved, found.problem
    assert abs(found.value[0] - SCALE) < 3 * found.standard_error[0]
    assert found.standard_error[0] < error * SCALE


def test_ellipse_is_undone():
    ellipse = (0.05, 0.0)
    options = {"limits": LIMITS, "center": CENTER}
    pattern = rings(1e6, ellipse=ellipse)
    found = estimate_scale(pattern, *lengths(), ellipse=ellipse, **options)
    assert found.resolved
    assert abs(found.value[0] / SCALE - 1) < 0.015


@pytest.mark.parametrize("dose", [300, 1e3, 3e3])
def test_few_counts_give_no_wrong_scale(dose):
    for seed in range(6):
        pattern = spots(dose, random_state=seed, angle=0.2 * seed)
        wide = 0.5 * SCALE, 2 * SCALE
        found = estimate_scale(pattern, *lengths(), wide, center=CENTER)
        assert not found.resolved or abs(found.value[0] / SCALE - 1) < 0.02


def test_what_cannot_be_told():
    flat = np.random.default_rng(0).poisson(20.0, (78, 90))
    found = estimate_scale(flat, *lengths(), LIMITS, center=CENTER)
    assert "different radii" in found.problem
    # Reflections so dense that any scale has one near each spot.
    dense = np.linspace(0.1, 3, 900)
    found = estimate_scale(spots(1e6), dense, np.ones(900), LIMITS, center=CENTER)
    assert not found.resolved
    # The right scale is beyond the limits.
    beyond = 1.3 * SCALE, 1.39 * SCALE
    found = estimate_scale(rings(1e6), *lengths(), beyond, center=CENTER)
    assert not found.resolved or found.standard_error[0] > 0.003 * SCALE
