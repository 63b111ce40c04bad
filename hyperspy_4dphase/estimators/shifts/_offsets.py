"""How patterns are shifted over the detector: a plane over the scan, and the rest.

All of it is told from pairs of positions near each other, which are mostly in the same
domain: what is different between domains does not enter, and shifts of many pixels
across the scan are small ones between neighbours.
"""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._pairs import (
    Pairs,
    neighbour_distance,
    pairs_at,
)

# Distances of pairs, in those of neighbours, and how far one may be shifted, in pixels,
# against the other: beyond, the change of a disc is no longer like its derivative.
_DISTANCES = 1, 2, 4, 8, 16
_LARGEST = 0.4
# The scan is cut into so many parts along each axis, to see how much they scatter.
_N_CUTS = 4
_OUTLYING = 0.02
_N_PAIRS = 1000
_MOST_PAIRS = 8000
# How well the variance of noise is known.
_NOISE_MODEL = 0.1
# What is taken for a shift: so many standard errors, and pixels.
SIGNIFICANT = 3.0
LEAST_PLANE, LEAST_JITTER = 0.02, 0.03


class ShiftPlane(NamedTuple):
    """A shift of patterns over the detector that is a plane over the scan.

    Attributes
    ----------
    slopes : numpy.ndarray, shape (2, n_axes)
        Pixels along either axis of the detector per unit of each axis of the scan.
    slopes_error : numpy.ndarray, shape (2, n_axes)
        Standard errors.
    centre : numpy.ndarray, shape (n_axes,)
        The position at which the shift is 0: the mean of all.
    rms : float
        Root mean square of the shift over the scan, in pixels.
    rms_error : float
    significant : bool
        Whether patterns are shifted so at all.
    """

    slopes: np.ndarray
    slopes_error: np.ndarray
    centre: np.ndarray
    rms: float
    rms_error: float
    significant: bool

    def at(self, positions):
        """The shift (n, 2) in pixels at positions (n, n_axes)."""
        return (np.asarray(positions) - self.centre) @ self.slopes.T


class PatternShifts(NamedTuple):
    """How far patterns are shifted.

    Attributes
    ----------
    plane : ShiftPlane
    jitter : float
        Root mean square, both axes of the detector together, of what the plane leaves
        of the shift, in pixels.
    jitter_error : float
    has_jitter : bool
        Whether it is significant.
    """

    plane: ShiftPlane
    jitter: float
    jitter_error: float
    has_jitter: bool

    @property
    def rms(self):
        """float: Root mean square of the shift in pixels, what is significant of it."""
        plane, jitter = self.plane, self.jitter * self.has_jitter
        return float(np.hypot(plane.rms * plane.significant, jitter))

    @property
    def significant(self):
        """bool: Whether patterns are shifted at all."""
        return self.plane.significant or self.has_jitter


class _Sums(NamedTuple):
    """Normal equations of a plane, for parts of the scan and of the detector."""

    right: np.ndarray  # (n_cuts, 2, 2, n_axes)
    left: np.ndarray  # (n_cuts, 2, 2, 2, n_axes, n_axes)

    def slopes(self, cuts=slice(None), part=slice(None)):
        right = self.right[cuts][:, part].reshape(-1, *self.right.shape[2:]).sum(0)
        left = self.left[cuts][:, part].reshape(-1, *self.left.shape[2:]).sum(0)
        n = right.size
        left = left.transpose(0, 2, 1, 3).reshape(n, n)
        return np.linalg.lstsq(left, right.ravel(), rcond=1e-6)[0].reshape(right.shape)


def pair_values(scores, totals, forms, pairs):
    """Values of the forms for pairs, each of about unit noise per root count."""
    i, j = pairs
    weight = 1 / np.sqrt(totals[i] * totals[j])
    values = []
    for form in forms:
        flat = form.reshape(-1, *form.shape[-2:])
        of_each = [
            np.einsum("na,na->n", scores[j] @ one, scores[i]) * weight for one in flat
        ]
        values.append(np.stack(of_each, axis=1).reshape(len(i), *form.shape[:-2]))
    return values


def fitted_plane(scores, totals, forms, positions):
    """The shift as a plane over the scan.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n, rank)
        Of patterns in a basis.
    totals : numpy.ndarray, shape (n,)
        Counts of patterns.
    forms : ShiftForms
        Of the basis.
    positions : numpy.ndarray, shape (n, n_axes)

    Returns
    -------
    plane : ShiftPlane
        Its errors are the scatter between parts of the scan, and between two parts of
        the detector.
    distance : float
        Of the pairs of positions that were used.
    """
    slopes, error, distance = _slopes(scores, totals, forms, positions)
    return plane_of(slopes, error, positions), distance


def plane_of(slopes, error, positions):
    """What slopes and their errors amount to over the scan."""
    spread = np.atleast_2d(np.cov(positions.T, bias=True))
    rms = np.sqrt(max(np.einsum("ac,cd,ad->", slopes, spread, slopes), 0.0))
    rms_error = np.inf
    if np.isfinite(error).all():
        rms_error = np.sqrt((error**2 * np.diag(spread)).sum())
    found = bool(rms > max(SIGNIFICANT * rms_error, LEAST_PLANE))
    centre = positions.mean(axis=0)
    return ShiftPlane(slopes, error, centre, float(rms), float(rms_error), found)


