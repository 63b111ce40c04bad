"""
Structures that look alike
==========================

The surface of a layered oxide may turn into disordered rock salt, which has the same
oxygen lattice. Most reflections of one are reflections of the other as well. Where the
orientation does not tell them apart, an honest answer is a set of both. Here a layered
particle with a surface of rock salt is simulated in two orientations.
"""

# sphinx_gallery_thumbnail_number = 1
import importlib
import os
import sys
from pathlib import Path

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase
from pyxem.signals import ElectronDiffraction2D

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

# %%
# **Dynamical patterns.** In a thick crystal electrons are scattered more than once, and
# intensities are no longer those of the structure. Here is a layered particle with
# layers of spinel and rock salt on its surface, 20 to 60 nm thick and bent by 0.4
# degrees, by Bloch waves. All three have the same oxygen lattice, in one orientation.
# 300 electrons a pattern. These patterns are mirror images of ours: ``flip=True``.

data = Path(os.environ.get("HYPERSPY_4DPHASE_DATA", "../../../shared/data"))
scripts = data / "dynamical"
if scripts.exists():
    sys.path.insert(0, str(scripts))
    scene = importlib.import_module("reconstruction").scene
    count = importlib.import_module("common").finish
    rate, detector, shape, truth = scene(seed=0)
    bent = ElectronDiffraction2D(count(rate, detector, shape, 300, 0)[0])
    bent.set_diffraction_calibration(detector.scale, detector.centre[::-1])
    bent.metadata.set_item("Acquisition_instrument.TEM.beam_energy", 200)

    oxygen = [Atom("O", (0, 0, 0.2395))]
    cell = Lattice(2.92, 2.92, 14.25, 90, 90, 120)
    cobaltate = [Atom("Li", (0, 0, 0)), Atom("Co", (0, 0, 0.5)), *oxygen]
    nickel_oxide = [Atom("Ni", (0, 0, 0)), Atom("O", (0.5, 0.5, 0.5))]
    cubic = Lattice(4.178, 4.178, 4.178, 90, 90, 90)
    three = {
        "layered": Phase(space_group=166, structure=Structure(cobaltate, cell)),
        "spinel": data / "cif" / "LiMn2O4.cif",
        "rock salt": Phase(space_group=225, structure=Structure(nickel_oxide, cubic)),
    }
    found = bent.map_phases(
        three, flip=True, confidence=False, random_state=0, print_info=False
    )
    found.plot(title="Layered particle")
else:
    print(f"Left out: {scripts} is not there. HYPERSPY_4DPHASE_DATA names its folder.")

# %%
# The table of sets: what most positions of each domain truly are, and which names fit.
# All reflections of rock salt are also those of the layered oxide. Where few electrons
# are counted, what else the layered oxide has is not sure to be missing, and both names
# are in the set.

if scripts.exists():
    print("domain  positions  truth      named        probability  set")
    for row in found.phases.report():
        inside = found.domains.labels == row.domain
        most = np.bincount(truth["label"][inside]).argmax()
        line = f"{row.domain:<8}{row.n_positions:<11}{truth['names'][most]:<11}"
        line += f"{row.phase:<13}"
        if row.set:
            line += f"{row.probability:<13.2f}{', '.join(row.set)}"
        print(line)
