"""How patterns are shifted over the detector: as a plane over the scan.

All of it is told from pairs of positions near each other, which are mostly in the same
domain: what is different between domains does not enter, and shifts of many pixels
across the scan are small ones between neighbours.
"""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.shifts._forms import ShiftForms
from hyperspy_4dphase.estimators.shifts._pairs import find_pairs, neighbour_distance

# Distances of pairs, in those of neighbours.
_DISTANCES = 1, 2, 4, 8, 16
# Pixels that one pattern of a pair may be shifted against the other: beyond, the change
# of a disc is no longer like its derivative. Historical: chosen by trial.
_MAX_SHIFT = 0.4
# The scan is cut into so many parts along each axis, to see how much they scatter.
N_CUTS = 4
# Pairs that the plane is fitted to. Historical: enough, and fast.
_N_PAIRS = 8000
# Of their mean, what patterns are taken to have of counts at least. Historical.
MIN_TOTAL = 0.05
# What is taken for a shift: so many standard errors, and a root mean square in pixels.
# Historical: chosen by trial; smaller shifts make no components.
SIGNIFICANT = 3.0
_MIN_PLANE = 0.02


class ScanScores(NamedTuple):
    """Patterns of a scan, by their scores in a basis.

    Attributes
    ----------
    scores : numpy.ndarray, shape (n, rank)
    totals : numpy.ndarray, shape (n,)
        Counts of the patterns.
    forms : ShiftForms
        Of the basis.
    positions : numpy.ndarray, shape (n, n_axes)
        Where they are in the scan.
    """

    scores: np.ndarray
    totals: np.ndarray
    forms: ShiftForms
    positions: np.ndarray

    def evaluate(self, pairs):
        """Evaluate the forms for pairs of patterns.

        Parameters
        ----------
        pairs : Pairs

        Returns
        -------
        values : numpy.ndarray, shape (n_pairs, 2, 2)
            In either part of the detector along either of its axes, each of about unit
            noise per root count.
        changes : numpy.ndarray, shape (n_pairs, 2, 2, 2)
            By a shift of one pixel along either axis, the last one.
        """
        i, j = pairs
        weight = 1 / np.sqrt(self.totals[i] * self.totals[j])
        found = []
        for form in self.forms:
            values = [
                np.einsum("na,na->n", self.scores[j] @ one, self.scores[i]) * weight
                for one in form.reshape(-1, *form.shape[-2:])
            ]
            found.append(np.stack(values, axis=1).reshape(len(i), *form.shape[:-2]))
        return found


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


def fit_plane(scan):
    """Fit the shift as a plane over the scan.

    Parameters
    ----------
    scan : ScanScores

    Returns
    -------
    plane : ShiftPlane
        Its errors are the scatter between parts of the scan, and between two parts of
        the detector.
    distance : float
        Of the pairs of positions that were used.
    """
    positions, best = scan.positions, None
    unit = neighbour_distance(positions)
    extent = np.ptp(positions, axis=0)
    for distance in np.multiply(_DISTANCES, unit):
        if best is not None and distance > extent.max() / 3:
            break
        pairs = find_pairs(positions, distance, _N_PAIRS)
        if not len(pairs.first):
            continue
        sums = _sum_over_cuts(positions, pairs, *scan.evaluate(pairs))
        slopes = sums.slopes()
        if best and np.linalg.norm(best[0], axis=0).max() * distance > _MAX_SHIFT:
            break
        best = slopes, _slopes_error(sums, slopes), distance
    if best is None:
        return make_plane(positions), unit
    slopes, error, distance = best
    return make_plane(positions, slopes, error), distance


def make_plane(positions, slopes=0.0, error=np.inf):
    """Make a plane over the scan of its slopes and their errors.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, n_axes)
    slopes, error : numpy.ndarray, shape (2, n_axes), optional
        See :class:`ShiftPlane`; by default nothing is known.

    Returns
    -------
    ShiftPlane
    """
    shape = 2, positions.shape[1]
    slopes, error = np.broadcast_to(slopes, shape), np.broadcast_to(error, shape)
    spread = np.atleast_2d(np.cov(positions.T, bias=True))
    rms = np.sqrt(max(np.einsum("ac,cd,ad->", slopes, spread, slopes), 0.0))
    rms_error = np.inf
    if np.isfinite(error).all():
        rms_error = np.sqrt((error**2 * np.diag(spread)).sum())
    found = bool(rms > max(SIGNIFICANT * rms_error, _MIN_PLANE))
    centre = positions.mean(axis=0)
    return ShiftPlane(slopes, error, centre, float(rms), float(rms_error), found)


def find_cuts(positions, pairs):
    """Tell in which part of the scan each pair lies.

    Parameters
    ----------
    positions : numpy.ndarray, shape (n, n_axes)
    pairs : Pairs

    Returns
    -------
    numpy.ndarray of int, shape (n_pairs,)
    """
    middle = (positions[pairs.second] + positions[pairs.first]) / 2
    low, extent = positions.min(axis=0), np.ptp(positions, axis=0)
    places = (middle - low) / np.maximum(extent, 1e-9) * N_CUTS
    places = np.clip(places.astype(int), 0, N_CUTS - 1)
    return np.ravel_multi_index(tuple(places.T), (N_CUTS,) * places.shape[1])


def _sum_over_cuts(positions, pairs, values, changes):
    step = positions[pairs.second] - positions[pairs.first]
    cuts = find_cuts(positions, pairs)
    n_axes = positions.shape[1]
    right = np.zeros((N_CUTS**n_axes, 2, 2, n_axes))
    left = np.zeros((N_CUTS**n_axes, 2, 2, 2, n_axes, n_axes))
    for cut in np.unique(cuts):
        own = cuts == cut
        right[cut] = np.einsum("npa,nc->pac", values[own], step[own])
        left[cut] = np.einsum(
            "npab,nc,nd->pabcd", changes[own], step[own], step[own], optimize=True
        )
    return _Sums(right, left)


def _slopes_error(sums, slopes):
    """Compute errors by leaving out each part of the scan, and from both parts of the
    detector."""
    filled = np.flatnonzero(sums.right.any(axis=(1, 2, 3)))
    n = len(filled)
    if n < 3:
        return np.full(slopes.shape, np.inf)
    left_out = [sums.slopes(filled[filled != cut]) for cut in filled]
    scatter = (n - 1) ** 2 / n * np.var(left_out, axis=0, ddof=1)
    one, other = (sums.slopes(part=[part]) for part in (0, 1))
    return np.sqrt(scatter + ((one - other) / 2) ** 2)
