"""Orientations of many weak patterns, all near one that is known."""

import math
from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.estimators.orientation._geometry import check_geometry
from hyperspy_4dphase.estimators.orientation._library import (
    MOST_SPOTS,
)
from hyperspy_4dphase.estimators.orientation._prepared import NOISE_FLOOR, spot_images
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    from_rotation_vectors,
    multiply,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import list_spots, norm_squared

# Square roots, whatever the power elsewhere: their noise is the same for all spots.
_POWER, _LEAST_WEIGHT = 0.5, 0.05
# Amplitudes of spots are that uncertain at least, relative to their mean, whatever the
# dose: they are kinematical, and dynamical ones of a tenth of an extinction distance
# already differ by so much.
_MODEL_ERROR = 0.15


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


class RefinedOrientations(NamedTuple):
    """Orientations of single patterns.

    Attributes
    ----------
    quaternions : numpy.ndarray, shape (n, 4)
        From the sample to the crystal.
    cosine : numpy.ndarray of float32, shape (n,)
        About the cosine between pattern and template, over the area where any template
        has spots. It falls with the dose.
    uncertainty : numpy.ndarray of float32, shape (n, 3)
        Standard deviation in degrees of what the pattern leaves open, about each axis
        of the sample, within the reach of the templates. About 0.58 of the reach where
        the pattern says nothing; the orientation is then the common one.
    at_edge : numpy.ndarray of bool, shape (n,)
        Whether the best template is the last one along some axis: the orientation may
        lie farther away.
    """

    quaternions: np.ndarray
    cosine: np.ndarray
    uncertainty: np.ndarray
    at_edge: np.ndarray


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
    """
    q = check_quaternions(np.asarray(quaternion, dtype=float)[None], "quaternion")
    geometry = check_geometry(geometry, shape)
    step = np.deg2rad(check_number("step", step, 0.05, 5))
    reach = np.deg2rad(check_number("reach", reach, 0.05, 20))
    n = int(np.ceil(reach / step))
    width = library.excitation_width if excitation_width is None else excitation_width
    width = check_number("excitation_width", width, 0, above=True)
    turns = step * (np.indices((2 * n + 1,) * 3).reshape(3, -1).T - n)
    quaternions = multiply(q, from_rotation_vectors(turns))
    optics = (1 / library.wavelength, width, step / 2, geometry.reach(shape))
    table = library.reflections
    start, _, x, y, weight = list_spots(
        to_matrices(quaternions),
        table.g,
        table.intensity,
        optics,
        _POWER,
        _LEAST_WEIGHT,
        MOST_SPOTS,
    )
    places = np.stack([x, y], axis=1) @ geometry.axes().T + geometry.center
    sites = _Sites(geometry, shape, _used(excluded, shape))
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
    _normalize(kept, x, y, weight, geometry.spot_radius)
    return LocalLibrary(
        q[0],
        2 * n + 1,
        step,
        kept,
        site.astype(np.int32),
        weight,
        *sites.gather(center),
    )


def _used(excluded, shape):
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
        """Return all that a local library holds of its sites."""
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


def refine_orientations(patterns, local):
    """Refine the orientation of each of many patterns around a common one.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx)
        Counts, each pattern whole. NaN counts as 0: exclude such pixels.
    local : LocalLibrary

    Returns
    -------
    RefinedOrientations

    Raises
    ------
    ValueError
        If patterns have another shape than the local library is for.

    Notes
    -----
    Only discs where one of the templates has a spot are summed; the background of each
    ring is the mean over pixels where none has. Square roots of counts have a variance
    of 1/4, so that twice the squared correlation with a template is the logarithm of
    its likelihood; it is divided by how much worse than noise the best one fits, or
    how much worse it must with intensities that are kinematical. The
    mean over all templates is taken, or, where few are left, a parabola through the
    best and its neighbours on each axis.
    """
    patterns = np.asarray(patterns)
    if patterns.ndim != 3 or patterns.shape[1:] != local.shape:
        raise ValueError(
            f"patterns must have the shape (n, {local.shape[0]}, {local.shape[1]}), "
            f"not {patterns.shape}."
        )
    flat = patterns.reshape(len(patterns), -1).astype(np.float32)
    found = _refine_patterns(np.nan_to_num(flat), tuple(local[1:-1]))
    turns, cosine, deviation, at_edge = found
    quaternions = multiply(local.quaternion, from_rotation_vectors(turns))
    return RefinedOrientations(quaternions, cosine, np.rad2deg(deviation), at_edge)


@numba.njit(cache=True, nogil=True)
def _background(pattern, ring, n_rings):
    """Mean of each ring, of those without a pixel that of the nearest one within."""
    total, n = np.zeros(n_rings), np.zeros(n_rings)
    for i in range(len(pattern)):
        if ring[i] >= 0:
            total[ring[i]] += pattern[i]
            n[ring[i]] += 1
    means = np.zeros(n_rings)
    last = 0.0
    for k in range(n_rings):
        # Three rings together: a single one may have a few pixels only.
        part = slice(max(k - 1, 0), k + 2)
        if n[part].sum() > 0:
            last = total[part].sum() / n[part].sum()
        means[k] = max(last, 0.0)
    return means


@numba.njit(cache=True, nogil=True)
def _refine_patterns(patterns, local):
    (
        n_side,
        step,
        start,
        site,
        weight,
        center,
        offset,
        share,
        ring,
        site_ring,
    ) = local
    n_rings = max(ring.max(), site_ring.max()) + 1
    n_disc = len(offset)
    bright = np.empty(len(center), np.float32)
    scores = np.empty(len(start) - 1, np.float32)
    turns = np.zeros((len(patterns), 3))
    cosine = np.zeros(len(patterns), np.float32)
    deviation = np.zeros((len(patterns), 3), np.float32)
    at_edge = np.zeros(len(patterns), np.bool_)
    for p in range(len(patterns)):
        pattern = patterns[p]
        means = _background(pattern, ring, n_rings)
        norm = 0.0
        for s in range(len(center)):
            total = 0.0
            for k in range(n_disc):
                total += pattern[center[s] + offset[k]]
            ground = means[site_ring[s]] * n_disc
            net = total - ground - NOISE_FLOOR * math.sqrt(ground)
            bright[s] = max(net, 0.0) ** _POWER
            norm += share[s] * bright[s] * bright[s]
        for t in range(len(scores)):
            dot = np.float32(0)
            for k in range(start[t], start[t + 1]):
                dot += weight[k] * bright[site[k]]
            scores[t] = dot
        best = np.argmax(scores)
        square = scores[best] ** 2
        if square > 0:
            cosine[p] = scores[best] / math.sqrt(norm)
        n_spots = max(start[best + 1] - start[best], 1)
        # Relative to counting noise, whose variance is 1/4.
        model = 1 + 4 * _MODEL_ERROR**2 * square / n_spots
        excess = max(model, 4 * (norm - square) / n_spots)
        at_edge[p] = _place(
            scores, best, 2 / excess, n_side, step, turns[p], deviation[p]
        )
    return turns, cosine, deviation, at_edge


@numba.njit(cache=True, nogil=True)
def _place(scores, best, sharpness, n_side, step, turn, deviation):
    """Fill in turn and deviation; tell whether the best template is at the edge."""
    half = n_side // 2
    first, second, total = np.zeros(3), np.zeros(3), 0.0
    for t in range(len(scores)):
        log_p = sharpness * (scores[t] ** 2 - scores[best] ** 2)
        if log_p < -20:
            continue
        p = math.exp(log_p)
        total += p
        stride = n_side * n_side
        for axis in range(3):
            i = t // stride % n_side - half
            first[axis] += p * i
            second[axis] += p * i * i
            stride //= n_side
    at_edge = False
    stride = n_side * n_side
    for axis in range(3):
        mean = first[axis] / total
        variance = max(second[axis] / total - mean * mean, 0.0)
        i = best // stride % n_side
        at_edge |= i == 0 or i == n_side - 1
        # Single templates, or two: their mean would jump from one to the next.
        if variance < 0.3 and 0 < i < n_side - 1:
            before, here, after = (
                scores[best - stride],
                scores[best],
                scores[best + stride],
            )
            bend = before - 2 * here + after
            mean = i - half
            if bend < 0:
                mean += 0.5 * (before - after) / bend
        turn[axis] = step * mean
        # Steps are what is resolved at best.
        deviation[axis] = step * math.sqrt(variance + 1 / 12)
        stride //= n_side
    return at_edge
