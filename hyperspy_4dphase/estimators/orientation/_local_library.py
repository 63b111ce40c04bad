"""Templates around one orientation, placed on the pixels of a detector."""

import math
from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.orientation._geometry import check_geometry
from hyperspy_4dphase.estimators.orientation._library_building import MOST_SPOTS
from hyperspy_4dphase.estimators.orientation._prepared import spot_images
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    from_rotation_vectors,
    multiply,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import (
    OVERLAP,
    list_spots,
    norm_squared,
)

# Square roots of intensities, whatever the power of libraries of all orientations: of
# single weak patterns counting noise decides, and it is the same for all square roots.
POWER = 0.5
# Of a template's largest weight, as LEAST_WEIGHT in _library_building.py.
_LEAST_WEIGHT = 0.05


class LocalLibrary(NamedTuple):
    """Templates around one orientation, placed on the pixels of one detector.

    Attributes
    ----------
    quaternion : numpy.ndarray, shape (4,)
        The orientation in the middle.
    n_side : int
        Templates along each axis of a cube of rotations about the sample's axes.
    step : float
        Between them, in rad.
    start : numpy.ndarray of int, shape (n_side ** 3 + 1,)
        The spots of template i are ``start[i]:start[i + 1]``; z runs fastest.
    site : numpy.ndarray of int32, shape (n_spots,)
        Index of each spot into `center`.
    weight : numpy.ndarray of float32, shape (n_spots,)
        Those of a template are of unit norm.
    center : numpy.ndarray of int, shape (n_sites,)
        Pixels on which spots may be, as indices into a flat pattern.
    offset : numpy.ndarray of int, shape (n_disc,)
        Of the pixels of a disc from its centre.
    share : numpy.ndarray of float32, shape (n_sites,)
        About how many sites have one spot in common: one over that.
    ring : numpy.ndarray of int32, shape (n_pixels,)
        Of each pixel that tells the background, where no spot is; -1 of others.
    site_ring : numpy.ndarray of int32, shape (n_sites,)
    shape : tuple of int
        Of patterns.
    """

    quaternion: np.ndarray
    n_side: int
    step: float
    start: np.ndarray
    site: np.ndarray
    weight: np.ndarray
    center: np.ndarray
    offset: np.ndarray
    share: np.ndarray
    ring: np.ndarray
    site_ring: np.ndarray
    shape: tuple


def build_local_library(
    library,
    quaternion,
    geometry,
    shape,
    *,
    excluded=None,
    reach=3.0,
    step=0.75,
    excitation_width=None,
):
    """Build templates around one orientation.

    Parameters
    ----------
    library : TemplateLibrary
        Of the structure.
    quaternion : array_like, shape (4,)
        From the sample to the crystal.
    geometry : PatternGeometry
        Of the patterns that are to be refined.
    shape : tuple of int
        Rows and columns of patterns.
    excluded : array_like of bool, shape (n_ky, n_kx), optional
        True where a pixel is not used.
    reach, step : float, optional
        In degrees, about each axis. Default are 3 and 0.75: 729 templates.
    excitation_width : float, optional
        Of the shape function in 1/Å. By default the library's.

    Returns
    -------
    LocalLibrary

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, or no template has a spot that is seen.

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
    >>> local = orientation.build_local_library(
    ...     library, turned.data[0], geometry, counts.shape, reach=1.5, step=0.75
    ... )
    >>> local.shape
    (72, 80)
    """
    q = check_quaternions(np.asarray(quaternion, dtype=float)[None], "quaternion")
    geometry = check_geometry(geometry, shape)
    step = np.deg2rad(check_number("step", step, 0.05, 5))
    reach = np.deg2rad(check_number("reach", reach, 0.05, 20))
    n = int(np.ceil(reach / step))
    width = library.excitation_width if excitation_width is None else excitation_width
    width = check_number("excitation_width", width, 0, above=True)
    turns = step * (np.indices((2 * n + 1,) * 3).reshape(3, -1).T - n)
    optics = (1 / library.wavelength, width, step / 2, geometry.reach(shape))
    start, _, x, y, weight = list_spots(
        to_matrices(multiply(q, from_rotation_vectors(turns))),
        library.reflections.g,
        library.reflections.intensity,
        optics,
        POWER,
        _LEAST_WEIGHT,
        MOST_SPOTS,
    )
    places = np.stack([x, y], axis=1) @ geometry.axes().T + geometry.center
    sites = _Sites(geometry, shape, _find_used(excluded, shape))
    pixel, known = sites.find(places, np.hypot(x, y))
    if not known.any():
        raise ValueError(
            "quaternion has no reflection that the detector sees: check geometry and "
            "excluded."
        )
    counts = np.add.reduceat(np.append(known, False), start[:-1])
    counts[np.diff(start) == 0] = 0
    kept = np.concatenate([[0], np.cumsum(counts)])
    center, site = np.unique(pixel[known], return_inverse=True)
    x, y, weight = x[known], y[known], weight[known].copy()
    _normalize(kept, x, y, weight, OVERLAP * geometry.spot_radius)
    return LocalLibrary(
        q[0],
        2 * n + 1,
        step,
        kept,
        site.astype(np.int32),
        weight,
        *sites.gather(center),
    )


