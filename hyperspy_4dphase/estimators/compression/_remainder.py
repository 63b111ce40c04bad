"""What some directions hold that others do not."""

from typing import NamedTuple

import numpy as np

# What other directions hold already leaves this much of a unit vector, by rounding.
_ROUNDING = 1e-3


class Remainder(NamedTuple):
    """What some directions hold that others do not.

    Attributes
    ----------
    directions : numpy.ndarray, shape (n_pixels, k), float32
        Orthonormal columns.
    scores : numpy.ndarray, shape (n_patterns, k), float32
    values : numpy.ndarray, shape (k,)
        Norms of the scores, in falling order.
    """

    directions: np.ndarray
    scores: np.ndarray
    values: np.ndarray


def find_remainder(right, left, more, scores):
    """Find what some directions hold that others do not.

    Parameters
    ----------
    right, left : numpy.ndarray
        Orthonormal columns, shape (n_pixels, k), and the scores of patterns in them,
        shape (n_patterns, k).
    more, scores : numpy.ndarray
        Other columns, and the scores in them.

    Returns
    -------
    Remainder
    """
    overlap = right.T @ more
    more, sizes, turned = np.linalg.svd(
        (more - right @ overlap).astype(np.float64), full_matrices=False
    )
    new = sizes > _ROUNDING
    turned = (turned[new] / sizes[new, None]).T
    scores = (scores - left @ overlap) @ turned
    values, vectors = decompose_gram(scores.T @ scores)
    more, scores = more[:, new] @ vectors, scores @ vectors
    return Remainder(more.astype(np.float32), scores.astype(np.float32), values)


def decompose_gram(gram):
    """Compute the singular values and right singular vectors of X from X^T X.

    Parameters
    ----------
    gram : numpy.ndarray, shape (k, k)

    Returns
    -------
    values : numpy.ndarray, shape (k,)
        In falling order.
    vectors : numpy.ndarray, shape (k, k)
        In columns.
    """
    squares, vectors = np.linalg.eigh(gram)
    return np.sqrt(np.maximum(squares[::-1], 0)), vectors[:, ::-1]
