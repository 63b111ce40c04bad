"""
Structures that look alike
==========================

The surface of a layered oxide may turn into disordered rock salt, which has the same
oxygen lattice. Most reflections of one are reflections of the other as well. Where the
orientation does not tell them apart, an honest answer is a set of both. Here a layered
particle with a surface of rock salt is simulated in two orientations.
"""

# sphinx_gallery_thumbnail_number = 1
import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase

from hyperspy_4dphase.data import (
    Camera,
    crystal_pattern,
    simulate_scan,
    structure,
    vacuum_pattern,
    zone_rotation,
)
from hyperspy_4dphase.structures import load_candidates

# %%
# Candidates may be CIF files, or phases of orix: an asymmetric unit is expanded by the
# space group.

atoms = [
    Atom("Ni", (0, 0, 0), occupancy=0.6),
    Atom("Li", (0, 0, 0), occupancy=0.4),
    Atom("O", (0.5, 0.5, 0.5)),
]
disordered = Structure(atoms, Lattice(4.08, 4.08, 4.08, 90, 90, 90))
candidates = load_candidates(
    {
        "layered": structure("NMC622"),
        "rock salt": Phase(space_group=225, structure=disordered),
        "silicon": structure("Si"),
    }
)
layered, rock_salt, _ = (candidate.phase for candidate in candidates)

# %%
# The scan: a particle, the lower half of which is turned, with a layer on its surface.

camera = Camera(signal_shape=(96, 96))
zones = {"upper": ((0, 1, 0), (0, 1, 1)), "lower": ((0, 0, 1), (1, 1, 1))}
patterns = [vacuum_pattern(camera)]
for layered_zone, cubic_zone in zones.values():
    for phase, zone in ((layered, layered_zone), (rock_salt, cubic_zone)):
        patterns.append(crystal_pattern(phase, zone_rotation(phase, zone), camera))

y, x = np.indices((36, 44))
distance = np.hypot((y - 17.5) / 16, (x - 21.5) / 20)
label = np.where(distance > 1, 0, np.where(distance > 0.72, 2, 1))
label = np.where((y > 17) & (label > 0), label + 2, label)
abundance = np.eye(5)[label]
s, _ = simulate_scan(np.stack(patterns), abundance, 3000, camera=camera, random_state=0)

# %%
# One call names all domains. In the table, the last column says what cannot be told
# from the structure that was chosen. Below it, the report says what else is left open:
# of one zone, other structures with the same reflections are never excluded.

result = s.map_phases(candidates, confidence=False, random_state=0, print_info=False)
result.phases.plot()

# %%
result.phases.report()

# %%
# The probability of each candidate, one row a domain. What is missing from 1 is that
# of none of them.

result.phases.scores["probability"].round(2)

# %%
# A zone looks the same after half a turn about its axis, and the six spots of a
# hexagonal net fit still more orientations. All of them are kept: degrees from the one
# that the map shows, and the probability of each.

found = result.phases.alternatives[1]
found.angles.round(1), found.probability.round(2)

# %%
# Nothing was made up where two structures fit: a map for further work may leave out
# what is not clear.

clear = result.phases.clean(min_margin=0.05)
clear.provenance["changes"]
