"""Reflections of one structure: where they lie in the crystal, how strong they are."""

from typing import NamedTuple

import numpy as np


class Reflections(NamedTuple):
    """Reflections of one structure.

    Parameters
    ----------
    hkl : numpy.ndarray of int, shape (n, 3)
        Indices of each reflection; both of a Friedel pair are there.
    g : numpy.ndarray, shape (n, 3)
        Scattering vectors in 1/Å, without 2 pi, in orix's Cartesian crystal frame.
    intensity : numpy.ndarray, shape (n,)
        Squared structure factors, on any scale.
    """

    hkl: np.ndarray
    g: np.ndarray
    intensity: np.ndarray


def check_reflections(reflections):
    """Check a table of reflections, and leave out the direct beam and absent ones.

    Parameters
    ----------
    reflections : Reflections

    Returns
    -------
    Reflections
        Arrays of float64 (indices of int64), the intensities relative to the strongest.

    Raises
    ------
    TypeError
        If it is no table of reflections.
    ValueError
        If shapes do not agree, values are not finite or intensities are negative, or
        no reflection has intensity.
    """
    if not isinstance(reflections, Reflections):
        raise TypeError(
            f"reflections must be a Reflections, not {type(reflections).__name__}."
        )
    hkl, g, intensity = (np.asarray(x) for x in reflections)
    n = len(intensity) if intensity.ndim == 1 else -1
    if hkl.shape != (n, 3) or g.shape != (n, 3):
        raise ValueError(
            "reflections must hold hkl (n, 3), g (n, 3) and intensity (n,), not "
            f"{hkl.shape}, {g.shape} and {intensity.shape}."
        )
    if not (np.isfinite(g).all() and np.isfinite(intensity).all()):
        raise ValueError("reflections must be finite: g or intensity hold NaN or inf.")
    if n and intensity.min() < 0:
        raise ValueError(
            f"reflections have {(intensity < 0).sum()} negative intensities; expected "
            "squared structure factors."
        )
    # Numerical structure factors of absent reflections are not quite 0.
    seen = (np.linalg.norm(g, axis=1) > 1e-6) & (intensity > 1e-9 * intensity.max())
    if not seen.any():
        raise ValueError("reflections must have at least one of positive intensity.")
    intensity = intensity[seen].astype(float)
    return Reflections(
        hkl[seen].astype(np.int64), g[seen].astype(float), intensity / intensity.max()
    )
