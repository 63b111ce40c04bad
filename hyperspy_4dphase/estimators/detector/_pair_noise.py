"""Noise of each pixel, from pairs of patterns that are alike."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from hyperspy_4dphase.estimators._binning import binning_factor, number_bins
from hyperspy_4dphase.estimators.detector._variance_law import VarianceLaw

# Patterns that are compared, at most and at least, and values of all in between:
# they limit the time. Historical: chosen by trial.
_N_PATTERNS = 512
_LEAST_PATTERNS = 96
_MOST_VALUES = 2 * 2**20
# Groups of pixels that distances are told by, along each side and in a curve.
_GROUPS_A_SIDE = 16
_N_GROUPS = 256
# Steps of the scan up to which patterns are neighbours.
_NEIGHBOURS = 3
# In distances of typical pairs.
_MOST_APART = 3.0
# Distances that differ by no more than this part of the largest are the same.
_ROUNDING = 1e-9


@dataclass
class PairNoise:
    """What differs between patterns that are alike, pixel by pixel.

    Attributes
    ----------
    mean : numpy.ndarray, shape (n_pixels,)
        Of the patterns, in units of the data.
    variance : numpy.ndarray, shape (n_pixels,)
        Half the mean squared difference of the two patterns of a pair: the variance of
        noise, and what is left of changes in structure.
    differences : numpy.ndarray, shape (n_pairs, n_pixels), float32
    patterns : numpy.ndarray, shape (n_patterns, n_pixels), float32
        The patterns that the pairs are of.
    places : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels lie in the flat detector.
    signal_shape : tuple of int
        Of the detector.
    distances : tuple of two numpy.ndarray, shape (n_patterns, n_patterns)
        How unlike patterns are for the pixels of each colour, as the others see it.
    share_alike : float
        Part of the patterns for which pixels of both colours chose the same partner.
    """

    mean: np.ndarray
    variance: np.ndarray
    differences: np.ndarray
    patterns: np.ndarray
    places: np.ndarray
    signal_shape: tuple
    distances: tuple
    share_alike: float = 0.0

    @property
    def n_pairs(self):
        """int: Number of pairs."""
        return len(self.differences)

    @property
    def colour(self):
        """numpy.ndarray of int: Colour of each pixel in a checkerboard."""
        return _colour(self.signal_shape, self.places)

    @cached_property
    def law(self):
        """VarianceLaw: Of all pixels."""
        return VarianceLaw(self)

    def match(self, colour):
        """Pairs of like patterns, each pattern in one of them at most.

        Parameters
        ----------
        colour : {0, 1}
            Of the pixels that are to be compared: noise in these chooses no pair.

        Returns
        -------
        numpy.ndarray of int, shape (2, n_matched)
        """
        distances = self.distances[colour]
        free, found, some = np.arange(len(distances)), [], distances
        while free.size > 1:
            nearest = some.argmin(axis=1)
            own = np.arange(free.size)
            mutual = (nearest[nearest] == own) & (own < nearest)
            mutual &= np.isfinite(some[own, nearest])
            if not mutual.any():
                break
            found.append(np.stack([free[mutual], free[nearest[mutual]]]))
            free = np.setdiff1d(free, found[-1])
            some = distances[np.ix_(free, free)]
        pairs = np.concatenate(found, axis=1)
        # Patterns for which no like one was left.
        apart = np.maximum(distances[tuple(pairs)], 0)
        return pairs[:, apart <= _MOST_APART * np.median(apart)]

    def select(self, pixels):
        """Only some of the pixels.

        Parameters
        ----------
        pixels : numpy.ndarray of bool, shape (n_pixels,)
        """
        if pixels.all():
            return self
        return replace(
            self,
            mean=self.mean[pixels],
            variance=self.variance[pixels],
            differences=self.differences[:, pixels],
            patterns=self.patterns[:, pixels],
            places=self.places[pixels],
        )


def pair_patterns(sample, signal_shape, used_pixels, positions=None):
    """Compare each pattern of a sample with the one that is most like it.

    The pattern most alike is found by the pixels of one colour of a checkerboard, and
    the difference is taken at those of the other, so that noise does not choose. No
    positions are needed: the frames may stand in any order.

    Parameters
    ----------
    sample : numpy.ndarray, shape (n_patterns, n_pixels)
        Drawn at random from all patterns.
    signal_shape : tuple of int
        Of the detector.
    used_pixels : numpy.ndarray of int, shape (n_pixels,)
        Where the pixels lie in the flat detector.
    positions : numpy.ndarray of int, shape (n_patterns, n_axes), optional
        In the scan. Patterns next to each other make no pair: whoever has averaged
        neighbours has made them alike.

    Returns
    -------
    PairNoise
    """
    n, m = sample.shape
    n_used = int(np.clip(_MOST_VALUES // m, _LEAST_PATTERNS, _N_PATTERNS))
    step = max(1, -(-n // n_used))
    patterns = sample[::step].astype(np.float32)
    apart = None if positions is None else _find_apart(positions[::step])
    colour = _colour(signal_shape, used_pixels)
    group = _groups(signal_shape, used_pixels)
    features = _compress_range(patterns)
    # Those of one colour are as the pixels of the other see them.
    distances = tuple(
        _measure_distances(features, np.where(colour != side, group, -1), apart)
        for side in (0, 1)
    )
    partners = [_choose_partners(each) for each in distances]
    first, second = (patterns[nearest] for nearest in partners)
    differences = patterns - np.where(colour == 0, first, second)
    variance = np.einsum("ij,ij->j", differences, differences, dtype=np.float64)
    return PairNoise(
        patterns.mean(axis=0, dtype=np.float64),
        variance / (2 * len(patterns)),
        differences,
        patterns,
        used_pixels,
        tuple(signal_shape),
        distances,
        float((partners[0] == partners[1]).mean()),
    )


def _choose_partners(distances):
    """Nearest pattern of each; among those equally near, the next in order.

    Where patterns have few counts, many are the same, and one that was the partner of
    all of these would rule.
    """
    own = np.arange(len(distances))
    least = distances.min(axis=1, keepdims=True)
    finite = distances[np.isfinite(distances)]
    nearest = distances <= least + _ROUNDING * finite.max(initial=0)
    ahead = own - own[:, None]
    ahead[ahead < 0] += len(own)
    return np.where(nearest, ahead, len(own)).argmin(axis=1)


def _colour(signal_shape, places):
    """0 or 1 for each pixel."""
    if len(signal_shape) == 2:
        row, column = np.unravel_index(places, signal_shape)
        return (row + column) % 2
    return places % 2


def _groups(signal_shape, places):
    """Number of the group of each pixel."""
    if len(signal_shape) == 2:
        factor = binning_factor(signal_shape, _GROUPS_A_SIDE)
        return number_bins(signal_shape, factor)[places]
    n = int(np.prod(signal_shape))
    return places * min(_N_GROUPS, n) // n


def _compress_range(patterns):
    """Patterns in which single high values do not rule distances."""
    least = patterns.min(axis=0)
    raised = np.subtract(patterns, least)
    few = raised.ravel()[:: max(1, raised.size // 2**17)]
    most = np.quantile(few, 0.999)
    np.minimum(raised, max(most, np.finfo(np.float32).tiny), out=raised)
    return np.sqrt(raised, out=raised)


def _find_apart(positions):
    """Which patterns are not neighbours in the scan, if there are enough others."""
    apart = np.zeros((len(positions),) * 2, bool)
    for along in positions.T:
        apart |= np.abs(along[:, None] - along) > _NEIGHBOURS
    return apart if apart.sum(axis=1).min() >= len(apart) // 2 else None


def _measure_distances(features, group, apart):
    """Of patterns from each other; groups below 0 do not count."""
    inside = np.flatnonzero(group >= 0)
    if not inside.size:
        # All pixels are of the other colour: patterns are as far apart as any.
        distances = np.zeros((len(features),) * 2)
        np.fill_diagonal(distances, np.inf)
        return distances
    _, own = np.unique(group[inside], return_inverse=True)
    ones = np.ones(inside.size, np.float32)
    member = csr_array((ones, (own, inside)), shape=(own.max() + 1, group.size))
    points = (member @ features.T).T.astype(np.float64)
    points -= points.mean(axis=0)
    squares = np.square(points).sum(axis=1)
    distances = squares[:, None] + squares
    distances -= 2 * points @ points.T
    np.fill_diagonal(distances, np.inf)
    if apart is not None:
        distances[~apart] = np.inf
    return distances
