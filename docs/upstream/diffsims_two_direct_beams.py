"""diffsims: a simulation with the direct beam has it twice."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation

atoms, lattice = [Atom("Cu", (0, 0, 0))], Lattice(3, 3, 3, 90, 90, 90)
phase = Phase(space_group=221, structure=Structure(atoms, lattice))
spots = (
    SimulationGenerator(200)
    .calculate_diffraction2d(
        phase, Rotation.identity(), reciprocal_radius=1.0, with_direct_beam=True
    )
    .coordinates
)
found = int(np.sum(np.linalg.norm(spots.data, axis=1) < 1e-9))
expected = 1
print("direct beams:", found, "expected:", expected)
