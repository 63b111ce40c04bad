"""Clusters of features between which there is no gap: parts of one continuum."""

import numpy as np
from sklearn.neighbors import NearestNeighbors

from hyperspy_4dphase.estimators.domains._bridges import is_bridged
from hyperspy_4dphase.estimators.domains._clusters import sampled
from hyperspy_4dphase.estimators.domains._directions import (
    agreement,
    discriminant,
    refined,
)
from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._splits import LOG_P, local_points

_N_SAMPLED = 2000
_N_NEAREST = 3
_LEAST_SIZE = 5
_BETWEEN = 0.5


def joined(shapes, clustered, labels, random_state):
    """Join clusters between which neither features nor patterns leave a gap.

    Clustering by density cuts where points are rarer, if only by a little: also where
    patterns change smoothly and all that lies between is there. Two clusters are apart
    if, along one axis of the features or of the patterns, points are so rare between
    them that it is no chance (:func:`find_valley`). Patterns that change along a curve
    are rare where a straight axis crosses it: that is no gap (:func:`is_bridged`).

    Parameters
    ----------
    shapes : Shapes
        The patterns.
    clustered : Shapes
        What was clustered: features of the same patterns.
    labels : numpy.ndarray of int, shape (n,)
        From 0 on; -1 for none.
    random_state : numpy.random.RandomState

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        Joined clusters have one of their labels, the others have theirs; -1 stays.
    """
    labels = labels.copy()
    whole = _completed(clustered, np.where(shapes.known, labels, -1))
    apart, waiting = set(), _near_pairs(shapes, whole)
    while waiting:
        pair = waiting.pop(0)
        if pair in apart:
            continue
        if _are_apart(shapes, clustered, whole, pair, random_state):
            apart.add(pair)
            continue
        for found in (labels, whole):
            found[found == pair[1]] = pair[0]
        apart = {other for other in apart if not set(pair) & set(other)}
        waiting = _near_pairs(shapes, whole)
    return labels


def _completed(clustered, labels):
    """Labels for all that have features: those left out lie where clusters meet."""
    has_label = labels >= 0
    left = np.flatnonzero(clustered.known & ~has_label)
    if not left.size or not has_label.any():
        return labels
    labels = labels.copy()
    found = NearestNeighbors(n_neighbors=1).fit(clustered.points[has_label])
    nearest = found.kneighbors(clustered.points[left], return_distance=False)[:, 0]
    labels[left] = labels[has_label][nearest]
    return labels


def _near_pairs(shapes, labels):
    """Pairs of each label and those with the nearest means, the nearest first."""
    rows = np.flatnonzero(labels >= 0)
    names = np.unique(labels[rows])
    if names.size < 2:
        return []
    means = np.stack([shapes.points[labels == name].mean(axis=0) for name in names])
    means = means @ whitening(shapes.noise(rows))
    distances = np.square(means[:, np.newaxis] - means).sum(axis=2)
    np.fill_diagonal(distances, np.inf)
    near = np.argsort(distances, axis=1)[:, : min(_N_NEAREST, names.size - 1)]
    pairs = {(min(i, j), max(i, j)) for i, row in enumerate(near) for j in row}
    pairs = sorted(pairs, key=lambda pair: (distances[pair], pair))
    return [(int(names[i]), int(names[j])) for i, j in pairs]


def _are_apart(shapes, clustered, labels, pair, random_state):
    """Whether features or patterns leave a gap between two clusters.

    Those found by density may curve around one another, but not those of a path that
    the features have straightened: paths are sought among the patterns only.
    """
    rows = sampled(np.flatnonzero(np.isin(labels, pair)), _N_SAMPLED, random_state)
    side = labels[rows] == pair[0]
    patterns = local_points(shapes.points[rows], shapes.noise(rows))
    if not patterns.shape[1]:
        return False
    features = clustered.points[rows] - clustered.points[rows].mean(axis=0)
    features = features @ whitening(clustered.noise(rows))
    if _gap(features.astype(np.float32), side) is not None:
        return True
    found = _gap(patterns, side)
    if found is None:
        return False
    direction, valley = found
    return not is_bridged(patterns, patterns @ direction, valley, random_state)


def _gap(points, side):
    """Direction and valley between two sides; None if there is none, or elsewhere."""
    found = refined(points, discriminant(points, side), _LEAST_SIZE)
    if found is None or found[1].log_p > LOG_P:
        return None
    alike = agreement(side, points @ found[0] > found[1].cut)
    return found if alike > _BETWEEN else None
