"""Rotations that leave a crystal's diffraction as it is."""

import itertools

import numpy as np
from orix.quaternion import Rotation, symmetry

from hyperspy_4dphase.structures._intensities import (
    list_indices,
    squared_structure_factors,
)

# Largest change of the metric, relative to products of the edges, by which a rotation
# still keeps a lattice: angles within 0.06 degrees.
_METRIC_CHANGE = 1e-3
# Largest change of |F|^2, summed over reflections and relative to their sum, that is
# none: coordinates of three decimals change it by less. Smaller ones are tried where
# the rotations so found are no group.
_INTENSITY_CHANGES = (0.02, 0.005, 1e-3, 1e-5)
# Reflections that are compared, at least, where there are so many.
_N_COMPARED = 400

_LAUE_GROUPS = [
    symmetry.Ci,
    symmetry.C2h,
    symmetry.D2h,
    symmetry.C4h,
    symmetry.D4h,
    symmetry.S6,
    symmetry.D3d,
    symmetry.C6h,
    symmetry.D6h,
    symmetry.Th,
    symmetry.Oh,
]


def find_rotations(atoms, reciprocal):
    """Find the proper rotations that change no intensity.

    They are those of the Laue group, or of a higher one where kinematical intensities
    cannot tell the difference.

    Parameters
    ----------
    atoms : Atoms
        Of the whole cell.
    reciprocal : numpy.ndarray of shape (3, 3)
        Rows are a*, b* and c* in 1/Å.

    Returns
    -------
    matrices : numpy.ndarray of shape (n, 3, 3)
        Of vectors in the Cartesian frame of `reciprocal`; the identity is the first.
    """
    maps, matrices = _lattice_rotations(reciprocal)
    volume = 1 / abs(np.linalg.det(reciprocal))
    radius = max(1.0, (_N_COMPARED / volume * 3 / (4 * np.pi)) ** (1 / 3))
    hkl, g = list_indices(reciprocal, radius)
    hkl, g = hkl[: 4 * _N_COMPARED], g[: 4 * _N_COMPARED]
    intensity = squared_structure_factors(atoms, hkl, np.linalg.norm(g, axis=1))
    changes = []
    for mapped in maps:
        turned = hkl @ mapped
        lengths = np.linalg.norm(turned @ reciprocal, axis=1)
        other = squared_structure_factors(atoms, turned, lengths)
        changes.append(np.abs(other - intensity).sum() / intensity.sum())
    for limit in _INTENSITY_CHANGES:
        kept = matrices[np.array(changes) <= limit]
        if _is_group(kept):
            return kept
    return np.eye(3)[None]


def _lattice_rotations(reciprocal):
    """Proper rotations of a lattice, as maps of row vectors hkl and as matrices."""
    metric = reciprocal @ reciprocal.T
    edges = np.sqrt(np.diag(metric))
    entries = itertools.product((0, 1, -1), repeat=9)
    maps = np.array(list(entries)).reshape(-1, 3, 3)
    maps = maps[np.round(np.linalg.det(maps)) == 1]
    turned = maps @ metric @ np.swapaxes(maps, 1, 2)
    change = np.abs(turned - metric) / np.outer(edges, edges)
    maps = maps[change.max(axis=(1, 2)) < _METRIC_CHANGE]
    # Row vectors: h reciprocal -> h map reciprocal = (h reciprocal) matrix^T.
    matrices = np.swapaxes(np.linalg.inv(reciprocal) @ maps @ reciprocal, 1, 2)
    first = np.argsort(-np.trace(matrices, axis1=1, axis2=2), kind="stable")
    return maps[first], matrices[first]


def _is_group(matrices):
    products = matrices[:, None] @ matrices[None]
    return all(_contains(matrices, one) for one in products.reshape(-1, 3, 3))


def _contains(matrices, one):
    return bool((np.abs(matrices - one).max(axis=(1, 2)) < 0.01).any())


def holds(matrices, others):
    """Whether all of some rotations are among others."""
    return all(_contains(others, one) for one in matrices)


def name_laue_group(matrices):
    """The Laue group of orix of which rotations are the proper ones, or None.

    Parameters
    ----------
    matrices : numpy.ndarray of shape (n, 3, 3)

    Returns
    -------
    orix.quaternion.Symmetry or None
        None if orix has it in other axes only.
    """
    for group in _LAUE_GROUPS:
        proper = proper_matrices(group)
        if len(proper) == len(matrices) and holds(proper, matrices):
            return group
    return None


def proper_matrices(point_group):
    """The proper rotations of a point group's Laue group, shape (n, 3, 3)."""
    return point_group.laue_proper_subgroup.to_matrix()


def to_quaternions(matrices):
    """Unit quaternions (a, b, c, d) of rotations, a >= 0, shape (n, 4)."""
    quaternions = Rotation.from_matrix(matrices).data
    return np.where(quaternions[:, :1] < -1e-9, -quaternions, quaternions)
