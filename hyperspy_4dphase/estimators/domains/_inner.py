"""Positions of a map that lie inside their domain."""

import numpy as np
from scipy import ndimage

# So many positions are as good as all of a domain, and purer.
FEWEST_INNER = 10


def find_inner_positions(labels):
    """Find the positions whose neighbours are all of the same domain.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Of the navigation shape; -1 where there is none.

    Returns
    -------
    numpy.ndarray of int, of that shape
        Labels of inner positions, and of all positions of a domain that has fewer than
        `FEWEST_INNER` of these; else -1.
    """
    low, high = (
        function(labels, size=3, mode="nearest")
        for function in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    inner = (low == high) & (labels >= 0)
    n_inner = np.bincount(labels[inner], minlength=labels.max(initial=-1) + 1)
    too_few = np.append(n_inner < FEWEST_INNER, False)
    return np.where(inner | too_few[labels], labels, -1)
