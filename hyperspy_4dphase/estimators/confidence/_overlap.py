"""How far maps of one scan agree: overlaps of their domains, and what follows."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from sklearn.metrics.cluster import contingency_matrix

_ROUNDING = 1e-9


class Counts(NamedTuple):
    """How often labels of two maps meet.

    Parameters
    ----------
    n_both : numpy.ndarray of int, shape (n_cells,)
        Positions of each pair of labels; pairs that never meet may be left out.
    cell : numpy.ndarray of int, shape (n_positions,)
        The pair of labels of each position.
    """

    n_both: np.ndarray
    cell: np.ndarray


def compacted(labels):
    """Labels as 1, 2, ... in the order of their values, and 0 for negative ones.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n_positions,)

    Returns
    -------
    codes : numpy.ndarray of int32, shape (n_positions,)
    values : numpy.ndarray of int, shape (n_labels,)
        The label of each code from 1 on.
    """
    codes = np.zeros(labels.size, np.int32)
    assigned = labels >= 0
    values, inverse = np.unique(labels[assigned], return_inverse=True)
    codes[assigned] = inverse.reshape(-1) + 1
    return codes, values


def meetings(a, b):
    """Count in how many positions labels of two maps meet.

    Parameters
    ----------
    a, b : numpy.ndarray of int, shape (n_positions,)
        From 0 on, with few gaps.

    Returns
    -------
    Counts
    """
    n_b = int(b.max()) + 1
    n_cells = (int(a.max()) + 1) * n_b
    cell = a.astype(np.intp)
    cell *= n_b
    cell += b
    if n_cells <= max(4 * a.size, 1024):
        return Counts(np.bincount(cell, minlength=n_cells), cell)
    # Maps of very many labels: most pairs never meet.
    _, cell, n_both = np.unique(cell, return_inverse=True, return_counts=True)
    return Counts(n_both, cell.reshape(-1))


def overlap_confidence(maps):
    """Mean overlap, over pairs of maps, of the domains that a position lies in.

    For two maps a and b, O[i, j] is the part of domain i of a that lies in domain j of
    b. The confidence of a position is the mean, over all ordered pairs of different
    maps, of O[label in a, label in b] ([1]_). Labels need no matching: a map counts the
    same however its domains are numbered.

    Parameters
    ----------
    maps : array_like of int, shape (n_maps, n_positions)
        Labels, of any values from 0 on; negative ones are unassigned. A pair of maps in
        either of which a position is unassigned counts 0 for this position. Domains
        have the size that they have in their own map, whether or not the other map
        assigns all of it.

    Returns
    -------
    numpy.ndarray of float64, shape (n_positions,)
        In [0, 1].

    Raises
    ------
    ValueError
        If there are fewer than two maps.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023), 14,
       doi:10.1038/s41524-022-00960-y.

    Examples
    --------
    The first map is cut elsewhere than the other two, whose labels are swapped.

    >>> overlap_confidence([[0, 0, 0, 1], [7, 7, 2, 2], [0, 0, 1, 1]])
    array([0.88..., 0.88..., 0.61..., 0.83...])
    """
    maps = np.asarray(maps)
    if maps.ndim != 2 or len(maps) < 2:
        raise ValueError(
            f"The maps have shape {maps.shape}; expected (n_maps, n_positions), with 2 "
            "maps at least."
        )
    n_maps, n_positions = maps.shape
    total = np.zeros(n_positions)
    if not n_positions:
        return total
    codes = [compacted(labels)[0] for labels in maps]
    sizes = [np.bincount(code) for code in codes]
    for a, b in combinations(range(n_maps), 2):
        n_both, cell = meetings(codes[a], codes[b])
        both = n_both[cell].astype(np.float64)
        both[(codes[a] == 0) | (codes[b] == 0)] = 0
        total += both / sizes[a][codes[a]] + both / sizes[b][codes[b]]
    return total / (n_maps * (n_maps - 1))


def rand_similarities(maps):
    """Adjusted Rand index of each pair of maps.

    Parameters
    ----------
    maps : numpy.ndarray of int, shape (n_maps, n_positions)
        Negative labels are unassigned, and count as one more domain.

    Returns
    -------
    numpy.ndarray of float64, shape (n_maps, n_maps)
        Symmetric, with 1 on the diagonal.
    """
    n_maps, n_positions = maps.shape
    codes = [compacted(labels)[0] for labels in maps]
    pairs = [_n_pairs(np.bincount(code)) for code in codes]
    all_pairs = n_positions * (n_positions - 1) / 2
    result = np.eye(n_maps)
    for a, b in combinations(range(n_maps), 2):
        together = _n_pairs(meetings(codes[a], codes[b]).n_both)
        by_chance = pairs[a] * pairs[b] / all_pairs if all_pairs else 0
        most = (pairs[a] + pairs[b]) / 2
        # Both are one domain, or both as many as there are positions: they are equal.
        equal = most - by_chance <= _ROUNDING * most
        index = 1 if equal else (together - by_chance) / (most - by_chance)
        result[a, b] = result[b, a] = index
    return result


def _n_pairs(n):
    n = n.astype(np.float64)
    return float((n * (n - 1)).sum() / 2)


def alike(similarities):
    """How far two maps are more alike than maps of this scan are anyhow.

    Parameters
    ----------
    similarities : numpy.ndarray of float, shape (n_maps, n_maps)
        See :func:`rand_similarities`.

    Returns
    -------
    numpy.ndarray of float64, shape (n_maps, n_maps)
        ``max(0, (s - s_mean) / (1 - s_mean))**2`` with the mean over different maps: 1
        for copies and 0 for maps no more alike than the average.
    """
    n = len(similarities)
    mean = (similarities.sum() - n) / (n * (n - 1))
    if 1 - mean <= _ROUNDING:
        return np.ones((n, n))
    kernel = np.clip((similarities - mean) / (1 - mean), 0, 1) ** 2
    np.fill_diagonal(kernel, 1)
    return kernel


def map_weights(kernel):
    """Weights with which copies of a map count as one map, and how many there are.

    Parameters
    ----------
    kernel : numpy.ndarray of float, shape (n_maps, n_maps)
        See :func:`alike`.

    Returns
    -------
    weights : numpy.ndarray of float64, shape (n_maps,)
        One over the number of maps like it; their sum is 1.
    n_effective : float
        The number of independent maps whose mean is as certain as the weighted mean of
        these, if `kernel` is their correlation: ``1 / (w @ kernel @ w)``.
    """
    weights = 1 / kernel.sum(axis=1)
    weights /= weights.sum()
    # Of copies it is 1, but for rounding.
    return weights, max(float(1 / (weights @ kernel @ weights)), 1.0)


def medoid(maps, similarities, weights):
    """The map that the others agree with best.

    Parameters
    ----------
    maps : numpy.ndarray of int, shape (n_maps, n_positions)
    similarities : numpy.ndarray of float, shape (n_maps, n_maps)
    weights : numpy.ndarray of float, shape (n_maps, n_maps)
        Of the agreement of each map (row) with each other one.

    Returns
    -------
    int
        Of equally good ones, that with most positions assigned, then most domains; then
        it is decided by the maps themselves: their order never matters.
    """
    total = weights.sum(axis=1)
    score = np.ones(len(maps))
    np.divide((weights * similarities).sum(axis=1), total, out=score, where=total > 0)
    best = np.flatnonzero(score >= score.max() - _ROUNDING)
    if best.size == 1:
        return int(best[0])

    def key(index):
        canonical = by_appearance(maps[index])
        n_assigned = np.count_nonzero(canonical >= 0)
        return n_assigned, canonical.max(), tuple(-canonical)

    return int(max(best, key=key))


def by_appearance(labels):
    """Number domains in the order in which they appear: 0, 1, ...; -1 stays."""
    codes, values = compacted(labels)
    seen, first = np.unique(codes, return_index=True)
    seen, first = seen[seen > 0], first[seen > 0]
    rank = np.full(values.size + 1, -1, np.int32)
    rank[seen[np.argsort(first)]] = np.arange(values.size)
    return rank[codes]


def merges(labels, others):
    """Whether a map merges some of the domains of another one.

    Parameters
    ----------
    labels, others : numpy.ndarray of int, shape (n,)
        Negative for none.

    Returns
    -------
    bool
        True if there are domains of `others` that are the largest part of no domain of
        `labels`.

    Examples
    --------
    >>> import numpy as np
    >>> one, other = np.array([0, 0, 0, 1, 2]), np.array([0, 0, 0, 1, 1])
    >>> merges(one, other), merges(other, one)
    (False, True)
    """
    both = (labels >= 0) & (others >= 0)
    table = contingency_matrix(others[both], labels[both])
    held = np.unique(table.argmax(axis=0)).size
    return held < np.unique(others[others >= 0]).size
