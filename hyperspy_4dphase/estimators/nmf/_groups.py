"""Which components are slices of one pattern that changes smoothly over a scan.

Bending and thickness change the pattern of one domain by far more than noise, and the
factorization cuts such a change into slices. Between two slices patterns change as
gently as inside them, over many positions; between two domains they change within the
width of the probe.
"""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import label

from hyperspy_4dphase.estimators.nmf._starts import remove_brightness

# A step is looked for between patterns this many positions apart: a probe covers two or
# three positions, and a domain may be no wider than four.
_NEAR = 3
# What changes on over this many positions is wider than a probe.
_FAR = 5
# A change is a step if its square is more than this times that of the change over as
# many positions beside it, or inside either group. In simulated scans at 150 to 10,000
# electrons, with the change beside it alone, 95 of 100 boundaries between slices of a
# bent particle had less than 2.0, and 95 of 100 between grains or films more than 2.1.
_MIN_STEP_RATIO = 2.0
# A change is wider than a probe if its square grows by more than this from `_NEAR` to
# `_FAR`: a step that a Gaussian of a full width of 2.6 positions blurs grows by 1.4, a
# sharper one by less, and an even slope by 2.8.
_MAX_GROWTH = 1.4
# What takes more than this many times `_NEAR` positions from the pattern of one
# component to that of the other is no step.
_MIN_WIDTH = 3
# Components are pure if half of the patterns of each are nearer to their middle than
# this part of the distance between the two, noise taken out. In two slices of an even
# spread half of the patterns are farther than one in four.
_MAX_SPREAD = 1 / 8
# A component rules at this many positions of a patch, or the patch is none of its own;
# and a boundary shows at so many places, or it tells nothing. Fewer cannot be of a
# domain that is as wide as `_NEAR`.
_MIN_PLACES = 3
# A component rules where it makes up this part of the most it does anywhere, as it must
# of some patterns to be kept.
_MIN_FRACTION = 2 / 3


def group_components(A, factors, grid):
    """Group components between which patterns change smoothly over the scan.

    Groups are joined two at a time, those with the least step between them first.
    Components that are pure, each in its own place, are not joined, however wide the
    region in which one mixes with the other.

    Parameters
    ----------
    A : CompressedMatrix
        In the directions above noise only.
    factors : Factors
    grid : numpy.ndarray of int
        Numbers of the patterns at each position of the scan; -1 where there is none.

    Returns
    -------
    numpy.ndarray of int, shape (n_components,)
        A group number for each component, counted from 0 in the order of components.
    """
    points, variance = remove_brightness(A)
    fractions = A.find_fractions(factors)
    groups = np.arange(len(fractions))
    labels = find_patches(fractions, variance > 0, grid)
    boundaries = Boundaries(points, variance, labels, grid)
    excess = boundaries.measure_inside(groups).excess
    distances, pure = compare_components(points, variance, labels, len(groups), excess)
    while True:
        steps = boundaries.measure_steps(groups, distances, pure)
        one, other = np.unravel_index(np.argmin(steps), steps.shape)
        if not steps[one, other] < 1:
            return np.unique(groups, return_inverse=True)[1]
        groups[groups == max(one, other)] = min(one, other)


def find_patches(fractions, known, grid):
    """Label patterns by their largest component, where that rules.

    Parameters
    ----------
    fractions : numpy.ndarray, shape (n_components, n_patterns)
    known : numpy.ndarray of bool, shape (n_patterns,)
    grid : numpy.ndarray of int
        See :func:`group_components`.

    Returns
    -------
    numpy.ndarray of int, shape (n_patterns,)
        -1 where a pattern is not known, and in connected patches in which the component
        nowhere comes near the most it is elsewhere.
    """
    labels = np.where(known, fractions.argmax(axis=0), -1)
    peaks = fractions.max(axis=1, initial=0)
    rules = fractions.max(axis=0) >= _MIN_FRACTION * peaks[labels]
    present = grid >= 0
    rows = grid[present]
    for j in range(len(fractions)):
        patches, n_patches = label(present & (labels[grid] == j))
        patches = patches[present]
        size = np.bincount(patches[rules[rows]], minlength=n_patches + 1)
        labels[rows[(patches > 0) & (size[patches] < _MIN_PLACES)]] = -1
    return labels


