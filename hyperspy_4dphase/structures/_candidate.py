"""A structure that a scan may hold, checked and ready to be compared with patterns."""

from dataclasses import dataclass, field

import numpy as np
from orix.crystal_map import Phase

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.structures._atoms import Atoms
from hyperspy_4dphase.structures._intensities import list_reflections


@dataclass(frozen=True, eq=False)
class Candidate:
    """A structure that patterns may be of.

    Made by :func:`load_candidates`, which checks it.

    Attributes
    ----------
    name : str
    phase : orix.crystal_map.Phase
        With every atom of the cell listed, as orix and diffsims take it.
    atoms : Atoms
        Elements, fractional coordinates, occupancies and Debye-Waller factors B in Å²
        (NaN where they are not known) of every atom of the cell.
    rotations : numpy.ndarray of shape (n, 4)
        Proper rotations of the Laue group as unit quaternions (a, b, c, d) in orix's
        frame of the crystal (x along a, z along c*): orientations R and S R, with S
        one of these, have the same pattern. The first is the identity.

    Examples
    --------
    >>> from hyperspy_4dphase.data import structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> silicon.name, silicon.rotations.shape
    ('Si', (24, 4))
    """

    name: str
    phase: Phase
    atoms: Atoms = field(repr=False)
    rotations: np.ndarray = field(repr=False)

    @property
    def reciprocal_lattice(self):
        """Reciprocal lattice vectors in orix's frame.

        Returns
        -------
        numpy.ndarray of shape (3, 3)
            Rows are a*, b* and c* in 1/Å.
        """
        return self.phase.structure.lattice.recbase.T.copy()

    def reflections(self, max_radius, *, debye_waller=None, min_intensity=1e-4):
        """List the reflections and their kinematical intensities.

        Parameters
        ----------
        max_radius : float
            Longest ``|g|`` in 1/Å.
        debye_waller : float, optional
            Debye-Waller factor B of all atoms in Å², 0 for atoms at rest. By default
            that which the structure gives for each atom, and 0.7 where it gives none.
        min_intensity : float, optional
            Reflections whose ``|F|^2`` is below this part of the strongest one are left
            out, and so are systematic absences. The default is 1e-4: amplitudes of 1 %.

        Returns
        -------
        Reflections
            With hkl, g in 1/Å in orix's frame of the crystal, and ``|F|^2`` in Å² (of
            scattering factors of Lobato and Van Dyck, occupancies, Debye-Waller
            factors), by rising ``|g|``. The direct beam is not among them.

        Raises
        ------
        ValueError
            If an argument is out of range, or no reflection is within `max_radius`.

        Notes
        -----
        Multiple scattering may show reflections that are absent here, as 002 of
        silicon along [110], and intensities differ from kinematical ones in all but
        thin crystals.

        Examples
        --------
        >>> from hyperspy_4dphase.data import structure
        >>> from hyperspy_4dphase.structures import load_candidates
        >>> (silicon,) = load_candidates(structure("Si"))
        >>> reflections = silicon.reflections(0.6)
        >>> np.unique(np.abs(reflections.hkl), axis=0).tolist()
        [[0, 2, 2], [1, 1, 1], [2, 0, 2], [2, 2, 0]]
        """
        max_radius = check_number("max_radius", max_radius, 0, above=True)
        if debye_waller is not None:
            debye_waller = check_number("debye_waller", debye_waller, 0)
        min_intensity = check_number("min_intensity", min_intensity, 0, 1, below=True)
        # Sums that should be 0 are not, by rounding.
        share = max(min_intensity, 1e-12)
        found = list_reflections(
            self.atoms, self.reciprocal_lattice, max_radius, debye_waller, share
        )
        if not len(found.hkl):
            raise ValueError(
                f"{self.name} has no reflection within {max_radius:g} 1/Å: is "
                "max_radius in 1/Å?"
            )
        return found
