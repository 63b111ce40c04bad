"""Pixels whose values are no counts: stuck, flickering, hot, or camera metadata."""

import functools

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._hot_pixels import find_hot_pixels
from hyperspy_4dphase.estimators.detector._pixel_neighbours import (
    PixelNeighbours,
    close_gaps,
)

# Noise of a pixel over that of an electron counter: above the first only structure can
# explain it, below the second nothing does.
_FLICKERS_FROM = 5.0
_STUCK_BELOW = 0.1
# Typical noise over that of counting, below which values are no counts at all.
_FREE_OF_NOISE = 0.2
# Structure is shared with a neighbour or with the rest of the pattern.
_ALONE_BELOW = 0.25
_EXPLAINED_BELOW = 0.25
# Leading directions of a pattern that may explain a pixel. Historical: by trial.
_N_DIRECTIONS = 8
# Pixels that are compared at most: limits the time.
_MOST_COMPARED = 500
# Electrons of a pixel in all pairs together, from which its noise tells something.
_FEWEST_ELECTRONS = 50
# Standard deviations of counting noise that are no chance.
_SURE = 6.0
# Pairs of patterns, of fewer variances scatter by more than a sixth.
_FEWEST_PAIRS = 64
# What moves over a pixel lights up its neighbours as much, at other times.
_TOP_SHARE, _TOP_ABOVE = 0.01, 2.0
# If more are found, pixels do not share what they show with their neighbours.
_MOST = 0.1
# Brightness beside a saturated beam over that in it.
_BESIDE_SPOT = 0.2
# Pixels of a detector on which some can be told from the others. Historical.
_LEAST_PIXELS = 64
# Pixels a side of the window around each. Historical: chosen by trial.
_WINDOW = 7
# Share of odd pixels in a line of metadata, and how many such lines there may be.
_ODD_LINE = 0.3
_ODD_ALONE = 0.6
_MOST_LINES = 8


def find_broken_pixels(pairs, detector):
    """Find the pixels that no law of counting allows.

    Parameters
    ----------
    pairs : PairNoise
    detector : Detector

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,)
    """
    none = np.zeros(pairs.places.size, dtype=bool)
    is_image = len(pairs.signal_shape) == 2
    if none.size < _LEAST_PIXELS or not is_image or pairs.n_pairs < _FEWEST_PAIRS:
        return none
    electrons = (pairs.mean - detector.offset) / detector.gain
    noise = pairs.variance / detector.gain**2
    expected = np.maximum(electrons, 0) + detector.dark_variance
    # Of a pixel that hardly counts anything, one electron is expected in all.
    expected = np.maximum(expected, 1 / pairs.n_pairs)
    ratio = noise / expected
    image = Around(pairs, electrons)
    counted = electrons * pairs.n_pairs > _FEWEST_ELECTRONS
    # Where the gain comes out wrong, all pixels seem to have too little or too much.
    varies = ratio[counted & (ratio > 0)]
    # Without noise, as in a simulation, a pixel that does not vary is no exception.
    has_noise = varies.size == 0 or np.median(varies) > _FREE_OF_NOISE
    counts = detector.scales_with_mean and has_noise
    low = np.quantile(varies, 0.02) if varies.size else 1.0
    stuck = counted & (ratio < _STUCK_BELOW * min(low, 1.0)) & counts
    excess = (ratio - 1) * np.sqrt(pairs.n_pairs / (2 + 1 / expected))
    usual = max(np.median(ratio), 1.0)
    restless = counted & (ratio > _FLICKERS_FROM * usual) & (excess > _SURE)
    if stuck.any():
        stuck &= ~image.in_spots(stuck, stuck | restless, electrons)
    found = stuck | restless
    if found.any():
        restless &= ratio > 3 * image.low(ratio)
        lines = _find_odd_lines(stuck | restless, image)
        # What moves or bends makes more noise around it than in its middle.
        above = np.maximum(noise - expected, 0)
        restless &= above > 2 * image.beside(above)
        found = stuck | (restless & _find_alone(pairs, restless, image))
        found |= _complete_lines(found, image) | lines
    if counts:
        found |= find_hot_pixels(pairs, electrons, detector, counted, image, found)
    return none if found.mean() > _MOST else found


class Around:
    """What is around each pixel of a detector of which some are not used."""

    def __init__(self, pairs, electrons):
        self.shape, self.used = pairs.signal_shape, pairs.places
        self.near = PixelNeighbours(self.shape, self.used)
        self._pairs, self._electrons = pairs, electrons

    @functools.cached_property
    def alive(self):
        """Which of the used pixels are not dead among others that count."""
        still = self._pairs.variance == 0
        if not still.any():
            return ~still
        bright = self.low(self._electrons, 75) * self._pairs.n_pairs > 10
        dead = self.near.to_image(still & bright) > 0
        # Where the arms of a cross meet, too.
        return ~(still & close_gaps(dead, _WINDOW).flat[self.used])

    @functools.cached_property
    def near_alive(self):
        """Neighbours of the pixels that are not dead."""
        return PixelNeighbours(self.shape, self.used[self.alive])

    def low(self, values, percentile=25):
        """Lower quartile, or another, over a window of 7 x 7 pixels."""
        # Not used pixels do not rule: they take the median of all.
        image = self.near.to_image(values, np.median(values))
        low = ndimage.percentile_filter(image, percentile, size=_WINDOW, mode="mirror")
        return low.flat[self.used]

    def in_spots(self, which, odd, values):
        """Which of some pixels are in groups beside which others are as bright, nearly:
        a saturated beam is no broken pixel. Odd pixels beside them say nothing.
        """
        grid = self.near.to_image(which) > 0
        bright = self.near.to_image(np.where(odd & ~which, 0, values))
        around = np.where(grid, -np.inf, bright)
        around = ndimage.maximum_filter(around, 3, mode="constant", cval=-np.inf)
        groups, n = ndimage.label(grid, np.ones((3, 3)))
        index = np.arange(1, n + 1)
        beside = ndimage.maximum(around, groups, index)
        is_spot = beside > _BESIDE_SPOT * ndimage.mean(bright, groups, index)
        is_spot &= ndimage.sum_labels(grid, groups, index) > 1
        return np.append(False, is_spot)[groups].flat[self.used]

    def beside(self, values):
        """Median over the neighbours of each pixel."""
        near = self.near.find()
        median = np.zeros(len(near))
        some = (near >= 0).any(axis=1)
        near = near[some]
        median[some] = np.nanmedian(np.where(near >= 0, values[near], np.nan), axis=1)
        return median


