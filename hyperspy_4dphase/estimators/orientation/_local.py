"""Orientations of many weak patterns, all near one that is known."""

import math
from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase.estimators.orientation._local_library import POWER
from hyperspy_4dphase.estimators.orientation._prepared import NOISE_FLOOR
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_rotation_vectors,
    multiply,
)

# Amplitudes of spots are that uncertain at least, relative to their mean, whatever the
# dose: they are kinematical, and in two beams at a third of the extinction distance the
# dynamical one is less by sin(pi / 3) / (pi / 3), 17 %.
_MODEL_ERROR = 0.15


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


def refine_orientations(patterns, local):
    """Refine the orientation of each of many patterns around a common one.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx)
        Counts, each pattern whole. NaN counts as 0: exclude such pixels.
    local : LocalLibrary
        Of :func:`build_local_library`.

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
    >>> around = turned.data[0], geometry, counts.shape
    >>> local = orientation.build_local_library(library, *around)
    >>> orientation.refine_orientations(counts[None], local).quaternions.shape
    (1, 4)
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
    # It is only about a cosine: what surrounds spots is a part of neither.
    cosine = np.minimum(cosine, np.float32(1))
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
    """Refine the orientation of each pattern by the templates around one.

    Returns
    -------
    turns : numpy.ndarray, shape (n_patterns, 3)
        Rotation vectors from the orientation in the middle.
    cosine : numpy.ndarray, shape (n_patterns,), float32
    deviation : numpy.ndarray, shape (n_patterns, 3), float32
        Of what the pattern leaves open about each axis, in radians.
    at_edge : numpy.ndarray of bool, shape (n_patterns,)
    """
    n_side, step, start, site, weight, center, offset, share, ring, site_ring = local
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
            bright[s] = max(net, 0.0) ** POWER
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
