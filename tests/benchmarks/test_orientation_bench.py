import json

import numpy as np
import pytest

from tests.benchmarks import orientation
from tests.benchmarks import orientation_scenes as scenes
from tests.benchmarks.look_alikes import JUDGED
from tests.benchmarks.orientation_structures import CANDIDATES

LARGEST = {"spinel": 56, "pyrochlore": 88}


@pytest.mark.parametrize("name", CANDIDATES)
def test_structures_have_all_their_atoms_once(name):
    phase = CANDIDATES[name]()
    places = np.mod(np.round(phase.structure.xyz, 4), 1)
    atoms = phase.structure
    elements = np.array([str(atom.element) for atom in atoms])
    assert len(atoms) <= LARGEST.get(name, 30)
    for element in set(elements):
        own = places[elements == element]
        assert len(np.unique(own, axis=0)) == len(own)


def test_half_turn_of_a_plane_is_hidden_and_another_is_not():
    crystal = scenes.Crystal.of(CANDIDATES["rutile"])
    # Beam near [112]: no axis of symmetry, and no other plane of reflections.
    zone = np.array([1, 1, 2]) @ crystal.phase.structure.lattice.base
    zone /= np.linalg.norm(zone)
    true = scenes.from_beam(zone, np.deg2rad(1.0))
    half = scenes.multiply(scenes.from_rotation_vectors(np.pi * zone[None]), true)[0]
    other = scenes.multiply(
        scenes.from_rotation_vectors(np.deg2rad([[0, 40, 0]])), true
    )[0]
    assert scenes.is_hidden_half_turn(crystal, true, half, 2000)
    assert not scenes.is_hidden_half_turn(crystal, true, other, 2000)


def test_tables_are_written(tmp_path, monkeypatch):
    monkeypatch.setattr(orientation, "_ORIENTED", {"quartz": CANDIDATES["quartz"]})
    monkeypatch.setattr(orientation, "_DOSES", (10_000,))
    monkeypatch.setattr(orientation.dynamical, "_DOSES", (100_000,))
    few = {name: CANDIDATES[name] for name in ("quartz", "rutile", "LiF")}
    monkeypatch.setattr(orientation, "CANDIDATES", few)
    two = {name: JUDGED[name] for name in ("titania", "quartz")}
    monkeypatch.setattr(orientation, "JUDGED", two)
    orientation.main(["--quick", "--output", str(tmp_path)])
    record = json.loads((tmp_path / "orientation.json").read_text())
    assert record["orientations"][0]["structure"] == "quartz"
    assert record["times"]["pyxem, 80 ms, over that"] > 1
    text = (tmp_path / "orientation.txt").read_text()
    assert "Names among 11 candidates" in text
    assert "look-alikes, half of the patterns dynamical" in text
    assert 0 <= record["calibration"]["error"] <= 1
