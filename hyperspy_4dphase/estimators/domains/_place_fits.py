"""Quadratics fitted around some positions of a scan only.

The same as :func:`fit_around`, which fits all of them, as convolutions: faster where
few are asked for.
"""

import numba
import numpy as np

from hyperspy_4dphase.estimators.domains._local_values import POWERS, make_kernels


def fit_places(points, weights, places, size, ridge):
    """Fit a quadratic to the patterns around each of some positions.

    Parameters
    ----------
    points : numpy.ndarray, shape (ny, nx, n_features)
    weights : numpy.ndarray, shape (ny, nx)
        0 where there is no point, or none that is to be used.
    places : numpy.ndarray of bool, shape (ny, nx)
        Where to fit.
    size : float
        Width of the Gaussian weights, in positions.
    ridge : float
        Part of a fit that makes it a constant where there are too few patterns for
        more.

    Returns
    -------
    coefficients : numpy.ndarray, shape (n_places, 6, n_features)
        Value, slopes and curvatures, in units of the width.
    own : numpy.ndarray, shape (n_places,)
        What part of the value is the pattern at the place itself.
    noise : numpy.ndarray, shape (n_places, 6)
        Variance of the coefficients.

    Examples
    --------
    >>> y, x = np.mgrid[:20, :30] / 2.5
    >>> points = np.stack([y * x, y + x], axis=-1)
    >>> places = np.zeros(y.shape, bool)
    >>> places[10, 15] = True
    >>> coefficients, *_ = fit_places(points, np.ones(y.shape), places, 2.5, 1e-9)
    >>> value, along_x, _, along_y, *_ = coefficients[0].round(3).tolist()
    >>> value, along_x, along_y
    ([24.0, 10.0], [4.0, 1.0], [6.0, 1.0])
    """
    kernels = make_kernels(size)
    at = np.argwhere(places)
    points = np.ascontiguousarray(points, dtype=float)
    weights = np.ascontiguousarray(weights, dtype=float)
    moments, sums = _add_up(points, weights, at, kernels, POWERS)
    orders = POWERS[:, None] + POWERS
    normal = moments[:, orders[..., 0], orders[..., 1]] + ridge * np.eye(len(POWERS))
    inverse = np.linalg.inv(normal)
    noise = np.diagonal(inverse, axis1=1, axis2=2)
    return inverse @ sums, inverse[:, 0, 0] * weights[places], noise


@numba.njit(cache=True, nogil=True)
def _add_up(points, weights, at, kernels, powers):
    """Weighted sums around places, along x of those along y."""
    ny, nx, n_features = points.shape
    reach = kernels.shape[1] // 2
    moments, sums = np.zeros((len(at), 5, 5)), np.zeros((len(at), 6, n_features))
    column, columns = np.zeros(5), np.zeros((3, n_features))
    for i in range(len(at)):
        y, x = at[i, 0], at[i, 1]
        for dx in range(max(-reach, -x), min(reach, nx - 1 - x) + 1):
            column[:], columns[:] = 0, 0
            for dy in range(max(-reach, -y), min(reach, ny - 1 - y) + 1):
                weight = weights[y + dy, x + dx]
                if weight == 0:
                    continue
                for a in range(5):
                    column[a] += kernels[a, dy + reach] * weight
                for a in range(3):
                    factor = kernels[a, dy + reach] * weight
                    for k in range(n_features):
                        columns[a, k] += factor * points[y + dy, x + dx, k]
            for a in range(5):
                for b in range(5 - a):
                    moments[i, a, b] += kernels[b, dx + reach] * column[a]
            for j in range(len(powers)):
                factor, a = kernels[powers[j, 1], dx + reach], powers[j, 0]
                for k in range(n_features):
                    sums[i, j, k] += factor * columns[a, k]
    return moments, sums
