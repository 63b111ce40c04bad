"""Reflections of a cell, and how strong they are."""

import numpy as np

from hyperspy_4dphase.estimators.orientation import Reflections
from hyperspy_4dphase.structures._scattering import DEBYE_WALLER, atomic_factor

# Phases of so many atoms times reflections are held at a time: 64 MB.
_MOST_AT_ONCE = 4_000_000


def list_indices(reciprocal, max_radius):
    """List all reciprocal lattice vectors up to a length, without 0.

    Parameters
    ----------
    reciprocal : numpy.ndarray of shape (3, 3)
        Rows are a*, b* and c* in 1/Å.
    max_radius : float
        In 1/Å.

    Returns
    -------
    hkl : numpy.ndarray of int, shape (n, 3)
        By rising length.
    g : numpy.ndarray of shape (n, 3)
        In 1/Å.
    """
    edges = np.linalg.norm(np.linalg.inv(reciprocal), axis=0)
    most = np.floor(edges * max_radius * (1 + 1e-9)).astype(int)
    ranges = [np.arange(-n, n + 1) for n in most]
    hkl = np.stack(np.meshgrid(*ranges, indexing="ij"), axis=-1).reshape(-1, 3)
    g = hkl @ reciprocal
    length = np.linalg.norm(g, axis=1)
    use = np.flatnonzero((length <= max_radius) & np.any(hkl != 0, axis=1))
    use = use[np.argsort(length[use].round(9), kind="stable")]
    return hkl[use], g[use]


def squared_structure_factors(atoms, hkl, lengths, debye_waller=None):
    """Compute ``|F|^2`` of reflections.

    Parameters
    ----------
    atoms : Atoms
        Of the whole cell.
    hkl : numpy.ndarray of shape (n, 3)
    lengths : numpy.ndarray of shape (n,)
        ``|g|`` in 1/Å.
    debye_waller : float, optional
        Debye-Waller factor B of all atoms in Å². By default that of each atom where
        it is known, else `DEBYE_WALLER`.

    Returns
    -------
    numpy.ndarray of shape (n,)
        In Å²: of scattering factors of Lobato and Van Dyck, occupancies and
        Debye-Waller factors exp(-B |g|² / 4).
    """
    if debye_waller is None:
        factors = np.where(
            np.isnan(atoms.debye_waller), DEBYE_WALLER, atoms.debye_waller
        )
    else:
        factors = np.full(len(atoms.elements), debye_waller)
    elements, of_element = np.unique(atoms.elements, return_inverse=True)
    shells, of_shell = np.unique(lengths.round(9), return_inverse=True)
    scattering = np.stack([atomic_factor(e, shells) for e in elements], axis=1)
    intensity = np.empty(len(hkl))
    step = max(1, _MOST_AT_ONCE // len(factors))
    for start in range(0, len(hkl), step):
        block = slice(start, start + step)
        shell = of_shell[block]
        amplitude = scattering[shell][:, of_element] * atoms.occupancies
        amplitude *= np.exp(-np.outer(shells[shell] ** 2, factors) / 4)
        phase = 2 * np.pi * (hkl[block] @ atoms.positions.T)
        real = np.sum(amplitude * np.cos(phase), axis=1)
        imaginary = np.sum(amplitude * np.sin(phase), axis=1)
        intensity[block] = real**2 + imaginary**2
    return intensity


def list_reflections(atoms, reciprocal, max_radius, debye_waller, min_intensity):
    """List reflections up to a length, without those that are absent or weak.

    Parameters
    ----------
    atoms : Atoms
        Of the whole cell.
    reciprocal : numpy.ndarray of shape (3, 3)
        Rows are a*, b* and c* in 1/Å.
    max_radius : float
        In 1/Å.
    debye_waller : float or None
        In Å²; None takes that of each atom.
    min_intensity : float
        Part of the strongest ``|F|^2`` below which reflections are left out.

    Returns
    -------
    Reflections
        By rising length.
    """
    hkl, g = list_indices(reciprocal, max_radius)
    lengths = np.linalg.norm(g, axis=1)
    intensity = squared_structure_factors(atoms, hkl, lengths, debye_waller)
    strong = intensity >= min_intensity * intensity.max(initial=0)
    return Reflections(hkl[strong], g[strong], intensity[strong])
