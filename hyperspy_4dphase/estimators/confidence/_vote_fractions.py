"""Votes of maps for domains, and how they are split where a map merges these."""

from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase.estimators.confidence._numbering import number_labels

_MAX_STEPS = 100
# Fractions that change by less than this in a step have settled.
_SMALL_STEP = 1e-5


class Votes(NamedTuple):
    """Votes of maps, whose clusters have numbers that no other map has.

    Parameters
    ----------
    first, second : numpy.ndarray of int32, shape (n_positions, n_maps)
        Clusters; -1 for none.
    share : numpy.ndarray of float32, shape (n_positions, n_maps)
        What the first has of the vote; the second has the rest.
    starts : numpy.ndarray of int, shape (n_maps,)
        The first cluster of each map.
    n_clusters : int
        Of all maps together.
    """

    first: np.ndarray
    second: np.ndarray
    share: np.ndarray
    starts: np.ndarray
    n_clusters: int

    @classmethod
    def from_maps(cls, maps, second=None, share=None):
        """Number the clusters of all maps, one map after the other.

        Parameters
        ----------
        maps : numpy.ndarray of int, shape (n_maps, n_positions)
            Negative labels are unassigned.
        second : numpy.ndarray of int, shape (n_maps, n_positions), optional
            Second labels of doubtful positions. They count only where there is a first.
        share : numpy.ndarray of float, shape (n_maps, n_positions), optional
            It counts only where there is a second label.

        Returns
        -------
        Votes
        """
        if second is None:
            second = np.broadcast_to(-1, maps.shape)
            share = np.broadcast_to(1, maps.shape)
        both, starts, n_clusters = [], [], 0
        for labels in zip(maps, second, strict=True):
            numbers = number_labels(np.stack(labels))
            starts.append(n_clusters)
            numbered = np.where(numbers < 0, -1, numbers + n_clusters)
            both.append(numbered.astype(np.int32))
            n_clusters += numbers.max() + 1
        first, second = np.array(both).transpose(1, 2, 0).copy()
        second[first < 0] = -1
        share = np.where(second < 0, 1, share.T).astype(np.float32, order="C")
        return cls(first, second, share, np.array(starts), n_clusters)


@numba.njit(cache=True, nogil=True)
def _add_vote(cluster, part, table, fractions, sizes, doubt, total):
    """Add a vote, split by what it may mean and by the leaning of the others."""
    leaning, base = 0.0, 0.0
    for k in range(sizes.size):
        leaning += table[cluster, k] * fractions[k]
        base += table[cluster, k] * sizes[k]
    for k in range(sizes.size):
        mine = fractions[k] + doubt * sizes[k] / base
        total[k] += part * table[cluster, k] * mine / (leaning + doubt)


@numba.njit(cache=True, nogil=True)
def split_votes(votes, weights, table, sizes, doubt):
    """Find the fraction of the votes that each domain has at each position.

    A vote v for several domains is split among them in proportion to the fractions q
    that they end up with: ``q = sum_a w_a v_a`` with ``v_a ~ t_a * (q + doubt * s_a)``,
    where t_a is the row of the cluster in `table` and ``s_a = sizes / (t_a @ sizes)``.
    So it follows those votes that do distinguish, and sizes where there are none.

    Parameters
    ----------
    votes : Votes
    weights : numpy.ndarray of float64, shape (n_maps,)
        Only maps that assign a position count for it.
    table : numpy.ndarray of float32, shape (n_clusters, n_domains)
        What each cluster may mean; no row is 0.
    sizes : numpy.ndarray of float64, shape (n_domains,)
        Positive.
    doubt : float
        What sizes count beside votes that distinguish, as a part of all votes.

    Returns
    -------
    numpy.ndarray of float32, shape (n_positions, n_domains)
        Each row sums to 1, or 0 where there are no votes.
    """
    first, second, share = votes.first, votes.second, votes.share
    n, n_maps = first.shape
    fractions = np.zeros((n, sizes.size), np.float32)
    q, new = np.empty(sizes.size), np.empty(sizes.size)
    for p in range(n):
        weight = 0.0
        for a in range(n_maps):
            if first[p, a] >= 0:
                weight += weights[a]
        if weight == 0:
            continue
        q[:] = sizes
        for _ in range(_MAX_STEPS):
            new[:] = 0
            for a in range(n_maps):
                part = weights[a] / weight
                if first[p, a] >= 0:
                    mine = part * share[p, a]
                    _add_vote(first[p, a], mine, table, q, sizes, doubt, new)
                if second[p, a] >= 0:
                    rest = part * (1 - share[p, a])
                    _add_vote(second[p, a], rest, table, q, sizes, doubt, new)
            step = np.abs(new - q).max()
            q[:] = new
            if step < _SMALL_STEP:
                break
        fractions[p] = q
    return fractions


@numba.njit(cache=True, nogil=True)
def measure_support(votes, which, fractions, table, sizes, doubt, labels):
    """Mean part of the votes of some maps that goes to one domain for each position.

    Parameters
    ----------
    votes : Votes
    which : numpy.ndarray of int, shape (n_chosen,)
        The maps.
    fractions : numpy.ndarray of float32, shape (n_positions, n_domains)
        As :func:`split_votes` returned them, for these parameters:
    table, sizes, doubt
        See :func:`split_votes`.
    labels : numpy.ndarray of int, shape (n_positions,)
        Domains; there is no support for -1.

    Returns
    -------
    numpy.ndarray of float32, shape (n_positions,)
        Maps that leave a position unassigned count 0.
    """
    first, second, share = votes.first, votes.second, votes.share
    support = np.zeros(labels.size, np.float32)
    vote = np.empty(sizes.size)
    for p in range(labels.size):
        if labels[p] < 0:
            continue
        q = fractions[p]
        vote[:] = 0
        for a in which:
            part = share[p, a]
            if first[p, a] >= 0:
                _add_vote(first[p, a], part, table, q, sizes, doubt, vote)
            if second[p, a] >= 0:
                _add_vote(second[p, a], 1 - part, table, q, sizes, doubt, vote)
        support[p] = vote[labels[p]]
    return support / np.float32(which.size)
