"""orix phases: what their atoms' coordinates are, and phases from cells."""

import numpy as np
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase


def fractional_positions(phase):
    """Return the fractional coordinates of a phase's atoms.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        Made from a structure whose lattice has diffpy's own alignment, as lattices
        from parameters and from CIF files have.

    Returns
    -------
    positions : numpy.ndarray of shape (n_atoms, 3)

    Notes
    -----
    orix 0.15 turns the lattice to a along x and c* along z without the atoms, and
    ``phase.structure.xyz`` are coordinates in the turned lattice. diffsims 0.7 turns
    them back in the same way.

    Examples
    --------
    >>> from hyperspy_4dphase.data import structure
    >>> fractional_positions(structure("WS2"))[0].round(3).tolist()
    [0.333, 0.667, 0.0]
    """
    lattice = phase.structure.lattice
    turn = np.linalg.inv(lattice.stdbase @ lattice.recbase)
    return np.asarray(phase.structure.xyz, dtype=float) @ turn


def make_phase(name, cell, atoms, *, space_group=None, point_group=None, color=None):
    """Make an orix phase with every atom of its cell listed.

    Parameters
    ----------
    name : str
    cell : sequence of float
        Edges in Å and angles in degrees.
    atoms : Atoms
        Of the whole cell.
    space_group : int or diffpy.structure.spacegroups.SpaceGroup, optional
    point_group : orix.quaternion.Symmetry, optional
        Where there is no space group.
    color : str, optional

    Returns
    -------
    orix.crystal_map.Phase
    """
    listed = [
        Atom(
            str(element),
            xyz=position,
            occupancy=float(occupancy),
            Uisoequiv=0.0 if np.isnan(factor) else factor / (8 * np.pi**2),
        )
        for element, position, occupancy, factor in zip(*atoms, strict=True)
    ]
    structure = Structure(atoms=listed, lattice=Lattice(*cell), title=name)
    return Phase(
        name=name,
        space_group=space_group,
        point_group=None if space_group is not None else point_group,
        structure=structure,
        color=color,
    )
