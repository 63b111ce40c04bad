"""Patterns predicted by their surroundings on the grid of a scan.

A quadratic in the two coordinates is fitted to the patterns around each position, the
nearer the more weight; it follows what bends, or grows thicker.
"""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from sklearn.covariance import empirical_covariance

from hyperspy_4dphase.estimators.domains._local_values import (
    POWERS,
    measure_reach,
    subtract_surroundings,
)
from hyperspy_4dphase.estimators.domains._place_fits import fit_places

# Width of the weights of a fit, in positions: wider than twice a plate, narrower than
# bends. From 2 to 3 makes no difference.
SIZE = 2.5
# Where the surroundings change by 1 over a width, a quadratic may miss so much.
_CURVED = 0.25
# Part of a fit that makes it a constant where there are too few patterns for more.
_RIDGE = 0.02
# Least part of a pattern that is not its own in the fit at its place.
_LEAST_LEFT = 0.3
# Positions of a scan that are fitted at once: the coefficients take much memory.
_AT_ONCE = 30_000
# Values that are sorted at once.
_IN_CACHE = 100_000
# Part of a scan's positions above which it is faster to fit all, as convolutions.
_FEW_PLACES = 0.5
# Scale of a normal distribution over its median absolute value.
_PER_MEDIAN = 1 / 0.6745
# The spread is that of positions so far away along an axis, and is found at every such
# position: it changes slowly.
_SPREAD_REACH, _SPREAD_STEP = 5, 2
# Of a covariance: rounds in which points far out lose weight; what is added to the
# variance of each feature before and in these rounds, in units of the noise. All chosen
# by trial.
_N_ROUNDS, _FIRST_ADDED, _ADDED = 5, 1e-6, 0.05


class LocalFit(NamedTuple):
    """Quadratics around some positions; leading axes are theirs.

    Attributes
    ----------
    coefficients : numpy.ndarray, shape (..., 6, n_features)
        Value, slopes and curvatures, in units of the width.
    own : numpy.ndarray, shape (...)
        What part of the value is the pattern at the place itself.
    noise : numpy.ndarray, shape (..., 6)
        Variance of the coefficients.
    """

    coefficients: np.ndarray
    own: np.ndarray
    noise: np.ndarray

    def predict(self):
        """Prediction: What the fit says of each position."""
        change = np.square(self.coefficients[..., [1, 3], :]).sum(axis=(-2, -1))
        n_features = self.coefficients.shape[-1]
        change -= n_features * (self.noise[..., 1] + self.noise[..., 3])
        misfit = _CURVED**2 * np.maximum(change, 0)
        return Prediction(self.coefficients[..., 0, :], self.own, misfit)

    def take(self, places):
        """LocalFit: That of some positions."""
        return LocalFit(*(each[places] for each in self))


class Prediction(NamedTuple):
    """What surroundings predict at some positions; leading axes are theirs.

    Attributes
    ----------
    values : numpy.ndarray, shape (..., n_features)
    own : numpy.ndarray, shape (...)
        What part of the value is the pattern at the place itself.
    misfit : numpy.ndarray, shape (...)
        Variance expected of a quadratic where surroundings change.
    """

    values: np.ndarray
    own: np.ndarray
    misfit: np.ndarray

    def subtract_from(self, points):
        """What each position has that the others around it do not."""
        left = np.maximum(1 - self.own, _LEAST_LEFT)
        return (points - self.values) / left[..., None]


