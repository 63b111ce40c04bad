"""Which components are slices of one pattern that changes smoothly over a scan.

Bending and thickness change the pattern of one domain by far more than noise, and the
factorization cuts such a change into slices. Between two slices patterns change as
gently as inside them, over many positions; between two domains they change within the
width of the probe.
"""

import numpy as np
from scipy.ndimage import label

# A step is looked for between patterns this many positions apart: the probe covers two
# or three positions, and a domain may be no wider than four.
_NEAR = 3
# What changes on over this many positions is wider than the probe.
_FAR = 5
# A change of patterns is a step if its square is more than this times that of the
# change over as many positions beside it, or inside either component. Calibrated.
_MIN_STEP_RATIO = 2.0
# A change is wider than a probe that covers three positions if its square grows by more
# than this from `_NEAR` to `_FAR`: a step that a Gaussian of that full width blurs
# grows by 1.57, and an even slope by 2.78.
_MAX_GROWTH = 1.6
# Of two pure patterns, half of each one's own patterns are nearer to their middle than
# this part of the distance between the two, noise taken out; of two halves of an even
# spread half are farther than one in four.
_MAX_SPREAD = 1 / 8
# What takes more than this many times `_NEAR` positions from one component's pattern to
# the other's is no step.
_MIN_WIDTH = 3
# Components rule at this many positions of a patch, or the patch is not of them; and a
# boundary shows at so many places, or it says nothing.
_MIN_PLACES = 5
# A component rules where it makes up this part of the most it does anywhere.
_MIN_FRACTION = 2 / 3



def group_components(points, variance, fractions, positions):
    """Group components between which patterns change smoothly over the scan.

    Groups are joined two at a time, those with the least step between them first.

    Parameters
    ----------
    points : numpy.ndarray, shape (n_patterns, rank)
        Patterns without brightness; see :func:`remove_brightness`.
    variance : numpy.ndarray, shape (n_patterns,)
        Of the noise in each coordinate; 0 where a pattern is lost in noise.
    fractions : numpy.ndarray, shape (n_components, n_patterns)
    positions : numpy.ndarray of int, shape (n_patterns, n_axes)
        Where in the scan each pattern is.

    Returns
    -------
    numpy.ndarray of int, shape (n_components,)
        A group number for each component, counted from 0 in the order of components.
    """
    groups = np.arange(len(fractions))
    grid = place_on_grid(positions)
    labels = find_patches(fractions, variance > 0, grid)
    boundaries = Boundaries(points, variance, labels, grid)
    distances, pure = compare_components(points, variance, labels, len(groups))
    while True:
        ratio = boundaries.measure_steps(groups, distances, pure)
        one, other = np.unravel_index(np.argmin(ratio), ratio.shape)
        if not ratio[one, other] < 1:
            return np.unique(groups, return_inverse=True)[1]
        groups[groups == max(one, other)] = min(one, other)


def place_on_grid(positions):
    """Numbers of patterns at each position of the scan; -1 where there is none."""
    positions = positions - positions.min(axis=0)
    grid = np.full(positions.max(axis=0) + 1, -1)
    grid[tuple(positions.T)] = np.arange(len(positions))
    return grid


