"""The atoms of a cell: counted, measured, and refused where they cannot be."""

import numpy as np
import pytest

from hyperspy_4dphase.structures._atoms import (
    SAME_SITE,
    SHORTEST_BOND,
    check_atoms,
    check_sites,
    describe_crowding,
    distances,
)

BASE = np.array([[4.0, 0, 0], [0, 5, 0], [-1, 0, 6]])


def make_atoms(*sites, occupancies=None, debye_waller=None):
    elements, positions = zip(*sites, strict=True)
    ones = np.ones(len(sites))
    occupancies = ones if occupancies is None else occupancies
    debye_waller = ones if debye_waller is None else debye_waller
    return check_atoms(elements, positions, occupancies, debye_waller, "test")


def test_atoms_are_counted_by_occupancy():
    atoms = make_atoms(
        ("Ni", (0, 0, 0)),
        ("Co", (0, 0, 0)),
        ("O", (0.5, 0.5, 0.5)),
        ("O", (0.5, 0, 0.5)),
        occupancies=[0.6, 0.4, 1, 0.5],
    )
    assert atoms.count() == pytest.approx({"Ni": 0.6, "Co": 0.4, "O": 1.5})
    taken = atoms.take(np.array([3, 0]))
    assert taken.elements.tolist() == ["O", "Ni"]
    assert taken.occupancies.tolist() == [0.5, 0.6]


def test_distances_are_to_the_nearest_image():
    rng = np.random.default_rng(0)
    positions = rng.uniform(-2, 2, (6, 3))
    found = distances(positions, BASE)
    shifts = np.stack(np.mgrid[-5:6, -5:6, -5:6], axis=-1).reshape(-1, 3)
    apart = positions[:, None] - positions
    every = np.linalg.norm((apart[..., None, :] + shifts) @ BASE, axis=-1).min(axis=-1)
    np.fill_diagonal(every, np.inf)
    # "Right where they are short beside the cell".
    short = every < 1.5
    assert short.any()
    np.testing.assert_allclose(found[short], every[short])
    assert (found >= every - 1e-12).all()
    np.testing.assert_array_equal(found, found.T)


@pytest.mark.parametrize(
    ("atom", "changes", "message"),
    [
        (("O", (0, np.nan, 0)), {}, r"atom 2 \(O\) has no finite coordinates"),
        (("O", (0.5, 0, 0)), {"occupancies": [1, 0]}, "occupancy of atom 2"),
        (("O", (0.5, 0, 0)), {"occupancies": [1, 1.2]}, r"is 1\.2; expected above 0"),
        (("Qq", (0.5, 0, 0)), {}, "test: .*Qq"),
    ],
)
def test_atoms_that_cannot_be(atom, changes, message):
    with pytest.raises(ValueError, match=message):
        make_atoms(("Li", (0, 0, 0)), atom, **changes)


def test_no_atoms():
    with pytest.raises(ValueError, match="has no atoms"):
        check_atoms([], [], [], [], "test")


def test_debye_waller_factors_that_are_none_are_not_known():
    sites = [("Li", (k / 4, 0, 0)) for k in range(4)]
    atoms = make_atoms(*sites, debye_waller=[0.0, 0.8, -1.0, 40.0])
    np.testing.assert_array_equal(atoms.debye_waller, [np.nan, 0.8, np.nan, np.nan])


def test_alternatives_may_share_a_site_up_to_one_atom():
    pair = ("Ni", (0, 0, 0)), ("Co", (0, 0, 0.5 * SAME_SITE / 6))
    whole = make_atoms(*pair, occupancies=[0.6, 0.4])
    assert describe_crowding(whole, BASE) is None
    crowded = make_atoms(*pair, occupancies=[0.6, 0.6])
    assert "Ni and Co" in describe_crowding(crowded, BASE)
    assert "add up to 1.2" in describe_crowding(crowded, BASE)
    with pytest.raises(ValueError, match="test: Ni and Co"):
        check_sites(crowded, BASE, "test")


def test_atoms_that_stand_in_one_another():
    def crowding(length, occupancies=(1, 1)):
        sites = ("O", (0, 0, 0)), ("Li", (0, length / 5, 0))
        return describe_crowding(make_atoms(*sites, occupancies=occupancies), BASE)

    assert "O and Li are 0.60 Å apart" in crowding(0.6)
    assert crowding(SHORTEST_BOND + 0.01) is None
    # Sites of disorder, of which one is taken at a time.
    assert crowding(0.6, (0.5, 0.5)) is None


def test_more_atoms_than_any_solid_holds():
    grid = np.stack(np.mgrid[0:3, 0:3, 0:4], axis=-1).reshape(-1, 3) / [3, 3, 4]
    atoms = make_atoms(*(("C", xyz) for xyz in grid))
    assert "where diamond has 5.7" in describe_crowding(atoms, BASE)
    assert describe_crowding(atoms.take(np.arange(0, 36, 2)), BASE) is None
