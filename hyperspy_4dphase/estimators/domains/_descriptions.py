"""What is known of each pattern beside its label."""

from typing import NamedTuple

import numpy as np

# Standard deviation of a normal distribution in units of the median distance from its
# median.
_PER_MEDIAN = 1.4826
# Fewest points, or pairs of them, whose median is one.
_FEWEST = 10


class Descriptions(NamedTuple):
    """What is known of each pattern beside its label.

    Attributes
    ----------
    steps : numpy.ndarray of float32, shape (n,)
        The largest step to a neighbouring position, in units of what is usual around
        there; NaN where there is none, or where positions are not known.
    along : numpy.ndarray of float32, shape (n,)
        Place of the pattern along the direction in which its domain varies most, in
        standard deviations of the noise of one pattern; NaN for patterns in no domain,
        and where the direction is not known.
    refused : numpy.ndarray of int8, shape (n,)
        1 and 2 for the two sides of a gap that was not split, 0 elsewhere.
    """

    steps: np.ndarray
    along: np.ndarray
    refused: np.ndarray

    @classmethod
    def unknown(cls, n):
        """Make descriptions of patterns of which nothing is known.

        Parameters
        ----------
        n : int
            Number of patterns.

        Returns
        -------
        Descriptions
        """
        steps, along = np.full((2, n), np.nan, np.float32)
        return cls(steps, along, np.zeros(n, np.int8))

    def forget(self, changed):
        """Forget what is no longer true of patterns whose domain has changed.

        The steps stay: they are a property of the scan, not of its domains.

        Parameters
        ----------
        changed : numpy.ndarray of bool, shape (n,)
            Patterns that have come to another domain, or whose domain was merged or
            split.

        Returns
        -------
        Descriptions
            New arrays.
        """
        along = np.where(changed, np.float32(np.nan), self.along)
        return self._replace(
            along=along, refused=np.where(changed, np.int8(0), self.refused)
        )


def find_main_direction(points, positions=None, inside=None):
    """Find the direction in which most points differ most, but for noise.

    Mixtures at the border of a domain lie far off in some direction. They are few, and
    do not make a domain a continuum: medians stand for means here, and positions off
    the border for all, if there are enough. Jitter of the patterns over the detector
    differs from each position to the next, as noise does, and is taken for it.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        In principal components, of unit noise; `n_features` may be 0.
    positions : numpy.ndarray of int, shape (n, n_axes), optional
        Their places in the scan.
    inside : numpy.ndarray of bool, shape (n,), optional
        Which of them are off the border.

    Returns
    -------
    along : numpy.ndarray of float32, shape (n,)
        Place of each point along that component; 0 if there is none.
    spread : float
        Standard deviation of the points along it without that of noise, in units of
        this: what neighbours differ by, but at least counting noise.
    """
    if not points.shape[1]:
        return np.zeros(len(points), np.float32), 0.0
    rows = np.arange(len(points))
    if inside is not None and inside.sum() >= _FEWEST:
        rows = np.flatnonzero(inside)
    noise = 1.0
    if positions is not None:
        noise = _measure_noise(points[rows], positions[rows])
    ratios = _measure_deviations(points[rows]) / noise
    widest = int(np.argmax(ratios))
    excess = float(ratios[widest]) ** 2 - 1
    return points[:, widest].astype(np.float32), float(np.sqrt(max(excess, 0.0)))


def _measure_deviations(points):
    """Standard deviations of a normal distribution as wide as most of the points."""
    return _PER_MEDIAN * np.median(np.abs(points - np.median(points, axis=0)), axis=0)


def _measure_noise(points, positions):
    """What neighbours differ by, but for what is the same along an axis; 1 or more."""
    positions = positions - positions.min(axis=0)
    grid = np.full(positions.max(axis=0) + 1, -1)
    grid[tuple(positions.T)] = np.arange(len(positions))
    apart = []
    for axis in range(grid.ndim):
        at = np.moveaxis(grid, axis, 0)
        pairs = np.stack([at[:-1].ravel(), at[1:].ravel()])
        one, other = pairs[:, (pairs >= 0).all(axis=0)]
        if one.size:
            own = points[other] - points[one]
            apart.append(own - np.median(own, axis=0))
    apart = np.concatenate([points[:0], *apart])
    if len(apart) < _FEWEST:
        return 1.0
    return np.maximum(_measure_deviations(apart) / np.sqrt(2), 1)
