"""How far maps of one scan agree: overlaps of their domains, and what follows."""

from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.special import comb
from sklearn.metrics.cluster import contingency_matrix

from hyperspy_4dphase.estimators.confidence import _numbering as numbering

# Relative differences up to this one are rounding.
_ROUNDING = 1e-9
# Pairs of labels for each position up to which a table of all pairs is quicker than
# sorting the pairs that occur. Historical: chosen by trial in 2026, not calibrated.
_MAX_PAIRS_PER_POSITION = 4


def _count_pairs(a, b):
    """Count how often pairs of labels of two maps occur.

    Parameters
    ----------
    a, b : numpy.ndarray of int, shape (n_positions,)
        From 0 on, with few gaps.

    Returns
    -------
    counts : numpy.ndarray of int, shape (n_pairs,)
    pair : numpy.ndarray of int, shape (n_positions,)
        Which pair occurs at each position.
    """
    n_b = int(b.max()) + 1
    n_pairs = (int(a.max()) + 1) * n_b
    pair = a.astype(np.intp) * n_b + b
    if n_pairs <= max(_MAX_PAIRS_PER_POSITION * a.size, 1024):
        return np.bincount(pair, minlength=n_pairs), pair
    # Maps of very many labels: most pairs never occur.
    _, pair, counts = np.unique(pair, return_inverse=True, return_counts=True)
    return counts, pair


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
    codes = [numbering.number_labels(labels) + 1 for labels in maps]
    sizes = [np.bincount(code) for code in codes]
    for a, b in combinations(range(n_maps), 2):
        counts, pair = _count_pairs(codes[a], codes[b])
        both = counts[pair].astype(np.float64)
        both[(codes[a] == 0) | (codes[b] == 0)] = 0
        total += both / sizes[a][codes[a]] + both / sizes[b][codes[b]]
    return total / (n_maps * (n_maps - 1))


def compare_maps(maps):
    """Adjusted Rand index of each pair of maps.

    As `sklearn.metrics.adjusted_rand_score`, which takes twenty times as long, since it
    sorts the labels of both maps for each pair.

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
    codes = [numbering.number_labels(labels) + 1 for labels in maps]
    within = [comb(np.bincount(code), 2).sum() for code in codes]
    in_all = comb(n_positions, 2)
    result = np.eye(n_maps)
    for a, b in combinations(range(n_maps), 2):
        together = comb(_count_pairs(codes[a], codes[b])[0], 2).sum()
        by_chance = within[a] * within[b] / in_all if in_all else 0
        most = (within[a] + within[b]) / 2
        # Both are one domain, or both as many as there are positions: they are equal.
        equal = most - by_chance <= _ROUNDING * most
        index = 1 if equal else (together - by_chance) / (most - by_chance)
        result[a, b] = result[b, a] = index
    return result


class MapWeights(NamedTuple):
    """Weights with which copies of a map count as one map.

    Parameters
    ----------
    weights : numpy.ndarray of float64, shape (n_maps,)
        One over the number of maps like it; their sum is 1.
    n_effective : float
        The number of independent maps whose mean is as certain as the weighted mean of
        these, if `alike` is their correlation: ``1 / (weights @ alike @ weights)``.
    alike : numpy.ndarray of float64, shape (n_maps, n_maps)
        How far two maps are more alike than maps of this scan are anyhow: 1 for copies
        and 0 for maps no more alike than the average.
    """

    weights: np.ndarray
    n_effective: float
    alike: np.ndarray


def weigh_maps(similarities):
    """Weigh maps by how many others are like them.

    Two maps of similarity s are alike by ``max(0, (s - s_mean) / (1 - s_mean))**2``,
    with the mean over different maps.

    Parameters
    ----------
    similarities : numpy.ndarray of float, shape (n_maps, n_maps)
        As :func:`compare_maps` returns them.

    Returns
    -------
    MapWeights
    """
    n = len(similarities)
    mean = (similarities.sum() - n) / (n * (n - 1))
    alike = np.ones((n, n))
    if 1 - mean > _ROUNDING:
        alike = np.clip((similarities - mean) / (1 - mean), 0, 1) ** 2
        np.fill_diagonal(alike, 1)
    weights = 1 / alike.sum(axis=1)
    weights /= weights.sum()
    # Of copies it is 1, but for rounding.
    n_effective = max(float(1 / (weights @ alike @ weights)), 1.0)
    return MapWeights(weights, n_effective, alike)


def find_medoid(maps, similarities, weights):
    """Find the map that the others agree with best.

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
        labels = numbering.number_by_appearance(maps[index])
        return np.count_nonzero(labels >= 0), labels.max(), tuple(-labels)

    return int(max(best, key=key))


def merges_domains(labels, others):
    """Tell whether a map merges some of the domains of another one.

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
    >>> merges_domains(one, other), merges_domains(other, one)
    (False, True)
    """
    both = (labels >= 0) & (others >= 0)
    table = contingency_matrix(others[both], labels[both])
    held = np.unique(table.argmax(axis=0)).size
    return held < np.unique(others[others >= 0]).size
