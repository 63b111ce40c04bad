"""Steps of the pattern between neighbouring positions of a scan.

What bends, or grows thicker, changes from position to position by about as much as it
does around there. An interface is a step: a change within a probe's width that exceeds
both counting noise and the change around it.
"""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.domains._smoothing import smooth_labels

# Positions on either side of an edge of the grid whose patterns are averaged: along the
# step, so that an interface blurred over two positions shows whole, and across it.
_DEEP, _WIDE = 2, 3
# What is usual around an edge: this percentile of the steps in a window of so many
# positions along each axis. Interfaces, with all that they touch, take up less than the
# rest even around layers of four positions. Chosen among 20, 35 and 50 % and windows of
# 9 and 15 by the area under the curve of borders of true domains against all others:
# 0.983, at most 0.981 for the rest, in 66 simulated scans of five kinds.
_USUAL = 35
_WINDOW = {1: 15, 2: 15, 3: 7}
# Of the edges along a border so many may be lower than its step: where it passes other
# things, or fades. It is a border if its step is so many times what is usual. Chosen
# among 30 to 50 % and 1.65 to 2.1 on 15 bent particles with surface layers and 30 bent
# crystals without: of these 1 is cut with (40 %, 1.95), 8 with (40 %, 1.85) and none
# with (40 %, 2.05), where layers are lost: the mean Rand index of the particles falls
# from 0.935 to 0.878.
_FADED = 40
LEAST_STEP = 1.95
# From here on a step tells a border from a bend by itself. Of gradual cuts through bent
# crystals in 20 simulated scans it was 2.48 at most; of interfaces between two bent
# crystals, blurred by 1.5 or 3 positions, 2.64 or more where no gap told them.
CERTAIN_STEP = 2.5
# Borders of fewer edges may have such a step by chance: theirs counts for less. Not
# calibrated: over 20 bent particles the mean Rand index is the same without.
_SHORT, _DISCOUNT = 20, 0.05
# Fewest edges that make a border.
_FEWEST = 3
# An edge tells how sharp a scan is if its step is so many times what is usual, and the
# change further away so many standard deviations of noise. The sharpness is this
# percentile of so many edges at least: the sharpest of them are on straight borders
# along an axis.
_CLEAR, _NOISE = 3.5, 10.0
_SHARPEST, _ENOUGH = 90, 30
# Positions from other points within which steps may be those to the other points.
_REACH = 2


