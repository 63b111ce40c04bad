"""Patterns of crystals by diffsims, drawn as pyxem draws them, and their structures."""

from functools import cache

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.crystallography._diffracting_vector import DiffractingVector
from diffsims.generators.simulation_generator import SimulationGenerator
from diffsims.utils.sim_utils import get_kinematical_intensities
from orix.crystal_map import Phase
from orix.quaternion import Rotation

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.estimators.orientation import (
    PatternGeometry,
    Reflections,
    build_library,
)

SHAPE, CENTER, SCALE, MAX_G = (97, 109), (46.0, 55.0), 0.023, 1.05
GEOMETRY = PatternGeometry(CENTER, SCALE, 0.05, outer_radius=MAX_G)
GENERATOR = SimulationGenerator(accelerating_voltage=200, minimum_intensity=1e-4)


@cache
def phase_of(name):
    """Return a phase: triclinic, trigonal, 4/m, or one of the data.

    4/m has a mirror less than 4/mmm, and -3m none across the y axis.
    """
    if name == "triclinic":
        atoms = [Atom("Cu", xyz=(0, 0, 0)), Atom("S", xyz=(0.31, 0.42, 0.17))]
        atoms.append(Atom("S", xyz=(-0.31, -0.42, -0.17)))
        cell, group = Lattice(4.1, 5.3, 6.2, 78, 97, 105), 2
    elif name == "trigonal":
        atoms = [Atom("W", xyz=(0, 0, 0)), Atom("O", xyz=(0.28, 0.09, 0.33))]
        cell = Lattice(7.6, 7.6, 8.9, 90, 90, 120)
        whole = Structure(atoms, cell)
        return Phase(name, space_group=164, structure=whole).expand_asymmetric_unit()
    elif name == "4/m":
        places = [
            (0.27, 0.11, 0),
            (-0.27, -0.11, 0),
            (-0.11, 0.27, 0),
            (0.11, -0.27, 0),
        ]
        atoms = [Atom("Mo", xyz=(0, 0, 0)), Atom("O", xyz=(0, 0, 0.5))]
        atoms += [Atom("S", xyz=place) for place in places]
        cell, group = Lattice(6.1, 6.1, 4.3, 90, 90, 90), 83
    else:
        return structure(name)
    return Phase(name=name, space_group=group, structure=Structure(atoms, cell))


@cache
def reflections_of(name, max_g=MAX_G):
    phase = phase_of(name)
    vectors = DiffractingVector.from_min_dspacing(phase, 1 / max_g)
    hkl = np.round(vectors.hkl).astype(int)
    intensity = get_kinematical_intensities(
        phase.structure, hkl, vectors.gspacing, prefactor=np.ones(len(hkl))
    )
    return Reflections(hkl, np.asarray(vectors.data), intensity)


def symmetry_of(name):
    return phase_of(name).point_group.laue_proper_subgroup.data


@cache
def library_of(name, resolution=2.0):
    return build_library(
        reflections_of(name),
        GENERATOR.wavelength,
        symmetry_of(name),
        max_g=MAX_G,
        resolution=resolution,
    )


def simulate(name, quaternion, max_excitation_error=0.02):
    """Return the simulation of a phase in one rotation."""
    return GENERATOR.calculate_diffraction2d(
        phase_of(name),
        rotation=Rotation(np.asarray(quaternion)[None]),
        reciprocal_radius=MAX_G,
        with_direct_beam=False,
        max_excitation_error=max_excitation_error,
    )


def pattern_of(name, quaternion, counts=None, background=0.3, seed=0):
    """Return a pattern with y up, as pyxem draws it; of counts if a dose is given."""
    drawn = simulate(name, quaternion).get_diffraction_pattern(
        shape=SHAPE,
        sigma=1.4,
        direct_beam_position=(CENTER[1], SHAPE[0] - 1 - CENTER[0]),
        calibration=SCALE,
        fast=False,
        normalize=False,
        clip_threshold=1e-6,
    )
    drawn = np.flipud(drawn) / drawn.sum()
    rows, columns = np.indices(SHAPE)
    distance = SCALE * np.hypot(rows - CENTER[0], columns - CENTER[1])
    diffuse = np.exp(-distance / 0.35)
    expected = (1 - background) * drawn + background * diffuse / diffuse.sum()
    if counts is None:
        return expected
    return np.random.default_rng(seed).poisson(counts * expected)


def random_quaternions(n, seed=0):
    q = np.random.default_rng(seed).normal(size=(n, 4))
    return q / np.linalg.norm(q, axis=1, keepdims=True)
