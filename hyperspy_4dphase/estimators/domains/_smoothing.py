"""Labels that their neighbours outvote."""

import numpy as np
from scipy import ndimage


def outvoted(labels):
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
    n_voters = _in_neighbourhood(assigned)
    result = labels.copy()
    for label in np.unique(labels[assigned]):
        n_votes = _in_neighbourhood(labels == label)
        # Two labels cannot both have more than half.
        result[assigned & (2 * n_votes > n_voters)] = label
    return result


def _in_neighbourhood(present):
    n = present.astype(np.uint8)
    for axis in range(n.ndim):
        n = ndimage.correlate1d(n, [1, 1, 1], axis=axis, mode="constant")
    return n
