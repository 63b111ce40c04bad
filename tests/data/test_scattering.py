"""Scattering of atoms, and the smooth parts of a pattern."""

import numpy as np
import pytest

from hyperspy_4dphase.data import structure, vacuum_pattern
from hyperspy_4dphase.data._scattering import (
    assemble,
    inelastic_background,
    mean_square_factor,
    thermal_background,
)
from hyperspy_4dphase.structures._scattering import atomic_factor

Q = np.linspace(0, 2, 50)


def test_mean_square_is_that_of_the_atoms_of_a_cell():
    atoms = structure("SrTiO3").structure.composition
    squares = [atomic_factor(e, Q) ** 2 for e in ("Sr", "Ti", "O", "O", "O")]
    np.testing.assert_allclose(mean_square_factor(atoms, Q), np.mean(squares, axis=0))


def test_thermal_background_is_what_the_spots_lost():
    atoms = {"Al": 4.0}
    lost = thermal_background(atoms, Q) / mean_square_factor(atoms, Q)
    assert lost[0] == 0
    assert np.all(np.diff(lost) > 0)
    # Debye and Waller's factor of an intensity, with B = 0.7.
    np.testing.assert_allclose(1 - lost, np.exp(-0.7 * Q**2 / 2))


def test_inelastic_background_falls():
    assert np.all(np.diff(inelastic_background(Q)) < 0)


def test_parts_have_their_shares(camera):
    image = np.zeros(camera.signal_shape)
    image[:5] = 7.0
    pattern = assemble(camera, [(image, 0.3), (np.zeros_like(image), 0.2)])
    assert pattern.sum() == pytest.approx(1)
    # What is empty gives its share to all others.
    assert pattern[:5].sum() == pytest.approx(0.3 / 0.8)


def test_vacuum_is_beam(camera):
    pattern = vacuum_pattern(camera)
    assert pattern.sum() == pytest.approx(1)
    disc = camera.radius() < camera.disc_radius + 3 * camera.edge
    assert pattern[disc].sum() > 0.95
