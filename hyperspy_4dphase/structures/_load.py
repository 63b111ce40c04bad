"""From files, orix phases and diffpy structures to candidates."""

import os
import warnings
from collections import Counter
from collections.abc import Mapping

import numpy as np
from diffpy.structure import Lattice, Structure
from diffpy.structure.spacegroups import GetSpaceGroup, IsSpaceGroupIdentifier
from orix.crystal_map import Phase, PhaseList

from hyperspy_4dphase.structures._atoms import check_atoms, check_sites
from hyperspy_4dphase.structures._candidate import Candidate
from hyperspy_4dphase.structures._cif import read_cif
from hyperspy_4dphase.structures._expansion import complete, expand_cif
from hyperspy_4dphase.structures._phases import fractional_positions, make_phase
from hyperspy_4dphase.structures._symmetry import (
    find_rotations,
    holds,
    name_laue_group,
    proper_matrices,
    to_quaternions,
)


def load_candidates(structures):
    """Read structures that a scan may hold, and check them.

    Parameters
    ----------
    structures : path, orix Phase, diffpy Structure, Candidate, or several
        A path is that of a CIF file (str or pathlib.Path). Several are a list, a tuple,
        an orix PhaseList or a dictionary of names and structures.

    Returns
    -------
    list of Candidate
        In the order given. Without a dictionary a candidate has the name of the phase
        in its file (``_pd_phase_name``, ``_chemical_name_mineral`` or ``_common``),
        else that of the file, of the Phase or of the Structure (its title, else its
        formula). A file that holds several structures gives as many candidates.

    Raises
    ------
    FileNotFoundError
        If a file is missing.
    TypeError
        If something is no structure.
    ValueError
        If a file is no CIF, a structure has no atoms, an element is not known, an
        occupancy is not above 0 and at most 1, atoms stand in one another, symmetry
        operations do not fit the cell or cannot be known, or two candidates have one
        name.

    Warns
    -----
    UserWarning
        If the cell does not hold what the formula says, or orix has the symmetry axes
        of a space group elsewhere than the structure.

    Notes
    -----
    A CIF file's own symmetry operations fill the cell. diffpy.structure 3.3.1, and with
    it ``orix.crystal_map.Phase.from_cif``, fills some cells wrongly (space groups in
    origin choice 2: spinel, pyrochlore, anatase): give paths rather than phases.

    The atoms of a Phase may be all those of the cell or an asymmetric unit, which is
    then expanded by its space group.

    Where no symmetry is given (P1, a diffpy Structure), `rotations` are those that
    change no kinematical intensity by more than 2 %, and the phase has their point
    group.

    Examples
    --------
    >>> from hyperspy_4dphase.data import structure
    >>> [c.name for c in load_candidates([structure("Si"), structure("WS2")])]
    ['Si', 'WS2']
    >>> layered = load_candidates({"layered oxide": structure("NMC622")})[0]
    >>> len(layered.atoms.elements), layered.rotations.shape
    (18, (6, 4))
    """
    candidates = []
    for name, structure in _list_structures(structures):
        found = _load(structure, name)
        if name is not None and len(found) > 1:
            raise ValueError(
                f"{str(structure)!r} holds {len(found)} structures, which cannot all "
                f"have the name {name!r}: give it without a name, or split it."
            )
        candidates += found
    if not candidates:
        raise ValueError("structures must hold at least one structure, got none.")
    counts = Counter(candidate.name for candidate in candidates)
    name, n = counts.most_common(1)[0]
    if n > 1:
        raise ValueError(
            f"{n} structures have the name {name!r}; give a dictionary of different "
            "names, {name: structure, ...}."
        )
    return candidates


def _list_structures(structures):
    """Pairs of a name, or None, and a structure."""
    if isinstance(structures, Mapping):
        for name in structures:
            if not isinstance(name, str) or not name:
                raise TypeError(f"names of structures must be texts, not {name!r}.")
        return list(structures.items())
    if isinstance(structures, PhaseList):
        return [(None, phase) for _, phase in structures]
    # A diffpy Structure is a list of atoms.
    if isinstance(structures, list | tuple) and not isinstance(structures, Structure):
        return [(None, structure) for structure in structures]
    return [(None, structures)]


