"""Halos of amorphous materials, from the shells of neighbours around an atom."""

from itertools import product

import numpy as np
from scipy.ndimage import gaussian_filter1d

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._scattering import (
    assemble,
    inelastic_background,
    mean_square_factor,
)
from hyperspy_4dphase.data._structures import structure
from hyperspy_4dphase.structures._phases import fractional_positions
from hyperspy_4dphase.structures._scattering import atomic_factor


def neighbour_distances(phase, reach):
    """Return the distances between the atoms of a structure, pair by pair of elements.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        The structure.
    reach : float
        Longest distance in Å.

    Returns
    -------
    dict of (str, str) to tuple of numpy.ndarray
        Distances in Å, and weights: the neighbours of the second element at that
        distance, summed over the atoms of the first in a cell. Occupancies count.
    """
    lattice = phase.structure.lattice
    positions = fractional_positions(phase)
    elements = np.array([str(atom.element) for atom in phase.structure])
    occupancy = np.asarray(phase.structure.occupancy, dtype=float)
    spacing = 1 / np.linalg.norm(np.linalg.inv(lattice.base), axis=0)
    cells = [np.arange(-n, n + 1) for n in np.ceil(reach / spacing).astype(int)]
    shifts = np.stack(np.meshgrid(*cells, indexing="ij"), axis=-1).reshape(-1, 3)
    images = (positions[:, np.newaxis] + shifts).reshape(-1, 3) @ lattice.base
    owner = np.repeat(np.arange(len(positions)), len(shifts))
    centers = (positions @ lattice.base)[:, np.newaxis]
    distance = np.linalg.norm(images - centers, axis=2)
    weight = np.outer(occupancy, occupancy[owner])
    # Two elements that share a site are no neighbours: one of them is there.
    near = (distance > 0.1) & (distance < reach)
    found = {}
    for first, second in product(dict.fromkeys(elements), np.unique(elements)):
        pair = near & np.outer(elements == first, elements[owner] == second)
        found[first, second] = distance[pair], weight[pair]
    return found


def amorphous_profile(phase, q, *, disorder=0.12, reach=10.0):
    """Return the coherent intensity scattered per atom by an amorphous material.

    The Debye equation over the shells of neighbours of a crystal of the same bonding,
    each shell blurred in proportion to the square root of its distance, so that order
    is lost with distance (Hosemann's paracrystal), less what a uniform density gives.

    Parameters
    ----------
    phase : orix.crystal_map.Phase
        Crystal whose short-range order the material keeps.
    q : numpy.ndarray
        Lengths of scattering vectors in 1/Å.
    disorder : float
        Standard deviation in Å of a distance of 2 Å. Default is 0.12.
    reach : float
        Longest distance in Å that is counted. Default is 10.

    Returns
    -------
    numpy.ndarray
        In Å² per atom, non-negative, of the shape of ``q``.

    References
    ----------
    .. [1] R. Hosemann and S. N. Bagchi, Direct Analysis of Diffraction by Matter
       (1962).

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.data import structure
    >>> q = np.linspace(0.1, 1, 91)
    >>> intensity = amorphous_profile(structure("SiO2"), q)
    >>> round(float(q[20:][intensity[20:].argmax()]), 2)
    0.3
    """
    atoms = phase.structure.composition
    total = sum(atoms.values())
    volume = phase.structure.lattice.volume
    factors = {element: atomic_factor(element, q) for element in atoms}
    step = reach / 1000
    fine = step * (np.arange(1000) + 0.5)
    shell = 4 * np.pi * fine**2 * step
    uniform = _debye(q, fine, disorder) @ (shell * _window(fine, reach))
    intensity = mean_square_factor(atoms, q)
    for (first, second), (r, n) in neighbour_distances(phase, reach).items():
        # Equal distances are summed first: a crystal has few different ones.
        bins = np.round(r / 0.01).astype(int)
        counts = np.bincount(bins, weights=n)
        shells = np.flatnonzero(counts)
        distance, weight = shells * 0.01, counts[shells]
        order = _debye(q, distance, disorder) @ (weight * _window(distance, reach))
        order -= atoms[first] * atoms[second] / volume * uniform
        intensity = intensity + factors[first] * factors[second] * order / total
    return np.maximum(intensity, 0.0)


def _debye(q, r, disorder):
    """Interference at each q of a pair of atoms at each blurred distance r."""
    blur = np.exp(-((np.pi * disorder) ** 2) * np.outer(q**2, r))
    return np.sinc(2 * np.outer(q, r)) * blur


def _window(r, reach):
    """Let the shells fade out towards the longest distance."""
    return np.sinc(r / reach)


def amorphous_pattern(
    material, camera=None, *, disorder=0.12, direct=0.5, diffuse=0.15
):
    """Return the diffraction pattern of an amorphous material.

    Parameters
    ----------
    material : str or orix.crystal_map.Phase
        The name of a structure that :func:`structure` knows, or a crystal whose
        short-range order the material keeps: ``"SiO2"``, ``"TiO2"`` or ``"LGPS"``.
    camera : Camera, optional
        The detector. Default is ``Camera()``.
    disorder : float
        Standard deviation in Å of a distance of 2 Å; larger distances blur with
        their square root. Default is 0.12.
    direct : float
        Share of the counts in the direct beam. Default is 0.5.
    diffuse : float
        Share of the counts in the inelastic background. Default is 0.15.

    Returns
    -------
    numpy.ndarray of shape (nky, nkx)
        Non-negative, of sum 1.

    Raises
    ------
    ValueError
        If the shares exceed one or an argument is out of range.

    See Also
    --------
    amorphous_profile : The intensity as a function of the scattering vector.

    Examples
    --------
    >>> pattern = amorphous_pattern("SiO2", Camera(signal_shape=(48, 64)))
    >>> pattern.shape, round(float(pattern.sum()), 12)
    ((48, 64), 1.0)
    """
    camera = camera or Camera()
    phase = structure(material) if isinstance(material, str) else material
    check_number("disorder", disorder, 0, above=True)
    check_number("direct", direct, 0, 1.0)
    check_number("diffuse", diffuse, 0, 1.0 - direct)
    radius = camera.radius()
    step = camera.scale / 4
    q = np.arange(0, radius.max() + 2 * step, step)
    profile = amorphous_profile(phase, q, disorder=disorder)
    # The disc of the probe blurs the halo as it does the spots.
    profile = gaussian_filter1d(profile, camera.disc_radius / 2 / step, mode="nearest")
    halo = np.interp(radius, q, profile)
    background = inelastic_background(radius)
    return assemble(camera, [(halo, 1 - direct - diffuse), (background, diffuse)])