def _find_used(excluded, shape):
    if excluded is None:
        return np.ones(shape, bool)
    excluded = np.asarray(excluded)
    if excluded.shape != tuple(shape) or excluded.dtype != bool:
        raise ValueError(
            f"excluded must be bool of shape {tuple(shape)}, not {excluded.dtype} of "
            f"shape {excluded.shape}."
        )
    return ~excluded


class _Sites:
    """Pixels around which discs are whole and used."""

    def __init__(self, geometry, shape, used):
        self.geometry, self.shape, self.used = geometry, tuple(shape), used
        disc, _ = spot_images(round(max(geometry.spot_radius / geometry.scale, 0.7), 3))
        half = disc.shape[0] // 2
        rows, columns = np.nonzero(disc >= 0.5 * disc.max())
        self.rows, self.columns = rows - half, columns - half
        whole = np.zeros(shape, bool)
        inside = (slice(half, shape[0] - half), slice(half, shape[1] - half))
        whole[inside] = True
        for row, column in zip(self.rows, self.columns, strict=True):
            whole &= np.roll(used, (-row, -column), axis=(0, 1))
        self.whole = whole

    def find(self, places, radius):
        """Return the pixel of each spot, and whether it is one that can be used."""
        place = np.rint(places).astype(int)
        inside = ((place >= 0) & (place < self.shape)).all(axis=1)
        place = np.where(inside[:, None], place, 0)
        known = inside & self.whole[tuple(place.T)] & (radius >= self.geometry.inner)
        return np.ravel_multi_index(place.T, self.shape), known

    def gather(self, center):
        """Return all that a local library holds of its sites.

        Parameters
        ----------
        center : numpy.ndarray of int, shape (n_sites,)
            Flat numbers of their pixels.

        Returns
        -------
        center, offset, share, ring, site_ring, shape
            As of :class:`LocalLibrary`.
        """
        row, column = np.unravel_index(center, self.shape)
        spotted = np.zeros(self.shape, bool)
        for dr, dc in zip(self.rows, self.columns, strict=True):
            spotted[row + dr, column + dc] = True
        # The flanks of discs are no background, either.
        flank = spotted.copy()
        for axis, shift in ((0, 1), (0, -1), (1, 1), (1, -1)):
            flank |= np.roll(spotted, shift, axis=axis)
        y, x = np.indices(self.shape)
        distance = np.hypot(y - self.geometry.center[0], x - self.geometry.center[1])
        ring = distance.astype(np.int32)
        used = self.used & ~flank
        used &= distance * self.geometry.scale >= self.geometry.inner
        offset = self.rows * self.shape[1] + self.columns
        occupied = np.zeros(self.shape)
        occupied.ravel()[center] = 1
        n_near = np.zeros(len(center))
        for dr, dc in zip(self.rows, self.columns, strict=True):
            n_near += occupied[row + dr, column + dc]
        share = (1 / np.maximum(n_near, 1)).astype(np.float32)
        rings = np.where(used, ring, -1).ravel().astype(np.int32)
        return center, offset, share, rings, ring.ravel()[center], self.shape


@numba.njit(cache=True, nogil=True)
def _normalize(start, x, y, weight, radius):
    for i in range(len(start) - 1):
        part = slice(start[i], start[i + 1])
        norm = math.sqrt(norm_squared(x[part], y[part], weight[part], radius))
        if norm > 0:
            weight[part] /= norm
