"""From an asymmetric unit to all atoms of the cell."""

import re
import warnings

import numpy as np
from diffpy.structure.spacegroups import GetSpaceGroup, IsSpaceGroupIdentifier

from hyperspy_4dphase.structures._atoms import SAME_SITE, check_sites, describe_crowding
from hyperspy_4dphase.structures._operations import Operations

# Space groups that the International Tables describe with two origins.
TWO_ORIGINS = {48, 50, 59, 68, 70, 85, 86, 88, 125, 126, 129, 130, 133, 134, 137, 138}
TWO_ORIGINS |= {141, 142, 201, 203, 222, 224, 227, 228}
# Contents differ from the formula if the number of an element does so by more than this
# part: formulas are rounded, and hydrogen is often not listed.
_FORMULA_MISFIT = 0.05
_WHAT_TO_DO = (
    "List every atom of the cell with space group P1, or give a CIF file that lists "
    "its own symmetry operations (_space_group_symop_operation_xyz)"
)


def expand(atoms, base, operations):
    """Fill a cell from its asymmetric unit.

    Parameters
    ----------
    atoms : Atoms
        Of the asymmetric unit; images that are listed twice are taken once.
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.
    operations : Operations

    Returns
    -------
    Atoms
        Images of an atom nearer than `SAME_SITE` are one atom, at their mean: a
        special position whose coordinates were rounded (0.333 for 1/3).
    """
    found = []
    for k in range(len(atoms.elements)):
        orbit = _expand_site(atoms.positions[k], base, operations)
        if any(_same_atoms(atoms, k, other, orbit, base) for other in found):
            continue
        found.append((k, orbit))
    index = np.concatenate([np.full(len(orbit), k) for k, orbit in found])
    expanded = atoms.take(index)
    return expanded._replace(positions=np.concatenate([orbit for _, orbit in found]))


def _expand_site(position, base, operations):
    images = operations.rotations @ position + operations.translations
    apart = images[None] - images[:, None]
    apart -= np.round(apart)
    near = np.linalg.norm(apart @ base, axis=-1) < SAME_SITE
    free = np.ones(len(images), dtype=bool)
    orbit = []
    for k, image in enumerate(images):
        if free[k]:
            members = near[k] & free
            orbit.append(image + apart[k, members].mean(axis=0))
            free &= ~members
    return np.array(orbit) % 1.0


def _same_atoms(atoms, k, other, orbit, base):
    """Whether an atom's orbit was found before, of the same element."""
    before, places = other
    if atoms.elements[before] != atoms.elements[k] or len(places) != len(orbit):
        return False
    if atoms.occupancies[before] != atoms.occupancies[k]:
        return False
    apart = places - orbit[0]
    apart -= np.round(apart)
    return bool((np.linalg.norm(apart @ base, axis=1) < SAME_SITE).any())


def expand_cif(cell, base, what):
    """Fill the cell of a file, by the operations that it lists where it lists any.

    Parameters
    ----------
    cell : CifCell
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.
    what : str
        The file, for errors and warnings.

    Returns
    -------
    Atoms

    Raises
    ------
    ValueError
        If the operations do not fit the cell, atoms stand in one another, or it cannot
        be told how the cell is to be filled.
    """
    operations = cell.operations
    if operations is None and cell.number is None and not cell.symbol:
        raise ValueError(
            f"{what} lists no symmetry operations and names no space group. "
            f"{_WHAT_TO_DO}."
        )
    if operations is not None and (
        len(operations.rotations) > 1 or cell.number is None
    ):
        operations.check_cell(base, what)
        atoms = expand(cell.atoms, base, operations)
        check_sites(atoms, base, what)
        problem = _describe_content(atoms, cell)
        if problem:
            warnings.warn(f"{what}: {problem}.", stacklevel=2)
        return atoms
    if operations is not None or cell.number == 1:
        atoms = complete(cell.atoms, base, cell.number, what)
    else:
        atoms = _expand_without_operations(cell, base, what)
    problem = _describe_content(atoms, cell)
    if problem and cell.number != 1:
        raise ValueError(
            f"{what}: {problem}. It lists no symmetry operations, and those of space "
            f"group {cell.symbol or cell.number} do not fill the cell so. "
            f"{_WHAT_TO_DO}."
        )
    if problem:
        warnings.warn(f"{what}: {problem}.", stacklevel=2)
    return atoms


