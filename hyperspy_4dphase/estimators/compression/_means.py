"""Mean pattern of each domain, and how its patterns scatter, in one read."""

from functools import partial
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._accumulator import gather_rows
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights


class LabelMeans(NamedTuple):
    """Means of labelled patterns, and what else a read of them finds.

    Attributes
    ----------
    means : numpy.ndarray, shape (n_labels, n_pixels)
        Of sums in double precision; NaN where a label has no patterns.
    variances : numpy.ndarray, shape (n_labels, n_pixels), or None
        Of one pattern; NaN where a label has fewer than two.
    sums : numpy.ndarray, shape (n_patterns,)
        Weighted sum of each pattern; see :func:`sum_weights`.
    """

    means: np.ndarray
    variances: np.ndarray | None
    sums: np.ndarray


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
    LabelMeans

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
        totals, pieces = blocks.reduce(function, _add)
    else:
        totals, pieces = function(np.empty(blocks.shape), np.arange(0))
    (sums,) = gather_rows(pieces)
    sizes = np.bincount(labels[labels >= 0], minlength=n_labels)[:, np.newaxis]
    with np.errstate(invalid="ignore", divide="ignore"):
        means = totals[0] / sizes
        if not variances:
            return LabelMeans(means, None, sums)
        scatter = np.maximum(totals[1] - sizes * means**2, 0) / (sizes - 1)
    return LabelMeans(means, np.where(sizes > 1, scatter, np.nan), sums)


def _sum_labels(patterns, rows, labels, n_labels, squares):
    """Sum values of a block, and their squares, over each label; and over pixels."""
    labels = labels[rows]
    totals = np.zeros((1 + squares, n_labels, patterns.shape[1]))
    sums, weights = np.zeros(len(patterns)), sum_weights(patterns.shape[1])
    for label in np.unique(labels[labels >= 0]):
        inside = labels == label
        own = patterns[inside]
        own.sum(axis=0, dtype=np.float64, out=totals[0, label])
        sums[inside] = np.einsum(
            "ij,j->i", own, weights, dtype=np.float64, casting="safe"
        )
        if squares:
            totals[1, label] = np.einsum(
                "ij,ij->j", own, own, dtype=np.float64, casting="safe"
            )
    return totals, [(rows, sums)]


def _add(one, other):
    totals, pieces = one
    totals += other[0]
    return totals, pieces + other[1]