@dataclass
class Steps:
    """Steps across all edges of the grid of a scan.

    Attributes
    ----------
    ratios : list of numpy.ndarray
        For each axis the step between each position and the next along it, in units of
        what is usual around there; NaN where one of them has no pattern.
    ridge : numpy.ndarray
        Of the grid: the largest step at each position, in units of the noise.
    positions : numpy.ndarray of int, shape (n, n_axes)
        Place of each point in the grid.
    clear : numpy.ndarray of bool
        Of the grid: where steps are between these points only, not those to others.
    width : int
        Positions across the whole scan: a border right across has so many edges.
    sharpness : float
        Change within two positions of the sharpest clear steps over that from two to
        four positions away; NaN if there are few of them.
    """

    ratios: list
    ridge: np.ndarray
    positions: np.ndarray
    clear: np.ndarray
    width: int
    sharpness: float

    def take(self, rows):
        """Some of the points, on as much of the grid as holds them."""
        positions = self.positions[rows]
        first, last = positions.min(axis=0), positions.max(axis=0) + 1
        box = tuple(map(slice, first, last))
        ratios = []
        for axis, ratio in enumerate(self.ratios):
            edges = list(box)
            edges[axis] = slice(first[axis], last[axis] - 1)
            ratios.append(ratio[tuple(edges)])
        inside = np.zeros(self.ridge.shape, bool)
        inside[tuple(positions.T)] = True
        around = tuple(
            slice(max(b.start - _REACH - 1, 0), b.stop + _REACH + 1) for b in box
        )
        clear = np.zeros_like(inside)
        clear[around] = ndimage.binary_erosion(
            inside[around], iterations=_REACH, border_value=1
        )
        grids = self.ridge[box], positions - first, clear[box]
        return Steps(ratios, *grids, self.width, self.sharpness)

    def of_positions(self):
        """numpy.ndarray, shape (n,): The largest ratio at each point."""
        largest = np.zeros(self.ridge.shape)
        for axis, ratio in enumerate(self.ratios):
            at = np.moveaxis(largest, axis, 0)
            ratio = np.nan_to_num(np.moveaxis(ratio, axis, 0))
            np.maximum(at[:-1], ratio, out=at[:-1])
            np.maximum(at[1:], ratio, out=at[1:])
        return largest[tuple(self.positions.T)].astype(np.float32)

    def borders(self, labels):
        """Collect the steps along the borders of labels.

        Those that may be steps to other points are left out, but where a border has no
        more than a few others.

        Parameters
        ----------
        labels : numpy.ndarray of int, shape (n,)
            Of the points; negative ones have no borders.

        Returns
        -------
        pairs : numpy.ndarray of int, shape (n_edges, 2)
            Labels on both sides of each edge, the lower first.
        ratios : numpy.ndarray, shape (n_edges,)
        """
        grid = np.full(self.ridge.shape, -1)
        grid[tuple(self.positions.T)] = labels
        pairs, ratios, clear = [], [], []
        for axis, ratio in enumerate(self.ratios):
            at, own = (np.moveaxis(a, axis, 0) for a in (grid, self.clear))
            one, other, ratio = at[:-1], at[1:], np.moveaxis(ratio, axis, 0)
            border = (one != other) & (one >= 0) & (other >= 0) & np.isfinite(ratio)
            pairs.append(np.sort(np.stack([one[border], other[border]], axis=1)))
            ratios.append(ratio[border])
            clear.append((own[:-1] & own[1:])[border])
        pairs, ratios, clear = map(np.concatenate, (pairs, ratios, clear))
        if not len(pairs):
            return pairs, ratios
        _, names = np.unique(pairs, axis=0, return_inverse=True)
        few = np.bincount(names.ravel(), clear) < self._fewest
        used = clear | few[names.ravel()]
        return pairs[used], ratios[used]

    def measure_scatter(self, side):
        """float: Points that most neighbours outvote, per point of the smaller part.

        Parameters
        ----------
        side : numpy.ndarray of bool, shape (n,)
        """
        grid = np.full(self.ridge.shape, -1)
        grid[tuple(self.positions.T)] = side
        outvoted = smooth_labels(grid) != grid
        n_smaller = max(min(side.sum(), (~side).sum()), 1)
        return float(outvoted.sum() / n_smaller)

    def measure_border(self, side):
        """float: The step between two sides of the points; infinite if they are apart.

        Parameters
        ----------
        side : numpy.ndarray of bool, shape (n,)
        """
        return self.summarize(self.borders(side.astype(int))[1])

    @property
    def _fewest(self):
        """Fewest edges that make a border."""
        return min(_FEWEST, self.width)

    def is_short(self, n_edges):
        """Whether a border is so short that its step may be high by chance."""
        return n_edges < min(_SHORT, self.width)

    def summarize(self, ratios):
        """float: Step of a border from those of its edges, infinite for too few.

        That of a short border may be high by chance, and counts for less; but where
        the scan is no wider there are no longer ones.
        """
        if len(ratios) < self._fewest:
            return np.inf
        discount = _DISCOUNT * self.is_short(len(ratios))
        return _find_percentile(ratios, _FADED) * (1 - discount)


def _find_percentile(values, percent):
    """float: As numpy.percentile, which takes ten times as long for a few values."""
    place = (len(values) - 1) * percent / 100
    low = int(place)
    ordered = np.sort(values)
    high = min(low + 1, len(values) - 1)
    return float(ordered[low] + (place - low) * (ordered[high] - ordered[low]))