def _load(structure, name):
    """The candidates of one structure."""
    if isinstance(structure, Candidate):
        if name is None:
            return [structure]
        return [Candidate(name, structure.phase, structure.atoms, structure.rotations)]
    if isinstance(structure, str | os.PathLike):
        return [_from_cif(cell, structure, name) for cell in read_cif(structure)]
    if isinstance(structure, Phase):
        return [_from_phase(structure, name)]
    if isinstance(structure, Structure):
        return [_from_structure(structure, name)]
    raise TypeError(
        "structures must be paths of CIF files, orix Phases or diffpy Structures, or a "
        f"list or dictionary of these; got {type(structure).__name__}."
    )


def _from_cif(cell, path, name):
    what = f"{os.fspath(path)!r}"
    lattice = _make_lattice(cell.cell, what)
    atoms = expand_cif(cell, lattice.base, what)
    name = cell.name if name is None else name
    number = cell.number
    if number is None and IsSpaceGroupIdentifier(cell.symbol):
        number = GetSpaceGroup(cell.symbol).number
    return _make(name, cell.cell, atoms, what, space_group=number)


def _make_lattice(cell, what):
    """A lattice of edges in Å and angles in degrees, which must make a cell."""
    edges, angles = np.array(cell[:3]), np.array(cell[3:])
    cos = np.cos(np.deg2rad(angles))
    # Squared volume of a cell of unit edges.
    volume = 1 - np.sum(cos**2) + 2 * np.prod(cos)
    fits = np.all((edges > 0.5) & (edges < 1000)) and np.all(
        (angles > 0) & (angles < 180)
    )
    if not fits or not volume > 1e-4:
        raise ValueError(
            f"{what}: {cell} are no edges (in Å) and angles (in degrees) of a cell."
        )
    return Lattice(*cell)


def _from_phase(phase, name):
    name = phase.name if name is None else name
    if not name:
        raise ValueError("A Phase has no name; set phase.name, or give a dictionary.")
    what = f"phase {name!r}"
    if not len(phase.structure):
        check_atoms([], [], [], [], what)
    lattice = phase.structure.lattice
    # Structures whose base vectors were given as orix has them are not turned by it.
    readings = [fractional_positions(phase), np.array(phase.structure.xyz)]
    errors = []
    for positions in readings:
        try:
            atoms = _check_structure(phase.structure, positions, what)
            if phase.space_group is None:
                check_sites(atoms, lattice.base, what)
            else:
                number = phase.space_group.number
                atoms = complete(atoms, lattice.base, number, what)
            break
        except ValueError as error:
            errors.append(error)
    else:
        raise ValueError(
            f"{errors[0]} If it was read from a CIF file, by Phase.from_cif say, give "
            "the path of the file instead: some cells are filled wrongly there."
        ) from None
    return _make(
        name,
        lattice.abcABG(),
        atoms,
        what,
        space_group=phase.space_group,
        point_group=phase.point_group,
        color=phase.color,
    )


def _from_structure(structure, name):
    name = name or structure.title.strip()
    what = f"structure {name!r}" if name else "structure"
    atoms = _check_structure(structure, structure.xyz, what)
    check_sites(atoms, structure.lattice.base, what)
    formula = "".join(f"{element}{n:g}" for element, n in atoms.count().items())
    return _make(name or formula, structure.lattice.abcABG(), atoms, what)


def _check_structure(structure, positions, what):
    return check_atoms(
        [atom.element for atom in structure],
        positions,
        [atom.occupancy for atom in structure],
        [8 * np.pi**2 * atom.Uisoequiv for atom in structure],
        what,
    )


def _make(name, cell, atoms, what, *, space_group=None, point_group=None, color=None):
    """Make a candidate of a whole cell, and compare its symmetry with that declared."""
    phase = make_phase(
        name, cell, atoms, space_group=space_group, point_group=point_group, color=color
    )
    found = find_rotations(atoms, phase.structure.lattice.recbase.T)
    declared = None if phase.point_group is None else proper_matrices(phase.point_group)
    if declared is None or len(declared) == 1:
        # Nothing was declared, or P1: what patterns cannot tell apart is one.
        laue = name_laue_group(found)
        phase = make_phase(name, cell, atoms, point_group=laue, color=color)
        rotations = found
    elif holds(declared, found):
        rotations = declared
    else:
        warnings.warn(
            f"{what}: not all rotations of point group {phase.point_group.name}, as "
            "orix has them, keep its reflections; those that do are used. Its axes may "
            "be set otherwise than orix expects (a threefold or sixfold axis along c, "
            "a single twofold one along b), and orix's colours and reductions of its "
            "orientations will then be wrong.",
            stacklevel=2,
        )
        rotations = found
    return Candidate(name, phase, atoms, to_quaternions(rotations))
