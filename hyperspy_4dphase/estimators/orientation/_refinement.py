"""Orientations refined continuously, on the pattern itself."""

import math

import numba
import numpy as np

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.orientation._library_building import (
    LEAST_WEIGHT,
    POWER,
)
from hyperspy_4dphase.estimators.orientation._matching import Matches, keep_distinct
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    from_rotation_vectors,
    multiply,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import OVERLAP, excite, norm_squared

# The search ends when its steps are so small, in rad: 0.03 degrees.
_LAST_STEP = 5e-4
# Half widths of the shape function that are tried, relative to that of the library:
# slabs of 3 to 22 nm, where the library's is that of 9 nm.
WIDTHS = (0.4, 0.8, 1.6, 3.2)
# First step at the widths of the crystal, in rad: 0.5 degrees.
_FINE_STEP = 0.009
# So many of the best go on to be refined at the widths of the crystal.
_N_FINE = 8
# Two orientations are one if they are closer than this, in rad: 0.5 degrees.
SAME = 0.009


def refine_matches(prepared, library, matches, n_best=None):
    """Refine orientations to well below the step of the library.

    Each is turned about all three axes, in ever smaller steps, as long as the cosine
    between pattern and template grows. First the templates are as broad in excitation
    error as the library's, then as the crystal's: several widths are tried.

    Parameters
    ----------
    prepared : PreparedPattern
        Of :func:`prepare_pattern`.
    library : TemplateLibrary
        Of :func:`build_library`.
    matches : Matches
        Of :func:`match_library`.
    n_best : int, optional
        Number of orientations that are returned at most. By default all that differ.

    Returns
    -------
    Matches
        Best first, no two the same modulo the Laue group.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> placed = orientation.place_library(library, prepared)
    >>> matches = orientation.match_library(prepared, placed)
    >>> found = orientation.refine_matches(prepared, library, matches).quaternions
    >>> error = orientation.misorientation(found, turned.data, silicon.rotations)
    >>> bool(error.min() < 0.5)
    True
    """
    quaternions = check_quaternions(matches.quaternions, "matches.quaternions")
    check_integer("n_best", n_best, 1, optional=True)
    sampler = make_sampler(prepared, library)
    step = np.deg2rad(library.resolution)
    width = library.excitation_width
    widths = width * np.array(WIDTHS)
    climbed, cosine, _ = _refine_each(quaternions, sampler, [width], step / 2)
    order = np.argsort(-cosine)
    kept = keep_distinct(climbed[order], library.symmetry, step / 4, _N_FINE)
    found = _refine_each(climbed[order][kept], sampler, widths, 0.0)
    if found[1].max() < np.max(matches.cosine):
        # Broad templates climbed off the peak that narrow ones have.
        more = _refine_each(quaternions[:_N_FINE], sampler, widths, 0.0)
        found = [np.concatenate(pair) for pair in zip(found, more, strict=True)]
    quaternions, cosine, width = found
    order = np.argsort(-cosine)
    n_best = len(order) if n_best is None else n_best
    kept = order[keep_distinct(quaternions[order], library.symmetry, SAME, n_best)]
    return Matches(quaternions[kept], cosine[kept], width[kept])


def _refine_each(quaternions, sampler, widths, spread):
    """Refine orientations, each at the best of some widths.

    Returns
    -------
    quaternions : numpy.ndarray, shape (n, 4)
    cosine, width : numpy.ndarray, shape (n,)
    """
    matrices = to_matrices(quaternions)
    step = spread if spread > 0 else _FINE_STEP
    refined, cosine, width = _refine(
        matrices, sampler, np.asarray(widths), spread, step
    )
    turns = _quaternions_between(matrices, refined)
    return multiply(quaternions, turns), cosine, width


def make_sampler(prepared, library):
    """Gather what compiled code needs to score an orientation.

    Parameters
    ----------
    prepared : PreparedPattern
    library : TemplateLibrary

    Returns
    -------
    tuple
    """
    geometry = prepared.geometry
    table = library.reflections
    return (
        prepared.image,
        prepared.seen,
        geometry.axes(),
        np.asarray(geometry.center, dtype=float),
        max(prepared.norm, np.finfo(float).tiny),
        OVERLAP * geometry.spot_radius,
        table.g,
        table.intensity,
        1 / library.wavelength,
        prepared.radial_step * len(prepared.polar),
    )


def _quaternions_between(matrices, refined):
    """Return the small rotations that come first in the refined ones."""
    turn = matrices.transpose(0, 2, 1) @ refined
    vector = np.stack(
        [
            turn[:, 2, 1] - turn[:, 1, 2],
            turn[:, 0, 2] - turn[:, 2, 0],
            turn[:, 1, 0] - turn[:, 0, 1],
        ],
        axis=1,
    )
    sine = np.linalg.norm(vector, axis=1, keepdims=True) / 2
    cosine = (np.trace(turn, axis1=1, axis2=2)[:, None] - 1) / 2
    angle = np.arctan2(sine, cosine)
    scale = np.divide(angle, 2 * sine, out=np.full_like(sine, 0.5), where=sine > 1e-12)
    return from_rotation_vectors(scale * vector)


