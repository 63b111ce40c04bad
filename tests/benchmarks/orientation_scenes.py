"""Patterns whose orientation and structure are known, simulated by diffsims."""

from typing import NamedTuple

import numpy as np
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.quaternion import Rotation

from hyperspy_4dphase.data import Camera
from hyperspy_4dphase.estimators.orientation import (
    PatternGeometry,
    build_library,
    misorientation,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_beam_directions,
    from_rotation_vectors,
    multiply,
    to_matrices,
)
from tests.benchmarks.orientation_structures import reflections, symmetry

MAX_G = 1.2
CAMERA = Camera(signal_shape=(120, 128), scale=MAX_G / 62, convergence=1.1)
GEOMETRY = PatternGeometry(
    CAMERA.center, CAMERA.scale, CAMERA.disc_radius, outer_radius=MAX_G
)
GENERATOR = SimulationGenerator(accelerating_voltage=200, minimum_intensity=1e-4)
# Width of the background's exponential, in 1/Å.
_DIFFUSE = 0.35
# Patterns of absent reflections only, which diffsims does not quite leave out.
_LEAST_INTENSITY = 1e-3
# Zone axes up to this length in Å, and within so many degrees of the beam, may be the
# axis of a half turn that a pattern does not show. Planes of reflections of longer ones
# are so close to one another that patterns show several.
_LONGEST_ZONE, _NEAR_ZONE = 40.0, 20.0
# Two expected patterns differ by less than noise if chi squared of their difference is
# below this: three standard deviations, for who knows both.
_ALIKE = 9.0


class Crystal(NamedTuple):
    """A structure, ready to be simulated and to be matched.

    Attributes
    ----------
    phase : orix.crystal_map.Phase
    library : TemplateLibrary
    strongest : float
        Squared structure factor of the strongest reflection.
    """

    phase: object
    library: object
    strongest: float

    @classmethod
    def of(cls, make):
        """Make one from the function that makes its phase."""
        phase = make()
        table = reflections(phase, MAX_G)
        library = build_library(
            table, GENERATOR.wavelength, symmetry(phase), max_g=MAX_G
        )
        return cls(phase, library, float(table.intensity.max()))


def random_orientation(rng):
    """Return a unit quaternion, uniform over all orientations."""
    q = rng.normal(size=4)
    return q / np.linalg.norm(q)


def from_beam(direction, tilt):
    """Return an orientation with the beam a tilt in rad off a crystal direction."""
    q = from_beam_directions(direction[None])
    return multiply(q, from_rotation_vectors(np.array([[tilt, 0.0, 0.0]])))[0]


def expected_pattern(
    crystal, quaternion, *, background=0.3, max_error=0.02, spread=0.0, rng=None
):
    """Return the expected pattern of a crystal, of sum 1, or None without a spot.

    Parameters
    ----------
    crystal : Crystal
    quaternion : numpy.ndarray, shape (4,)
    background : float
        Fraction of the counts.
    max_error : float
        diffsims' largest excitation error, in 1/Å: pi half widths of its Lorentzian.
    spread : float
        Standard deviation of the logarithm of factors on the intensities.
    rng : numpy.random.Generator, optional
    """
    try:
        simulation = GENERATOR.calculate_diffraction2d(
            crystal.phase,
            rotation=Rotation(quaternion[None]),
            reciprocal_radius=MAX_G,
            with_direct_beam=False,
            max_excitation_error=max_error,
        )
    except ValueError as error:
        # diffsims takes the maximum of the intensities, even if there are none.
        if "zero-size" not in str(error):
            raise
        return None
    spots, intensity = (
        simulation.coordinates,
        np.array(simulation.coordinates.intensity),
    )
    if not len(intensity) or intensity.max() < _LEAST_INTENSITY * crystal.strongest:
        return None
    if spread:
        intensity = intensity * rng.lognormal(0, spread, len(intensity))
    # The camera's y axis points down.
    image = CAMERA.discs(np.asarray(spots.data)[:, :2] * [1, -1], intensity)
    if not image.sum() > 0:
        return None
    return add_diffuse(image, background)


def add_diffuse(image, background):
    """Add a smooth background to spots: both together have the sum 1.

    Parameters
    ----------
    image : numpy.ndarray
    background : float
        Fraction of the counts.
    """
    diffuse = np.exp(-CAMERA.radius() / _DIFFUSE)
    return (1 - background) * image / image.sum() + background * diffuse / diffuse.sum()


def prepare(counts):
    """Prepare a pattern of the benchmark's camera."""
    return prepare_pattern(counts, GEOMETRY)


def place_all(crystals):
    """Place the libraries of crystals on the circles of the benchmark's camera."""
    prepared = prepare(np.zeros(CAMERA.signal_shape))
    return [place_library(crystal.library, prepared) for crystal in crystals]


def is_hidden_half_turn(crystal, true, found, dose):
    """Tell whether an orientation is another one that the pattern cannot tell.

    A plane of reflections looks the same after half a turn about its zone axis
    (Friedel), tilted or not. Only reflections of other planes tell, if there are any.

    Parameters
    ----------
    crystal : Crystal
    true, found : numpy.ndarray, shape (4,)
    dose : float

    Returns
    -------
    bool
    """
    beam = to_matrices(true)[:, 2]
    lattice = crystal.phase.structure.lattice
    most = [int(_LONGEST_ZONE / length) + 1 for length in lattice.abcABG()[:3]]
    sides = [np.arange(-n, n + 1) for n in most]
    zones = np.stack(np.meshgrid(*sides), -1).reshape(-1, 3)
    zones = zones[np.gcd.reduce(zones, axis=1) == 1]
    axes = zones @ lattice.base
    length = np.linalg.norm(axes, axis=1)
    near = axes @ beam > np.cos(np.deg2rad(_NEAR_ZONE)) * length
    near &= length <= _LONGEST_ZONE
    if not near.any():
        return False
    axes = axes[near] / length[near, None]
    turned = multiply(from_rotation_vectors(np.pi * axes), true)
    off = misorientation(turned, found[None], crystal.library.symmetry)
    here = expected_pattern(crystal, true)
    for quaternion in turned[off < 2]:
        there = expected_pattern(crystal, quaternion)
        if there is None:
            continue
        square = dose * ((here - there) ** 2 / (here + there)).sum()
        if 2 * square < _ALIKE:
            return True
    return False
