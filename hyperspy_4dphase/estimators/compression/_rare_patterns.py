"""Structure of a handful of patterns: what they leave over is more than noise."""

import numpy as np
from scipy.stats import median_abs_deviation

# The most directions that rare patterns give. Historical: chosen by trial.
_MAX_DIRECTIONS = 8
# Standard deviations beyond what the largest of so many noise values is expected to
# be. Historical: chosen by trial, not calibrated.
_MARGIN = 0.6
# Squared singular values below this fraction of the largest are rounding.
_ROUNDING = 1e-6


def find_outliers(products):
    """Tell which of the outstanding patterns leave over more than noise does.

    Parameters
    ----------
    products : GramPass

    Returns
    -------
    numpy.ndarray of bool, shape (n_outstanding,)
    """
    _, _, u, _ = products.by_rows()
    excess = products.excess()[u > 0]
    spread = median_abs_deviation(excess, scale="normal")
    n_spreads = np.sqrt(2 * np.log(max(excess.size, 2))) + _MARGIN
    outstanding = products.join("outstanding_excess")
    return outstanding > np.median(excess) + n_spreads * spread


def find_rare_directions(products, V, scaling):
    """Find what the patterns that stand out most leave over, as a few directions.

    A phase on a handful of positions is weaker than noise in all patterns together, but
    each of its patterns leaves more over than counting noise allows.

    Parameters
    ----------
    products : GramPass
    V : numpy.ndarray, shape (n_pixels, k)
        Orthonormal columns on which the patterns were projected.
    scaling : Scaling

    Returns
    -------
    numpy.ndarray, shape (n_pixels, n_directions)
        Orthonormal columns; none where no pattern is rare.
    """
    rare = find_outliers(products)
    if not rare.any():
        return np.empty((len(V), 0), np.float32)
    Y, _, u, _ = products.by_rows()
    rows = products.join("outstanding_rows")[rare]
    scale = np.sqrt(u[rows])[:, None] * np.sqrt(scaling.column_weight)
    left = products.join("outstanding")[rare] * scale - Y[rows] @ V.T
    values, vectors = np.linalg.eigh(left @ left.T)
    kept = np.flatnonzero(values > _ROUNDING * values[-1])[-_MAX_DIRECTIONS:]
    return left.T @ (vectors[:, kept] / np.sqrt(values[kept]))
