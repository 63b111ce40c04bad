"""The smooth parts of a diffraction pattern."""

import numpy as np

from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.structures._scattering import DEBYE_WALLER, atomic_factor


def mean_square_factor(atoms, q):
    """Return the composition's mean squared scattering factor at each q."""
    total = sum(atoms.values())
    return sum(n * atomic_factor(e, q) ** 2 for e, n in atoms.items()) / total


def thermal_background(atoms, q):
    """Return thermal diffuse scattering: what the Debye-Waller factor took away."""
    return mean_square_factor(atoms, q) * -np.expm1(-DEBYE_WALLER * q**2 / 2)


def inelastic_background(q, width=0.08):
    """Return scattering by electronic excitations: peaked forward, long tailed."""
    return (q**2 + width**2) ** -1.5


def assemble(camera, parts):
    """Add a pattern's parts, each with its share of the counts, around the direct beam.

    Parameters
    ----------
    camera : Camera
        The detector.
    parts : sequence of tuple
        ``(image, share)``, images of shape (nky, nkx) of any scale. What is left to
        one of the sum of shares goes to the direct beam.

    Returns
    -------
    numpy.ndarray of shape (nky, nkx)
        Non-negative, of sum 1.
    """
    beam = camera.discs([(0.0, 0.0)], [1.0])
    total = (1 - sum(share for _, share in parts)) * beam / beam.sum()
    for image, share in parts:
        weight = image.sum()
        if weight > 0:
            total += share * image / weight
    return total / total.sum()


def vacuum_pattern(camera=None):
    """Return the pattern of the beam alone, with the faint tails that probes have.

    Parameters
    ----------
    camera : Camera, optional
        The detector. Default is ``Camera()``.

    Returns
    -------
    numpy.ndarray of shape (nky, nkx)
        Non-negative, of sum 1.

    Examples
    --------
    >>> pattern = vacuum_pattern()
    >>> pattern.shape, round(float(pattern.sum()), 12)
    ((128, 128), 1.0)
    """
    camera = camera or Camera()
    tails = inelastic_background(camera.radius(), width=0.05)
    return assemble(camera, [(tails, 0.04)])
