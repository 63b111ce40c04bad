"""Templates of one structure against one pattern, over all in-plane angles."""

import math
from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.orientation._library import TemplateLibrary
from hyperspy_4dphase.estimators.orientation._quaternions import multiply, turn_in_plane
from hyperspy_4dphase.estimators.orientation._spots import OVERLAP, norm_squared

# Of a template's norm: where less of it is on pixels that are used, it says nothing.
_LEAST_SEEN = 0.1
# Degrees: the second angle of a template is at least so far from the first. A spot is
# some degrees wide close to the centre.
_NEXT_ANGLE = 15.0
# Candidates that are looked at for each one that is wanted, as neighbouring templates
# are much alike.
_POOL = 30


class Matches(NamedTuple):
    """Orientations that fit a pattern, best first.

    Attributes
    ----------
    quaternions : numpy.ndarray, shape (n, 4)
        From the sample to the crystal.
    cosine : numpy.ndarray, shape (n,)
        Of the angle between the compressed pattern and the template, over pixels that
        are used: 1 for the same, 0 for nothing in common.
    excitation_width : numpy.ndarray, shape (n,)
        Half width at half maximum of the shape function, in 1/Å, that fits best; the
        library's before refinement.
    """

    quaternions: np.ndarray
    cosine: np.ndarray
    excitation_width: np.ndarray


class PlacedLibrary(NamedTuple):
    """Templates placed on the circles of prepared patterns of one geometry.

    Attributes
    ----------
    library : TemplateLibrary
    row, column : numpy.ndarray of int32, shape (n_spots,)
        Of each spot on the polar image.
    overlap : numpy.ndarray of float32, shape (n_templates,)
        What spots that overlap add to the squared norm.
    shape : tuple of int
        Of the polar image.
    """

    library: TemplateLibrary
    row: np.ndarray
    column: np.ndarray
    overlap: np.ndarray
    shape: tuple


def place_library(library, prepared):
    """Place templates on the circles of prepared patterns.

    Parameters
    ----------
    library : TemplateLibrary
        Of :func:`build_library`.
    prepared : PreparedPattern
        Any pattern of the geometry.

    Returns
    -------
    PlacedLibrary
        For all patterns of the geometry and shape.

    Raises
    ------
    ValueError
        If patterns reach farther than the library, so that spots would count against
        a structure that are its own.

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
    >>> placed.shape == prepared.polar.shape
    True
    """
    n_radial, n_azimuthal = prepared.polar.shape
    reach = n_radial * prepared.radial_step
    if reach > library.max_g * (1 + 1e-6):
        raise ValueError(
            f"the patterns reach to {reach:.4g} 1/Å, but the library only to "
            f"{library.max_g:.4g}: build it with that max_g, or give the geometry this "
            "outer_radius."
        )
    row = np.floor(library.radius / prepared.radial_step).astype(np.int32)
    turns = library.azimuth / (2 * np.pi)
    column = np.rint(turns * n_azimuthal).astype(np.int32) % n_azimuthal
    inside = row < n_radial
    overlap = _overlaps(
        library.start,
        library.radius * np.cos(library.azimuth),
        library.radius * np.sin(library.azimuth),
        library.weight * inside,
        OVERLAP * prepared.geometry.spot_radius,
    )
    return PlacedLibrary(library, row, column, overlap, prepared.polar.shape)


@numba.njit(cache=True, nogil=True)
def _overlaps(start, x, y, weight, radius):
    found = np.empty(len(start) - 1, np.float32)
    for i in range(len(found)):
        part = slice(start[i], start[i + 1])
        w = weight[part]
        found[i] = norm_squared(x[part], y[part], w, radius) - (w * w).sum()
    return found


