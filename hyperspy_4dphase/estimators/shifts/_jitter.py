"""How far patterns are shifted beside the plane: from one position to the next."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.shifts._offsets import N_CUTS, find_cuts
from hyperspy_4dphase.estimators.shifts._pairs import find_pairs

# Pairs that are compared. Historical: enough, and fast.
_N_PAIRS = 1000
# Fraction of the pairs that is left out at either end. Historical: chosen by trial.
_OUTLYING = 0.02
# Relative error of the variance of noise. Historical: chosen by trial.
_NOISE_ERROR = 0.1
# Of the median sensitivity to shifts, what a pair is taken to have at least.
_MIN_SENSITIVITY = 0.1


class Jitter(NamedTuple):
    """What a plane leaves of the shift, both axes of the detector together.

    Attributes
    ----------
    square : float
        Mean square in squared pixels.
    error : float
        Its standard error.
    apart : float
        Mean square of what either part of the detector tells alone, beyond noise: no
        shift.
    """

    square: float
    error: float
    apart: float


def measure_jitter(scan, plane, distance, noise):
    """Measure the mean square of the shift that a plane leaves.

    Shifts of a pair are told by two parts of the detector. What both tell is a shift:
    their covariance, less that of counting noise.

    Parameters
    ----------
    scan : ScanScores
    plane : ShiftPlane
    distance : float
        Of pairs.
    noise : callable
        ``noise(numbers, one, other)`` is, for each of some patterns, the covariance by
        noise of two linear functions of its scores, both (n_numbers, rank), and the
        variance of either: (3, n_numbers).

    Returns
    -------
    Jitter
    """
    pairs = i, j = find_pairs(scan.positions, distance, _N_PAIRS)
    if len(i) < N_CUTS**2:
        return Jitter(0.0, np.inf, 0.0)
    values, changes = scan.evaluate(pairs)
    step = scan.positions[j] - scan.positions[i]
    values = values - np.einsum("npab,bc,nc->npa", changes, plane.slopes, step)
    common, own = _pair_noise(scan, pairs, noise)
    excess = (values[:, 0] * values[:, 1]).sum(axis=1) - common
    scale = (changes[:, 0] * changes[:, 1]).sum(axis=(1, 2))
    weight = _weigh(excess, scale, own)
    cuts = find_cuts(scan.positions, pairs)
    above = np.bincount(cuts, weight * excess)
    below = np.bincount(cuts, weight * scale)
    above, below = above[below > 0], below[below > 0]
    if len(above) < 3:
        return Jitter(0.0, np.inf, 0.0)
    square = above.sum() / below.sum()
    left_out = (above.sum() - above) / (below.sum() - below)
    scatter = (len(above) - 1) ** 2 / len(above) * np.var(left_out, ddof=1)
    model = _NOISE_ERROR * (weight * np.abs(common)).sum() / below.sum()
    either = np.square(values).sum(axis=(1, 2)) / 2 - own
    of_one = np.square(changes).sum(axis=(1, 2, 3)) / 2
    apart = (weight * either).sum() / max((weight * of_one).sum(), 1e-300) - square
    return Jitter(square, np.hypot(np.sqrt(scatter), model), apart)


def _weigh(excess, scale, noise):
    """Weigh pairs: dark ones tell little, and those in two domains tell anything."""
    weight = inverse(noise + np.median(noise))
    least = _MIN_SENSITIVITY * np.median(scale)
    ratio = excess * inverse(np.maximum(scale, least))
    low, high = np.quantile(ratio, [_OUTLYING, 1 - _OUTLYING])
    return weight * ((ratio >= low) & (ratio <= high) & np.isfinite(weight))


def _pair_noise(scan, pairs, noise):
    """Compute the covariance of both parts' values by noise, and the mean variance."""
    result = np.zeros((3, len(pairs.first)))
    for i, j in (pairs, pairs[::-1]):
        for axis in (0, 1):
            one, other = (scan.scores[j] @ scan.forms.shift[k, axis] for k in (0, 1))
            result += noise(i, one, other)
    result /= scan.totals[pairs.first] * scan.totals[pairs.second]
    return result[0], (result[1] + result[2]) / 2
