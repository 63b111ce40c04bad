"""Halos in a radial profile."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.crystallinity._halo import make_curves, measure_halo
from hyperspy_4dphase.estimators.crystallinity._smooth import fit_smooth, make_disc

from ..mean_patterns import CENTER, SHAPE, diffuse, halo, polar

END = 6.0
OUTSIDE = polar()[0] > END


def found_in(image, counts, seed=0):
    counts = np.random.default_rng(seed).poisson(counts * image).astype(float)
    used = np.ones(SHAPE, bool)
    part = fit_smooth(counts, used, np.array(CENTER), END, make_disc(2), refine=False)
    return measure_halo(part, OUTSIDE & (part.radius > END), counts, END)


@pytest.mark.parametrize("counts", [3e3, 1e5, 1e7])
def test_halo_is_found(counts):
    found = found_in(halo(), counts)
    assert 0.2 < found.halo < 0.95
    assert found.halo_gain > 5


@pytest.mark.parametrize("counts", [3e3, 1e5, 1e7])
def test_what_falls_off_has_none(counts):
    found = found_in(diffuse(), counts)
    assert found.halo < 0.15
    assert found.halo_gain < 4


def test_more_halo_is_more():
    shares = [
        found_in(x * halo() + (1 - x) * diffuse(), 1e6).halo for x in (0.1, 0.4, 0.8)
    ]
    assert shares[0] < shares[1] < shares[2]


def test_wide_humps_are_no_halos():
    """Thermal diffuse scattering rises as the square of the radius."""
    r, _ = polar()
    hump = r**2 / (1 + (r / 14) ** 2) ** 3 + np.exp(-r / 6) * 30
    assert found_in(hump / hump.sum(), 1e6).halo < 0.2


def test_nothing_to_fit():
    nothing = found_in(0 * halo(), 1)
    assert nothing == (0.0, 0.0)


def test_curves():
    plain, halos = make_curves(np.arange(6, 50.0), END)
    assert (plain >= 0).all()
    assert (halos >= 0).all()
    np.testing.assert_allclose(plain.max(axis=0), 1)
    assert halos.shape[1] > 20
