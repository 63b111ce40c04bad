"""Mean pattern of each domain, and how its patterns scatter, in one read."""

from functools import partial
from operator import iadd

import numpy as np


def label_means(blocks, labels, n_labels, variances=False):
    """Compute the mean pattern of each label.

    Parameters
    ----------
    blocks : PatternBlocks
        Read once.
    labels : numpy.ndarray of int, shape (n_patterns,)
        Of each of its patterns; those of -1 are read, but left out.
    n_labels : int
    variances : bool, default False
        Whether to find out how the patterns scatter, too: it takes twice as long where
        reading is fast.

    Returns
    -------
    means : numpy.ndarray, shape (n_labels, n_pixels)
        Of sums in double precision; NaN where a label has no patterns.
    variances : numpy.ndarray, shape (n_labels, n_pixels), or None
        Of one pattern; NaN where a label has fewer than two.

    Raises
    ------
    ValueError, RuntimeError
        If the patterns cannot be read, see :meth:`PatternBlocks.reduce`.
    """
    labels = np.asarray(labels)
    if labels.shape != blocks.shape[:1]:
        raise ValueError(
            f"labels have the shape {labels.shape}, but there are {blocks.shape[0]} "
            "patterns."
        )
    function = partial(_sum_labels, labels=labels, n_labels=n_labels, squares=variances)
    if blocks.shape[0]:
        sums = blocks.reduce(function, iadd)
    else:
        sums = function(np.empty(blocks.shape), slice(None))
    sizes = np.bincount(labels[labels >= 0], minlength=n_labels)[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = sums[0] / sizes
        if not variances:
            return means, None
        scatter = np.maximum(sums[1] - sizes * means**2, 0) / (sizes - 1)
    return means, np.where(sizes > 1, scatter, np.nan)


def _sum_labels(patterns, rows, labels, n_labels, squares):
    """Sum the values of a block, and their squares, over each label."""
    labels = labels[rows]
    sums = np.zeros((1 + squares, n_labels, patterns.shape[1]))
    for label in np.unique(labels[labels >= 0]):
        own = patterns[labels == label]
        own.sum(axis=0, dtype=np.float64, out=sums[0, label])
        if squares:
            sums[1, label] = np.einsum(
                "ij,ij->j", own, own, dtype=np.float64, casting="safe"
            )
    return sums
