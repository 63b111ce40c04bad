"""Maps of some positions, by clusterings of different kinds."""

import warnings

import numpy as np
from sklearn.cluster import HDBSCAN, KMeans
from sklearn.exceptions import ConvergenceWarning
from sklearn.mixture import GaussianMixture

from hyperspy_4dphase.estimators.domains._boundaries import dissolve_boundaries
from hyperspy_4dphase.estimators.domains._growth import Growth
from hyperspy_4dphase.estimators.domains._shapes import whitening

_N_NEIGHBOURS = 10
_LEAST_CLUSTER = 10
_ONE_IN = 250
# Of the noise: components of a mixture may not shrink to less.
_LEAST_VARIANCE = 0.3
_SHARE, _MOST = 2 / 3, 0.9
_N_SUBSET, _N_EACH = 6000, 100


def divisive_map(shapes, random_state, n_domains=None, begin=None):
    """Domains by splits that leave a gap; see :class:`DivisiveDomains`.

    Parameters
    ----------
    shapes : Shapes
    random_state : numpy.random.RandomState
    n_domains : int, optional
        Not looked at: this kind finds the number.
    begin : numpy.ndarray of int, shape (n,), optional
        Not looked at either: labels for kinds that improve on a map.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        -1 for points without a domain.
    """
    growth = Growth(shapes, _LEAST_CLUSTER, None, random_state)
    growth.grow()
    growth.dissolve_boundaries()
    return growth.result()[0]


def density_map(shapes, random_state, n_domains=None, begin=None):
    """Domains by density, HDBSCAN (doi:10.1007/978-3-642-37456-2_14).

    Parameters and returned value as :func:`divisive_map`.
    """
    points, rows = _white(shapes)
    size = max(_LEAST_CLUSTER, len(points) // _ONE_IN)
    neighbours = min(_N_NEIGHBOURS, len(points))
    model = HDBSCAN(min_cluster_size=size, min_samples=neighbours, copy=True)
    return _everywhere(shapes, rows, model.fit_predict(points))


def gaussian_map(shapes, random_state, n_domains, begin=None):
    """As many normal distributions as there are domains, of any shapes.

    Parameters and returned value as :func:`divisive_map`; `n_domains` is needed, and
    those of `begin` are where it begins.
    """
    points, rows = _white(shapes)
    # Rounding of points far apart in units of noise is more.
    least = max(_LEAST_VARIANCE, 1e-6 * float(points.var(axis=0).max()))
    groups = _groups(points, rows, begin)
    model = GaussianMixture(
        len(groups) or min(n_domains, len(points)),
        reg_covar=least,
        random_state=random_state,
        max_iter=30,
        tol=1e-2,
        **_normal_starts(groups, least),
    )
    return _everywhere(shapes, rows, _quietly(model, points))


def nearest_center_map(shapes, random_state, n_domains, begin=None):
    """As many k-means clusters as there are domains.

    Parameters and returned value as :func:`gaussian_map`.
    """
    points, rows = _white(shapes)
    groups = _groups(points, rows, begin)
    if groups:
        centers = np.stack([group.mean(axis=0) for group in groups])
        model = KMeans(len(groups), init=centers, n_init=1)
    else:
        n_clusters = min(n_domains, len(points))
        model = KMeans(n_clusters, n_init=2, random_state=random_state)
    return _everywhere(shapes, rows, _quietly(model, points))


_QUICK = nearest_center_map, gaussian_map
# Of the compressed scan, whose noise is known, and of features: the first map, and the
# others in turn. A tree takes long, and is of the patterns in any case.
KINDS = {
    "poisson": (divisive_map, nearest_center_map, density_map, gaussian_map),
    None: (density_map, divisive_map, *4 * _QUICK),
}


def subset(labels, random_state):
    """Random rows, with many of each label.

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
    sizes = np.maximum(np.bincount(labels[rows]), 1)
    share = min(_SHARE, _N_SUBSET / max(len(rows), 1))
    chance = np.minimum(np.maximum(share, _N_EACH / sizes), _MOST)
    drawn = random_state.random_sample(len(rows)) < chance[labels[rows]]
    # Of labels that few rows have, there might be none by chance.
    missed = ~np.isin(labels[rows], labels[rows[drawn]])
    return rows[drawn | missed]


def settled(shapes, labels, random_state):
    """Labels from 0 on, without clusters that are nothing but boundaries.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int, shape (n,)
    """
    labels = numbered(np.where(shapes.known, labels, -1))
    if labels.max() > 1:
        labels = numbered(dissolve_boundaries(shapes, labels, random_state)[0])
    return labels


def _white(shapes):
    """Points that have a shape, in units of their noise, and their rows."""
    rows = np.flatnonzero(shapes.known)
    points = shapes.points[rows]
    points = (points - points.mean(axis=0)) @ whitening(shapes.noise(rows))
    return points.astype(np.float32), rows


def _groups(points, rows, labels):
    """Points of each label, none if there are no labels."""
    if labels is None:
        return []
    labels = labels[rows]
    return [points[labels == label] for label in np.unique(labels[labels >= 0])]


def _normal_starts(groups, least):
    """Where a mixture of normal distributions begins."""
    if not groups:
        return {}
    sizes = np.array([len(group) for group in groups])
    floor = least * np.eye(groups[0].shape[1])
    inverse = [
        np.linalg.inv(np.cov(group.T, bias=True).reshape(floor.shape) + floor)
        for group in groups
    ]
    return {
        "weights_init": sizes / sizes.sum(),
        "means_init": np.stack([group.mean(axis=0) for group in groups]),
        "precisions_init": np.stack(inverse),
    }


def _quietly(model, points):
    # Distinct points may be fewer than clusters, and a rough fit serves.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit_predict(points)


def _everywhere(shapes, rows, found):
    labels = np.full(len(shapes.points), -1)
    labels[rows] = found
    return labels


def numbered(labels):
    """Labels (n,) from 0 on, without gaps, in the same order; -1 stays."""
    names, numbers = np.unique(labels, return_inverse=True)
    return numbers - int(names[0] < 0)
