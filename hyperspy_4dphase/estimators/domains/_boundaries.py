"""Leaves that are no domains, but boundaries: mixtures of two others."""

import numpy as np

from hyperspy_4dphase.estimators.domains._bridges import squared_tube_radius
from hyperspy_4dphase.estimators.domains._clusters import sampled
from hyperspy_4dphase.estimators.domains._mixtures import middle, mixture_shares
from hyperspy_4dphase.estimators.domains._shapes import whitening

_N_SAMPLED = 60
_N_CROWD = 8000
_CROWDED = 0.4
_FEWEST = 5
_MOST = 0.2
_MOST_BLENDED = 0.7
_SCATTERED = 0.5


def without_boundaries(shapes, labels, random_state, judged=None):
    """Give the points of boundaries to the domains that they are mixtures of.

    A boundary that is a few positions wide can be a cluster of its own, since positions
    on a grid lie at few distances from it. Its points lie on straight lines between two
    crowds of other domains, and are fewer; or, where several domains meet, they are
    mixtures of these, no two alike.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
        From 0 on; -1 is left alone.
    random_state : numpy.random.RandomState
    judged : list of int, optional
        Labels that may be boundaries; by default all.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
        Those of boundaries are gone, the others as they were.
    dissolved : list of int
    """
    labels = labels.copy()
    dissolved = []
    sizes = np.bincount(labels[labels >= 0])
    for label in np.argsort(sizes, kind="stable"):
        if judged is not None and label not in judged:
            continue
        kept = [i for i in range(sizes.size) if i != label and i not in dissolved]
        if len(kept) < 2:
            break
        given = _blended_of(shapes, labels, label, kept)
        if given is None:
            given = _nearest_ends(shapes, labels, label, kept, random_state)
        if given is None:
            continue
        labels[labels == label] = given
        dissolved.append(int(label))
    return labels, dissolved


def _nearest_ends(shapes, labels, label, kept, random_state):
    """The nearer of the leaves that a boundary lies between, or None if it does not."""
    ends = _mixed_of(shapes, labels, label, kept, random_state)
    if ends is None:
        return None
    return nearest_label(shapes, labels, np.flatnonzero(labels == label), ends)


def nearest_label(shapes, labels, rows, among):
    """Of some labels the one whose mean is nearest, for each of some rows.

    Parameters
    ----------
    shapes : Shapes
    labels : numpy.ndarray of int, shape (n,)
    rows : numpy.ndarray of int
        One at least.
    among : sequence of int

    Returns
    -------
    numpy.ndarray of int, shape (n_rows,)
    """
    means = np.stack([shapes.points[labels == i].mean(axis=0) for i in among])
    steps = shapes.points[rows][:, None] - means
    distances = np.square(steps @ whitening(shapes.noise(rows))).sum(axis=2)
    return np.asarray(among)[distances.argmin(axis=1)]


def _mixed_of(shapes, labels, label, kept, random_state):
    """The leaves that a boundary is a mixture of, or None if it is no boundary."""
    rows = np.flatnonzero(labels == label)
    others = np.flatnonzero(np.isin(labels, kept))
    if len(rows) > len(others):
        return None
    whiten = whitening(shapes.noise(rows)).astype(np.float32)
    own = (shapes.points[rows] @ whiten).astype(np.float32)
    share = min(1.0, _N_CROWD / len(others))
    if share < 1:
        others = sampled(others, _N_CROWD, random_state)
    crowd = (shapes.points[others] @ whiten).astype(np.float32)
    sample = sampled(own, _N_SAMPLED, random_state)
    radius = squared_tube_radius(own.shape[1])
    mixed = np.zeros(len(sample), dtype=bool)
    ends = set()
    for i in kept:
        inside = labels[others] == i
        if not inside.any():
            continue
        center = crowd[inside].mean(axis=0)
        lines = sample - center
        reach = np.linalg.norm(lines, axis=1)
        lines /= np.maximum(reach, 1e-30)[:, None]
        near, along = _near(crowd - center, lines, radius)
        before = (near & inside[:, None]).sum(axis=0) / share
        beyond = near & (along > reach) & ~inside[:, None]
        between = _near(own - center, lines, radius)[0].sum(axis=0)
        after = beyond.sum(axis=0) / share
        found = between < _CROWDED * np.sqrt(before * after)
        found &= np.minimum(before, after) >= _FEWEST
        for column in np.flatnonzero(found):
            opposite = np.bincount(labels[others[beyond[:, column]]]).argmax()
            ends |= {i, int(opposite)}
        mixed |= found
    return sorted(ends) if mixed.mean() >= _MOST else None


def _near(points, lines, squared_radius):
    """Which points are near each line through the origin, and how far along it."""
    along = points @ lines.T
    off = np.square(points).sum(axis=1)[:, None] - along**2
    return off < squared_radius, along


def _blended_of(shapes, labels, label, kept):
    """What points that scatter hold most of, or None if they are no mixtures."""
    rows = np.flatnonzero(labels == label)
    whiten = whitening(shapes.noise(rows))
    own = shapes.points[rows] @ whiten
    radius = squared_tube_radius(own.shape[1])
    near = np.square(own - middle(own)).sum(axis=1) < radius
    larger = [i for i in kept if (labels == i).sum() > len(rows)]
    if near.mean() > _SCATTERED or len(larger) < 2:
        return None
    groups = [shapes.points[labels == i] @ whiten for i in larger]
    middles = np.stack([middle(group) for group in groups])
    mixed = mixture_shares(own, middles, radius)[1]
    if mixed.mean() < _MOST_BLENDED:
        return None
    shares = mixture_shares(own, middles, np.inf)[0]
    return np.asarray(larger)[shares.argmax(axis=1)]
