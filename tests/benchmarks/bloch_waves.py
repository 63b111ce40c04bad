"""Dynamical intensities of any crystal in any orientation, by Bloch waves.

After E. J. Kirkland, Advanced Computing in Electron Microscopy, ch. 6.5, without
absorption: what leaves the crystal adds up to what entered it.
"""

import numpy as np

from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices
from hyperspy_4dphase.structures._intensities import list_indices
from hyperspy_4dphase.structures._scattering import DEBYE_WALLER, atomic_factor

# Relativistic factor of the mass, 1 + E / 511 keV.
_REST_ENERGY = 510.99895
# In 1/Å: reflections farther from the Ewald sphere take no part.
_FARTHEST = 0.06


class BlochCrystal:
    """A crystal whose dynamical intensities are asked for many times.

    Parameters
    ----------
    candidate : Candidate
    max_g : float
        In 1/Å.
    energy : float
        In keV.
    wavelength : float
        In Å.
    n_beams : int
        Most beams that take part: those with the smallest excitation errors beside
        their strength.
    """

    def __init__(self, candidate, max_g, energy, wavelength, n_beams=120):
        self.n_beams, self.max_g = n_beams, max_g
        self.wave_number = 1 / wavelength
        base = candidate.reciprocal_lattice
        volume = 1 / abs(np.linalg.det(base))
        hkl, g = list_indices(base, 2 * max_g)
        self._most = np.abs(hkl).max(axis=0)
        length = np.linalg.norm(g, axis=1)
        hkl = np.vstack([[[0, 0, 0]], hkl])
        factors = _structure_factors(candidate.atoms, hkl, np.append(0, length))
        size = 2 * self._most + 1
        self._potential = np.zeros(size, complex)
        relativistic = 1 + energy / _REST_ENERGY
        scaled = relativistic * factors / (np.pi * volume)
        self._potential[tuple((hkl + self._most).T)] = scaled
        near = np.append(0, length) <= max_g
        self.hkl, self.g = hkl[near], np.vstack([[0, 0, 0], g])[near]

    def _of(self, hkl):
        """Fourier coefficients of the potential; 0 beyond the farthest."""
        place = hkl + self._most
        inside = (np.abs(hkl) <= self._most).all(axis=-1)
        place = np.where(inside[..., None], place, 0)
        return np.where(inside, self._potential[tuple(np.moveaxis(place, -1, 0))], 0)

    def intensities(self, quaternion, thicknesses):
        """Compute the intensities of all beams that leave the crystal.

        Parameters
        ----------
        quaternion : numpy.ndarray, shape (4,)
            From the sample to the crystal; the beam goes down the sample's z axis.
        thicknesses : array_like, shape (n_thicknesses,)
            In Å.

        Returns
        -------
        hkl : numpy.ndarray of int, shape (n_beams, 3)
            The direct beam is the first.
        xy : numpy.ndarray, shape (n_beams, 2)
            In 1/Å in the sample's frame.
        intensity : numpy.ndarray, shape (n_thicknesses, n_beams)
        """
        matrix = to_matrices(np.asarray(quaternion, float)[None])[0]
        x, y, z = (self.g @ matrix).T
        across = x**2 + y**2
        # The sphere's centre is above, as where reflections are found.
        error = self.wave_number - np.sqrt(self.wave_number**2 - across) - z
        strength = np.abs(self._of(self.hkl)) / (2 * self.wave_number)
        rank = np.abs(error) / (0.02 + strength / max(strength[1:].max(), 1e-12))
        rank[0] = -1
        near = np.flatnonzero(np.abs(error) < _FARTHEST)
        near = near[np.argsort(rank[near])][: self.n_beams]
        hkl = self.hkl[near]
        matrix = self._of(hkl[:, None] - hkl[None]) / (2 * self.wave_number)
        np.fill_diagonal(matrix, -error[near])
        values, vectors = np.linalg.eigh(matrix)
        phase = np.exp(2j * np.pi * np.outer(thicknesses, values))
        waves = (phase * vectors[0].conj()) @ vectors.T
        return hkl, np.stack([x, y], axis=1)[near], np.abs(waves) ** 2


def _structure_factors(atoms, hkl, lengths):
    """Complex structure factors in Å, as `squared_structure_factors` has squared."""
    factors = np.where(np.isnan(atoms.debye_waller), DEBYE_WALLER, atoms.debye_waller)
    total = np.zeros(len(hkl), complex)
    for element in np.unique(atoms.elements):
        scattering = atomic_factor(element, lengths)
        for i in np.flatnonzero(atoms.elements == element):
            damping = np.exp(-factors[i] * lengths**2 / 4) * atoms.occupancies[i]
            phase = np.exp(2j * np.pi * (hkl @ atoms.positions[i]))
            total += scattering * damping * phase
    return total