def find_patches(fractions, known, grid):
    """Label patterns by their largest component, where that rules.

    Parameters
    ----------
    fractions : numpy.ndarray, shape (n_components, n_patterns)
    known : numpy.ndarray of bool, shape (n_patterns,)
    grid : numpy.ndarray of int
        See :func:`place_on_grid`.

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
    for j in range(len(fractions)):
        patch, n_patches = label(present & (labels[grid] == j))
        patch = patch[present]
        rows = grid[present]
        size = np.bincount(patch[rules[rows]], minlength=n_patches + 1)
        labels[rows[(patch > 0) & (size[patch] < _MIN_PLACES)]] = -1
    return labels


class Boundaries:
    """Patterns along all lines of a scan, and where components change on the way.

    Parameters
    ----------
    points, variance : numpy.ndarray
        See :func:`group_components`.
    labels : numpy.ndarray of int, shape (n_patterns,)
        See :func:`find_patches`.
    grid : numpy.ndarray of int
        See :func:`place_on_grid`.
    """

    def __init__(self, points, variance, labels, grid):
        # All lines one after the other, with a gap between them.
        gap, walks = 2 * _FAR, []
        for axis in range(grid.ndim):
            lines = np.moveaxis(grid, axis, -1).reshape(-1, grid.shape[axis])
            walks.append(np.pad(lines, ((0, 0), (0, gap)), constant_values=-1).ravel())
        rows = np.concatenate([np.full(gap, -1), *walks])
        self.labels = np.append(labels, -1)[rows]
        self.near = _measure_changes(points, variance, rows, _NEAR)
        self.far = _measure_changes(points, variance, rows, _FAR)
        one, other = self.labels[:-1], self.labels[1:]
        self.crossings = np.flatnonzero((one != other) & (one >= 0) & (other >= 0))

    def measure_steps(self, groups, distances, pure):
        """How far the change between groups is a step.

        Parameters
        ----------
        groups : numpy.ndarray of int, shape (n_components,)
        distances, pure : numpy.ndarray, shape (n_components, n_components)
            See :func:`compare_components`.

        Returns
        -------
        numpy.ndarray, shape (n_components, n_components)
            For each two groups, by their numbers; 1 and more is a step. Infinite where
            they do not touch.
        """
        n = len(groups)
        group = np.append(groups, -1)[self.labels]
        # Five positions on either side of each crossing.
        at = self.crossings[:, None] + np.arange(1 - _FAR, 1 + _FAR)
        around = group[at]
        one, other = around[:, _FAR - 1], around[:, _FAR]
        is_one, is_other = around == one[:, None], around == other[:, None]
        clean = (one != other) & is_one[:, _FAR - 2] & is_other[:, _FAR + 1]
        at, one, other = at[clean], one[clean], other[clean]
        is_one, is_other = is_one[clean], is_other[clean]
        key = np.concatenate([one * n + other, other * n + one])

        def mean(values, kept=True):
            values = np.tile(values, 2) if len(values) < len(key) else values
            kept = kept & np.isfinite(values)
            number = np.bincount(key[kept], minlength=n * n)
            total = np.bincount(key[kept], values[kept], minlength=n * n)
            mean = np.divide(total, number, np.zeros(n * n), where=number > 0)
            return mean.reshape(n, n), number.reshape(n, n)

        step, places = mean(self.near[at[:, _FAR - 2]])
        far, _ = mean(self.far[at[:, _FAR - 3]])
        # The change over as many positions on either side, as far as of one group.
        side = [self.near[at[:, 0]], self.near[at[:, _FAR + 1]]]
        runs = [is_one[:, :_FAR].all(axis=1), is_other[:, _FAR:].all(axis=1)]
        beside, _ = mean(np.concatenate(side), np.concatenate(runs))
        inside = self._measure_inside(group, n)
        local = np.maximum(np.maximum(beside, beside.T), np.maximum.outer(inside, inside))
        owners = self.labels[at[:, _FAR - 1]], self.labels[at[:, _FAR]]
        whole, _ = mean(distances[owners])
        apart, _ = mean(pure[owners].astype(float))
        explained = np.maximum(_MIN_STEP_RATIO * local, far / _MAX_GROWTH)
        explained = np.maximum(explained, whole / _MIN_WIDTH**2)
        told = (places >= _MIN_PLACES) & (apart <= 0.5)
        return np.divide(
            step, explained, np.full((n, n), np.inf), where=told & (explained > 0)
        )

    def _measure_inside(self, group, n):
        """Mean change inside each group, clear of its boundaries."""
        changes = np.cumsum(group[1:] != group[:-1])
        # From one position before to one after the two that are compared.
        ends = np.arange(1, len(group) - _NEAR - 1)
        inside = changes[ends + _NEAR] == np.append(0, changes)[ends - 1]
        kept = ends[inside & (group[ends] >= 0) & np.isfinite(self.near[ends])]
        number = np.bincount(group[kept], minlength=n)
        total = np.bincount(group[kept], self.near[kept], minlength=n)
        return np.divide(total, number, np.zeros(n), where=number > 0)


def _measure_changes(points, variance, rows, distance):
    """Squared change from each row to that some rows further, less that of noise."""
    squares = np.full(len(rows), np.nan)
    one, other = rows[:-distance], rows[distance:]
    both = np.flatnonzero((one >= 0) & (other >= 0))
    one, other = one[both], other[both]
    noise = points.shape[1] * (variance[one] + variance[other])
    squares[both] = ((points[one] - points[other]) ** 2).sum(axis=1) - noise
    return squares


def compare_components(points, variance, labels, n_components):
    """Compare the patterns of components, as if there were no positions.

    Parameters
    ----------
    points, variance : numpy.ndarray
        See :func:`group_components`.
    labels : numpy.ndarray of int, shape (n_patterns,)
    n_components : int

    Returns
    -------
    distances : numpy.ndarray, shape (n_components, n_components)
        Squared, between their middles.
    pure : numpy.ndarray of bool, shape (n_components, n_components)
        Whether the patterns of both are like one another but for noise.
    """
    rank = points.shape[1]
    middle = np.full((n_components, rank), np.nan)
    spread = np.full(n_components, np.inf)
    for j in range(n_components):
        own = points[labels == j]
        if len(own):
            middle[j] = np.median(own, axis=0)
            # The median of squared noise is a little less than its mean.
            noise = max(rank - 2 / 3, 0) * variance[labels == j]
            spread[j] = np.median(((own - middle[j]) ** 2).sum(axis=1) - noise)
    distances = ((middle[:, None] - middle) ** 2).sum(axis=-1)
    pure = np.maximum(spread[:, None], spread) < _MAX_SPREAD**2 * distances
    return distances, pure
