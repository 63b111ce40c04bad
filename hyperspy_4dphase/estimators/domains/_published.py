"""The divisive clustering of Shi et al. as published, to compare with.

Nothing tells whether a split is real, and brightness splits as well as shape does: that
is how the published method works.
"""

import operator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from sklearn.cluster import KMeans

from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.estimators.domains._nodes import Node, label_leaves

# Pixels that vary by more are clustered: contrast from 0 to 1 over the annulus, as in
# the publication.
_THRESHOLD = 0.3
# The direct beam is as bright as this, relative to its brightest pixel, and the annulus
# begins at so many of its radii, outside its rim. Historical: chosen by trial in 2026.
_BEAM_FROM = 0.2
_BEAM_MARGIN = 1.5
# Standard deviations below this, relative to the mean pattern, are rounding.
_ROUNDING = 1e-6
# What scikit-learn did by default when the method was published.
_N_STARTS = 10
# Largest size of the features, in bytes.
_MAX_BYTES = 2 * 10**9


def grow_published(blocks, plan, random_state):
    """Cluster patterns as Shi et al. do ([1]_), with numbers of parts given.

    Parameters
    ----------
    blocks : PatternBlocks
        All patterns. They are expected to be aligned.
    plan : int, sequence of int, or nested
        As :func:`parse_plan` takes it: one number for a single split, one a level, or
        ``(2, (None, 3))`` for a tree of its own shape.
    random_state : numpy.random.RandomState

    Returns
    -------
    LabelledTree
        Its scores are NaN: nothing is tested.

    Raises
    ------
    TypeError, ValueError
        If the plan is none; and as :func:`split_published`.

    References
    ----------
    .. [1] C. Shi et al., Uncovering material deformations via machine learning combined
       with four-dimensional scanning transmission electron microscopy, npj Comput.
       Mater. 8, 114 (2022), doi:10.1038/s41524-022-00793-9.
    """
    root = Node(np.arange(blocks.shape[0]))
    waiting = [(root, plan)]
    for node, node_plan in waiting:
        n_parts, plans = parse_plan(node_plan)
        if not n_parts or n_parts > node.rows.size:
            node.reason = "n_domains"
            continue
        labels = split_published(blocks, node.rows, n_parts, random_state)
        parts = [node.rows[labels == part] for part in range(n_parts)]
        parts.sort(key=len, reverse=True)
        node.children = [Node(rows, node, node.level + 1) for rows in parts]
        waiting += zip(node.children, plans, strict=True)
    return label_leaves(root, blocks.shape[0])


def parse_plan(plan):
    """What a plan of splits says about its first node.

    Parameters
    ----------
    plan : None, int, or sequence
        An integer splits this node only. A sequence of integers has one for each level.
        ``(n_parts, plans)`` has one plan for each part, the largest part first:
        ``(2, (None, (3, 2)))`` splits the second of two parts into three, and each of
        these into two. None, or an empty sequence, ends here.

    Returns
    -------
    n_parts : int
        0 if the node is not split.
    plans : list
        For each part.

    Raises
    ------
    TypeError, ValueError
        If it is no such plan.
    """
    levels = plan if isinstance(plan, list | tuple) else () if plan is None else (plan,)
    if not levels:
        return 0, []
    n_parts, *rest = levels
    check_integer("n_parts", n_parts, 2)
    if len(rest) == 1 and isinstance(rest[0], list | tuple):
        if len(rest[0]) != n_parts:
            raise ValueError(f"{plan!r} has {len(rest[0])} plans for {n_parts} parts.")
        return n_parts, list(rest[0])
    for level in rest:
        check_integer("n_parts", level, 2)
    return n_parts, [tuple(rest)] * n_parts


