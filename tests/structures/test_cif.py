"""Files, as they stand."""

import numpy as np
import pytest

from hyperspy_4dphase.structures._cif import read_cif

from .cif_texts import cif_text, spinel_text, write

CELL = (4.1, 5.2, 6.3, 90, 95, 90)


def read_one(folder, text):
    (cell,) = read_cif(write(folder, text))
    return cell


def test_what_a_file_says(tmp_path):
    extra = "_chemical_formula_sum 'Li1 Mn2 O4'\n_cell_formula_units_Z 8"
    cell = read_one(tmp_path, spinel_text(extra=extra))
    assert cell.number == 227
    assert cell.formula == {"Li": 1, "Mn": 2, "O": 4}
    assert cell.n_formula_units == 8
    assert len(cell.operations.rotations) == 192
    assert cell.atoms.elements.tolist() == ["Li", "Mn", "O"]


def test_numbers_with_uncertainties_and_unknown_occupancies(tmp_path):
    text = cif_text(CELL, [("O", ("0.25(3)", ".5", "-1.0e-1"), ".")], number=1)
    text = text.replace("_cell_length_a 4.1", "_cell_length_a 4.123(12)")
    cell = read_one(tmp_path, text)
    assert cell.cell == (4.123, *CELL[1:])
    np.testing.assert_allclose(cell.atoms.positions, [[0.25, 0.5, -0.1]])
    assert cell.atoms.occupancies.tolist() == [1.0]
    assert np.isnan(cell.atoms.debye_waller).all()


def test_debye_waller_factors(tmp_path):
    text = cif_text(CELL, [("O", (0, 0, 0)), ("Ti", (0.5, 0.5, 0.5))], number=1)
    for key, values, expected in [
        ("B_iso_or_equiv", ("0.4(1)", "?"), [0.4, np.nan]),
        ("U_iso_or_equiv", ("0.01", "0"), [0.08 * np.pi**2, np.nan]),
    ]:
        changed = text.replace("_occupancy", f"_occupancy\n_atom_site_{key}")
        lines = changed.rstrip().splitlines()
        lines[-2:] = [f"{a} {b}" for a, b in zip(lines[-2:], values, strict=True)]
        cell = read_one(tmp_path, "\n".join(lines) + "\n")
        np.testing.assert_allclose(cell.atoms.debye_waller, expected)


def test_dummy_atoms_are_left_out(tmp_path):
    text = cif_text(CELL, [("O", (0, 0, 0)), ("Ti", (0.5, 0.5, 0.5))], number=1)
    text = text.replace("_occupancy", "_occupancy\n_atom_site_calc_flag")
    lines = text.rstrip().splitlines()
    lines[-2:] = [f"{lines[-2]} d", f"{lines[-1]} dum"]
    cell = read_one(tmp_path, "\n".join(lines) + "\n")
    assert cell.atoms.elements.tolist() == ["O"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("no CIF at all", "is no CIF that can be read: .*data_heading"),
        ("", "has no atoms"),
        ("data_a\n_cell_length_a 4\n", "has no atoms"),
        (cif_text(CELL, [("O", (0, "?", 0))]), "coordinate of O0 must be a number"),
        (cif_text(CELL, [("O", (0, 0, 0), 1.2)]), "occupancy of atom 1 .* is 1.2"),
        (cif_text(CELL, [("O", (0, 0, 0), 0)]), "occupancy of atom 1 .* is 0"),
        (cif_text(CELL, [("Qq", (0, 0, 0))]), "tabulated for element 'Qq'"),
        (
            cif_text(CELL, [("O", (0, 0, 0))]).replace("_cell_length_b 5.2", ""),
            "_cell_length_b must be a number, not '?'",
        ),
        (
            cif_text(CELL, [("O", (0, 0, 0))]).replace("fract_y", "Cartn_y"),
            "need the fractional coordinates",
        ),
        ("data_a\nloop_\n_a\n_b\n1 2 3\n", "Incorrect number of loop values"),
    ],
)
def test_files_that_cannot_be_read(tmp_path, capsys, text, message):
    path = write(tmp_path, text, "broken.cif")
    with pytest.raises(ValueError, match=message) as error:
        read_cif(path)
    assert "broken.cif" in str(error.value)
    assert capsys.readouterr() == ("", "")