def measure_steps(field):
    """Measure the steps between all neighbouring positions.

    Parameters
    ----------
    field : Field

    Returns
    -------
    Steps
    """
    inside = field.inside
    points = field.spread(field.points, 0)
    ridge, ratios, shares = np.zeros(inside.shape), [], []
    for axis in range(inside.ndim):
        step = _measure_along(points, inside, axis)
        usual = ndimage.percentile_filter(
            _fill(step), _USUAL, size=_WINDOW.get(inside.ndim, 5), mode="reflect"
        )
        ratios.append(step / usual)
        away = _measure_along(points, inside, axis, away=_DEEP)
        noise = (2 * points.shape[-1]) ** 0.25
        shares.append(_compare(step, away, ratios[-1], axis, _NOISE * noise))
        at, step = (
            np.moveaxis(ridge, axis, 0),
            np.nan_to_num(np.moveaxis(step, axis, 0)),
        )
        np.maximum(at[:-1], step, out=at[:-1])
        np.maximum(at[1:], step, out=at[1:])
    width = inside.size // max(inside.shape)
    shares = np.concatenate(shares)
    is_known = shares.size >= _ENOUGH
    sharpness = float(np.percentile(shares, _SHARPEST)) if is_known else np.nan
    return Steps(ratios, ridge, field.positions, inside, width, sharpness)


def _compare(step, away, ratio, axis, least):
    """Change next to clear steps along an axis over that further away."""
    step, away, ratio = (np.moveaxis(a, axis, 0) for a in (step, away, ratio))
    ratio = np.nan_to_num(ratio)
    is_top = (ratio >= _CLEAR) & (np.nan_to_num(away) > least)
    is_top[1:] &= ratio[1:] >= ratio[:-1]
    is_top[:-1] &= ratio[:-1] >= ratio[1:]
    # At the rim of the scan fewer than two positions are further away.
    is_top[: 2 * _DEEP - 1] = is_top[1 - 2 * _DEEP :] = False
    return step[is_top] / away[is_top]


def _measure_along(points, inside, axis, away=0):
    """Steps along one axis, in standard deviations of noise; NaN outside.

    Those of patterns on both sides that are so many positions away from an edge.
    """
    points, inside = np.moveaxis(points, axis, 0), np.moveaxis(inside, axis, 0)
    n, n_features = len(points), points.shape[-1]
    count = inside.astype(points.dtype)
    for other in range(1, inside.ndim):
        points, count = (
            _WIDE * ndimage.uniform_filter1d(values, _WIDE, other, mode="constant")
            for values in (points, count)
        )
    sums = [np.zeros_like(points[:-1]) for _ in range(2)]
    counts = [np.zeros_like(count[:-1]) for _ in range(2)]
    for k in range(away, min(away + _DEEP, n)):
        sums[0][k:] += points[: n - 1 - k]
        counts[0][k:] += count[: n - 1 - k]
        sums[1][: n - 1 - k] += points[1 + k :]
        counts[1][: n - 1 - k] += count[1 + k :]
    is_known = inside[:-1] & inside[1:] & (np.minimum(*counts) > 0.5)
    counts = [np.maximum(c, 1) for c in counts]
    change = sums[1] / counts[1][..., None] - sums[0] / counts[0][..., None]
    variance = 1 / counts[0] + 1 / counts[1]
    excess = np.square(change).sum(axis=-1) - variance * n_features
    step = np.sqrt(np.maximum(excess, 0) + variance * np.sqrt(2 * n_features))
    step[~is_known] = np.nan
    return np.moveaxis(step, 0, axis)


def _fill(step):
    """Steps with those of the nearest edge where there is none."""
    outside = np.isnan(step)
    if not outside.any() or outside.all():
        return np.nan_to_num(step, nan=1.0)
    nearest = ndimage.distance_transform_edt(
        outside, return_distances=False, return_indices=True
    )
    return step[tuple(nearest)]
