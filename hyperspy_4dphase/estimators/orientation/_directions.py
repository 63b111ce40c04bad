"""Beam directions over the part of the sphere that a rotation group repeats."""

import numpy as np

from hyperspy_4dphase.estimators.orientation._quaternions import to_matrices

# Directions among which the one farthest from all rotation axes is sought: a few
# degrees apart, which the sector needs no better.
_N_CENTRES = 400
_GOLDEN_ANGLE = np.pi * (3 - 5**0.5)


def spread_directions(n):
    """Spread directions evenly over the sphere, on a Fibonacci spiral.

    Parameters
    ----------
    n : int

    Returns
    -------
    numpy.ndarray, shape (n, 3)
        Unit vectors.
    """
    z = 1 - (2 * np.arange(n) + 1) / n
    angle = _GOLDEN_ANGLE * np.arange(n)
    radius = np.sqrt(1 - z**2)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle), z], axis=1)


def sector_directions(resolution, symmetry):
    """Spread directions over a fundamental sector of a group of proper rotations.

    The sector holds the directions that are nearer to its centre than any of those
    that the group takes them to. Sectors of proper groups are used, twice as large as
    those of groups with mirrors: a mirrored pattern is then never taken for a turned
    one, and no mirror need be known.

    Parameters
    ----------
    resolution : float
        Distance of neighbouring directions, in rad.
    symmetry : numpy.ndarray, shape (n_symmetry, 4)
        All rotations of the group, as unit quaternions.

    Returns
    -------
    numpy.ndarray, shape (n, 3)
        Unit vectors in the crystal.
    """
    turns = to_matrices(symmetry)
    # A point of a hexagonal lattice of this spacing has so much area.
    n = int(np.ceil(4 * np.pi / (resolution**2 * 3**0.5 / 2)))
    directions = spread_directions(max(n, 12 * len(turns)))
    centre = _find_centre(turns)
    height = directions @ centre
    highest = (directions @ turns.transpose(0, 2, 1) @ centre).max(axis=0)
    # A direction on the border has its copy there too, and may be kept twice.
    return directions[height >= highest - 1e-9]


def _find_centre(turns):
    """Find the direction farthest from all that the group takes it to."""
    candidates = spread_directions(_N_CENTRES)
    others = turns[np.trace(turns, axis1=1, axis2=2) < 3 - 1e-6]
    if not len(others):
        return np.array([0.0, 0.0, 1.0])
    cosine = np.einsum("ni,gij,nj->gn", candidates, others, candidates)
    return candidates[cosine.max(axis=0).argmin()]
