"""Rotations that leave diffraction as it is."""

import numpy as np
import pytest

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.structures import load_candidates
from hyperspy_4dphase.structures._symmetry import (
    find_rotations,
    holds,
    name_laue_group,
    proper_matrices,
)

LAUE = {"NMC622": "-3m", "WS2": "6/mmm", "Si": "m-3m", "TiO2": "4/mmm", "LGPS": "4/mmm"}


@pytest.mark.parametrize("name", LAUE)
def test_symmetry_is_found_without_being_told(name):
    (candidate,) = load_candidates(structure(name))
    found = find_rotations(candidate.atoms, candidate.reciprocal_lattice)
    declared = proper_matrices(candidate.phase.point_group)
    assert len(found) == len(declared)
    assert holds(declared, found)
    assert name_laue_group(found).name == LAUE[name]


def test_one_atom_moved_leaves_none():
    (candidate,) = load_candidates(structure("SrTiO3"))
    positions = candidate.atoms.positions.copy()
    positions[1] += [0.03, 0.05, 0.08]
    moved = candidate.atoms._replace(positions=positions)
    found = find_rotations(moved, candidate.reciprocal_lattice)
    np.testing.assert_allclose(found, np.eye(3)[None])
    assert name_laue_group(found).name == "-1"


def test_a_group_in_other_axes_has_no_name():
    (candidate,) = load_candidates(structure("NMC622"))
    matrices = proper_matrices(candidate.phase.point_group)
    turn = np.array([[0.0, 0, 1], [1, 0, 0], [0, 1, 0]])
    assert name_laue_group(turn @ matrices @ turn.T) is None
