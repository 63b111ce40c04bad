"""What patterns of a boundary are mixtures of, and by how much."""

import numpy as np
from scipy.optimize import nnls

from hyperspy_4dphase.estimators.domains._bridges import squared_tube_radius
from hyperspy_4dphase.estimators.domains._shapes import whitening

_N_TRIMMED = 3
_N_BLOCK = 65_536
# Weight of the equation by which shares add up to 1, in units of the longest middle.
_WHOLE = 1e3
# Of an equation that prefers near middles to far ones, in units of the noise.
_NEAR = 0.3


def by_larger_share(shapes, labels, kept=None):
    """Give each mixture of domains to the one of which it has most.

    A split decides between two groups of domains. What is mixed of several is better
    judged by the middles of them all: a point that is, within its noise, a mixture of
    these goes to the domain with the largest share.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
        From 0 on; -1 is left alone.
    kept : numpy.ndarray of bool, shape (n,), optional
        Points that keep their labels.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
    """
    rows = np.flatnonzero(labels >= 0)
    names, own = np.unique(labels[rows], return_inverse=True)
    if names.size < 2:
        return labels
    labels = labels.copy()
    points = shapes.points[rows] @ whitening(shapes.noise(rows))
    middles = np.stack([middle(points[own == i]) for i in range(names.size)])
    radius = squared_tube_radius(points.shape[1])
    for start in range(0, len(rows), _N_BLOCK):
        block = slice(start, start + _N_BLOCK)
        distances = _squared_distances(points[block], middles)
        nearest = distances.argmin(axis=1)
        pure = (nearest == own[block]) & (distances.min(axis=1) < radius)
        if kept is not None:
            pure |= kept[rows[block]]
        left = start + np.flatnonzero(~pure)
        shares, mixed = mixture_shares(points[left], middles, radius)
        labels[rows[left[mixed]]] = names[shares[mixed].argmax(axis=1)]
    return labels


def middle(points):
    """Mean of the half that is nearest to it: without what is mixed.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)

    Returns
    -------
    numpy.ndarray, shape (n_features,)
    """
    found = points.mean(axis=0)
    for _ in range(_N_TRIMMED):
        distances = np.square(points - found).sum(axis=1)
        found = points[distances <= np.median(distances)].mean(axis=0)
    return found


def mixture_shares(points, middles, squared_radius):
    """Shares of some middles in each point, and whether it is a mixture of them.

    Where a point is a mixture in more than one way, as between middles in a row, it is
    one of those around it: the shares with the least mean squared distance.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    middles : numpy.ndarray, shape (n_middles, n_features)
    squared_radius : float
        Squared distance from its nearest mixture that noise allows a point.

    Returns
    -------
    shares : numpy.ndarray, shape (n, n_middles)
        Not negative; of a mixture they add up to 1, of any other point they are 0.
    mixed : numpy.ndarray of bool, shape (n,)
    """
    steps = middles[1:] - middles[0]
    axes = np.linalg.qr(steps.T)[0]
    from_first = points - middles[0]
    within = from_first @ axes
    off = np.square(from_first).sum(axis=1) - np.square(within).sum(axis=1)
    shares = np.zeros((len(points), len(middles)))
    mixed = off < squared_radius
    corners = np.vstack([np.zeros(axes.shape[1]), steps @ axes])
    whole = _WHOLE * max(np.abs(corners).max(initial=0), 1.0)
    equations = np.vstack([corners.T, np.full((2, len(middles)), whole)])
    far = _squared_distances(within, corners)
    far *= _NEAR / np.maximum(far.mean(axis=1, keepdims=True), 1e-30)
    for i in np.flatnonzero(mixed):
        equations[-2] = far[i]
        found = nnls(equations, np.append(within[i], (0, whole)))[0]
        shares[i] = found / found.sum()
    mixed &= off + np.square(within - shares @ corners).sum(axis=1) < squared_radius
    shares[~mixed] = 0
    return shares, mixed


def _squared_distances(points, middles):
    lengths = np.square(points).sum(axis=1)[:, None] + np.square(middles).sum(axis=1)
    return np.maximum(lengths - 2 * points @ middles.T, 0)
