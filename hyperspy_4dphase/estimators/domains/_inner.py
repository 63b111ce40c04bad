"""Positions of a map that lie inside their domain."""

import numpy as np
from scipy import ndimage

# So many positions are as good as all of a domain, and purer.
FEWEST_INNER = 10


def find_inner_positions(labels, inner=None):
    """Find the positions whose neighbours are all of the same domain.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Of the navigation shape; -1 where there is none.
    inner : numpy.ndarray of bool, optional
        Which these are, of that shape; by default :func:`mark_inner` tells.

    Returns
    -------
    numpy.ndarray of int, of that shape
        Labels of inner positions, and of all positions of a domain that has fewer than
        `FEWEST_INNER` of these; else -1.
    """
    inner = (mark_inner(labels) if inner is None else inner) & (labels >= 0)
    n_inner = np.bincount(labels[inner], minlength=labels.max(initial=-1) + 1)
    too_few = np.append(n_inner < FEWEST_INNER, False)
    return np.where(inner | too_few[labels], labels, -1)


def mark_inner(labels):
    """Mark the positions whose neighbours all have the same label.

    Parameters
    ----------
    labels : numpy.ndarray of int

    Returns
    -------
    numpy.ndarray of bool, of that shape
    """
    low, high = (
        function(labels, size=3, mode="nearest")
        for function in (ndimage.minimum_filter, ndimage.maximum_filter)
    )
    return low == high