def predict_around(points, weights):
    """Predict all patterns by quadratics fitted around each position.

    Parameters
    ----------
    points, weights
        As for :func:`fit_around`.

    Returns
    -------
    Prediction
        Of shape (ny, nx).
    """
    ny, nx = weights.shape
    reach = measure_reach(SIZE)
    parts = []
    for rows in np.array_split(np.arange(ny), max(1, ny * nx // _AT_ONCE)):
        low, high = max(rows[0] - reach, 0), min(rows[-1] + reach + 1, ny)
        fit = fit_around(points[low:high], weights[low:high])
        parts.append(fit.take(rows - low).predict())
    return Prediction(*map(np.concatenate, zip(*parts, strict=True)))


def fit_at(points, weights, places, size=SIZE):
    """Fit quadratics around some positions.

    Parameters
    ----------
    points, weights, size
        As for :func:`fit_around`.
    places : numpy.ndarray of bool, shape (ny, nx)
        Where to fit.

    Returns
    -------
    LocalFit
        Of shape (n_places,).
    """
    if places.sum() > _FEW_PLACES * places.size:
        return fit_around(points, weights, size).take(places)
    return LocalFit(*fit_places(points, weights, places, size, _RIDGE))


def fit_around(points, weights, size=SIZE):
    """Fit quadratics around each position.

    Parameters
    ----------
    points : numpy.ndarray, shape (ny, nx, n_features)
    weights : numpy.ndarray, shape (ny, nx)
        0 where there is no point, or none that is to be used.
    size : float, optional
        Width of the Gaussian weights, in positions.

    Returns
    -------
    LocalFit
        Of shape (ny, nx).
    """
    reach = measure_reach(size)
    t = np.arange(-reach, reach + 1) / size
    gauss = np.exp(-(t**2) / 2)

    def moment(field, a, b):
        for axis, power in enumerate((a, b)):
            kernel = (gauss * t**power)[::-1]
            field = ndimage.convolve1d(field, kernel, axis=axis, mode="constant")
        return field

    orders = [(a, b) for a in range(5) for b in range(5 - a)]
    moments = {order: moment(weights, *order) for order in orders}
    normal = np.stack([[moments[tuple(p + q)] for q in POWERS] for p in POWERS])
    normal = np.moveaxis(normal, (0, 1), (2, 3)) + _RIDGE * np.eye(len(POWERS))
    inverse = np.linalg.inv(normal)
    weighted = points * weights[..., None]
    sums = [moment(weighted, a, b) for a, b in POWERS.tolist()]
    noise = np.diagonal(inverse, axis1=2, axis2=3)
    return LocalFit(
        inverse @ np.stack(sums, axis=2), inverse[..., 0, 0] * weights, noise
    )


def subtract_around(values, weights):
    """Subtract from one number a position what its surroundings predict.

    Parameters
    ----------
    values : numpy.ndarray, shape (ny, nx)
    weights : numpy.ndarray, shape (ny, nx)
        As for :func:`fit_around`.

    Returns
    -------
    numpy.ndarray, shape (ny, nx)
        As :meth:`Prediction.subtract_from` gives it.
    """
    return subtract_surroundings(values, weights, SIZE, _RIDGE, _LEAST_LEFT)


def add_up(field, inside):
    """Sums over 3 x 3 positions, in units of their noise."""
    n = 9 * ndimage.uniform_filter(inside.astype(float), 3, mode="constant")
    field = np.where(inside[..., None], field, 0)
    sums = 9 * ndimage.uniform_filter(field, (3, 3, 1), mode="constant")
    return sums / np.sqrt(np.maximum(n, 1))[..., None] * inside[..., None]


def local_spread(residuals, inside):
    """Spread of values by the median over 11 x 11 positions; at least that of noise."""
    nearest = ndimage.distance_transform_edt(
        ~inside, return_distances=False, return_indices=True
    )
    reach, step = _SPREAD_REACH, _SPREAD_STEP
    values = np.pad(np.abs(residuals)[tuple(nearest)], reach, mode="symmetric")
    width = 2 * reach + 1
    windows = np.lib.stride_tricks.sliding_window_view(values, (width, width))
    windows = windows[::step, ::step]
    size = windows[0, 0].size
    spread = np.empty(windows.shape[:2])
    # A few rows at once stay in the processor's cache.
    n_rows = max(1, _IN_CACHE // (size * windows.shape[1]))
    for start in range(0, len(windows), n_rows):
        part = windows[start : start + n_rows].reshape(-1, windows.shape[1], size)
        # As numpy.median, which takes seven times as long to look for NaN.
        middle = np.partition(part, size // 2, axis=-1)[..., size // 2]
        spread[start : start + n_rows] = _PER_MEDIAN * middle
    spread = spread.repeat(step, axis=0).repeat(step, axis=1)
    return np.maximum(1, spread[: inside.shape[0], : inside.shape[1]])


def robust_covariance(points, most=2.0):
    """Covariance about 0 in which points far out have little weight.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    most : float, optional
        Squared distance, per feature, above which a point loses weight.

    Returns
    -------
    numpy.ndarray, shape (n_features, n_features)
    """
    n_features = points.shape[1]
    covariance = empirical_covariance(points, assume_centered=True)
    covariance += _FIRST_ADDED * np.eye(n_features)
    for _ in range(_N_ROUNDS):
        distances = ((points @ np.linalg.inv(covariance)) * points).sum(axis=1)
        weights = np.minimum(1, most * n_features / np.maximum(distances, 1e-9)) ** 2
        covariance = (points * weights[:, None]).T @ points / weights.sum()
        covariance += _ADDED * np.eye(n_features)
    return covariance
