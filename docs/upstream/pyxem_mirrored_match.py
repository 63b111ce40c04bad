"""pyxem: a mirrored match gives a wrong orientation for Laue group -3m."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation
from pyxem.signals.indexation_results import rotation_from_orientation_map

atoms = [Atom("Ti", (0, 0, 0)), Atom("O", (0, 0, 0.24)), Atom("O", (0, 0, 0.76))]
atoms += [
    Atom(atom.element, (atom.xyz + shift) % 1)
    for atom in list(atoms)
    for shift in ([2 / 3, 1 / 3, 1 / 3], [1 / 3, 2 / 3, 2 / 3])
]
lattice = Lattice(2.9, 2.9, 14.2, 90, 90, 120)
phase = Phase(space_group=166, structure=Structure(atoms, lattice))
grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 41)] * 2), axis=-1).reshape(-1, 2)


def pattern(rotation):
    generator = SimulationGenerator(200, minimum_intensity=1e-3)
    spots = generator.calculate_diffraction2d(
        phase, rotation, 1.0, with_direct_beam=False, max_excitation_error=0.02
    ).coordinates
    return spots.data[:, :2], np.asarray(spots.intensity)


def draw(spots, intensity, angle=0.0):
    c, s = np.cos(angle), np.sin(angle)
    apart = ((spots @ [[c, s], [-s, c]])[:, None] - grid) ** 2
    image = intensity @ np.exp(-apart.sum(axis=-1) / (2 * 0.05**2))
    return image / np.linalg.norm(image)


def likeness(one, other):
    """Largest cosine of two patterns over in-plane rotations."""
    first = draw(*one)
    return max(first @ draw(*other, a) for a in np.deg2rad(np.arange(0, 360, 3)))


template = Rotation.from_euler([[0.0, 0.3, 0.25]])
spots, intensity = pattern(template)
mirrored = spots * [1, -1], intensity
# A mirrored match (last column) with the template, and what pyxem makes of it.
match = np.array([[0, 1.0, 0.0, -1.0]])
indexed = Rotation(rotation_from_orientation_map(match, template.data))
found = round(likeness(mirrored, pattern(indexed)), 2)
right = Rotation.from_euler([[0.0, -0.3, np.pi - 0.25]])
expected = round(likeness(mirrored, pattern(right)), 2)
print("likeness to the pattern of its orientation:", found)
print("likeness with 180 - phi2 for -phi2:", expected)
