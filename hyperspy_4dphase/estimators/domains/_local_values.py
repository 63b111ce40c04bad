"""One number at each position, less what its surroundings predict.

The same as :func:`fit_around` for a single feature, of which only the value at the
position itself is asked for: several times faster.
"""

import numba
import numpy as np

_N_TERMS = 6
# Widths of the weights beyond which they are 0: there they are 4 % of the largest.
_REACH = 2.5
# Of the terms of a quadratic: powers along y and along x.
POWERS = np.array([(0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (2, 0)])


def subtract_surroundings(values, weights, size, ridge, least_left):
    """Subtract what a quadratic, fitted around each position, predicts there.

    Parameters
    ----------
    values : numpy.ndarray, shape (ny, nx)
    weights : numpy.ndarray, shape (ny, nx)
        0 where there is no value, or none that is to be used.
    size : float
        Width of the Gaussian weights, in positions.
    ridge : float
        Part of a fit that makes it a constant where there are too few values for more.
    least_left : float
        Least part of a value that is not its own in the fit at its place.

    Returns
    -------
    numpy.ndarray of float64, shape (ny, nx)

    Examples
    --------
    A quadratic is predicted whole, a single value that stands out is left whole.

    >>> y, x = np.mgrid[:20, :30] / 10
    >>> values = y**2 - x * y
    >>> weights = np.ones(values.shape)
    >>> values[10, 15] += 1
    >>> weights[10, 15] = 0
    >>> left = subtract_surroundings(values, weights, 2.5, 1e-9, 0.3)
    >>> round(float(left[10, 15]), 3), bool(abs(left[weights > 0]).max() < 1e-3)
    (1.0, True)
    """
    kernels = make_kernels(size)
    values = np.ascontiguousarray(values, dtype=float)
    weights = np.ascontiguousarray(weights, dtype=float)
    return _subtract(values, weights, kernels, POWERS, ridge, least_left)


def measure_reach(size):
    """Farthest position that has weight in a fit, along an axis."""
    return int(np.ceil(_REACH * size))


def make_kernels(size):
    """Gaussian weights of a width, times powers 0 to 4 of the distance in widths."""
    reach = measure_reach(size)
    t = np.arange(-reach, reach + 1) / size
    return np.exp(-(t**2) / 2) * t ** np.arange(5)[:, None]


@numba.njit(cache=True, nogil=True)
def _add_along_y(field, kernels, n_powers):
    """Moments of each column, padded along x: (n_powers, ny, nx + 2 * reach)."""
    ny, nx = field.shape
    reach = kernels.shape[1] // 2
    sums = np.zeros((n_powers, ny, nx + 2 * reach))
    for power in range(n_powers):
        for y in range(ny):
            row = sums[power, y]
            for k in range(max(-reach, -y), min(reach, ny - 1 - y) + 1):
                factor = kernels[power, k + reach]
                other = field[y + k]
                for x in range(nx):
                    row[x + reach] += factor * other[x]
    return sums


@numba.njit(cache=True, nogil=True)
def _add_along_x(padded, kernel, row):
    """Moments of one row, which the sums of its columns are given of."""
    row[:] = 0
    for k in range(kernel.size):
        factor = kernel[k]
        for x in range(row.size):
            row[x] += factor * padded[x + k]


@numba.njit(cache=True, nogil=True)
def _solve_for_value(normal, coefficients):
    """First row of the inverse, by Cholesky's decomposition, which is in place."""
    n = coefficients.size
    for j in range(n):
        for i in range(j, n):
            total = normal[i, j]
            for k in range(j):
                total -= normal[i, k] * normal[j, k]
            normal[i, j] = np.sqrt(total) if i == j else total / normal[j, j]
    for i in range(n):
        total = 1.0 if i == 0 else 0.0
        for k in range(i):
            total -= normal[i, k] * coefficients[k]
        coefficients[i] = total / normal[i, i]
    for i in range(n - 1, -1, -1):
        total = coefficients[i]
        for k in range(i + 1, n):
            total -= normal[k, i] * coefficients[k]
        coefficients[i] = total / normal[i, i]


@numba.njit(cache=True, nogil=True)
def _subtract(values, weights, kernels, powers, ridge, least_left):
    ny, nx = values.shape
    of_weights = _add_along_y(weights, kernels, 5)
    of_values = _add_along_y(values * weights, kernels, 3)
    moments = np.zeros((5, 5, nx))
    sums = np.zeros((_N_TERMS, nx))
    normal, first = np.empty((_N_TERMS, _N_TERMS)), np.empty(_N_TERMS)
    left = np.empty((ny, nx))
    for y in range(ny):
        for a in range(5):
            for b in range(5 - a):
                _add_along_x(of_weights[a, y], kernels[b], moments[a, b])
        for j in range(_N_TERMS):
            a, b = powers[j, 0], powers[j, 1]
            _add_along_x(of_values[a, y], kernels[b], sums[j])
        for x in range(nx):
            for i in range(_N_TERMS):
                for j in range(i + 1):
                    a = powers[i, 0] + powers[j, 0]
                    b = powers[i, 1] + powers[j, 1]
                    normal[i, j] = moments[a, b, x]
                normal[i, i] += ridge
            _solve_for_value(normal, first)
            predicted = 0.0
            for j in range(_N_TERMS):
                predicted += first[j] * sums[j, x]
            own = first[0] * weights[y, x]
            left[y, x] = (values[y, x] - predicted) / max(1 - own, least_left)
    return left
