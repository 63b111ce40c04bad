"""pyxem: orientations are turned in the plane by half a turn."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation
from pyxem.signals import ElectronDiffraction2D

atoms = [Atom("Cu", (0, 0, 0)), Atom("O", (0.3, 0.1, 0.2)), Atom("W", (0.6, 0.4, 0.7))]
phase = Phase(space_group=1, structure=Structure(atoms, Lattice(4, 5, 6, 80, 95, 105)))
generator = SimulationGenerator(200, minimum_intensity=1e-3)
rotations = Rotation.from_euler([[0, 0.4, 0.3], [0, 1.2, 1.9], [0, 0.9, 4.0]])
options = {"reciprocal_radius": 1.0, "with_direct_beam": False}
library = generator.calculate_diffraction2d(phase, rotations, **options)
# The pattern of a crystal that is turned in the plane as well; y is up, as in matching.
truth = Rotation.from_euler([[0.5, 1.2, 1.9]])
spots = generator.calculate_diffraction2d(phase, truth, **options).coordinates
axis = np.linspace(-1, 1, 32, endpoint=False)
x, y = np.meshgrid(axis, -axis)
apart = (x[..., None] - spots.data[:, 0]) ** 2 + (y[..., None] - spots.data[:, 1]) ** 2
image = np.exp(-apart / (2 * 0.05**2)) @ np.asarray(spots.intensity)
s = ElectronDiffraction2D(np.tile(image, (1, 2, 1, 1)))
s.calibration(scale=2 / 32, units="$A^{-1}$", center=(16, 16))
polar = s.get_azimuthal_integral2d(
    npt=8, npt_azim=24, radial_range=(0.0, 1.0), mean=True, show_progressbar=False
)
matches = polar.get_orientation(library, n_best=1, frac_keep=1, show_progressbar=False)
indexed = Rotation(matches.to_rotation(flatten=True).data.reshape(-1, 4)[:1])
print(matches.data[0, 0], indexed.to_euler(degrees=True), truth.to_euler(degrees=True))
found = round(float(np.rad2deg((indexed * ~truth).angle[0])))
expected = 0
print("degrees from the true orientation:", found, "expected:", expected)
mended = found < 10
