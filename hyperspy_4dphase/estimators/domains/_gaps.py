"""Clusters of features between which there is no gap: parts of one continuum."""

import numpy as np
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase.estimators.domains._bridges import is_bridged
from hyperspy_4dphase.estimators.domains._clusters import draw_sample, pair_neighbours
from hyperspy_4dphase.estimators.domains._directions import (
    discriminate,
    measure_agreement,
    refine_direction,
)
from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._splits import MAX_LOG_P, find_local_points

# All of these are historical: chosen by trial in 2026, not calibrated.
# Points of a pair of clusters that are looked at.
_N_SAMPLED = 2000
# Fewest of these on either side of a gap.
_MIN_SIZE = 5
# A gap is between two clusters if it agrees with them so well.
_MIN_AGREEMENT = 0.5


def join_clusters(shapes, clustered, labels, random_state):
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
    filled = _fill(clustered, np.where(shapes.known, labels, -1))
    apart, waiting = set(), _pair_labels(shapes, filled)
    while waiting:
        pair = waiting.pop(0)
        if pair in apart:
            continue
        if _are_apart(shapes, clustered, filled, pair, random_state):
            apart.add(pair)
            continue
        for found in (labels, filled):
            found[found == pair[1]] = pair[0]
        apart = {other for other in apart if not set(pair) & set(other)}
        waiting = _pair_labels(shapes, filled)
    return labels


def _fill(clustered, labels):
    """Label all that have features: those left out lie where clusters meet."""
    has_label = labels >= 0
    left = clustered.known & ~has_label
    if not left.any() or not has_label.any():
        return labels
    labels = labels.copy()
    nearest = KNeighborsClassifier(1)
    nearest.fit(clustered.points[has_label], labels[has_label])
    labels[left] = nearest.predict(clustered.points[left])
    return labels


def _pair_labels(shapes, labels):
    """Pair each label with those that have the nearest means, the nearest first."""
    names = np.unique(labels[labels >= 0])
    if names.size < 2:
        return []
    means = np.stack([shapes.points[labels == name].mean(axis=0) for name in names])
    means = means @ whitening(shapes.noise(np.flatnonzero(labels >= 0)))
    return [tuple(names[[i, j]].tolist()) for i, j in pair_neighbours(means)]


def _are_apart(shapes, clustered, labels, pair, random_state):
    """Whether features or patterns leave a gap between two clusters.

    Clusters found by density may curve around one another, but not those of a path that
    the features have straightened: paths are sought among the patterns only.
    """
    rows = draw_sample(np.flatnonzero(np.isin(labels, pair)), _N_SAMPLED, random_state)
    side = labels[rows] == pair[0]
    patterns = find_local_points(shapes.points[rows], shapes.noise(rows))
    if not patterns.shape[1]:
        return False
    features = clustered.points[rows] - clustered.points[rows].mean(axis=0)
    features = features @ whitening(clustered.noise(rows))
    if _find_gap(features.astype(np.float32), side) is not None:
        return True
    gap = _find_gap(patterns, side)
    if gap is None:
        return False
    values = patterns @ gap.direction
    return not is_bridged(patterns, values, gap.valley, random_state)


def _find_gap(points, side):
    """The cut between two sides; None if there is none, or elsewhere."""
    cut = refine_direction(points, discriminate(points, side), _MIN_SIZE)
    if cut is None or cut.valley.log_p > MAX_LOG_P:
        return None
    return cut if measure_agreement(side, cut.side(points)) > _MIN_AGREEMENT else None
