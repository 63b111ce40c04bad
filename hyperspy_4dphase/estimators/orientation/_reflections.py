"""Reflections of a crystal: what a pattern of it may show."""

from typing import NamedTuple

import numpy as np


class Reflections(NamedTuple):
    """Reflections of one crystal, with their kinematical intensities.

    Attributes
    ----------
    hkl : numpy.ndarray of int, shape (n, 3)
        Miller indices.
    g : numpy.ndarray of float, shape (n, 3)
        Reciprocal lattice vectors in 1/Å (no 2 pi), in orix's Cartesian frame of the
        crystal: x along a, z along c*.
    intensity : numpy.ndarray of float, shape (n,)
        Squared structure factor in Å².
    """

    hkl: np.ndarray
    g: np.ndarray
    intensity: np.ndarray
