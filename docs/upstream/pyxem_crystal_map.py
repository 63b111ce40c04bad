"""pyxem: crystal maps have no score and no "not indexed", and none of a line exists."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from diffsims.generators.simulation_generator import SimulationGenerator
from orix.crystal_map import Phase
from orix.quaternion import Rotation
from pyxem.signals import OrientationMap

atoms, lattice = [Atom("Cu", (0, 0, 0))], Lattice(3, 3, 3, 90, 90, 90)
phase = Phase("Cu", space_group=221, structure=Structure(atoms, lattice))
simulation = SimulationGenerator(200).calculate_diffraction2d(
    phase, Rotation.from_euler([[0, 0, 0], [0, 0.5, 0]]), with_direct_beam=False
)
# Index, correlation, angle and factor: the second position matches nothing.
matches = np.array([[[[0, 0.9, 0, 1]], [[0, 0, 0, 1]]]])
s = OrientationMap(matches)
s.simulation = simulation
xmap = s.to_crystal_map()
found = {"score": bool(xmap.prop), "not indexed": not xmap.is_indexed.all()}
line = OrientationMap(matches[0])
line.simulation = simulation
try:
    found["line"] = line.to_crystal_map().size == 2
except ValueError as error:
    found["line"] = str(error)
expected = {"score": True, "not indexed": True, "line": True}
print("crystal maps have:", found, "expected:", expected)