def _find_alone(pairs, restless, image):
    """Whether what a pixel shows beyond noise is nowhere else in the pattern."""
    alone = np.zeros_like(restless)
    which = np.flatnonzero(restless & ~_find_lit_in_turn(pairs, restless, image))
    if not which.size:
        return alone
    values = pairs.differences
    norms = np.sqrt(np.square(values).sum(axis=0, dtype=np.float64))
    near = image.near.find(which)
    shared = np.zeros(which.size)
    for neighbour in near.T:
        inside = neighbour >= 0
        one, other = which[inside], neighbour[inside]
        products = np.einsum("ij,ij->j", values[:, one], values[:, other])
        cosine = np.abs(products) * inverse(norms[one] * norms[other])
        shared[inside] = np.maximum(shared[inside], cosine)
    lonely = which[shared < _ALONE_BELOW]
    rest = np.setdiff1d(np.flatnonzero(norms > 0), lonely)
    if lonely.size and rest.size > _N_DIRECTIONS:
        # Alone among its neighbours, it may still follow the pattern as a whole.
        scaled = values[:, rest] / norms[rest].astype(np.float32)
        _, vectors = np.linalg.eigh((scaled @ scaled.T).astype(np.float64))
        leading = vectors[:, -_N_DIRECTIONS:]
        own = values[:, lonely] * inverse(norms[lonely])
        explained = np.square(leading.T @ own).sum(axis=0)
        lonely = lonely[explained < _EXPLAINED_BELOW + _N_DIRECTIONS / len(values)]
    others = np.flatnonzero(restless)
    if lonely.size and lonely.size * others.size <= _MOST_COMPARED**2:
        # So may others as sharp as it, where spots are no wider than a pixel.
        cosine = values[:, lonely].T @ values[:, others]
        cosine = np.abs(cosine) * inverse(np.outer(norms[lonely], norms[others]))
        cosine[lonely[:, None] == others] = 0
        limit = max(_ALONE_BELOW, 5 / np.sqrt(len(values)))
        lonely = lonely[cosine.max(axis=1) < limit]
    alone[lonely] = True
    alone[image.alive] = image.near_alive.drop_beside_gaps(alone[image.alive])
    return alone


def _find_lit_in_turn(pairs, restless, image):
    """Whether neighbours of a restless pixel are at times as bright as it is."""
    lit = np.zeros_like(restless)
    which = np.flatnonzero(restless[image.alive])
    near = image.near_alive.find_next(which)
    alive = np.flatnonzero(image.alive)
    which, near = alive[which], np.where(near >= 0, alive[near], -1)
    if not which.size:
        return lit
    several, place = np.unique(np.append(which, near[near >= 0]), return_inverse=True)
    n_top = max(1, round(_TOP_SHARE * len(pairs.patterns)))
    columns = pairs.patterns[:, several]
    top = np.partition(columns, -n_top, axis=0)[-n_top:].mean(axis=0)
    top = top - np.median(columns, axis=0).min()
    beside = np.full(near.shape, -np.inf)
    beside[near >= 0] = top[place[which.size :]]
    # The brightest of them may be broken, too.
    second = np.sort(beside, axis=1)[:, -2]
    lit[which] = top[place[: which.size]] < _TOP_ABOVE * second
    return lit


def _find_odd_lines(odd, image):
    """Rows and columns that hold no image, at the edges or alone, as metadata do."""
    grid = image.near.to_image(odd)
    lines = np.zeros(image.shape, dtype=bool)
    for grid_view, view in ((grid, lines), (grid.T, lines.T)):
        share = grid_view.mean(axis=1)
        padded = np.pad(share, 1)
        beside = np.maximum(padded[:-2], padded[2:])
        view[(share > _ODD_ALONE) & (beside < _ODD_LINE / 2)] = True
        for order in (slice(None), slice(None, None, -1)):
            own, rows = share[order], view[order]
            depth = np.argmax(own < _ODD_LINE)
            beyond = own[depth : depth + 2].max()
            # It must end, and soon.
            if 0 < depth <= _MOST_LINES and beyond < _ODD_LINE / 2:
                rows[:depth] = True
    return lines.flat[image.used]


def _complete_lines(found, image):
    """Rows and columns of which more than half is found."""
    grid = image.near.to_image(found, np.nan)
    lines = np.zeros(image.shape, dtype=bool)
    for axis in (0, 1):
        valid = np.isfinite(grid).sum(axis=axis)
        share = np.nansum(grid, axis=axis) / np.maximum(valid, 1)
        line = np.expand_dims((share > 0.5) & (valid >= 8), axis)
        lines |= line
    return lines.flat[image.used]