def compare_components(points, variance, labels, n_components, excess=None):
    """Compare the patterns of components, wherever they are.

    Parameters
    ----------
    points, variance : numpy.ndarray
        Patterns without brightness, and their noise; see :func:`remove_brightness`.
    labels : numpy.ndarray of int, shape (n_patterns,)
        See :func:`find_patches`.
    n_components : int
    excess : numpy.ndarray, shape (n_components,), optional
        See :class:`Inside`; none by default.

    Returns
    -------
    distances : numpy.ndarray, shape (n_components, n_components)
        Squared, between their middles; NaN where a component has no patterns.
    pure : numpy.ndarray of bool, shape (n_components, n_components)
        Whether the patterns of either are all the same, but for noise.
    """
    rank = points.shape[1]
    middles = np.full((n_components, rank), np.nan)
    spreads = np.full(n_components, np.inf)
    for j in range(n_components):
        own = points[labels == j]
        if len(own):
            middles[j] = np.median(own, axis=0)
            # The median of squared noise is its mean less two thirds of a variance.
            noise = max(rank - 2 / 3, 0) * variance[labels == j]
            spreads[j] = np.median(((own - middles[j]) ** 2).sum(axis=1) - noise)
    if excess is not None:
        spreads -= excess / 2
    distances = ((middles[:, None] - middles) ** 2).sum(axis=-1)
    return distances, np.maximum.outer(spreads, spreads) < _MAX_SPREAD**2 * distances


class Inside(NamedTuple):
    """How patterns change inside components or groups, clear of boundaries.

    Attributes
    ----------
    change : numpy.ndarray, shape (n_components,)
        Mean squared change over `_NEAR` positions, less `excess`; NaN where it is not
        known.
    excess : numpy.ndarray, shape (n_components,)
        Mean squared change from one position to the next, counting noise taken out: of
        jitter, say, which is the same however far positions are apart. 0 where it is
        not known.
    """

    change: np.ndarray
    excess: np.ndarray


