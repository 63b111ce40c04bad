"""Crystallographic Information Files, as they stand.

PyCifRW reads their syntax. What they mean is read here and not by diffpy's parser,
which in version 3.3.1 ignores the operations that a file lists where it does not know
their setting, takes coordinates that are missing for 0 and a cell that is missing for
one of 1 Å, and evaluates the operations as Python.
"""

import io
import re
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import NamedTuple

import numpy as np
from CifFile import CifFile, StarError
from CifFile.yapps3_compiled_rt import YappsSyntaxError

from hyperspy_4dphase.structures._atoms import Atoms, check_atoms
from hyperspy_4dphase.structures._operations import Operations
from hyperspy_4dphase.structures._scattering import element_symbol

_CELL = ["length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma"]
_OPERATIONS = [
    "_space_group_symop_operation_xyz",
    "_space_group_symop.operation_xyz",
    "_symmetry_equiv_pos_as_xyz",
]
_NUMBERS = ["_space_group_IT_number", "_symmetry_Int_Tables_number"]
_SYMBOLS = ["_space_group_name_H-M_alt", "_symmetry_space_group_name_H-M"]
_NAMES = ["_pd_phase_name", "_chemical_name_mineral", "_chemical_name_common"]


class CifCell(NamedTuple):
    """What a file says of one structure; nothing is expanded.

    Attributes
    ----------
    name : str
        Of the phase, or that of the file.
    cell : tuple of float
        Edges in Å and angles in degrees.
    atoms : Atoms
        Of the asymmetric unit.
    operations : Operations or None
        Those that the file lists.
    number : int or None
        Of the space group.
    symbol : str
        Of Hermann and Mauguin, empty where there is none.
    formula : dict of str to float
        Formula sum, empty where there is none.
    n_formula_units : float or None
        Z.
    """

    name: str
    cell: tuple
    atoms: Atoms
    operations: Operations | None
    number: int | None
    symbol: str
    formula: dict
    n_formula_units: float | None


def read_cif(path):
    """Read the structures in a file.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    list of CifCell
        One for each data block that has a cell and atoms.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no CIF, or holds no structure that can be read.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"There is no CIF file {str(path)!r}.")
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    try:
        # The parser prints what it does not understand.
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            blocks = CifFile(io.StringIO(text), grammar="auto")
    except (YappsSyntaxError, StarError, ValueError, IndexError, KeyError) as error:
        cause = " ".join(str(error).split())
        raise ValueError(
            f"{str(path)!r} is no CIF that can be read: {cause}."
        ) from None
    named = [(name, blocks[name]) for name in blocks.keys()]
    named = [pair for pair in named if "_cell_length_a" in pair[1]]
    named = [pair for pair in named if "_atom_site_label" in pair[1]]
    if not named:
        raise ValueError(
            f"{str(path)!r} has no atoms: no data block has both a cell "
            "(_cell_length_a, ...) and a list of atoms (_atom_site_label, ...)."
        )
    cells = []
    for name, block in named:
        what = f"{str(path)!r}" + (f", block {name!r}" if len(named) > 1 else "")
        fallback = path.stem + (f" {name}" if len(named) > 1 else "")
        cells.append(_read_block(block, what, fallback))
    return cells


def _read_block(block, what, fallback):
    names = [_text(block, [key]) for key in _NAMES]
    z = _text(block, ["_cell_formula_units_Z"])
    number = _text(block, _NUMBERS)
    operations = next((block[key] for key in _OPERATIONS if key in block), None)
    if operations is not None:
        texts = [operations] if isinstance(operations, str) else operations
        try:
            operations = Operations.from_texts(texts)
        except ValueError as error:
            raise ValueError(f"{what}: {error}.") from None
    return CifCell(
        next((" ".join(name.split()) for name in names if name), fallback),
        tuple(
            _number(block.get(f"_cell_{key}"), f"{what}: _cell_{key}") for key in _CELL
        ),
        _read_atoms(block, what),
        operations,
        int(number) if number.isdigit() and 1 <= int(number) <= 230 else None,
        _text(block, _SYMBOLS),
        _read_formula(_text(block, ["_chemical_formula_sum"])),
        _number(z, f"{what}: _cell_formula_units_Z") if z else None,
    )


def _read_atoms(block, what):
    labels = _column(block, "label")
    types = _column(block, "type_symbol", labels)
    use = [
        k for k, flag in enumerate(_column(block, "calc_flag", labels)) if flag != "dum"
    ]
    position = [_column(block, f"fract_{axis}") for axis in "xyz"]
    if any(len(column) != len(labels) for column in position):
        raise ValueError(
            f"{what}: atoms need the fractional coordinates _atom_site_fract_x, _y, _z."
        )
    elements = [
        labels[k] if str(types[k]).strip() in {"", ".", "?"} else types[k] for k in use
    ]
    numbers = [
        [
            _number(column[k], f"{what}: a coordinate of {labels[k]}")
            for column in position
        ]
        for k in use
    ]
    occupancy = _column(block, "occupancy", ["1"] * len(labels))
    occupancies = [
        _number(occupancy[k], f"{what}: the occupancy of {labels[k]}", 1.0) for k in use
    ]
    unknown = ["?"] * len(labels)
    b = _column(block, "B_iso_or_equiv", unknown)
    u = _column(block, "U_iso_or_equiv", unknown)
    factors = [
        _number(b[k], f"{what}: B of {labels[k]}", np.nan)
        if b[k] not in {".", "?"}
        else 8 * np.pi**2 * _number(u[k], f"{what}: U of {labels[k]}", np.nan)
        for k in use
    ]
    return check_atoms(elements, numbers, occupancies, factors, what)


def _column(block, key, default=()):
    """A column of the list of atoms; where there is none, the default."""
    values = block.get(f"_atom_site_{key}")
    if values is None:
        return list(default)
    return [values] if isinstance(values, str) else list(values)


def _number(text, what, default=None):
    """Read a number, of which CIF writes the uncertainty in brackets."""
    text = "?" if text is None else str(text).strip()
    if text in {".", "?", ""} and default is not None:
        return default
    try:
        return float(re.sub(r"\(\d*\)$", "", text))
    except ValueError:
        raise ValueError(f"{what} must be a number, not {text!r}.") from None


def _text(block, keys):
    """The first of some items that says anything."""
    values = (block.get(key) for key in keys)
    values = (value for value in values if isinstance(value, str))
    return next((v.strip() for v in values if v.strip() not in {"", ".", "?"}), "")


def _read_formula(text):
    """Atoms of a formula sum such as "Li Mn2 O4"; empty if it cannot be read."""
    formula = {}
    for part in text.split():
        term = re.fullmatch(r"([A-Z][a-z]?)(\d*\.?\d*)", part)
        if term is None:
            return {}
        try:
            element = element_symbol(term.group(1))
        except ValueError:
            return {}
        formula[element] = formula.get(element, 0.0) + float(term.group(2) or 1)
    return formula
