"""Single values that no neighbour explains: X-rays, cosmic rays, broken frames."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage, stats

from hyperspy_4dphase.estimators.detector._pixel_neighbours import PixelNeighbours

# A first, cheap look: how far the largest value of a pixel in a block stands above
# those of its neighbours.
_TIMES_NEIGHBOURS = 4.0
# In typical largest values of a pixel.
_ABOVE = 4.0
_FEW = 64
# A pixel of which more of the values stand out is no place of single events.
_MOST_OF_A_PIXEL = 0.05
_MOST_OF_A_BLOCK = 4096
# Least part of a true spot's height that its neighbours hold, the largest of them not
# counted: that of a spot with a standard deviation of half a pixel.
_SPREAD = 0.3
_CHANCE = 1e-9
# A pattern with more of them shows something, and is no accident.
_MOST_OF_A_PATTERN = 8
# How far the total of a broken frame is above all others.
_TIMES_TOTAL = 20.0
# In patterns: of fewer, the brightest fiftieth is no single one.
_FEWEST_FRAMES = 50


@dataclass
class Spikes:
    """Values that stand out in a block, with what is around them.

    Attributes
    ----------
    rows, pixels : numpy.ndarray of int, shape (n,)
    values : numpy.ndarray, shape (n,)
    around : numpy.ndarray, shape (n, 2)
        Sum over the neighbouring pixels of the same pattern, the largest left out, and
        their number.
    before_after : numpy.ndarray, shape (n, 2)
        Of the same pixel in the patterns before and after; NaN where there is none.
    """

    rows: np.ndarray
    pixels: np.ndarray
    values: np.ndarray
    around: np.ndarray
    before_after: np.ndarray

    @classmethod
    def concatenate(cls, parts):
        """Put the spikes of several blocks one after the other.

        Parameters
        ----------
        parts : list of Spikes

        Returns
        -------
        Spikes
        """
        arrays = zip(*(vars(part).values() for part in parts), strict=True)
        return cls(*map(np.concatenate, arrays))


class SpikeFinder:
    """Finds the values of a block that stand out of their surroundings.

    Parameters
    ----------
    signal_shape : tuple of int
        Of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels lie in the flat detector.
    """

    def __init__(self, signal_shape, used_pixels):
        self.neighbours = PixelNeighbours(signal_shape, used_pixels)

    def __call__(self, patterns, rows):
        """Look at a block.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
        rows : numpy.ndarray of int, shape (n_block,)

        Returns
        -------
        Spikes
        """
        # In no units: the gain and the offset are not known yet.
        least = float(patterns[:_FEW].min())
        above = patterns.max(axis=0).astype(np.float64) - least
        scale = np.median(above) or above.mean() or 1.0
        top = self.neighbours.to_image(np.maximum(above, 0))
        # A geometric mean: one high neighbour does not hide another.
        logarithm = np.log1p(top / scale)
        mean = ndimage.uniform_filter(logarithm, 3, mode="nearest") * 9 - logarithm
        limit = _TIMES_NEIGHBOURS * (np.exp(mean / 8) * scale - scale)
        limit = (limit + _ABOVE * scale).flat[self.neighbours.used]
        candidates = np.flatnonzero(np.maximum(above, 0) > limit)
        columns = patterns[:, candidates]
        above = columns > limit[candidates] + least
        few = above.sum(axis=0) <= max(1, _MOST_OF_A_PIXEL * len(patterns))
        place, which = np.nonzero(above & few)
        if place.size > _MOST_OF_A_BLOCK:
            largest = np.argsort(columns[place, which])[-_MOST_OF_A_BLOCK:]
            place, which = place[largest], which[largest]
        pixels = candidates[which]
        return Spikes(
            rows[place],
            pixels,
            columns[place, which].astype(np.float64),
            self._around(patterns, place, pixels),
            _before_after(patterns, place, pixels),
        )

    def _around(self, patterns, place, pixels):
        near = self.neighbours.find(pixels)
        values = np.where(near >= 0, patterns[place[:, None], near], 0)
        values = values.astype(np.float64)
        n_near = (near >= 0).sum(axis=1)
        sums = values.sum(axis=1) - values.max(axis=1, initial=0)
        return np.stack([sums, np.maximum(n_near - 1, 0)], axis=1)


def _before_after(patterns, place, pixels):
    other = place[:, None] + (-1, 1)
    inside = (other >= 0) & (other < len(patterns))
    values = patterns[np.where(inside, other, 0), pixels[:, None]]
    return np.where(inside, values.astype(np.float64), np.nan)


def find_single_events(spikes, gain, offset):
    """Which of them neither their neighbours nor the patterns beside them explain.

    Parameters
    ----------
    spikes : Spikes
    gain, offset : float
        Units of the data an electron, and without one.

    Returns
    -------
    inside : numpy.ndarray of bool, shape (n,)
    instead : numpy.ndarray, shape (n,)
        What the same pixel has in the pattern before, or else after; where there is
        neither, the mean of its neighbours. In units of the data.
    """
    value = (spikes.values - offset) / gain
    sums, n_near = spikes.around.T
    around = np.maximum((sums - n_near * offset) / gain, 0)
    beside = (spikes.before_after - offset) / gain
    have = np.isfinite(beside)
    most = np.where(have, beside, 0).max(axis=1, initial=0)
    alone = (
        stats.poisson.cdf(np.floor(around), _SPREAD * np.maximum(value, 0)) < _CHANCE
    )
    sudden = value > 2.5 * np.maximum(most, 0) + 20
    inside = alone & sudden & (n_near > 0)
    _, number, counts = np.unique(
        spikes.rows[inside], return_inverse=True, return_counts=True
    )
    inside[inside] = counts[number] <= _MOST_OF_A_PATTERN
    # A value as it was counted, not a mean: it has the noise of all others.
    before, after = spikes.before_after.T
    instead = np.where(have[:, 0], before, after)
    near = sums / np.maximum(n_near, 1)
    return inside, np.where(have.any(axis=1), instead, near)


def find_broken_frames(totals, spikes):
    """Patterns that are far brighter than all others, each by itself.

    Parameters
    ----------
    totals : numpy.ndarray, shape (n_patterns,)
        Sums of the patterns, in order.
    spikes : Spikes
        Where these are few in a pattern, they do not make it bright.

    Returns
    -------
    numpy.ndarray of bool, shape (n_patterns,)
    """
    n = totals.size
    number = np.bincount(spikes.rows, minlength=n)
    events = np.bincount(spikes.rows, spikes.values, n)
    totals = totals - np.where(number <= _MOST_OF_A_PATTERN, events, 0)
    usual = np.quantile(totals, 0.98, method="lower")
    if n < _FEWEST_FRAMES or usual <= 0:
        return np.zeros(n, dtype=bool)
    far = totals > _TIMES_TOTAL * usual
    beside = np.maximum(np.append(totals[1:], 0), np.append(0, totals[:-1]))
    return far & (beside < totals / _TIMES_TOTAL)
