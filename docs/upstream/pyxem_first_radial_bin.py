"""pyxem: a template's spots after one below the radial range are not matched."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from diffsims.simulations import Simulation2D
from orix.crystal_map import Phase
from orix.quaternion import Rotation
from pyxem.signals import ElectronDiffraction2D

atoms, lattice = [Atom("Cu", (0, 0, 0))], Lattice(3, 3, 3, 90, 90, 90)
phase = Phase("Cu", space_group=221, structure=Structure(atoms, lattice))
generator = SimulationGenerator(200)
library = generator.calculate_diffraction2d(
    phase,
    Rotation.from_euler([[0, 0, 0], [0, 0.5, 0]]),
    reciprocal_radius=1.0,
    with_direct_beam=False,
)
spots = library.irot[0].coordinates
axis = np.linspace(-1, 1, 64, endpoint=False)
x, y = np.meshgrid(axis, axis)
apart = (x[..., None] - spots.data[:, 0]) ** 2 + (y[..., None] - spots.data[:, 1]) ** 2
image = np.exp(-apart / (2 * 0.04**2)) @ np.sqrt(spots.intensity)
s = ElectronDiffraction2D(np.tile(image, (1, 2, 1, 1)))
s.calibration(scale=2 / 64, units="$A^{-1}$", center=(32, 32))
polar = s.get_azimuthal_integral2d(
    npt=12, npt_azim=72, radial_range=(0.4, 1.0), mean=True, show_progressbar=False
)
options = {"n_best": 1, "frac_keep": 1, "normalize_templates": False}


def correlate(library):
    matches = polar.get_orientation(library, **options, show_progressbar=False)
    return float(matches.data[0, 0, 0, 1])


# The innermost spots, at 1/3, are not in the range, and should make no difference.
seen = [
    vectors[np.linalg.norm(vectors.data, axis=1) > 0.4]
    for vectors in library.coordinates
]
outer = Simulation2D(library.phases, seen, library.rotations, generator)
found = round(correlate(library) / correlate(outer), 2)
expected = 1
print("correlation with and without spots below the range, ratio:", found)
print("expected:", expected)
mended = abs(found - 1) < 0.02
