"""Atomic scattering factors and the smooth parts of a diffraction pattern."""

import numpy as np
from diffsims.utils.lobato_scattering_params import ATOMIC_SCATTERING_PARAMS_LOBATO
from diffsims.utils.sim_utils import get_atomic_scattering_factors

from hyperspy_4dphase.data._camera import Camera

DEBYE_WALLER = 0.7
"""Debye-Waller factor B in Å² of every atom (room temperature)."""


def atomic_factor(element, q):
    """Return an element's electron scattering factor.

    Parameters
    ----------
    element : str
        Symbol.
    q : numpy.ndarray
        Length of the scattering vector in 1/Å.

    Returns
    -------
    factor : numpy.ndarray
        In Å, of the shape of ``q``.

    Raises
    ------
    ValueError
        If the element has no tabulated factor.

    References
    ----------
    .. [1] I. Lobato and D. Van Dyck, Acta Cryst. A 70, 636 (2014),
       doi:10.1107/S205327331401643X

    Examples
    --------
    >>> import numpy as np
    >>> bool(np.all(np.diff(atomic_factor("O", np.linspace(0, 2, 9))) < 0))
    True
    """
    if element not in ATOMIC_SCATTERING_PARAMS_LOBATO:
        raise ValueError(f"no scattering factor is tabulated for element {element!r}")
    q = np.asarray(q, dtype=float)
    table = np.array([ATOMIC_SCATTERING_PARAMS_LOBATO[element]])
    factor = get_atomic_scattering_factors(q.ravel() ** 2, table, "lobato")
    return factor[:, 0].reshape(q.shape)


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
    pattern : numpy.ndarray of shape (nky, nkx)
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
    pattern : numpy.ndarray of shape (nky, nkx)
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
