"""The divisive clustering of Shi et al. as published, to compare with.

Nothing tells whether a split is real, and brightness splits as well as shape does: that
is how the published method works.
"""

import numbers
import operator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

_TILE_BYTES = 8 * 2**20
_BEAM_FROM = 0.2
_BEAM_MARGIN = 1.5
# What scikit-learn did by default when the method was published.
_N_STARTS = 10


def published_split(
    blocks,
    rows,
    n_parts,
    *,
    signal_shape,
    inner_radius=None,
    outer_radius=None,
    threshold=0.3,
    center=None,
    max_bytes=2 * 10**9,
    random_state=None,
):
    """Split one node into a given number of parts, as Shi et al. do ([1]_).

    The logarithm of one plus the standard deviation of each pixel over the node's
    patterns is stretched to 0 to 1 within an annulus. The counts of the pixels above
    `threshold` are clustered by k-means. Takes two reads of all blocks.

    Parameters
    ----------
    blocks : PatternBlocks
        All patterns. They are expected to be aligned.
    rows : numpy.ndarray of int, shape (n_node,)
        Those of the node: their numbers among the kept patterns, ascending.
    n_parts : int
        At least 2.
    signal_shape : tuple of int
        Shape of the whole detector in array order, pixels left out included.
    inner_radius : float, optional
        In pixels: what lies nearer to the centre is left out. By default 1.5 times the
        radius of a disc as large as the direct beam, which leaves out its rim as well;
        the direct beam is what holds together around the brightest pixel of the node's
        mean pattern, down to a fifth of its brightness. All discs are of one size, so
        that it does no harm if the brightest one is diffracted. 0 for no limit, as by
        default for patterns of one axis.
    outer_radius : float, optional
        In pixels: what lies further away is left out. By default half the shorter side
        of the detector: as far as an annulus about its middle goes. Infinite for no
        limit, as by default for patterns of one axis.
    threshold : float, default 0.3
        From 0 to below 1. Higher values select fewer pixels.
    center : sequence of float, optional
        In pixels and array order, (row, column). By default the centre of mass of the
        node's mean pattern.
    max_bytes : int, default 2e9
        The largest size of the features, single precision.
    random_state : int, numpy.random.RandomState or None, optional
        For the starting points of k-means.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n_node,)
        0 for the largest part.
    record : dict
        ``mean`` and ``standard_deviation`` of each pixel over the node's patterns and
        whether it was ``selected``, each (n_pixels,); ``n_selected``; the ``center``,
        ``inner_radius`` and ``outer_radius`` used.

    Raises
    ------
    TypeError, ValueError
        If an argument is not as described, no pixel of the annulus varies, or the
        features would be larger than `max_bytes`.

    References
    ----------
    .. [1] C. Shi et al., Uncovering material deformations via machine learning combined
       with four-dimensional scanning transmission electron microscopy, npj Comput.
       Mater. 8, 114 (2022), doi:10.1038/s41524-022-00793-9.
    """
    rows = _checked_rows(rows, blocks.shape[0], n_parts)
    positions = _positions(blocks, signal_shape)
    radii = (inner_radius, outer_radius)
    _check_numbers(radii, center, threshold, len(signal_shape))
    random_state = check_random_state(random_state)

    member = np.zeros(blocks.shape[0], dtype=bool)
    member[rows] = True
    n, mean, squares = blocks.reduce(
        _Moments(member), _Moments.merge, stage="Reading patterns (variation)"
    )
    record = {"mean": mean, "standard_deviation": np.sqrt(squares / n)}
    record |= _annulus(mean, positions, signal_shape, radii, center)
    selected = _select(record, positions, threshold)
    n_selected = int(selected.sum())
    if 4 * rows.size * n_selected > max_bytes:
        raise ValueError(
            f"{n_selected} selected pixels of {rows.size} patterns take more memory "
            f"than max_bytes={max_bytes:g}. A threshold above {threshold:g} or a "
            "narrower annulus selects fewer."
        )
    features = _features(blocks, rows, selected)
    # The features are used no more, so that they need not be copied.
    model = KMeans(n_parts, n_init=_N_STARTS, copy_x=False, random_state=random_state)
    labels = _by_size(model.fit(features).labels_, n_parts)
    return labels, record | {"selected": selected, "n_selected": n_selected}


def next_split(plan):
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
    n_parts = _checked_parts(n_parts)
    if len(rest) == 1 and isinstance(rest[0], list | tuple):
        if len(rest[0]) != n_parts:
            raise ValueError(f"{plan!r} has {len(rest[0])} plans for {n_parts} parts.")
        return n_parts, list(rest[0])
    return n_parts, [tuple(_checked_parts(level) for level in rest)] * n_parts