@numba.njit(cache=True, nogil=True)
def score(m, sampler, width, spread, x, y, seen):
    """Return the cosine of a pattern and the template of one orientation.

    Parameters
    ----------
    m : numpy.ndarray, shape (3, 3)
        From the sample to the crystal.
    sampler : tuple
        See `make_sampler`.
    width : float
        Of the shape function, in 1/Å.
    spread : float
        Of orientations, in rad.
    x, y, seen : numpy.ndarray, shape (n_reflections,)
        Overwritten.

    Returns
    -------
    float
    """
    image, visible, axes, center, norm, spot, g, intensity, radius, reach = sampler
    found = excite(m, g, radius, width, spread, reach, x, y, seen)
    n = len(found)
    if n == 0:
        return 0.0
    u, v, w = np.empty(n), np.empty(n), np.empty(n)
    most = 0.0
    for i in range(n):
        w[i] = (intensity[found[i]] * seen[found[i]]) ** POWER
        most = max(most, w[i])
    dot = total = part = 0.0
    kept = 0
    for i in range(n):
        if w[i] < LEAST_WEIGHT * most:
            continue
        k = found[i]
        row = center[0] + axes[0, 0] * x[k] + axes[0, 1] * y[k]
        column = center[1] + axes[1, 0] * x[k] + axes[1, 1] * y[k]
        total += w[i] * w[i]
        r, c = int(math.floor(row)), int(math.floor(column))
        if r < 0 or c < 0 or r + 1 >= image.shape[0] or c + 1 >= image.shape[1]:
            continue
        p, q = row - r, column - c
        a, b = (1 - p) * (1 - q), (1 - p) * q
        d, e = p * (1 - q), p * q
        dot += w[i] * (
            a * image[r, c]
            + b * image[r, c + 1]
            + d * image[r + 1, c]
            + e * image[r + 1, c + 1]
        )
        there = (
            a * visible[r, c]
            + b * visible[r, c + 1]
            + d * visible[r + 1, c]
            + e * visible[r + 1, c + 1]
        )
        part += w[i] * w[i] * there
        u[kept], v[kept], w[kept] = x[k], y[k], w[i]
        kept += 1
    if part <= 0.1 * total:
        return 0.0
    whole = norm_squared(u[:kept], v[:kept], w[:kept], spot)
    alone = (w[:kept] ** 2).sum()
    return dot / (norm * math.sqrt(part * whole / alone))


@numba.njit(cache=True, nogil=True)
def turn(m, axis, angle):
    """Return a rotation that turns about an axis of the sample first."""
    c, s = math.cos(angle), math.sin(angle)
    i, j = (axis + 1) % 3, (axis + 2) % 3
    found = m.copy()
    for k in range(3):
        found[k, i] = c * m[k, i] + s * m[k, j]
        found[k, j] = c * m[k, j] - s * m[k, i]
    return found


@numba.njit(cache=True, nogil=True)
def climb(m, sampler, width, spread, step, x, y, seen):
    """Turn an orientation in ever smaller steps as long as its score grows.

    A compass search: the score is not smooth, as spots come and go.

    Returns
    -------
    m : numpy.ndarray, shape (3, 3)
    best : float
        Its score.
    """
    best = score(m, sampler, width, spread, x, y, seen)
    while step > _LAST_STEP:
        grew = False
        for axis in range(3):
            for sign in (-1, 1):
                other = turn(m, axis, sign * step)
                value = score(other, sampler, width, spread, x, y, seen)
                if value > best:
                    m, best, grew = other, value, True
                    break
        if not grew:
            step /= 2
    return m, best


@numba.njit(cache=True, nogil=True)
def _refine(matrices, sampler, widths, spread, step):
    """Let each orientation climb, at each width.

    Returns
    -------
    refined : numpy.ndarray, shape (n, 3, 3)
    cosine, chosen : numpy.ndarray, shape (n,)
        Of the best width, and that width.
    """
    n_g = len(sampler[6])
    x, y, seen = np.empty(n_g), np.empty(n_g), np.empty(n_g)
    refined = matrices.copy()
    cosine = np.zeros(len(matrices))
    chosen = np.full(len(matrices), widths[0])
    for i in range(len(matrices)):
        for width in widths:
            m, value = climb(matrices[i], sampler, width, spread, step, x, y, seen)
            if value > cosine[i]:
                refined[i], cosine[i], chosen[i] = m, value, width
    return refined, cosine, chosen
