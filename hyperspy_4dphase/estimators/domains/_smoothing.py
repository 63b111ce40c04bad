"""Labels that their neighbours outvote."""

import numpy as np
from scipy import ndimage


def smooth_labels(labels):
    """Give each position the label that most of its neighbourhood has.

    The neighbourhood is the position and those that touch it, by a corner too: 3, 9 or
    27 positions. Only an absolute majority of those that have a label changes anything;
    positions of -1 have no vote, and stay as they are. All vote at once.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Of the navigation shape; -1 where there is none.

    Returns
    -------
    numpy.ndarray of int
        A new array. Labels may be missing from it.
    """
    labels = np.asarray(labels)
    assigned = labels >= 0
    n_voters = _count_around(assigned)
    result = labels.copy()
    for label in np.unique(labels[assigned]):
        # Two labels cannot both have more than half.
        result[assigned & (2 * _count_around(labels == label) > n_voters)] = label
    return result


def _count_around(present):
    """Number of the positions around each one that are True."""
    window = np.ones((3,) * present.ndim)
    return ndimage.correlate(present.astype(np.uint8), window, mode="constant")
