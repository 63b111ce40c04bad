"""Numbers of the domains of a map, and chances to draw positions of each."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def number_labels(labels):
    """Number domains 0, 1, ... in the order of their labels.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Of any shape and any values; negative ones are unassigned.

    Returns
    -------
    numpy.ndarray of int32
        Of the same shape; -1 for unassigned.

    Examples
    --------
    >>> import numpy as np
    >>> number_labels(np.array([7, -5, 2, 7]))
    array([ 1, -1,  0,  1], dtype=int32)
    """
    names, numbers = np.unique(np.maximum(labels, -1), return_inverse=True)
    return numbers.reshape(labels.shape).astype(np.int32) - int(names[0] < 0)


def number_by_appearance(labels):
    """Number domains 0, 1, ... in the order in which they appear.

    Parameters and returned value are those of :func:`number_labels`.
    """
    names, first = np.unique(np.maximum(labels, -1), return_index=True)
    order = np.argsort(first[names >= 0])
    return renumber(number_labels(labels), order)


def renumber(labels, order):
    """Give new numbers to domains.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n_positions,)
        Numbers of domains; -1 for unassigned.
    order : numpy.ndarray of int, shape (n_kept,)
        The domains, in the order of their new numbers.

    Returns
    -------
    numpy.ndarray of int32, shape (n_positions,)
        -1 for unassigned, and for domains that are not in `order`.
    """
    n_domains = max(labels.max(initial=-1), order.max(initial=-1)) + 1
    numbers = np.full(n_domains + 1, -1, np.int32)
    numbers[order] = np.arange(len(order))
    return numbers[labels]


def order_by_size(labels, n_domains=0):
    """List domains, the largest first; of equal ones, the first first.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n_positions,)
        Numbers of domains; -1 for unassigned.
    n_domains : int, optional
        Domains without any position come last, if there are to be more domains than
        `labels` has.

    Returns
    -------
    numpy.ndarray of int
    """
    sizes = np.bincount(labels[labels >= 0], minlength=n_domains)
    return np.argsort(-sizes, kind="stable")


def find_lost(labels, others):
    """Find the domains of a map that another map has as parts of other domains.

    Parameters
    ----------
    labels, others : numpy.ndarray of int, shape (n_positions,)
        Two maps; -1 for unassigned.

    Returns
    -------
    list of int
        Domains of the first map, most of whose positions are in a domain of the other
        that holds more of another domain.

    Examples
    --------
    >>> import numpy as np
    >>> find_lost(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 0, 0, 0, 1]))
    [1]
    """
    table = count_common(labels, others)
    there = np.flatnonzero(table.any(axis=1))
    home = table.argmax(axis=1)
    return [i for i in there.tolist() if table[:, home[i]].argmax() != i]


def find_chances(labels, n_total, n_each, max_fraction=1.0):
    """Find chances to draw positions at random, with many of each domain.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n_positions,)
        From 0 on.
    n_total : int
        Expected number of positions, if no domain is small.
    n_each : int
        Expected number of positions of each domain, at least.
    max_fraction : float, optional
        Largest part of all positions that `n_total` may ask for.

    Returns
    -------
    numpy.ndarray of float, shape (n_positions,)
        The probability with which each position is to be drawn.
    """
    sizes = np.maximum(np.bincount(labels), 1)
    fraction = min(max_fraction, n_total / max(len(labels), 1))
    return np.clip(n_each / sizes, fraction, 1)[labels]


def count_common(labels, others):
    """Count the positions that domains of two maps have in common.

    Parameters
    ----------
    labels, others : numpy.ndarray of int, shape (n_positions,)
        Two maps; -1 for unassigned.

    Returns
    -------
    numpy.ndarray of int, shape (n_domains, n_others)
        Of each domain of the first map with each of the other, also with those that
        have no position.

    Examples
    --------
    >>> import numpy as np
    >>> count_common(np.array([0, 0, 1, -1]), np.array([2, 0, 2, 0]))
    array([[1, 0, 1],
           [0, 0, 1]])
    """
    n, m = (int(each.max(initial=-1)) + 1 for each in (labels, others))
    both = (labels >= 0) & (others >= 0)
    numbers = labels[both] * m + others[both]
    return np.bincount(numbers, minlength=n * m).reshape(n, m)


def match_one_to_one(table):
    """Match domains of two maps, such that they have most positions in common.

    Parameters
    ----------
    table : numpy.ndarray, shape (n_domains, n_others)
        Positions in common.

    Returns
    -------
    numpy.ndarray of int, shape (n_domains,)
        Column of each row, none twice; -1 for a row that is left over.
    """
    matched = np.full(len(table), -1)
    rows, columns = linear_sum_assignment(-table)
    matched[rows] = columns
    return matched
