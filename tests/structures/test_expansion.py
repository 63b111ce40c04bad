"""From an asymmetric unit to all atoms of the cell."""

import numpy as np
import pytest
from diffpy.structure import Lattice
from diffpy.structure.spacegroups import GetSpaceGroup
from diffpy.structure.symmetryutilities import ExpandAsymmetricUnit

from hyperspy_4dphase.structures._atoms import check_atoms
from hyperspy_4dphase.structures._expansion import complete, expand, is_whole
from hyperspy_4dphase.structures._operations import Operations

CELLS = {
    14: (5.1, 6.2, 7.3, 90, 99, 90),
    62: (10.3, 18.0, 8.7, 90, 90, 90),
    136: (9.6, 9.6, 8.0, 90, 90, 90),
    167: (4.8, 4.8, 13.0, 90, 90, 120),
    225: (4.2, 4.2, 4.2, 90, 90, 90),
}


def make_atoms(sites):
    elements, positions = zip(*sites, strict=True)
    ones = np.ones(len(elements))
    return check_atoms(elements, positions, ones, ones, "test")


@pytest.mark.parametrize("number", CELLS)
def test_agrees_with_diffpy_where_its_setting_is_the_files(number):
    sites = [("Ti", (0, 0, 0)), ("O", (0.13, 0.22, 0.37))]
    base = Lattice(*CELLS[number]).base
    ours = expand(make_atoms(sites), base, Operations.of_space_group(number))
    theirs = ExpandAsymmetricUnit(GetSpaceGroup(number), [s[1] for s in sites])
    assert ours.count() == {
        "Ti": theirs.multiplicity[0],
        "O": theirs.multiplicity[1],
    }
    theirs = np.concatenate(theirs.expandedpos)
    apart = ours.positions[:, None] - theirs
    apart -= np.round(apart)
    nearest = np.abs(apart).max(axis=-1)
    np.testing.assert_allclose(nearest.min(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(nearest.min(axis=1), 0, atol=1e-9)


def test_rounded_special_positions_are_one_atom():
    base = Lattice(3.2, 3.2, 5.2, 90, 90, 120).base
    operations = Operations.of_space_group(194)
    for digits in (2, 3, 4):
        site = ("Ti", (round(1 / 3, digits), round(2 / 3, digits), 0.25))
        expanded = expand(make_atoms([site]), base, operations)
        assert expanded.count() == {"Ti": 2.0}
        whole = np.sort(expanded.positions[:, 0])
        np.testing.assert_allclose(whole, [1 / 3, 2 / 3], atol=1e-9)


def test_atoms_listed_twice_are_one():
    base = Lattice(*CELLS[225]).base
    atoms = make_atoms([("Mg", (0, 0, 0)), ("Mg", (0, 0.5, 0.5)), ("O", (0.5, 0, 0))])
    expanded = expand(atoms, base, Operations.of_space_group(225))
    assert expanded.count() == {"Mg": 4.0, "O": 4.0}


@pytest.mark.parametrize("number", CELLS)
def test_whole_cells_are_left_as_they_are(number):
    base, operations = Lattice(*CELLS[number]).base, Operations.of_space_group(number)
    unit = make_atoms([("Ti", (0, 0, 0)), ("O", (0.13, 0.22, 0.37))])
    unit = unit if number != 225 else make_atoms([("Ti", (0, 0, 0))])
    whole = expand(unit, base, operations)
    assert is_whole(whole, base, operations)
    assert not is_whole(unit, base, operations)
    same = complete(whole, base, number, "test")
    np.testing.assert_array_equal(same.positions, whole.positions)
    assert complete(unit, base, number, "test").count() == whole.count()


def test_origin_is_free_where_there_are_two():
    base, operations = (
        Lattice(*(5.43,) * 3, 90, 90, 90).base,
        Operations.of_space_group(227),
    )
    whole = expand(make_atoms([("Si", (0, 0, 0))]), base, operations)
    moved = whole._replace(positions=whole.positions + 1 / 8)
    assert not is_whole(moved, base, operations)
    assert is_whole(moved, base, operations, any_origin=True)
    # Half of the atoms are no whole cell about any origin.
    assert not is_whole(moved.take(np.arange(4)), base, operations, any_origin=True)
    np.testing.assert_array_equal(
        complete(moved, base, 227, "test").positions, moved.positions
    )
