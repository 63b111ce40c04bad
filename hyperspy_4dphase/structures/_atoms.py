"""The atoms of a unit cell, and what is wrong with them."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.structures._scattering import element_symbol

# Atoms nearer than this, in Å, are on one site. Coordinates of three decimals place
# images of a special position up to 0.01 Å apart in a cell of 15 Å; sites of disorder
# that are refined apart are 0.2 Å apart and more.
SAME_SITE = 0.1
# No two atoms are nearer than this, in Å: hydrogen molecules are 0.74 Å long.
SHORTEST_BOND = 0.7
# No solid holds more atoms than one in this volume, in Å³: diamond has 5.7.
SMALLEST_VOLUME = 4.0
# Sums of occupancies that are rounded to two decimals may be so much above 1.
_ROUNDING = 0.02


class Atoms(NamedTuple):
    """The atoms of a cell.

    Attributes
    ----------
    elements : numpy.ndarray of str, shape (n,)
    positions : numpy.ndarray of float, shape (n, 3)
        Fractional coordinates.
    occupancies : numpy.ndarray of float, shape (n,)
    debye_waller : numpy.ndarray of float, shape (n,)
        Debye-Waller factors B in Å², NaN where they are not known.
    """

    elements: np.ndarray
    positions: np.ndarray
    occupancies: np.ndarray
    debye_waller: np.ndarray

    def take(self, index):
        """Take the atoms at an index.

        Parameters
        ----------
        index : numpy.ndarray of bool or int, or slice
            As NumPy takes it.

        Returns
        -------
        Atoms

        Examples
        --------
        >>> from hyperspy_4dphase.data import structure
        >>> from hyperspy_4dphase.structures import load_candidates
        >>> (oxide,) = load_candidates(structure("SiO2"))
        >>> oxide.atoms.take(oxide.atoms.elements == "Si").count()
        {'Si': 4.0}
        """
        return Atoms(*(values[index] for values in self))

    def count(self):
        """Count the atoms of each element.

        Returns
        -------
        dict of str to float
            Occupancies summed.

        Examples
        --------
        >>> from hyperspy_4dphase.data import structure
        >>> from hyperspy_4dphase.structures import load_candidates
        >>> (oxide,) = load_candidates(structure("SiO2"))
        >>> oxide.atoms.count()
        {'O': 8.0, 'Si': 4.0}
        """
        return {
            str(element): float(self.occupancies[self.elements == element].sum())
            for element in np.unique(self.elements)
        }


def check_atoms(elements, positions, occupancies, debye_waller, what):
    """Check atoms as they come from a file or a structure.

    Parameters
    ----------
    elements : sequence of str
    positions, occupancies, debye_waller : array_like
    what : str
        Where they come from, for errors.

    Returns
    -------
    Atoms

    Raises
    ------
    ValueError
        If there is no atom, an element is not known, a coordinate is no number or an
        occupancy is not above 0 and at most 1.
    """
    if not len(elements):
        raise ValueError(f"{what} has no atoms: |F|^2 cannot be computed without them.")
    try:
        symbols = [element_symbol(element) for element in elements]
    except ValueError as error:
        raise ValueError(f"{what}: {error}.") from None
    positions = np.array(positions, dtype=float).reshape(-1, 3)
    if not np.isfinite(positions).all():
        k = np.argwhere(~np.isfinite(positions))[0, 0]
        raise ValueError(
            f"{what}: atom {k + 1} ({elements[k]}) has no finite coordinates, got "
            f"{positions[k].tolist()}."
        )
    occupancies = np.array(occupancies, dtype=float)
    wrong = ~((occupancies > 0) & (occupancies <= 1 + 1e-6))
    if wrong.any():
        k = np.argmax(wrong)
        raise ValueError(
            f"{what}: the occupancy of atom {k + 1} ({elements[k]}) is "
            f"{occupancies[k]:g}; expected above 0 and at most 1."
        )
    debye_waller = np.array(debye_waller, dtype=float)
    # Zero stands for "not refined", and nothing solid shakes more than 10 Å².
    known = (debye_waller > 0) & (debye_waller < 10)
    debye_waller = np.where(known, debye_waller, np.nan)
    return Atoms(np.array(symbols), positions, occupancies, debye_waller)


def distances(positions, base):
    """Distances of all pairs of atoms, to the nearest image, in Å.

    Parameters
    ----------
    positions : numpy.ndarray of shape (n, 3)
        Fractional coordinates.
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.

    Returns
    -------
    numpy.ndarray of shape (n, n)
        Right where they are short beside the cell; of an atom to itself infinite.
    """
    apart = positions[:, None] - positions[None]
    apart -= np.round(apart)
    lengths = np.linalg.norm(apart @ base, axis=-1)
    np.fill_diagonal(lengths, np.inf)
    return lengths


def check_sites(atoms, base, what):
    """Refuse cells in which atoms stand in one another.

    Raises
    ------
    ValueError
        If the occupancies of atoms on one site add up to more than 1, or atoms that
        are not alternatives of one another are nearer than `SHORTEST_BOND`, or
        more of them than in any solid.
    """
    problem = describe_crowding(atoms, base)
    if problem:
        raise ValueError(f"{what}: {problem}.")


def describe_crowding(atoms, base):
    """Say which atoms stand in one another, or None.

    Parameters
    ----------
    atoms : Atoms
        Of a whole cell.
    base : numpy.ndarray of shape (3, 3)
        Rows are the lattice vectors in Å.

    Returns
    -------
    str or None
    """
    lengths = distances(atoms.positions, base)
    sites = lengths < SAME_SITE
    np.fill_diagonal(sites, True)
    total = sites @ atoms.occupancies
    if total.max() > 1 + _ROUNDING:
        on_site = np.flatnonzero(sites[total.argmax()])
        names = " and ".join(atoms.elements[on_site])
        place = np.round(atoms.positions[on_site[0]], 4).tolist()
        return (
            f"{names} at {place} are on one site, and their occupancies add up to "
            f"{total.max():.3g}; expected 1 at most"
        )
    together = atoms.occupancies[:, None] + atoms.occupancies
    near = (lengths < SHORTEST_BOND) & (together > 1 + _ROUNDING)
    if near.any():
        i, j = np.unravel_index(np.where(near, lengths, np.inf).argmin(), near.shape)
        return (
            f"{atoms.elements[i]} and {atoms.elements[j]} are {lengths[i, j]:.2f} Å "
            "apart, which no atoms are"
        )
    volume = abs(np.linalg.det(base)) / atoms.occupancies.sum()
    if volume < SMALLEST_VOLUME:
        return f"each atom has {volume:.2g} Å³, where diamond has 5.7"
    return None
