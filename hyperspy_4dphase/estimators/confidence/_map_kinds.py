"""Maps of some positions, by clusterings of different kinds."""

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.mixture import GaussianMixture

from hyperspy_4dphase.estimators.confidence._numbering import (
    find_chances,
    number_labels,
)
from hyperspy_4dphase.estimators.domains._boundaries import dissolve_boundaries
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth
from hyperspy_4dphase.estimators.domains._shapes import whitening

# The next constants are historical: chosen by trial in 2026, not calibrated.
# Points to which the distance tells HDBSCAN how dense a place is.
_N_NEIGHBOURS = 10
# Smallest cluster, in points; of many points HDBSCAN's is one in so many.
MIN_CLUSTER = 10
_POINTS_PER_CLUSTER = 250
# Least variance of a component of a mixture, in units of that of the noise.
_MIN_VARIANCE = 0.3
# Least of it in units of the largest variance of a feature: where points are far apart,
# rounding is more.
_ROUNDING = 1e-6
# Iterations of a mixture at most, and gain in log-likelihood a point that ends them.
_MAX_ITERATIONS, _TOLERANCE = 30, 1e-2
# Part of the positions that a map is of; the largest part of a small domain.
_FRACTION, _MAX_FRACTION_OF_SMALL = 2 / 3, 0.9
# Positions that a map is of at most, and those of each domain at least.
_N_TOTAL, _N_EACH = 6000, 100


def grow_tree(shapes, random_state):
    """Grow a tree of domains; see :class:`DivisiveDomains`.

    Parameters
    ----------
    shapes : Shapes
    random_state : numpy.random.RandomState

    Returns
    -------
    LabelledTree
        Labels (n,), -1 for points without a domain, and the tree.
    """
    growth = make_growth(shapes, MIN_CLUSTER, None, random_state)
    growth.run()
    return growth.result()


def divide_shapes(shapes, random_state):
    """Labels (n,) of a tree; see :func:`grow_tree`."""
    return grow_tree(shapes, random_state).labels


def cluster_density(points, begin, random_state):
    """Cluster points by density, with HDBSCAN (doi:10.1007/978-3-642-37456-2_14).

    Parameters
    ----------
    points : numpy.ndarray of float32, shape (n, n_features)
        In units of their noise.
    begin : numpy.ndarray of int, shape (n,)
        A map, for kinds that improve on one; -1 for none.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        -1 for none.
    """
    size = max(MIN_CLUSTER, len(points) // _POINTS_PER_CLUSTER)
    neighbours = min(_N_NEIGHBOURS, len(points))
    model = HDBSCAN(min_cluster_size=size, min_samples=neighbours, copy=True)
    return model.fit_predict(points)


def fit_gaussians(points, begin, random_state):
    """Fit as many normal distributions, of any shapes, as a map has domains.

    Parameters and returned value are those of :func:`cluster_density`; at first the
    distributions are those of the domains of `begin`.
    """
    least = max(_MIN_VARIANCE, _ROUNDING * float(points.var(axis=0).max()))
    groups = _group_points(points, begin)
    sizes = np.array([len(group) for group in groups])
    floor = least * np.eye(points.shape[1])
    covariances = [np.cov(group.T, bias=True).reshape(floor.shape) for group in groups]
    model = GaussianMixture(
        len(groups),
        reg_covar=least,
        random_state=random_state,
        max_iter=_MAX_ITERATIONS,
        tol=_TOLERANCE,
        weights_init=sizes / sizes.sum(),
        means_init=[group.mean(axis=0) for group in groups],
        precisions_init=np.linalg.inv(np.stack(covariances) + floor),
    )
    return model.fit_predict(points)


def fit_k_means(points, begin, random_state):
    """Fit as many k-means clusters as a map has domains.

    Parameters and returned value are those of :func:`cluster_density`; at first the
    centers are those of the domains of `begin`.
    """
    centers = np.stack([group.mean(axis=0) for group in _group_points(points, begin)])
    return KMeans(len(centers), init=centers, n_init=1).fit_predict(points)


def _group_points(points, labels):
    """Group points by their labels, but for -1."""
    return [points[labels == label] for label in np.unique(labels[labels >= 0])]


def make_map(kind, shapes, begin, random_state):
    """Make a map of some kind.

    Parameters
    ----------
    kind : callable
        One of `PATTERN_KINDS` or `FEATURE_KINDS`.
    shapes : Shapes
    begin : numpy.ndarray of int, shape (n,)
        A map, for kinds that improve on one; -1 for none.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        -1 for points without a domain, or without a shape.
    """
    if kind is divide_shapes:
        return divide_shapes(shapes, random_state)
    rows = np.flatnonzero(shapes.known)
    points = shapes.points[rows]
    points = (points - points.mean(axis=0)) @ whitening(shapes.noise(rows))
    labels = np.full(len(begin), -1)
    labels[rows] = kind(points.astype(np.float32), begin[rows], random_state)
    return labels


# Kinds of maps of the compressed scan, whose noise is known, and of features: that of
# the first map, and the others in turn. Clustering features, a tree takes long: it is
# of the patterns in any case.
PATTERN_KINDS = divide_shapes, fit_k_means, cluster_density, fit_gaussians
FEATURE_KINDS = cluster_density, divide_shapes, *4 * (fit_k_means, fit_gaussians)


def draw_subset(labels, random_state):
    """Draw random rows, with many of each label.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        Rows of -1 are left out.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int
        In rising order, none of them twice, and some of each label.
    """
    rows = np.flatnonzero(labels >= 0)
    chance = find_chances(labels[rows], _N_TOTAL, _N_EACH, _FRACTION)
    chance = np.minimum(chance, _MAX_FRACTION_OF_SMALL)
    drawn = random_state.random_sample(len(rows)) < chance
    # Of labels that few rows have, there might be none by chance.
    missed = ~np.isin(labels[rows], labels[rows[drawn]])
    return rows[drawn | missed]


def remove_boundaries(shapes, labels, random_state):
    """Remove clusters that are nothing but boundaries, and number the others.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        From 0 on; -1 for none.
    """
    labels = number_labels(np.where(shapes.known, labels, -1))
    if labels.max() > 1:
        labels = number_labels(dissolve_boundaries(shapes, labels, random_state)[0])
    return labels