def split_published(blocks, rows, n_parts, random_state):
    """Split one node into a given number of parts.

    The logarithm of one plus the standard deviation of each pixel over the node's
    patterns is stretched to 0 to 1 within an annulus. The counts of the pixels above a
    threshold are clustered by k-means. Takes two reads of all blocks.

    Parameters
    ----------
    blocks : PatternBlocks
    rows : numpy.ndarray of int, shape (n_node,)
        Those of the node: their numbers among the kept patterns, ascending.
    n_parts : int
    random_state : numpy.random.RandomState
        For the starting points of k-means.

    Returns
    -------
    numpy.ndarray of int, shape (n_node,)
        Which part each pattern is in.

    Raises
    ------
    ValueError
        If no pixel of the annulus varies, or the features would be too large.
    """
    member = np.full(blocks.shape[0], -1)
    member[rows] = 0
    (mean,), (variance,), _ = label_means(blocks, member, 1, variances=True)
    deviation = np.sqrt(variance * (1 - 1 / rows.size))
    selected = select_pixels(mean, deviation, blocks.signal_shape, blocks.kept_pixels)
    if 4 * rows.size * selected.size > _MAX_BYTES:
        raise ValueError(
            f"{selected.size} selected pixels of {rows.size} patterns take more memory "
            f"than {_MAX_BYTES:g} bytes. Exclude pixels, or bin the patterns."
        )
    features = _read_features(blocks, rows, selected)
    # The features are used no more, so that they need not be copied.
    model = KMeans(n_parts, n_init=_N_STARTS, copy_x=False, random_state=random_state)
    return model.fit(features).labels_


def select_pixels(mean, deviation, signal_shape, kept_pixels=None):
    """Select the pixels of an annulus that vary most.

    The annulus is about the centre of mass of the mean pattern. Its inner radius is 1.5
    times that of a disc as large as the direct beam: what holds together around the
    brightest pixel, down to a fifth of its brightness. All discs are of one size, so
    that it does no harm if the brightest one is diffracted. Its outer radius is half
    the shorter side of the detector. Patterns of one axis have no annulus.

    Parameters
    ----------
    mean, deviation : numpy.ndarray, shape (n_pixels,)
        Of each pixel over the patterns of the node.
    signal_shape : tuple of int
        Of the whole detector, pixels left out included.
    kept_pixels : numpy.ndarray of bool, optional
        Which pixels of the detector these are; by default all.

    Returns
    -------
    numpy.ndarray of int
        Their numbers, ascending.

    Raises
    ------
    ValueError
        If no pixel varies.
    """
    kept = np.ones(signal_shape, bool) if kept_pixels is None else kept_pixels
    positions = np.argwhere(kept.reshape(signal_shape))
    inside = np.ones(mean.size, dtype=bool)
    if len(signal_shape) > 1:
        center = mean @ positions / (mean.sum() or 1)
        distance = np.linalg.norm(positions - center, axis=1)
        inside = distance >= _BEAM_MARGIN * _beam_radius(mean, positions)
        inside &= distance <= min(signal_shape) / 2
    # Equal floats may differ from their mean by its rounding.
    if not (deviation[inside] > _ROUNDING * mean.max()).any():
        raise ValueError(
            "There is nothing to split: none of the pixels that are looked at varies."
        )
    contrast = np.log1p(deviation)
    low, high = contrast[inside].min(), contrast[inside].max()
    above = (contrast - low > _THRESHOLD * (high - low)) | (high == low)
    return np.flatnonzero(inside & above)


def _beam_radius(mean, positions):
    """Radius of a disc as large as the brightest spot of the mean pattern."""
    image = np.zeros(positions.max(axis=0) + 1)
    image[tuple(positions.T)] = mean
    spots, _ = ndimage.label(image > _BEAM_FROM * image.max())
    return np.sqrt((spots == spots.flat[image.argmax()]).sum() / np.pi)


@dataclass
class _Gather:
    """Some pixels of the member patterns of a block, and their rows in the features."""

    place: np.ndarray
    selected: np.ndarray

    def __call__(self, patterns, rows):
        place = self.place[rows]
        inside = np.flatnonzero(place >= 0)
        found = patterns[inside[:, np.newaxis], self.selected]
        if found.dtype.itemsize > 4:
            found = found.astype(np.float32)
        return [(place[inside], found)]


def _read_features(blocks, rows, selected):
    """Read the selected pixels of some patterns, (n_rows, n_selected)."""
    place = np.full(blocks.shape[0], -1)
    place[rows] = np.arange(rows.size)
    gather = _Gather(place, selected)
    pieces = blocks.reduce(gather, operator.add, stage="Reading patterns (features)")
    features = np.empty((rows.size, selected.size), np.float32)
    while pieces:
        # Freed one by one, so that the features are not held twice.
        where, part = pieces.pop()
        features[where] = part
    return features
