"""Means over the domains below the nodes of a tree."""

import numpy as np

from hyperspy_4dphase.estimators.domains._tree_edits import leaf_sizes


def node_means(tree, means):
    """Mean of each node from those of the domains below it, weighted by size.

    Parameters
    ----------
    tree : DomainTree
    means : numpy.ndarray, shape (n_domains, ...)

    Returns
    -------
    numpy.ndarray, shape (n_nodes, ...)
    """
    weights = leaf_sizes(tree)
    members = map(tree.leaves, range(len(tree)))
    return np.stack([weighted_mean(means[m], weights[m]) for m in members])


def weighted_mean(values, weights):
    """Mean of rows that have a weight; NaN if none has.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, ...)
    weights : numpy.ndarray, shape (n,)

    Returns
    -------
    numpy.ndarray, shape (...)
    """
    used = weights > 0
    if not used.any():
        return np.full(values.shape[1:], np.nan)
    return np.average(values[used], axis=0, weights=weights[used])
