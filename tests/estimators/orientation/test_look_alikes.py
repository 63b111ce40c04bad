"""Structures that share a lattice, or a part of it, are not named for one another."""

import numpy as np
import pytest
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase

from hyperspy_4dphase.data import Camera, crystal_pattern, structure, zone_rotation
from hyperspy_4dphase.estimators.orientation import (
    PatternGeometry,
    build_library,
    identify,
    match_structures,
    place_library,
    prepare_pattern,
)
from hyperspy_4dphase.structures import load_candidates
from tests.benchmarks.orientation_structures import CANDIDATES

CAMERA = Camera(signal_shape=(92, 96))
GEOMETRY = PatternGeometry(CAMERA.center, CAMERA.scale, CAMERA.disc_radius)


@pytest.fixture(scope="module")
def compared():
    """Candidates, and a function that identifies a pattern among some of them."""
    atoms = [Atom("Ni", (0, 0, 0), occupancy=0.6), Atom("Li", (0, 0, 0), occupancy=0.4)]
    disordered = Structure(
        [*atoms, Atom("O", (0.5, 0.5, 0.5))], Lattice(4.08, 4.08, 4.08, 90, 90, 90)
    )
    candidates = load_candidates(
        {
            "layered": structure("NMC622"),
            "spinel": CANDIDATES["spinel"](),
            "rock salt": Phase(space_group=225, structure=disordered),
        }
    )
    reach = float(np.ceil(GEOMETRY.reach(CAMERA.signal_shape) * 1e3) / 1e3)
    empty = prepare_pattern(np.zeros(CAMERA.signal_shape), GEOMETRY)
    placed, phases = {}, {}
    for one in candidates:
        library = build_library(
            one.reflections(reach), CAMERA.wavelength, one.rotations, max_g=reach
        )
        placed[one.name], phases[one.name] = place_library(library, empty), one.phase

    def compare(true, zone, names, counts=1e5):
        phase = phases[true]
        pattern = crystal_pattern(phase, zone_rotation(phase, zone), CAMERA)
        drawn = np.random.default_rng(0).poisson(counts * pattern)
        prepared = prepare_pattern(drawn, GEOMETRY)
        return identify([match_structures(prepared, [placed[n] for n in names])])

    return compare


@pytest.mark.parametrize("zone", [(0, 0, 1), (0, 1, 0), (1, 1, 0), (2, 1, 1)])
def test_layered_is_no_spinel_where_spinel_is_the_only_candidate(compared, zone):
    assert compared("layered", zone, ["spinel"]).none_probability > 0.9
    right = compared("layered", zone, ["layered"])
    assert right.best == 0
    # Nothing but another zone excludes what has the same reflections in this one.
    assert right.one_zone


def test_rock_salt_and_layered_are_one_set_where_they_are_the_same(compared):
    both = compared("rock salt", (0, 1, 1), ["layered", "rock salt"])
    assert both.in_set.tolist() == [True, True]
    alone = compared("rock salt", (0, 1, 1), ["layered"])
    assert alone.one_zone
    assert alone.none_probability > 0.03


@pytest.mark.parametrize("zone", [(1, 1, 1), (0, 1, 1)])
def test_reflections_that_rock_salt_lacks_exclude_it(compared, zone):
    assert compared("spinel", zone, ["rock salt"]).none_probability > 0.9
    assert compared("spinel", zone, ["rock salt", "spinel"]).best == 1
