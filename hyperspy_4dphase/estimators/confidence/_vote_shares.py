"""Votes of maps for domains, and how they are shared where a map merges these."""

from typing import NamedTuple

import numba
import numpy as np

from hyperspy_4dphase.estimators.confidence._overlap import compacted

_N_STEPS = 100
_SMALL_STEP = 1e-5


class Votes(NamedTuple):
    """Votes of maps, whose clusters are numbered through.

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
    def of(cls, maps, second=None, share=None):
        """Number clusters through.

        Parameters
        ----------
        maps : numpy.ndarray of int, shape (n_maps, n_positions)
            Negative labels are unassigned.
        second : numpy.ndarray of int, shape (n_maps, n_positions), optional
        share : numpy.ndarray of float, shape (n_maps, n_positions), optional
            It counts only where there is a second label.

        Returns
        -------
        Votes
        """
        n_maps, n = maps.shape
        firsts = np.empty((n, n_maps), np.int32)
        seconds = np.full((n, n_maps), -1, np.int32)
        shares = np.ones((n, n_maps), np.float32)
        starts, n_clusters = [], 0
        for index, labels in enumerate(maps):
            starts.append(n_clusters)
            both = labels if second is None else np.append(labels, second[index])
            codes, values = compacted(both)
            codes = np.where(codes > 0, codes - 1 + n_clusters, -1)
            n_clusters += values.size
            firsts[:, index] = codes[:n]
            if second is not None:
                present = (codes[n:] >= 0) & (codes[:n] >= 0)
                seconds[:, index] = np.where(present, codes[n:], -1)
                shares[:, index] = np.where(present, share[index], 1)
        return cls(firsts, seconds, shares, np.array(starts), n_clusters)


def share_votes(votes, weights, table, sizes, doubt):
    """Shares of domains in the votes for each position.

    A vote v for several domains is shared among them in proportion to the shares q that
    they end up with: ``q = sum_a w_a v_a`` with ``v_a ~ t_a * (q + doubt * s_a)``,
    where t_a is the row of the cluster in `table` and ``s_a = sizes / (t_a @ sizes)``.
    So it follows those votes that do distinguish, and sizes where there are none.

    Parameters
    ----------
    votes : Votes
    weights : numpy.ndarray of float, shape (n_maps,)
        Only maps that assign a position count for it.
    table : numpy.ndarray of float32, shape (n_clusters, n_domains)
        What each cluster may mean; no row is 0.
    sizes : numpy.ndarray of float, shape (n_domains,)
        Positive.
    doubt : float
        What sizes count beside votes that distinguish, as a part of all votes.

    Returns
    -------
    numpy.ndarray of float32, shape (n_positions, n_domains)
        Each row sums to 1, or 0 where there are no votes.
    """
    sizes = np.asarray(sizes, np.float64)
    weights = np.asarray(weights, np.float64)
    shares = np.zeros((len(votes.first), sizes.size), np.float32)
    arrays = votes.first, votes.second, votes.share
    _share_votes(*arrays, weights, table, sizes, doubt, shares)
    return shares


def support(votes, which, shares, table, sizes, doubt, labels):
    """Mean part of the votes of some maps that goes to one domain for each position.

    Parameters
    ----------
    votes : Votes
    which : numpy.ndarray of int, shape (n_chosen,)
    shares, table, sizes, doubt
        See :func:`share_votes`, which gave the shares.
    labels : numpy.ndarray of int, shape (n_positions,)
        Domains; there is no support for -1.

    Returns
    -------
    numpy.ndarray of float32, shape (n_positions,)
        Maps that leave a position unassigned count 0.
    """
    which = np.asarray(which, np.intp)
    arrays = votes.first, votes.second, votes.share
    total = np.zeros(labels.size, np.float32)
    _support(*arrays, which, table, shares, sizes, doubt, labels, total)
    return total / which.size


@numba.njit(cache=True, nogil=True)
def _add_vote(cluster, part, table, q, sizes, doubt, total):
    """Add a vote, shared by what it may mean and by the leaning of the others."""
    leaning, base = 0.0, 0.0
    for k in range(q.size):
        leaning += table[cluster, k] * q[k]
        base += table[cluster, k] * sizes[k]
    for k in range(q.size):
        mine = q[k] + doubt * sizes[k] / base
        total[k] += part * table[cluster, k] * mine / (leaning + doubt)


@numba.njit(cache=True, nogil=True)
def _share_votes(first, second, share, weights, table, sizes, doubt, shares):
    n, n_maps = first.shape
    q, new = np.empty(sizes.size), np.empty(sizes.size)
    for p in range(n):
        weight = 0.0
        for a in range(n_maps):
            if first[p, a] >= 0:
                weight += weights[a]
        if weight == 0:
            continue
        q[:] = sizes
        for _ in range(_N_STEPS):
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
        shares[p] = q


@numba.njit(cache=True, nogil=True)
def _support(first, second, share, which, table, shares, sizes, doubt, labels, total):
    vote = np.empty(sizes.size)
    for p in range(labels.size):
        if labels[p] < 0:
            continue
        q = shares[p]
        vote[:] = 0
        for a in which:
            part = share[p, a]
            if first[p, a] >= 0:
                _add_vote(first[p, a], part, table, q, sizes, doubt, vote)
            if second[p, a] >= 0:
                _add_vote(second[p, a], 1 - part, table, q, sizes, doubt, vote)
        total[p] = vote[labels[p]]