def _expand_without_operations(cell, base, what):
    if _says_origin_two(cell.symbol):
        raise ValueError(
            f"{what} is written in origin choice 2 ({cell.symbol}), of which it does "
            f"not list the operations. {_WHAT_TO_DO}."
        )
    group = _find_group(cell, what)
    operations = Operations.of_space_group(group)
    operations.check_cell(base, what)
    atoms = expand(cell.atoms, base, operations)
    check_sites(atoms, base, f"{what}, whose operations are not listed")
    if group.number in TWO_ORIGINS and not (cell.formula and cell.n_formula_units):
        warnings.warn(
            f"{what} lists no symmetry operations; space group {group.number} has two "
            "origins, and choice 1 was assumed. If that is wrong, so are the "
            f"reflections. {_WHAT_TO_DO}.",
            stacklevel=2,
        )
    return atoms


def _find_group(cell, what):
    """The space group of a symbol, in its setting, or of a number alone."""
    symbol = re.sub(r"\s*:[1Hh]$", "", cell.symbol)
    if not symbol:
        return GetSpaceGroup(cell.number)
    group = GetSpaceGroup(symbol) if IsSpaceGroupIdentifier(symbol) else None
    if group is None or cell.number not in {None, group.number}:
        raise ValueError(
            f"{what} lists no symmetry operations, and its space group {cell.symbol!r} "
            f"(number {cell.number}) is none whose setting is known. {_WHAT_TO_DO}."
        )
    return group


def _says_origin_two(symbol):
    """Whether a Hermann-Mauguin symbol says origin choice 2, as ":2" or "Z"."""
    symbol = symbol.strip().upper()
    return symbol.endswith((":2", " Z"))


def complete(atoms, base, number, what):
    """Fill a cell of which it is not said whether it is filled already.

    Parameters
    ----------
    atoms : Atoms
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.
    number : int
        Of its space group.
    what : str
        Where it comes from, for errors.

    Returns
    -------
    Atoms
        As they came, if the operations map them onto themselves about an origin that
        the International Tables have; else what the operations make of them.

    Raises
    ------
    ValueError
        If the operations do not fit the cell, or atoms stand in one another.
    """
    operations = Operations.of_space_group(number)
    if is_whole(atoms, base, operations, number in TWO_ORIGINS):
        check_sites(atoms, base, what)
        return atoms
    operations.check_cell(base, what)
    expanded = expand(atoms, base, operations)
    problem = describe_crowding(expanded, base)
    if problem:
        raise ValueError(
            f"{what}: its space group does not map its atoms onto themselves, and "
            f"fills the cell wrongly: {problem}. It may be written in another setting "
            f"than diffpy's. {_WHAT_TO_DO}."
        )
    return expanded


def is_whole(atoms, base, operations, any_origin=False):
    """Whether operations map atoms onto themselves.

    Parameters
    ----------
    atoms : Atoms
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.
    operations : Operations
    any_origin : bool, optional
        Whether the origin is free in steps of an eighth of the cell: so far are those
        apart between which the International Tables choose.

    Returns
    -------
    bool
    """
    steps = 8 if any_origin else 1
    eighths = np.moveaxis(np.mgrid[:steps, :steps, :steps], 0, -1).reshape(-1, 3) / 8
    return any(_keeps(atoms, base, operations, origin) for origin in eighths)


def _keeps(atoms, base, operations, origin):
    for rotation, translation in zip(*operations, strict=True):
        images = (atoms.positions - origin) @ rotation.T + translation + origin
        for element in np.unique(atoms.elements):
            one = atoms.elements == element
            apart = images[one][:, None] - atoms.positions[one]
            apart -= np.round(apart)
            if (np.linalg.norm(apart @ base, axis=-1).min(axis=1) > SAME_SITE).any():
                return False
    return True


def _describe_content(atoms, cell):
    """Say how the atoms differ from the formula that the file gives, or None."""
    formula = {e: n for e, n in cell.formula.items() if e != "H"}
    found = {e: n for e, n in atoms.count().items() if e != "H"}
    if not formula or not found:
        return None
    z = cell.n_formula_units
    scale = z or sum(found.values()) / sum(formula.values())
    expected = {element: n * scale for element, n in formula.items()}
    for element in sorted({*expected, *found}):
        here, there = found.get(element, 0.0), expected.get(element, 0.0)
        if abs(here - there) > _FORMULA_MISFIT * max(here, there):
            units = f" of {z:g} formula units" if z else ""
            return (
                f"the cell holds {here:.4g} {element}, where {there:.4g} are expected "
                f"by the formula sum{units}"
            )
    return None
