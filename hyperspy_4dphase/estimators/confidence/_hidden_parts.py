"""Parts of domains that a step in the scan sets apart, though a map has them in one."""

import heapq
from typing import NamedTuple

import numpy as np
from scipy import ndimage
from skimage.segmentation import watershed

# Blur of the map of steps, in positions: less, and noise makes cells of its own.
_BLUR = 1.0
# Fewest positions of a part.
_FEWEST = 5


class HiddenPart(NamedTuple):
    """A part of a domain.

    Attributes
    ----------
    rows : numpy.ndarray of int
        Its points.
    step : float
        Step along its border to the rest, in units of what is usual around there.
    """

    rows: np.ndarray
    step: float


def find_hidden_parts(labels, steps):
    """Find parts within each domain, with the step that sets them apart.

    Cells of a watershed on the map of steps are joined, the smallest step first, until
    each domain is one. What is joined is the smaller part at its step.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    steps : Steps
        Of the same points.

    Returns
    -------
    list of HiddenPart
    """
    places = tuple(steps.positions.T)
    grid = np.full(steps.ridge.shape, -1)
    grid[places] = labels
    ridge = ndimage.gaussian_filter(steps.ridge, _BLUR)
    cells = watershed(ridge, mask=grid >= 0)[places]
    parts = []
    for label in range(int(labels.max()) + 1):
        rows = np.flatnonzero(labels == label)
        if rows.size < 2 * _FEWEST:
            continue
        own = np.unique(cells[rows], return_inverse=True)[1]
        for smaller, step in _join_cells(own, steps.take(rows)):
            if smaller.size >= _FEWEST and np.isfinite(step):
                parts.append(HiddenPart(rows[smaller], step))
    return parts


def _join_cells(cells, steps):
    """Join touching cells; yield the smaller of each two, and the step between them."""
    pairs, ratios = steps.borders(cells)
    if not len(pairs):
        return
    order = np.lexsort(pairs.T[::-1])
    pairs, ratios = pairs[order], ratios[order]
    names, first = np.unique(pairs, axis=0, return_index=True)
    borders = {}
    for (i, j), own in zip(names.tolist(), np.split(ratios, first[1:]), strict=True):
        borders.setdefault(i, {})[j] = borders.setdefault(j, {})[i] = own
    members = {i: np.flatnonzero(cells == i) for i in range(cells.max() + 1)}
    heap = [
        (steps.summarize(borders[i][j]), len(borders[i][j]), i, j)
        for i, j in names.tolist()
    ]
    heapq.heapify(heap)
    while heap:
        step, n, i, j = heapq.heappop(heap)
        # A border that has grown since is in the heap once more.
        if len(borders.get(i, {}).get(j, ())) != n:
            continue
        both = members[i], members.pop(j)
        yield min(both, key=len), step
        members[i] = np.concatenate(both)
        for k, own in borders.pop(j).items():
            del borders[k][j]
            if k != i:
                own = np.concatenate([borders[i].get(k, own[:0]), own])
                borders[i][k] = borders[k][i] = own
                heapq.heappush(heap, (steps.summarize(own), len(own), i, k))