class Boundaries:
    """Patterns along all lines of a scan, and where components change on the way.

    Parameters
    ----------
    points, variance : numpy.ndarray
        As in :func:`compare_components`.
    labels : numpy.ndarray of int, shape (n_patterns,)
        See :func:`find_patches`.
    grid : numpy.ndarray of int
        As there.
    """

    def __init__(self, points, variance, labels, grid):
        # All lines along all axes, one after the other, with a gap between them.
        gap, lines = 2 * _FAR, [np.full(2 * _FAR, -1)]
        for axis in range(grid.ndim):
            along = np.moveaxis(grid, axis, -1).reshape(-1, grid.shape[axis])
            lines.append(np.pad(along, ((0, 0), (0, gap)), constant_values=-1).ravel())
        rows = np.concatenate(lines)
        self.labels = np.append(labels, -1)[rows]
        self.next = _measure_changes(points, variance, rows, 1)
        self.near = _measure_changes(points, variance, rows, _NEAR)
        self.far = _measure_changes(points, variance, rows, _FAR)
        one, other = self.labels[:-1], self.labels[1:]
        crossings = np.flatnonzero((one != other) & (one >= 0) & (other >= 0))
        # `_FAR` positions on either side of each.
        self.around = crossings[:, None] + np.arange(1 - _FAR, 1 + _FAR)

    def measure_steps(self, groups, distances, pure):
        """Measure how far the change between groups is a step.

        Parameters
        ----------
        groups : numpy.ndarray of int, shape (n_components,)
        distances, pure : numpy.ndarray, shape (n_components, n_components)
            See :func:`compare_components`.

        Returns
        -------
        numpy.ndarray, shape (n_components, n_components)
            For each two groups, by their numbers: the squared change from one to the
            other, over the largest that is none. Infinite where they do not touch.
        """
        n = len(groups)
        group = np.append(groups, -1)[self.labels]
        around, first, last = self.around, _FAR - 1, _FAR
        one, other = group[around[:, [first]]], group[around[:, [last]]]
        is_one, is_other = group[around] == one, group[around] == other
        kept = is_one[:, first - 1] & is_other[:, last + 1] & (one != other)[:, 0]
        around, one, other = around[kept], one[kept, 0], other[kept, 0]
        # Only what stays within a group, from `_NEAR` away to the boundary.
        near_one = np.where(
            is_one[kept, :last].all(axis=1), self.near[around[:, 0]], np.nan
        )
        near_other = np.where(
            is_other[kept, last:].all(axis=1), self.near[around[:, last + 1]], np.nan
        )

        def mean(values, swapped=None):
            """Mean at each boundary; `swapped` are as seen from the other side."""
            swapped = values if swapped is None else swapped
            keys = np.concatenate([one * n + other, other * n + one])
            return _mean_by(keys, np.concatenate([values, swapped]), n * n).reshape(
                n, n
            )

        owners = self.labels[around[:, first]], self.labels[around[:, last]]
        inside, excess = self.measure_inside(groups)
        beside = mean(near_one, near_other) - excess[:, None]
        local = np.fmax(np.fmax(beside, beside.T), np.fmax.outer(inside, inside))
        excess = np.add.outer(excess, excess) / 2
        largest = np.fmax(
            np.fmax(
                _MIN_STEP_RATIO * local,
                (mean(self.far[around[:, first - 2]]) - excess) / _MAX_GROWTH,
            ),
            mean(distances[owners]) / _MIN_WIDTH**2,
        )
        step = mean(self.near[around[:, first - 1]]) - excess
        places = np.bincount(one * n + other, minlength=n * n).reshape(n, n)
        told = (places + places.T >= _MIN_PLACES) & (mean(pure[owners] * 1.0) <= 0.5)
        told &= np.isfinite(step) & (largest > 0)
        return np.divide(step, largest, np.full((n, n), np.inf), where=told)

    def measure_inside(self, groups):
        """Measure how patterns change inside groups.

        Parameters
        ----------
        groups : numpy.ndarray of int, shape (n_components,)

        Returns
        -------
        Inside
        """
        n, group = len(groups), np.append(groups, -1)[self.labels]
        changes = np.cumsum(np.append(True, group[1:] != group[:-1]))
        # From one position before the two to one after, clear of boundaries.
        starts = np.arange(1, len(group) - _NEAR - 1)
        starts = starts[changes[starts - 1] == changes[starts + _NEAR + 1]]
        starts = starts[group[starts] >= 0]
        means = (_mean_by(group[starts], v[starts], n) for v in (self.near, self.next))
        near, following = means
        excess = np.fmax(following, 0)
        return Inside(near - excess, excess)


def _measure_changes(points, variance, rows, distance):
    """Squared change from each row to one further on, less noise; NaN at an end."""
    squares = np.full(len(rows), np.nan)
    both = np.flatnonzero((rows[:-distance] >= 0) & (rows[distance:] >= 0))
    one, other = rows[both], rows[both + distance]
    noise = points.shape[1] * (variance[one] + variance[other])
    squares[both] = ((points[one] - points[other]) ** 2).sum(axis=1) - noise
    return squares


def _mean_by(keys, values, n):
    """Mean of the values of each key, NaN left out; NaN where there are none."""
    kept = np.isfinite(values)
    number = np.bincount(keys[kept], minlength=n)
    total = np.bincount(keys[kept], values[kept], minlength=n)
    return np.divide(total, number, np.full(n, np.nan), where=number > 0)
