"""Leaves that are no domains, but boundaries: mixtures of two others."""

import numpy as np
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from hyperspy_4dphase.estimators.domains._clusters import draw_sample
from hyperspy_4dphase.estimators.domains._mixtures import find_center, find_mixtures
from hyperspy_4dphase.estimators.domains._shapes import whitening
from hyperspy_4dphase.estimators.domains._tubes import (
    MAX_DENSITY_RATIO,
    count_at_ends,
    count_in_tubes,
    draw_lines,
    squared_tube_radius,
)

# All of these are historical: chosen by trial in 2026, not calibrated.
# Sizes of samples: a compromise between time and noise.
_N_JUDGED = 60
_N_CROWD = 8000
# Fewest points near either end of a line.
_MIN_POINTS = 5
# Distance, in positions, within which a probe may mix patterns, with what smoothing
# adds; part of the points of a leaf that must be so near to another one.
_REACH, _LEAST_NEAR = 4.0, 0.2
# Points of a leaf whose surroundings are looked at.
_N_PLACES = 300
# Fraction of its points that make a leaf a boundary if they are mixtures of two.
_MIN_MIXED = 0.2
# The same if they are mixtures of several, and scatter: no more than so large a
# fraction is within noise of their middle.
_MIN_BLENDED = 0.7
_MAX_CENTRAL = 0.5


def dissolve_boundaries(
    shapes, labels, random_state, judged=None, min_mixed=_MIN_MIXED
):
    """Give the points of boundaries to the domains that they are mixtures of.

    A boundary that is a few positions wide can be a cluster of its own, since positions
    on a grid lie at few distances from it. Its points lie on straight lines between two
    crowds of other domains, and are fewer; or, where several domains meet, they are
    mixtures of these, no two alike. Where positions are known, these are near.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
        From 0 on; -1 is left alone.
    random_state : numpy.random.RandomState
    judged : list of int, optional
        Labels that may be boundaries; by default all.
    min_mixed : float, optional
        Fraction of its points that makes a leaf a boundary if they are mixtures of two.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
        Those of boundaries are gone, the others as they were.
    dissolved : list of int
    """
    labels = labels.copy()
    dissolved = []
    sizes = np.bincount(labels[labels >= 0])
    around = _Around(shapes, labels)
    for label in np.argsort(sizes, kind="stable").tolist():
        if judged is not None and label not in judged:
            continue
        kept = [i for i in range(sizes.size) if i != label and i not in dissolved]
        if len(kept) < 2:
            break
        near = around.find(labels, label)
        kept = [i for i in kept if i in near]
        if len(kept) < 2:
            continue
        given = _assign_blend(shapes, labels, label, kept)
        if given is None:
            ends = _find_ends(shapes, labels, label, kept, random_state, min_mixed)
            if ends is None:
                continue
            given = find_nearest(shapes, labels, np.flatnonzero(labels == label), ends)
        labels[labels == label] = given
        dissolved.append(label)
    return labels, dissolved


class _Around:
    """What is near enough in the scan to be mixed by the probe; all if not known."""

    def __init__(self, shapes, labels):
        self._positions, self._rows = shapes.positions, np.flatnonzero(labels >= 0)
        if self._positions is not None and self._rows.size:
            self._tree = cKDTree(self._positions[self._rows])

    def find(self, labels, label):
        """Labels that are near many of the points of one of them."""
        own = np.flatnonzero(labels == label)
        if self._positions is None or not own.size:
            return set(labels.tolist())
        own = own[:: -(-own.size // _N_PLACES)]
        near = self._tree.query_ball_point(self._positions[own], _REACH)
        names = [np.unique(labels[self._rows[rows]]) for rows in near]
        names, counts = np.unique(np.concatenate(names), return_counts=True)
        return set(names[counts >= _LEAST_NEAR * own.size].tolist())


def find_nearest(shapes, labels, rows, among):
    """Find the label whose mean is nearest, for each of some rows.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
    rows : numpy.ndarray of int
        One at least.
    among : sequence of int
        The labels to choose from.

    Returns
    -------
    numpy.ndarray of int, shape (n_rows,)
    """
    whiten = whitening(shapes.noise(rows))
    means = np.stack([shapes.points[labels == i].mean(axis=0) for i in among])
    distances = cdist(shapes.points[rows] @ whiten, means @ whiten)
    return np.asarray(among)[distances.argmin(axis=1)]


def _find_ends(shapes, labels, label, kept, random_state, min_mixed):
    """Find the leaves that a boundary is a mixture of, or None if it is no boundary."""
    rows = np.flatnonzero(labels == label)
    others = np.flatnonzero(np.isin(labels, kept))
    n_others = len(others)
    if len(rows) > n_others:
        return None
    whiten = whitening(shapes.noise(rows)).astype(np.float32)
    own = (shapes.points[rows] @ whiten).astype(np.float32)
    others = draw_sample(others, _N_CROWD, random_state)
    fraction = len(others) / n_others
    crowd = (shapes.points[others] @ whiten).astype(np.float32)
    sample = draw_sample(own, _N_JUDGED, random_state)
    radius = squared_tube_radius(own.shape[1])
    mixed = np.zeros(len(sample), dtype=bool)
    ends = set()
    for i in kept:
        inside = labels[others] == i
        if not inside.any():
            continue
        center = crowd[inside].mean(axis=0)
        lines, reach = draw_lines(center, sample)
        n_own, n_beyond = count_at_ends(
            crowd, center, lines, radius, reach, labels[others], i
        )
        before, after = n_own / fraction, n_beyond.sum(axis=0) / fraction
        between = count_in_tubes(own, center, lines, radius)
        found = between < MAX_DENSITY_RATIO * np.sqrt(before * after)
        found &= np.minimum(before, after) >= _MIN_POINTS
        if found.any():
            ends |= {i, *n_beyond[:, found].argmax(axis=0).tolist()}
        mixed |= found
    return sorted(ends) if mixed.mean() >= min_mixed else None


def _assign_blend(shapes, labels, label, kept):
    """Labels that scattered points hold most of; None if they are no mixtures."""
    rows = np.flatnonzero(labels == label)
    whiten = whitening(shapes.noise(rows))
    own = shapes.points[rows] @ whiten
    radius = squared_tube_radius(own.shape[1])
    central = np.square(own - find_center(own)).sum(axis=1) < radius
    larger = [i for i in kept if (labels == i).sum() > len(rows)]
    if central.mean() > _MAX_CENTRAL or len(larger) < 2:
        return None
    groups = [shapes.points[labels == i] @ whiten for i in larger]
    centers = np.stack([find_center(group) for group in groups])
    if find_mixtures(own, centers, radius)[1].mean() < _MIN_BLENDED:
        return None
    fractions, _ = find_mixtures(own, centers, np.inf)
    return np.asarray(larger)[fractions.argmax(axis=1)]
