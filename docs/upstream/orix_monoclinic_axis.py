"""orix: the twofold axis of space group C2/m is along c instead of b."""

import numpy as np
from diffpy.structure import Lattice, Structure
from orix.crystal_map import Phase

phase = Phase(
    space_group=12, structure=Structure(lattice=Lattice(5, 8, 5, 90, 109, 90))
)
rotations = phase.point_group.laue_proper_subgroup
twofold = rotations[np.isclose(rotations.angle, np.pi)]
found = np.abs(twofold.axis.data[0]).round(6).tolist()
b = phase.structure.lattice.base[1]
expected = (b / np.linalg.norm(b)).round(6).tolist()
print("twofold axis:", found, "expected, along b:", expected)
