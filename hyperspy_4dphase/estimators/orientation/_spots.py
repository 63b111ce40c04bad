"""Spots that a crystal shows: reflections near the Ewald sphere, compiled."""

import math

import numba
import numpy as np

# In half widths of the shape function: farther from the Ewald sphere nothing is seen.
# The Lorentzian fades out smoothly up to there, so that what is compared changes
# smoothly with orientation; its amplitude alone would be down to 0.24.
CUT = 4.0
# A disc that was smoothed with itself and compressed has as much in common with a
# neighbour as plain discs of so many times its radius (2.0 to 2.1 for discs of 2 pixels
# and more).
OVERLAP = 2.05


@numba.njit(cache=True, nogil=True)
def excite(m, g, radius, width, spread, reach, x, y, seen):
    """Find the spots that a crystal shows, and by how much each is excited.

    The intensity of a reflection is its squared structure factor times a Lorentzian of
    its excitation error, the distance to the Ewald sphere along the beam, as in [1]_,
    which fades out at `CUT` half widths.

    Parameters
    ----------
    m : numpy.ndarray, shape (3, 3)
        From the sample to the crystal.
    g : numpy.ndarray, shape (n, 3)
        Scattering vectors in 1/Å in the crystal.
    radius : float
        Of the Ewald sphere, in 1/Å.
    width : float
        Half width at half maximum of the Lorentzian, in 1/Å.
    spread : float
        In rad: by how much orientations vary that one template stands for. It widens
        the Lorentzian in proportion to |g|.
    reach : float
        Largest distance from the direct beam in 1/Å.
    x, y, seen : numpy.ndarray, shape (n,)
        Filled with the positions in the sample's frame in 1/Å, and with the Lorentzian.

    Returns
    -------
    numpy.ndarray of int, shape (n_spots,)
        Reflections that are excited.

    References
    ----------
    .. [1] L. Palatinus et al., Acta Crystallogr. B 75 (2019) 512-522,
       doi:10.1107/S2052520619007534.
    """
    found = np.empty(len(g), np.int32)
    n = 0
    for k in range(len(g)):
        a, b, c = g[k]
        z = m[0, 2] * a + m[1, 2] * b + m[2, 2] * c
        length = a * a + b * b + c * c
        across = length - z * z
        # Most reflections are far off; the sphere is nearly a paraboloid here.
        error = 0.5 * across / radius - z
        broad = math.sqrt(width * width + spread * spread * length)
        if abs(error) > 2 * CUT * broad or across > reach * reach:
            continue
        error = radius - math.sqrt(radius * radius - across) - z
        if abs(error) > CUT * broad:
            continue
        x[k] = m[0, 0] * a + m[1, 0] * b + m[2, 0] * c
        y[k] = m[0, 1] * a + m[1, 1] * b + m[2, 1] * c
        fade = 1.0 - (error / (CUT * broad)) ** 2
        seen[k] = fade * fade / (1.0 + (error / broad) ** 2)
        found[n] = k
        n += 1
    return found[:n]


@numba.njit(cache=True, nogil=True)
def norm_squared(x, y, weight, radius):
    """Return the squared norm of discs, those that overlap taken into account.

    Parameters
    ----------
    x, y : numpy.ndarray, shape (n,)
        Positions.
    weight : numpy.ndarray, shape (n,)
        Heights.
    radius : float
        Of the discs, in the units of the positions.

    Returns
    -------
    float
        In units of a disc of height 1.
    """
    total = 0.0
    near = 4 * radius * radius
    for i in range(len(x)):
        total += weight[i] * weight[i]
        for j in range(i):
            dx, dy = x[i] - x[j], y[i] - y[j]
            squared = dx * dx + dy * dy
            if squared < near:
                # The common area of two discs.
                t = math.sqrt(squared / near)
                common = 2 / math.pi * (math.acos(t) - t * math.sqrt(1 - t * t))
                total += 2 * weight[i] * weight[j] * common
    return total


@numba.njit(cache=True, nogil=True)
def list_spots(matrices, g, intensity, optics, power, least, most):
    """List the spots of many orientations.

    Parameters
    ----------
    matrices : numpy.ndarray, shape (n, 3, 3)
        From the sample to the crystal.
    g, intensity : numpy.ndarray, shape (n_reflections, 3) and (n_reflections,)
    optics : tuple of float
        Radius of the Ewald sphere, width, spread and reach, see `excite`.
    power : float
        Of intensities, for the weights.
    least : float
        Spots of less than this part of the largest weight are left out.
    most : int
        Number of spots that are kept, those with the largest weights.

    Returns
    -------
    start : numpy.ndarray of int, shape (n + 1,)
        The spots of orientation i are ``start[i]:start[i + 1]``.
    reflection : numpy.ndarray of int, shape (n_spots,)
    x, y, weight : numpy.ndarray, shape (n_spots,)
    """
    radius, width, spread, reach = optics
    n_g = len(g)
    x, y, seen = np.empty(n_g), np.empty(n_g), np.empty(n_g)
    start = np.zeros(len(matrices) + 1, np.int64)
    size = 64 * len(matrices)
    reflection = np.empty(size, np.int32)
    spots = np.empty((3, size), np.float32)
    n = 0
    for i in range(len(matrices)):
        found = excite(matrices[i], g, radius, width, spread, reach, x, y, seen)
        weight = (intensity[found] * seen[found]) ** power
        if len(found):
            keep = weight >= least * weight.max()
            found, weight = found[keep], weight[keep]
            order = np.argsort(-weight)[:most]
            found, weight = found[order], weight[order]
        if n + len(found) > size:
            size = 2 * size + len(found)
            larger, wider = np.empty(size, np.int32), np.empty((3, size), np.float32)
            larger[:n], wider[:, :n] = reflection[:n], spots[:, :n]
            reflection, spots = larger, wider
        for k in range(len(found)):
            reflection[n] = found[k]
            spots[0, n], spots[1, n] = x[found[k]], y[found[k]]
            spots[2, n] = weight[k]
            n += 1
        start[i + 1] = n
    return start, reflection[:n], spots[0, :n], spots[1, :n], spots[2, :n]
