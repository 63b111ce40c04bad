"""What patterns of a boundary are mixtures of, and by how much."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls
from scipy.spatial.distance import cdist

from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._tubes import squared_tube_radius

# Steps in which a centre settles. Historical: chosen by trial in 2026.
_N_STEPS = 3
# Points that are looked at at once, for the sake of memory.
_N_BLOCK = 65_536
# Weight of the equation by which fractions add up to 1, in units of the longest centre:
# so large that they do.
_SUM_WEIGHT = 1e3
# Weight of an equation that prefers near centres to far ones, in units of the noise.
# Historical: chosen by trial in 2026.
_NEAR_WEIGHT = 0.3


class Mixtures(NamedTuple):
    """What points are mixtures of.

    Attributes
    ----------
    fractions : numpy.ndarray, shape (n, n_centers)
        Not negative; of a mixture they add up to 1, of any other point they are 0.
    mixed : numpy.ndarray of bool, shape (n,)
        Whether the point is, within its noise, a mixture of the centres.
    """

    fractions: np.ndarray
    mixed: np.ndarray


def assign_mixtures(shapes, labels, kept=None):
    """Give each mixture of domains to the one of which it has most.

    A split decides between two groups of domains. What is mixed of several is better
    judged by the centres of them all: a point that is, within its noise, a mixture of
    these goes to the domain with the largest fraction.

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
    centers = np.stack([find_center(points[own == i]) for i in range(names.size)])
    radius = squared_tube_radius(points.shape[1])
    for start in range(0, len(rows), _N_BLOCK):
        block = slice(start, start + _N_BLOCK)
        distances = cdist(points[block], centers, "sqeuclidean")
        stays = distances.argmin(axis=1) == own[block]
        stays &= distances.min(axis=1) < radius
        if kept is not None:
            stays |= kept[rows[block]]
        left = start + np.flatnonzero(~stays)
        fractions, mixed = find_mixtures(points[left], centers, radius)
        labels[rows[left[mixed]]] = names[fractions[mixed].argmax(axis=1)]
    return labels


def find_center(points):
    """Mean of the half of the points that is nearest to it: without what is mixed.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)

    Returns
    -------
    numpy.ndarray, shape (n_features,)
    """
    center = points.mean(axis=0)
    for _ in range(_N_STEPS):
        distances = np.square(points - center).sum(axis=1)
        center = points[distances <= np.median(distances)].mean(axis=0)
    return center


def find_mixtures(points, centers, squared_radius):
    """Find the fractions of some centres in each point, if it is a mixture of them.

    Where a point is a mixture in more than one way, as between centres in a row, it is
    one of those around it: the fractions with the least mean squared distance.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
    centers : numpy.ndarray, shape (n_centers, n_features)
    squared_radius : float
        Squared distance from its nearest mixture that noise allows a point.

    Returns
    -------
    Mixtures
    """
    steps = centers[1:] - centers[0]
    axes = np.linalg.qr(steps.T)[0]
    from_first = points - centers[0]
    within = from_first @ axes
    off = np.square(from_first).sum(axis=1) - np.square(within).sum(axis=1)
    mixed = off < squared_radius
    corners = np.vstack([np.zeros(axes.shape[1]), steps @ axes])
    weight = _SUM_WEIGHT * max(np.abs(corners).max(initial=0), 1.0)
    equations = np.vstack([corners.T, np.full((2, len(centers)), weight)])
    far = cdist(within, corners, "sqeuclidean")
    far *= _NEAR_WEIGHT / np.maximum(far.mean(axis=1, keepdims=True), 1e-30)
    fractions = np.zeros((len(points), len(centers)))
    for i in np.flatnonzero(mixed):
        equations[-2] = far[i]
        found = nnls(equations, np.append(within[i], (0, weight)))[0]
        fractions[i] = found / found.sum()
    off += np.square(within - fractions @ corners).sum(axis=1)
    mixed &= off < squared_radius
    fractions[~mixed] = 0
    return Mixtures(fractions, mixed)
