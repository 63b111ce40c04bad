"""Splits that show in sums of neighbouring patterns only: one hides them in noise."""

from dataclasses import replace

import numpy as np
from scipy.ndimage import uniform_filter

from hyperspy_4dphase.estimators.domains._splits import best_split, local_points

# So many patterns have half, and a third, of the noise of one.
_N_POOLED = 4, 9


def pooled_split(shapes, min_size, random_state):
    """Split of points by the gap that blocks of neighbours have between them.

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
    sizes = {_width(shapes, n_pooled): n_pooled for n_pooled in _N_POOLED}
    for n_pooled in sizes.values():
        split = _split_of_blocks(shapes, n_pooled, min_size, random_state)
        if split is not None:
            return split
    return None


def _split_of_blocks(shapes, n_pooled, min_size, random_state):
    pooled, _, counts = in_blocks(shapes, n_pooled=n_pooled)
    if counts.max(initial=0) < 2:
        return None
    whole = np.flatnonzero(2 * counts >= counts.max())
    pooled = pooled.taken(whole)
    everything = np.arange(whole.size)
    points = local_points(pooled.points, pooled.noise(everything))
    split, _ = best_split(points, min_size, random_state)
    if split is None:
        return None
    direction, cut = _discriminant(pooled, split.side)
    width = _width(shapes, n_pooled)
    values = _around(shapes.points @ direction, shapes, width)
    side = values > cut
    if min(side.sum(), (~side).sum()) < min_size:
        return None
    # In units of the noise of a single pattern, as of all other splits.
    strength = split.strength / np.sqrt(counts[whole].mean())
    return replace(split, side=side, strength=strength)


def in_blocks(shapes, labels=None, n_pooled=_N_POOLED[-1]):
    """Means of neighbours in blocks that do not overlap.

    Parameters
    ----------
    shapes : CompressedShapes
        With positions.
    labels : numpy.ndarray of int, shape (n,), optional
        If given, neighbours of different labels are not averaged.
    n_pooled : int, optional
        About how many positions a block has. Default is 9.

    Returns
    -------
    pooled : CompressedShapes
    groups : numpy.ndarray of int, shape (n,)
        Which of the means each point is in.
    counts : numpy.ndarray of int
        Points in each.
    """
    blocks = shapes.positions // _width(shapes, n_pooled)
    if labels is not None:
        blocks = np.column_stack([blocks, labels])
    blocks = blocks - blocks.min(axis=0)
    numbers = np.ravel_multi_index(blocks.T, blocks.max(axis=0) + 1)
    _, groups, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    return shapes.averaged(groups, counts.size), groups, counts


def _width(shapes, n_pooled):
    return max(2, round(n_pooled ** (1 / shapes.positions.shape[1])))


def _discriminant(pooled, side):
    """Fisher's direction between two parts, and the value between them."""
    parts = pooled.points[~side], pooled.points[side]
    means = [part.mean(axis=0) for part in parts]
    scatter = sum(
        (part - mean).T @ (part - mean) for part, mean in zip(parts, means, strict=True)
    )
    scatter = scatter / len(side) + pooled.noise(np.arange(len(side)))
    direction = np.linalg.solve(scatter, means[1] - means[0])
    return direction, sum(np.median(part @ direction) for part in parts) / 2


def _around(values, shapes, width):
    """Means of the values around each position, the less noisy the more weight."""
    weights = 1 / shapes.spread
    positions = shapes.positions - shapes.positions.min(axis=0)
    shape = positions.max(axis=0) + 1
    total, weight = np.zeros((2, *shape))
    at = tuple(positions.T)
    total[at], weight[at] = values * weights, weights
    total, weight = (
        uniform_filter(grid, width, mode="constant")[at] for grid in (total, weight)
    )
    return total / weight
