"""pyxem: a saved orientation map has lost its simulation."""

import tempfile
import warnings
from pathlib import Path

import hyperspy.api as hs
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
s = OrientationMap(np.zeros((1, 2, 1, 4)))
s.simulation = simulation
with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    s.save(Path(folder) / "map.hspy")
    found = (
        hs.load(Path(folder) / "map.hspy").metadata.get_item("simulation") is not None
    )
expected = True
print("simulation is there:", found, "expected:", expected)