@dataclass
class _Moments:
    """Number, mean and sum of squared deviations of the member patterns of a block."""

    member: np.ndarray

    def __call__(self, patterns, rows):
        inside = np.flatnonzero(self.member[rows])
        step = max(1, _TILE_BYTES // (8 * max(patterns.shape[1], 1)))
        total = None
        for start in range(0, inside.size, step):
            tile = patterns[inside[start : start + step]].astype(np.float64)
            mean = tile.mean(axis=0)
            tile -= mean
            squares = np.einsum("ij,ij->j", tile, tile)
            total = self.merge(total, (len(tile), mean, squares))
        return total

    @staticmethod
    def merge(one, other):
        """Join the results of two blocks, None for one without members."""
        if one is None or other is None:
            return other if one is None else one
        n = one[0] + other[0]
        change = other[1] - one[1]
        mean = one[1] + change * (other[0] / n)
        squares = one[2] + other[2] + change**2 * (one[0] * other[0] / n)
        return n, mean, squares


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


def _features(blocks, rows, selected):
    place = np.full(blocks.shape[0], -1)
    place[rows] = np.arange(rows.size)
    gather = _Gather(place, np.flatnonzero(selected))
    pieces = blocks.reduce(gather, operator.add, stage="Reading patterns (features)")
    features = np.empty((rows.size, len(gather.selected)), np.float32)
    while pieces:
        # Freed one by one, so that the features are not held twice.
        where, part = pieces.pop()
        features[where] = part
    return features


def _annulus(mean, positions, signal_shape, radii, center):
    """Centre and radii in pixels; patterns of one axis have no limits by default."""
    inner, outer = radii
    flat = len(signal_shape) == 1
    if center is None:
        center = mean @ positions / (mean.sum() or 1)
    if inner is None:
        inner = 0 if flat else _BEAM_MARGIN * _beam_radius(mean, positions)
    if outer is None:
        outer = np.inf if flat else min(signal_shape) / 2
    center = tuple(float(value) for value in center)
    return dict(center=center, inner_radius=float(inner), outer_radius=float(outer))


def _beam_radius(mean, positions):
    """Of a disc as large as the brightest spot of the mean pattern."""
    image = np.zeros(positions.max(axis=0) + 1)
    image[tuple(positions.T)] = mean
    parts, _ = ndimage.label(image > _BEAM_FROM * image.max())
    return np.sqrt((parts == parts.flat[image.argmax()]).sum() / np.pi)


def _select(record, positions, threshold):
    distance = np.linalg.norm(positions - record["center"], axis=1)
    inside = (record["inner_radius"] <= distance) & (distance <= record["outer_radius"])
    spread = record["standard_deviation"]
    # Equal floats may differ from their mean by its rounding.
    if not (spread[inside] > 1e-12 * record["mean"].max()).any():
        raise ValueError(
            "There is nothing to split: no pixel from {inner_radius:.4g} to "
            "{outer_radius:.4g} pixels about {center} varies.".format(**record)
        )
    contrast = np.log1p(spread)
    low, high = contrast[inside].min(), contrast[inside].max()
    return inside & ((contrast - low > threshold * (high - low)) | (high == low))


def _by_size(labels, n_parts):
    order = np.argsort(-np.bincount(labels, minlength=n_parts), kind="stable")
    return np.argsort(order)[labels]


def _checked_parts(n_parts):
    if isinstance(n_parts, bool) or not isinstance(n_parts, numbers.Integral):
        raise TypeError(f"n_parts must be an integer, not {n_parts!r}.")
    if n_parts < 2:
        raise ValueError(f"n_parts must be at least 2, not {n_parts}.")
    return int(n_parts)


def _checked_rows(rows, n_patterns, n_parts):
    rows = np.asarray(rows)
    if rows.ndim != 1 or rows.dtype.kind not in "iu":
        raise TypeError(f"rows must be integers in one axis, not {rows!r}.")
    if rows.size < _checked_parts(n_parts):
        raise ValueError(f"{rows.size} patterns cannot be split into {n_parts} parts.")
    if rows[0] < 0 or rows[-1] >= n_patterns or (rows[1:] <= rows[:-1]).any():
        raise ValueError(f"rows must ascend, each from 0 to {n_patterns - 1}.")
    return rows


def _positions(blocks, signal_shape):
    """Where the kept pixels lie on the detector, (n_pixels, n_signal_axes)."""
    kept = blocks.kept_pixels
    n_pixels = blocks.shape[1] if kept is None else kept.size
    if np.prod(signal_shape, dtype=int) != n_pixels:
        raise ValueError(
            f"signal_shape={tuple(signal_shape)} does not fit patterns of {n_pixels} "
            "pixels, those left out included."
        )
    flat = np.arange(n_pixels) if kept is None else np.flatnonzero(kept)
    return np.stack(np.unravel_index(flat, signal_shape), axis=1)


def _check_numbers(radii, center, threshold, n_axes):
    inner, outer = radii
    if inner is not None and not 0 <= inner < np.inf:
        raise ValueError(f"inner_radius must be at least 0 and finite, not {inner}.")
    if outer is not None and not outer > (inner or 0):
        raise ValueError(f"outer_radius={outer} is not above inner_radius={inner}.")
    if not 0 <= threshold < 1:
        raise ValueError(f"threshold must be from 0 to below 1, not {threshold}.")
    if center is not None and np.shape(center) != (n_axes,):
        raise ValueError(f"center must be {n_axes} numbers, not {center}.")
