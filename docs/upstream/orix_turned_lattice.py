"""orix: turning the lattice of a phase changes fractional coordinates."""

from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase

lattice = Lattice(3, 3, 14, 90, 90, 120)
structure = Structure([Atom("W", (1 / 3, 2 / 3, 0.25))], lattice)
found = Phase(space_group=194, structure=structure).structure.xyz[0].round(4).tolist()
expected = structure.xyz[0].round(4).tolist()
print("coordinates:", found, "expected:", expected)
