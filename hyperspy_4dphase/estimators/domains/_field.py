"""Points on the grid of a scan, and means of neighbours that are alike."""

from dataclasses import dataclass
from itertools import product

import numpy as np

# Excess of a squared distance over that of noise, in its standard deviations, at which
# a neighbour has lost 63 % of its weight. Calibrated together with the markers of
# `_regions`, which are sought in these means: from 4 to 16 makes no difference.
_ALIKE = 8.0


@dataclass
class Field:
    """Points with a place in the scan.

    Attributes
    ----------
    points : numpy.ndarray, shape (n, n_features)
        Of unit noise.
    positions : numpy.ndarray of int, shape (n, n_axes)
        From 0 on.
    """

    points: np.ndarray
    positions: np.ndarray

    def __post_init__(self):
        self.positions = self.positions - self.positions.min(axis=0)

    @property
    def shape(self):
        """tuple of int: Of the grid."""
        return tuple(self.positions.max(axis=0) + 1)

    @property
    def places(self):
        """tuple of numpy.ndarray: Index of the points into a grid."""
        return tuple(self.positions.T)

    def spread(self, values, fill):
        """Lay values of the points on the grid, `fill` where there is no point."""
        values = np.asarray(values)
        grid = np.full(self.shape + values.shape[1:], fill, values.dtype)
        grid[self.places] = values
        return grid

    @property
    def inside(self):
        """numpy.ndarray of bool, of the grid: Where there are points."""
        return self.spread(np.ones(len(self.points), bool), False)


@dataclass
class Means:
    """Means of each point with its neighbours that are alike.

    Attributes
    ----------
    points : numpy.ndarray, shape (n, n_features)
    variance : numpy.ndarray, shape (n,)
        Of their noise.
    """

    points: np.ndarray
    variance: np.ndarray


def average_alike(field):
    """Average each point with those around it that differ by little more than noise.

    Edges stay: what lies beyond one differs by more, and has no weight.

    Parameters
    ----------
    field : Field

    Returns
    -------
    Means
    """
    n_features = field.points.shape[1]
    points, inside = field.spread(field.points, 0), field.inside
    total, weight, squares = points.copy(), inside.astype(float), inside.astype(float)
    scale = _ALIKE * np.sqrt(2 * n_features)
    for offset in product((-1, 0, 1), repeat=inside.ndim):
        if not any(offset):
            continue
        here, there = _overlap(inside.shape, offset)
        excess = np.square(points[there] - points[here]).sum(axis=-1) - 2 * n_features
        own = np.exp(-np.maximum(excess, 0) / scale)
        own *= inside[here] & inside[there]
        total[here] += own[..., None].astype(points.dtype) * points[there]
        weight[here] += own
        squares[here] += own**2
    weight, squares = weight[field.places], squares[field.places]
    means = total[field.places] / weight[:, None]
    return Means(means.astype(points.dtype), squares / weight**2)


def _overlap(shape, offset):
    """Slices of a grid, and of the same grid moved by an offset of -1 to 1."""
    pairs = list(zip(shape, offset, strict=True))
    here = tuple(slice(max(-o, 0), n - max(o, 0)) for n, o in pairs)
    there = tuple(slice(max(o, 0), n - max(-o, 0)) for n, o in pairs)
    return here, there