def match_library(prepared, placed, n_best=10):
    """Match one pattern with all templates of one structure.

    Parameters
    ----------
    prepared : PreparedPattern
        Of :func:`prepare_pattern`.
    placed : PlacedLibrary
        Of :func:`place_library`.
    n_best : int, optional
        Number of orientations that are returned at most. Default is 10.

    Returns
    -------
    Matches
        Farther from one another than the step of the library, modulo the Laue group.

    Raises
    ------
    ValueError
        If the templates were placed for patterns of another geometry.

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
    >>> matches = orientation.match_library(prepared, placed, n_best=3)
    >>> matches.quaternions.shape
    (3, 4)
    """
    check_integer("n_best", n_best, 1)
    if placed.shape != prepared.polar.shape:
        raise ValueError(
            f"placed is for polar images of shape {placed.shape}, but the pattern's is "
            f"{prepared.polar.shape}."
        )
    library = placed.library
    n = prepared.polar.shape[1]
    # A ring that is seen alike everywhere needs no count for each angle.
    partial = np.ptp(prepared.polar_seen, axis=1) > 0.02
    cosine, angle = _correlate_templates(
        library.start,
        placed.row,
        placed.column,
        library.weight,
        placed.overlap,
        _double(prepared.polar),
        _double(prepared.polar_seen),
        partial,
        int(_NEXT_ANGLE / 360 * n),
    )
    cosine /= max(prepared.norm, np.finfo(np.float32).tiny)
    order = np.argsort(-cosine, axis=None)[: _POOL * n_best]
    template, which = np.unravel_index(order, cosine.shape)
    turn = 2 * np.pi / n * angle[template, which]
    quaternions = turn_in_plane(library.quaternions[template], turn)
    step = np.deg2rad(library.resolution)
    kept = keep_distinct(quaternions, library.symmetry, 1.5 * step, n_best)
    cosine = cosine.ravel()[order][kept].astype(float)
    width = np.full(len(kept), library.excitation_width)
    return Matches(quaternions[kept], cosine, width)


def _double(polar):
    return np.concatenate([polar, polar], axis=1, dtype=np.float32)


def keep_distinct(quaternions, symmetry, angle, n_most):
    """Keep orientations that are not close to one before them.

    Parameters
    ----------
    quaternions : numpy.ndarray, shape (n, 4)
        Best first.
    symmetry : numpy.ndarray, shape (n_symmetry, 4)
    angle : float
        Smallest misorientation, in rad.
    n_most : int
        Number that is kept at most.

    Returns
    -------
    numpy.ndarray of int
        Indices of those kept.
    """
    close = np.cos(angle / 2)
    # Scalar part of (s p) times the inverse of q, for all s.
    copies = multiply(symmetry[:, None], quaternions[None])
    free = np.ones(len(quaternions), bool)
    kept = []
    for i in range(len(quaternions)):
        if not free[i]:
            continue
        kept.append(i)
        if len(kept) == n_most:
            break
        free &= np.abs(copies @ quaternions[i]).max(axis=0) < close
    return np.array(kept, dtype=int)


@numba.njit(cache=True, nogil=True, fastmath=True)
def _correlate_templates(
    start, row, column, weight, overlap, polar, seen, partial, apart
):
    """Correlate all templates at all angles; keep the best two angles of each."""
    n_radial, n = polar.shape[0], polar.shape[1] // 2
    cosine = np.zeros((len(start) - 1, 2), np.float32)
    angle = np.zeros((len(start) - 1, 2), np.int32)
    dot = np.empty(n, np.float32)
    norm = np.empty(n, np.float32)
    for i in range(len(start) - 1):
        dot[:] = 0
        norm[:] = 0
        everywhere = np.float32(0)
        total = np.float32(0)
        for k in range(start[i], start[i + 1]):
            if row[k] >= n_radial:
                continue
            w = weight[k]
            values = polar[row[k], column[k] : column[k] + n]
            for j in range(n):
                dot[j] += w * values[j]
            total += w * w
            if partial[row[k]]:
                visible = seen[row[k], column[k] : column[k] + n]
                for j in range(n):
                    norm[j] += w * w * visible[j]
            else:
                everywhere += w * w * seen[row[k], 0]
        if total == 0:
            continue
        for j in range(n):
            visible_norm = norm[j] + everywhere
            if visible_norm > _LEAST_SEEN * total:
                visible_norm *= 1 + overlap[i] / total
                dot[j] /= math.sqrt(visible_norm)
            else:
                dot[j] = 0
        best = np.argmax(dot)
        cosine[i, 0], angle[i, 0] = dot[best], best
        for j in range(best - apart, best + apart + 1):
            dot[j % n] = 0
        best = np.argmax(dot)
        cosine[i, 1], angle[i, 1] = dot[best], best
    return cosine, angle
