"""Regions of a scan between which the pattern makes a step, and within which it does
not, however much it changes.

Markers are dense clusters of the patterns, in all directions above noise: density
follows a crystal along its bend, where no straight line does. They grow until they meet
on the ridges of the map of steps. Regions that touch are joined where there is no step
between them; others where their patterns leave no gap.
"""

import heapq

import numpy as np
from skimage.segmentation import watershed
from sklearn.cluster import HDBSCAN
from sklearn.neighbors import KNeighborsClassifier

from hyperspy_4dphase.estimators.domains._clusters import draw_sample
from hyperspy_4dphase.estimators.domains._directions import (
    discriminate,
    measure_agreement,
    refine_direction,
)
from hyperspy_4dphase.estimators.domains._field import average_alike
from hyperspy_4dphase.estimators.domains._gradual import join_gradual
from hyperspy_4dphase.estimators.domains._splits import MAX_LOG_P
from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP

# Points among which clusters are sought at once: the time grows with its square, and a
# scan is cut in tiles of about so many.
_TILE = 6000
# Neighbours that make a point dense, as scikit-learn's `min_samples`. With 7 instead of
# 10 small crystals in a glass and particles in a matrix are found more often (mean
# adjusted Rand index 0.78 instead of 0.76 over 12 scans), and bent crystals as before.
_DENSE = 7
# Points of a pair of regions whose gap is looked for, and fewest for a valley.
_N_SAMPLED = 1000
_MIN_VALLEY = 40
# Distance of the means of two regions, in sums of both standard deviations along it,
# from which they are apart: always, and where there are too few points for a valley.
_FAR, _FAR_IF_FEW = 3.0, 2.0


def find_regions(field, steps, min_size, random_state, least=LEAST_STEP, blur=1.0):
    """Find regions between which there are steps.

    Parameters
    ----------
    field : Field
        Of unit noise.
    steps : Steps
        Of the same points.
    min_size : int
        Fewest points of a region.
    random_state : numpy.random.RandomState
    least : float, optional
        Step of a border.
    blur : float, optional
        See :func:`find_blur`.

    Returns
    -------
    numpy.ndarray of int, shape (n,)
        From 0 on.
    """
    means = average_alike(field)
    markers = _find_markers(field, means.points, min_size)
    if markers.max() < 1:
        return np.zeros(len(field.points), int)
    labels = _flood(field, means.points, markers, steps.ridge)
    labels = join_without_step(labels, steps, least)
    labels = join_gradual(labels, field, steps, blur)
    labels = _join_without_gap(labels, means.points, steps, random_state)
    return np.unique(labels, return_inverse=True)[1]


def _find_markers(field, points, min_size):
    """Dense clusters of each tile of the scan, -1 for what is in none."""
    n_tiles = max(1, round(len(points) / _TILE))
    side = max(1, round(n_tiles ** (1 / len(field.shape))))
    place = field.positions * side // np.array(field.shape)
    tiles = np.ravel_multi_index(place.T, (side,) * len(field.shape))
    markers, n_found = np.full(len(points), -1), 0
    for tile in np.unique(tiles):
        rows = np.flatnonzero(tiles == tile)
        if len(rows) < max(2 * min_size, _DENSE + 1):
            continue
        model = HDBSCAN(
            min_cluster_size=max(min_size, 2),
            min_samples=_DENSE,
            cluster_selection_method="leaf",
            copy=True,
        )
        found = model.fit_predict(points[rows])
        if found.max() < 0:
            found = np.zeros(len(rows), int)
        markers[rows] = np.where(found < 0, -1, found + n_found)
        n_found += found.max() + 1
    return markers


def _flood(field, points, markers, ridge):
    """Grow markers along the valleys of the ridges; islands go to what is most like."""
    grid = field.spread(markers + 1, 0)
    grown = watershed(ridge, grid, mask=field.inside)[field.places] - 1
    left = grown < 0
    if left.any():
        marked = markers >= 0
        nearest = KNeighborsClassifier(1).fit(points[marked], markers[marked])
        grown[left] = nearest.predict(points[left])
    return grown


def join_without_step(labels, steps, least=LEAST_STEP):
    """Join regions that touch, the smallest step first, until all that is left is one.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
    steps : Steps
    least : float, optional

    Returns
    -------
    numpy.ndarray of int, shape (n,)
    """
    pairs, ratios = steps.borders(labels)
    if not len(pairs):
        return labels
    order = np.lexsort(pairs.T[::-1])
    pairs, ratios = pairs[order], ratios[order]
    names, first = np.unique(pairs, axis=0, return_index=True)
    borders = {}
    for (i, j), own in zip(names.tolist(), np.split(ratios, first[1:]), strict=True):
        borders.setdefault(i, {})[j] = borders.setdefault(j, {})[i] = own
    heap = [
        (steps.summarize(borders[i][j]), len(borders[i][j]), i, j) for i, j in names
    ]
    heapq.heapify(heap)
    became = np.arange(labels.max() + 1)
    while heap and heap[0][0] < least:
        _, n, i, j = heapq.heappop(heap)
        # A border that has grown since is in the heap once more.
        if len(borders.get(i, {}).get(j, ())) != n:
            continue
        became[became == j] = i
        for k, own in borders.pop(j).items():
            del borders[k][j]
            if k == i:
                continue
            both = np.concatenate([borders[i].get(k, own[:0]), own])
            borders[i][k] = borders[k][i] = both
            heapq.heappush(heap, (steps.summarize(both), len(both), i, k))
    return became[labels]


def _join_without_gap(labels, points, steps, random_state):
    """Join regions that do not touch, the nearest first, if nothing parts them."""
    labels, apart = labels.copy(), set()
    while True:
        names = np.unique(labels)
        touching = {tuple(pair) for pair in steps.borders(labels)[0].tolist()}
        means = np.stack([points[labels == name].mean(axis=0) for name in names])
        i, j = np.triu_indices(len(names), 1)
        distances = np.square(means[i] - means[j]).sum(axis=1)
        for n in np.argsort(distances, kind="stable"):
            pair = int(names[i[n]]), int(names[j[n]])
            if pair in touching or pair in apart:
                continue
            if not _are_apart(*(points[labels == name] for name in pair), random_state):
                break
            apart.add(pair)
        else:
            return labels
        labels[labels == pair[1]] = pair[0]
        apart = {other for other in apart if not set(pair) & set(other)}


def _are_apart(one, other, random_state):
    """Whether two sets of points leave a gap."""
    one, other = (draw_sample(each, _N_SAMPLED, random_state) for each in (one, other))
    step = one.mean(axis=0) - other.mean(axis=0)
    distance = np.linalg.norm(step)
    along = step / max(distance, 1e-30)
    far = distance / max((one @ along).std() + (other @ along).std(), 1e-30)
    if far > _FAR:
        return True
    if min(len(one), len(other)) < _MIN_VALLEY:
        return far > _FAR_IF_FEW
    points = np.concatenate([one, other])
    side = np.arange(len(points)) < len(one)
    cut = refine_direction(points, discriminate(points, side), 5)
    if cut is None or cut.valley.log_p > MAX_LOG_P:
        return False
    return measure_agreement(side, cut.side(points)) > 0.5
