"""Splits that show in sums of neighbouring patterns only: one hides them in noise."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.ndimage import uniform_filter

from hyperspy_4dphase.estimators.domains._boundaries import (
    dissolve_boundaries,
    find_nearest,
)
from hyperspy_4dphase.estimators.domains._directions import discriminate
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
from hyperspy_4dphase.estimators.domains._splits import find_local_points, find_split

# Patterns in a block: so many have half, and a third, of the noise of one.
_N_POOLED = 4, 9


class Blocks(NamedTuple):
    """Means of neighbouring points.

    Attributes
    ----------
    shapes : CompressedShapes
        The means.
    groups : numpy.ndarray of int, shape (n,)
        Which of the means each point is in.
    counts : numpy.ndarray of int, shape (n_blocks,)
        Number of points in each.
    """

    shapes: CompressedShapes
    groups: np.ndarray
    counts: np.ndarray

    @property
    def full(self):
        """numpy.ndarray of bool: Blocks that no edge has cut to less than half."""
        return 2 * self.counts >= self.counts.max()


def find_pooled_split(shapes, min_size, random_state):
    """Split points by the gap that blocks of neighbours have between them.

    The patterns of neighbouring positions are averaged in blocks that do not overlap,
    so that these are independent, and undergo the same tests as single ones. Each
    position then goes to the side on which the average around it is.

    Parameters
    ----------
    shapes : CompressedShapes
        Of the points to split, with their positions.
    min_size : int
        Fewest blocks of a part.
    random_state : numpy.random.RandomState

    Returns
    -------
    Split or None
    """
    # In three dimensions both are blocks of 2 x 2 x 2.
    for width in dict.fromkeys(_block_width(shapes, n) for n in _N_POOLED):
        split = _split_blocks(shapes, width, min_size, random_state)
        if split is not None:
            return split
    return None


def _split_blocks(shapes, width, min_size, random_state):
    blocks = average_blocks(shapes, width=width)
    if blocks.counts.max(initial=0) < 2:
        return None
    pooled = blocks.shapes.take(np.flatnonzero(blocks.full))
    noise = pooled.noise(np.arange(len(pooled.points)))
    points = find_local_points(pooled.points, noise)
    split = find_split(points, min_size, random_state).split
    if split is None:
        return None
    direction = discriminate(pooled.points, split.side, noise)
    values = pooled.points @ direction
    cut = (np.median(values[split.side]) + np.median(values[~split.side])) / 2
    side = _average_around(shapes.points @ direction, shapes, width) > cut
    if min(side.sum(), (~side).sum()) < min_size:
        return None
    # In units of the noise of a single pattern, as of all other splits.
    strength = split.strength / np.sqrt(blocks.counts[blocks.full].mean())
    return replace(split, side=side, strength=strength)


def average_blocks(shapes, labels=None, width=None):
    """Average neighbours in blocks that do not overlap.

    Parameters
    ----------
    shapes : CompressedShapes
        With positions.
    labels : numpy.ndarray of int, shape (n,), optional
        If given, neighbours of different labels are not averaged.
    width : int, optional
        Positions along each side of a block. By default it has about 9 in all.

    Returns
    -------
    Blocks
    """
    blocks = shapes.positions // (width or _block_width(shapes, _N_POOLED[-1]))
    if labels is not None:
        blocks = np.column_stack([blocks, labels])
    blocks = blocks - blocks.min(axis=0)
    numbers = np.ravel_multi_index(blocks.T, blocks.max(axis=0) + 1)
    _, groups, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return Blocks(shapes.average(groups, counts.size), groups, counts)


def _block_width(shapes, n_pooled):
    """Positions along each side of a block that has about so many in all."""
    return max(2, round(n_pooled ** (1 / shapes.positions.shape[1])))


def _average_around(values, shapes, width):
    """Means of the values around each position, the less noisy the more weight."""
    weights = 1 / shapes.spread
    positions = shapes.positions - shapes.positions.min(axis=0)
    at = tuple(positions.T)
    total, weight = np.zeros((2, *positions.max(axis=0) + 1))
    total[at], weight[at] = values * weights, weights
    total, weight = (
        uniform_filter(grid, width, mode="constant")[at] for grid in (total, weight)
    )
    return total / weight


def dissolve_pooled_boundaries(shapes, labels, pooled, min_size, random_state):
    """Dissolve those boundaries that only means of neighbours show.

    Parameters
    ----------
    shapes : CompressedShapes
    labels : numpy.ndarray of int, shape (n,)
        -1 is left alone.
    pooled : list of int
        Labels that may be boundaries.
    min_size : int
        Fewest blocks that a domain is known by.
    random_state : numpy.random.RandomState

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
    dissolved : list of int
    """
    rows = np.flatnonzero(labels >= 0)
    blocks = average_blocks(shapes.take(rows), labels[rows])
    own = np.zeros(blocks.counts.size, dtype=labels.dtype)
    own[blocks.groups] = labels[rows]
    # Blocks cut by an edge have more noise, but a thin boundary has no others.
    n_full = np.bincount(own[blocks.full], minlength=own.max() + 1)
    judged = np.flatnonzero(blocks.full | (n_full < min_size)[own])
    own[judged], dissolved = dissolve_boundaries(
        blocks.shapes.take(judged), own[judged], random_state, pooled
    )
    left = np.flatnonzero(np.isin(own, dissolved))
    if left.size:
        others = np.setdiff1d(own, dissolved)
        own[left] = find_nearest(blocks.shapes, own, left, others)
    labels = labels.copy()
    labels[rows] = own[blocks.groups]
    return labels, dissolved
