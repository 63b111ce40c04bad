"""Templates have the spots that the structure shows, where it shows them."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import (
    Reflections,
    build_library,
)
from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices
from tests.estimators.orientation.orientation_patterns import (
    GENERATOR,
    MAX_G,
    library_of,
    reflections_of,
    simulate,
    symmetry_of,
)


@pytest.mark.parametrize("name", ["NMC622", "triclinic"])
def test_spots_are_where_diffsims_has_them(name):
    library = library_of(name)
    for i in range(0, len(library.quaternions), 211):
        part = slice(library.start[i], library.start[i + 1])
        x = library.radius[part] * np.cos(library.azimuth[part])
        y = library.radius[part] * np.sin(library.azimuth[part])
        spots = simulate(name, library.quaternions[i], 0.15).coordinates.data
        distance = np.hypot(spots[:, :1] - x, spots[:, 1:2] - y)
        assert distance.min(axis=0).max() < 1e-5


def test_spots_belong_to_their_reflections():
    library = library_of("triclinic")
    i = 40
    part = slice(library.start[i], library.start[i + 1])
    g = library.reflections.g[library.reflection[part]]
    there = g @ to_matrices(library.quaternions[i])
    radius = np.hypot(there[:, 0], there[:, 1])
    np.testing.assert_allclose(library.radius[part], radius, rtol=1e-5)
    turn = library.azimuth[part] - np.arctan2(there[:, 1], there[:, 0])
    np.testing.assert_allclose(np.cos(turn), 1, atol=1e-6)


def test_finer_steps_make_narrower_templates_and_more_of_them():
    coarse, fine = library_of("TiO2", 4.0), library_of("TiO2", 2.0)
    assert len(fine.quaternions) == pytest.approx(4 * len(coarse.quaternions), rel=0.05)
    n_coarse, n_fine = (np.diff(x.start).mean() for x in (coarse, fine))
    assert n_fine < n_coarse


def test_strongest_reflection_sets_the_scale():
    scaled = reflections_of("Si")._replace(intensity=7 * reflections_of("Si").intensity)
    arguments = (GENERATOR.wavelength, symmetry_of("Si"))
    library = build_library(scaled, *arguments, max_g=MAX_G)
    np.testing.assert_allclose(library.weight, library_of("Si").weight, rtol=1e-6)
    assert 0 < library.weight.min() <= library.weight.max() <= 1


GOOD = Reflections(np.eye(3, dtype=int), 0.3 * np.eye(3), np.ones(3))


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"reflections": tuple(GOOD)}, TypeError, "Reflections"),
        ({"reflections": GOOD._replace(g=np.eye(4))}, ValueError, r"g \(n, 3\)"),
        ({"reflections": GOOD._replace(intensity=-np.ones(3))}, ValueError, "negative"),
        ({"reflections": GOOD._replace(intensity=np.zeros(3))}, ValueError, "positive"),
        ({"reflections": GOOD._replace(g=np.nan * np.eye(3))}, ValueError, "finite"),
        ({"wavelength": 0}, ValueError, "wavelength"),
        ({"max_g": 0.2}, ValueError, "shortest reflection has 0.3"),
        ({"max_g": 90}, ValueError, "Ewald sphere"),
        ({"resolution": 0}, ValueError, "resolution"),
        ({"excitation_width": "thin"}, TypeError, "excitation_width"),
        ({"symmetry": np.ones((1, 4))}, ValueError, "symmetry"),
    ],
)
def test_bad_arguments_are_refused(changes, error, message):
    arguments = {
        "reflections": GOOD,
        "wavelength": 0.025,
        "symmetry": np.eye(4)[:1],
        "max_g": 1.0,
    }
    with pytest.raises(error, match=message):
        build_library(**arguments | changes)