def what_is_left(scores, totals, forms, positions, plane, distance, noise):
    """Mean square of the shift that a plane leaves, both axes together, and its error.

    Shifts of a pair are told by two parts of the detector. What both tell is a shift:
    their covariance, less that of counting noise.

    Parameters
    ----------
    scores, totals, forms, positions
        As for :func:`fitted_plane`.
    plane : ShiftPlane
    distance : float
        Of pairs.
    noise : callable
        ``noise(numbers, one, other)`` is, for each of some patterns, the covariance by
        noise of two linear functions of its scores, both (n_numbers, rank), and the
        variance of either: (3, n_numbers).

    Returns
    -------
    square, error : float
    apart : float
        Mean square of what either part tells alone, beyond noise: no shift.
    """
    pairs = pairs_at(positions, distance)
    step = max(1, len(pairs.first) // _N_PAIRS)
    i, j = pairs = Pairs(pairs.first[::step], pairs.second[::step])
    if len(i) < _N_CUTS**2:
        return 0.0, np.inf, 0.0
    values, changes = pair_values(scores, totals, forms, pairs)
    step = positions[j] - positions[i]
    values = values - np.einsum("npab,bc,nc->npa", changes, plane.slopes, step)
    expected = _pair_noise(scores, totals, forms, pairs, noise)
    common, own = expected
    excess = (values[:, 0] * values[:, 1]).sum(axis=1) - common
    scale = (changes[:, 0] * changes[:, 1]).sum(axis=(1, 2))
    # Dark patterns tell little. Neighbours in different domains tell anything.
    weight = inverse(own + np.median(own))
    ratio = excess * inverse(np.maximum(scale, 0.1 * np.median(scale)))
    low, high = np.quantile(ratio, [_OUTLYING, 1 - _OUTLYING])
    weight = weight * ((ratio >= low) & (ratio <= high) & np.isfinite(weight))
    cuts = _cuts(positions, pairs)
    n_cuts = cuts.max() + 1
    above = np.bincount(cuts, weight * excess, n_cuts)
    below = np.bincount(cuts, weight * scale, n_cuts)
    filled = below > 0
    above, below = above[filled], below[filled]
    if len(above) < 3:
        return 0.0, np.inf, 0.0
    if not below.sum() > 0:
        return 0.0, np.inf, 0.0
    square = above.sum() / below.sum()
    left_out = (above.sum() - above) / (below.sum() - below)
    scatter = (len(above) - 1) ** 2 / len(above) * np.var(left_out, ddof=1)
    model = _NOISE_MODEL * (weight * np.abs(common)).sum() / below.sum()
    either = np.square(values).sum(axis=(1, 2)) / 2 - own
    of_one = np.square(changes).sum(axis=(1, 2, 3)) / 2
    apart = (weight * either).sum() / max((weight * of_one).sum(), 1e-300) - square
    return square, np.hypot(np.sqrt(scatter), model), apart


def _pair_noise(scores, totals, forms, pairs, noise):
    """Covariance of the two parts' values by noise, and the mean of their variances."""
    result = np.zeros((3, len(pairs.first)))
    for i, j in (pairs, pairs[::-1]):
        for axis in (0, 1):
            one, other = (scores[j] @ forms.shift[part, axis] for part in (0, 1))
            result += noise(i, one, other)
    result /= totals[pairs.first] * totals[pairs.second]
    return result[0], (result[1] + result[2]) / 2


def _slopes(scores, totals, forms, positions):
    unit = neighbour_distance(positions)
    extent = np.ptp(positions, axis=0)
    best = None
    for factor in _DISTANCES:
        distance = factor * unit
        if best is not None and distance > extent.max() / 3:
            break
        pairs = pairs_at(positions, distance)
        if not len(pairs.first):
            continue
        step = max(1, len(pairs.first) // _MOST_PAIRS)
        pairs = Pairs(pairs.first[::step], pairs.second[::step])
        sums = _sums(positions, pairs, *pair_values(scores, totals, forms, pairs))
        slopes = sums.slopes()
        if best and np.linalg.norm(best[0], axis=0).max() * distance > _LARGEST:
            break
        best = slopes, _error(sums, slopes), distance
    if best is None:
        nothing = np.zeros((2, positions.shape[1]))
        return nothing, nothing + np.inf, unit
    return best


def _cuts(positions, pairs):
    """In which part of the scan each pair lies."""
    middle = (positions[pairs.second] + positions[pairs.first]) / 2
    low, extent = positions.min(axis=0), np.ptp(positions, axis=0)
    places = (middle - low) / np.maximum(extent, 1e-9) * _N_CUTS
    places = np.clip(places.astype(int), 0, _N_CUTS - 1)
    return np.ravel_multi_index(tuple(places.T), (_N_CUTS,) * places.shape[1])


def _sums(positions, pairs, values, changes):
    step = positions[pairs.second] - positions[pairs.first]
    cuts = _cuts(positions, pairs)
    n_axes = positions.shape[1]
    right = np.zeros((_N_CUTS**n_axes, 2, 2, n_axes))
    left = np.zeros((_N_CUTS**n_axes, 2, 2, 2, n_axes, n_axes))
    for cut in np.unique(cuts):
        own = cuts == cut
        right[cut] = np.einsum("npa,nc->pac", values[own], step[own])
        left[cut] = np.einsum(
            "npab,nc,nd->pabcd", changes[own], step[own], step[own], optimize=True
        )
    return _Sums(right, left)


def _error(sums, slopes):
    """By leaving out each part of the scan, and by the two parts of the detector."""
    filled = np.flatnonzero(sums.right.any(axis=(1, 2, 3)))
    n = len(filled)
    if n < 3:
        return np.full(slopes.shape, np.inf)
    left_out = [sums.slopes(filled[filled != cut]) for cut in filled]
    scatter = (n - 1) ** 2 / n * np.var(left_out, axis=0, ddof=1)
    one, other = (sums.slopes(part=[part]) for part in (0, 1))
    return np.sqrt(scatter + ((one - other) / 2) ** 2)
