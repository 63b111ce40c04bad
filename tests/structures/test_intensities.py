"""Reflections and their intensities."""

import numpy as np
import pytest
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.structures import load_candidates


def load_one(source, name="test"):
    (candidate,) = load_candidates({name: source})
    return candidate


def triclinic(occupancy=0.5):
    atoms = [Atom("Ti", (0.1, 0.2, 0.3)), Atom("O", (0.5, 0.6, 0.15))]
    atoms += [Atom("S", (0.8, 0.4, 0.6), occupancy=occupancy)]
    return Structure(atoms, Lattice(4.1, 5.3, 6.7, 80, 95, 105))


SOURCES = [
    structure("NMC622"),
    structure("SiO2"),
    structure("WS2"),
    Phase("triclinic", 1, structure=triclinic()),
]


def no_shape(excitation_error, width):
    return np.ones_like(excitation_error)


@pytest.mark.parametrize("source", SOURCES, ids=lambda phase: phase.name)
def test_agrees_with_diffsims_in_place_and_intensity(source):
    candidate = load_one(source)
    generator = SimulationGenerator(
        200, minimum_intensity=1e-9, shape_factor_model=no_shape
    )
    rotation = Rotation.from_euler([[0.3, 0.7, 1.1]])
    spots = generator.calculate_diffraction2d(
        candidate.phase,
        rotation=rotation,
        reciprocal_radius=1.0,
        max_excitation_error=0.05,
        with_direct_beam=False,
        debye_waller_factors=dict.fromkeys("Ti O S Li Ni Mn Co Si W".split(), 0.6),
    ).coordinates
    assert len(spots.data) > 8
    ours = candidate.reflections(1.0, debye_waller=0.6, min_intensity=0)
    table = {tuple(h): k for k, h in enumerate(ours.hkl)}
    index = [table[tuple(h)] for h in np.round(spots.hkl).astype(int)]
    # From crystal to sample by the transpose.
    matrix = rotation.to_matrix()[0]
    np.testing.assert_allclose(ours.g[index] @ matrix, spots.data, atol=1e-6)
    np.testing.assert_allclose(ours.intensity[index], spots.intensity, rtol=1e-5)


def test_absent_and_weak_reflections_are_left_out():
    silicon = load_one(structure("Si"))
    found = silicon.reflections(1.1)
    h = found.hkl
    even, odd = np.all(h % 2 == 0, axis=1), np.all(h % 2 == 1, axis=1)
    assert np.all(odd | (even & (h.sum(axis=1) % 4 == 0)))
    assert {(1, 1, 1), (0, 2, 2), (0, 0, 4)} <= {tuple(row) for row in h}
    strongest = found.intensity.max()
    fewer = silicon.reflections(1.1, min_intensity=0.2)
    assert 0 < len(fewer.hkl) < len(h)
    assert fewer.intensity.min() >= 0.2 * strongest
    kept = found.intensity >= 0.2 * strongest
    np.testing.assert_array_equal(fewer.hkl, h[kept])


def test_all_reflections_within_the_radius_are_there():
    candidate = load_one(triclinic())
    found = candidate.reflections(0.9, min_intensity=0)
    lengths = np.linalg.norm(found.g, axis=1)
    assert np.all(np.diff(lengths) >= -1e-8)
    box = np.stack(np.mgrid[-9:10, -9:10, -9:10], axis=-1).reshape(-1, 3)
    inside = np.linalg.norm(box @ candidate.reciprocal_lattice, axis=1) <= 0.9
    assert inside.sum() - 1 == len(found.hkl)
    np.testing.assert_allclose(found.hkl @ candidate.reciprocal_lattice, found.g)
    # a along x and c* along z.
    lattice = candidate.phase.structure.lattice
    np.testing.assert_allclose(lattice.base[0, 1:], 0, atol=1e-12)
    np.testing.assert_allclose(candidate.reciprocal_lattice[2, :2], 0, atol=1e-12)
    np.testing.assert_allclose(lattice.abcABG(), (4.1, 5.3, 6.7, 80, 95, 105))


def test_friedel_and_occupancies():
    found = load_one(triclinic()).reflections(0.8, min_intensity=0)
    table = {tuple(h): i for h, i in zip(found.hkl, found.intensity, strict=True)}
    for h, intensity in table.items():
        assert table[tuple(-n for n in h)] == pytest.approx(intensity)
    # Amplitudes are linear in the occupancy, so intensities quadratic.
    a, b, c = (
        load_one(triclinic(x)).reflections(0.8, min_intensity=0).intensity
        for x in (0.25, 0.5, 0.75)
    )
    second = load_one(
        Structure([Atom("S", (0.8, 0.4, 0.6))], triclinic().lattice)
    ).reflections(0.8, min_intensity=0)
    np.testing.assert_allclose(
        a - 2 * b + c, 2 * 0.25**2 * second.intensity, rtol=1e-6, atol=1e-9
    )


def test_debye_waller_factor_of_each_atom_or_of_all():
    aluminium = Structure(
        [Atom("Al", (0, 0, 0), Uisoequiv=0.02)], Lattice(3, 4, 5, 90, 90, 90)
    )
    candidate = load_one(aluminium)
    still = candidate.reflections(0.9, debye_waller=0, min_intensity=0)
    squared = np.sum(still.g**2, axis=1)
    for options, factor in [({}, 8 * np.pi**2 * 0.02), ({"debye_waller": 1.3}, 1.3)]:
        found = candidate.reflections(0.9, min_intensity=0, **options)
        expected = still.intensity * np.exp(-factor * squared / 2)
        np.testing.assert_allclose(found.intensity, expected)
    aluminium[0].Uisoequiv = 0.0
    found = load_one(aluminium).reflections(0.9, min_intensity=0)
    expected = still.intensity * np.exp(-0.7 * squared / 2)
    np.testing.assert_allclose(found.intensity, expected)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"max_radius": 0}, ValueError),
        ({"max_radius": "1"}, TypeError),
        ({"max_radius": 0.01}, ValueError),
        ({"max_radius": 1, "debye_waller": -1}, ValueError),
        ({"max_radius": 1, "min_intensity": 1}, ValueError),
    ],
)
def test_bad_arguments(arguments, error):
    with pytest.raises(error, match="max_radius|debye_waller|min_intensity"):
        load_one(structure("Si")).reflections(**arguments)
