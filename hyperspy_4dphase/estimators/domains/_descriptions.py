"""What is known of each pattern beside its label."""

from typing import NamedTuple

import numpy as np

# Standard deviation of a normal distribution in units of the median distance from its
# median.
_PER_MEDIAN = 1.4826


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


def find_main_direction(points):
    """Find the direction in which most points differ most.

    Mixtures at the border of a domain lie far off in some direction. They are few, and
    do not make a domain a continuum: medians stand for means here.

    Parameters
    ----------
    points : numpy.ndarray, shape (n, n_features)
        In principal components, of unit noise; `n_features` may be 0.

    Returns
    -------
    along : numpy.ndarray of float32, shape (n,)
        Place of each point along that component; 0 if there is none.
    spread : float
        Standard deviation of the points along it without that of noise, as the median
        distance from the median tells it.
    """
    if not points.shape[1]:
        return np.zeros(len(points), np.float32), 0.0
    apart = np.abs(points - np.median(points, axis=0))
    deviations = _PER_MEDIAN * np.median(apart, axis=0)
    widest = int(np.argmax(deviations))
    excess = float(deviations[widest]) ** 2 - 1
    return points[:, widest].astype(np.float32), float(np.sqrt(max(excess, 0.0)))
