import numpy as np
import pytest

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.data._amorphous import neighbour_distances
from hyperspy_4dphase.data._structures import STRUCTURES

ATOMS = {
    "NMC622": {"Li": 3, "Ni": 1.8, "Mn": 0.6, "Co": 0.6, "O": 6},
    "WS2": {"W": 1, "S": 2},
    "WSe2": {"W": 1, "Se": 2},
    "Si": {"Si": 8},
    "Al": {"Al": 4},
    "Fe": {"Fe": 2},
    "SrTiO3": {"Sr": 1, "Ti": 1, "O": 3},
    "TiO2": {"Ti": 2, "O": 4},
    "SiO2": {"Si": 4, "O": 8},
    "LGPS": {"Li": 20.16, "Ge": 2, "P": 4, "S": 24},
}

BONDS = [
    ("NMC622", "Ni", "O", 1.97, 6 * 0.6 * 3),
    ("NMC622", "Li", "O", 2.11, 6 * 3),
    ("WS2", "W", "S", 2.41, 6),
    ("WSe2", "W", "Se", 2.53, 6),
    ("Si", "Si", "Si", 2.35, 4 * 8),
    ("Al", "Al", "Al", 2.86, 12 * 4),
    ("Fe", "Fe", "Fe", 2.48, 8 * 2),
    ("SrTiO3", "Ti", "O", 1.95, 6),
    ("TiO2", "Ti", "O", 1.96, 6 * 2),
    ("SiO2", "Si", "O", 1.60, 4 * 4),
    ("LGPS", "Ge", "S", 2.14, 4 * 2),
]


@pytest.mark.parametrize("name", STRUCTURES)
def test_atoms_of_the_cell(name):
    assert structure(name).structure.composition == pytest.approx(ATOMS[name])


@pytest.mark.parametrize(("name", "first", "second", "length", "number"), BONDS)
def test_bonds(name, first, second, length, number):
    distances, weights = neighbour_distances(structure(name), 4.0)[first, second]
    nearest = distances < distances.min() + 0.1
    assert np.average(distances[nearest], weights=weights[nearest]) == pytest.approx(
        length, abs=0.02
    )
    assert weights[nearest].sum() == pytest.approx(number)


def test_unknown_name():
    with pytest.raises(
        ValueError, match=r"structure must be one of .*got 'unobtainium'"
    ):
        structure("unobtainium")
