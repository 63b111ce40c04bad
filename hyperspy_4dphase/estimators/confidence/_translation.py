"""What maps with different domains say together: their votes, translated."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.confidence._numbering import renumber
from hyperspy_4dphase.estimators.confidence._vote_fractions import split_votes

# A domain lies in a cluster not at all if this cluster holds up to the first part of
# what the largest one holds of it, and fully from the second part on. Historical:
# chosen by trial in 2026, not calibrated.
_NOT_IN_IT, _FULLY_IN_IT = 0.5, 0.9
# What a position of the first partition counts beside one that was voted for.
# Historical: chosen by trial in 2026, not calibrated.
_FIRST_PARTITION_WEIGHT = 0.01
# Decimals up to which fractions of votes must be equal for a tie.
_DECIMALS = 5


class TranslatedVotes(NamedTuple):
    """Votes in terms of the domains of one partition.

    Parameters
    ----------
    fractions : numpy.ndarray of float32, shape (n_positions, n_domains)
        Of the votes; 0 for positions without any.
    table : numpy.ndarray of float32, shape (n_clusters, n_domains)
        See :func:`find_meanings`.
    sizes : numpy.ndarray of float64, shape (n_domains,)
        Parts of the reference; their sum is 1.
    winners : numpy.ndarray of int, shape (n_positions,)
        The domain with most of the votes; -1 without votes. Fractions that differ by
        rounding only are equal; the first of them wins.
    n_iter : int
    """

    fractions: np.ndarray
    table: np.ndarray
    sizes: np.ndarray
    winners: np.ndarray
    n_iter: int


def count_positions(votes, labels, weights, n_domains):
    """Count the positions, with weights, that clusters have in common with domains.

    Parameters
    ----------
    votes : Votes
    labels : numpy.ndarray of int, shape (n_positions,)
        Domains; -1 counts nowhere.
    weights : numpy.ndarray of float, shape (n_positions,)
    n_domains : int

    Returns
    -------
    numpy.ndarray of float64, shape (n_clusters, n_domains)
    """
    n_cells = votes.n_clusters * n_domains
    result = np.zeros(n_cells)
    for index in range(votes.first.shape[1]):
        share = votes.share[:, index]
        for cluster, part in ((votes.first, share), (votes.second, 1 - share)):
            at = np.flatnonzero((cluster[:, index] >= 0) & (labels >= 0))
            cell = cluster[at, index].astype(np.intp) * n_domains + labels[at]
            result += np.bincount(cell, (part * weights)[at], n_cells)
    return result.reshape(votes.n_clusters, n_domains)


def find_meanings(counts, starts):
    """Find what each cluster may mean, and how likely it is for what it means.

    A cluster means the domains that lie in it mostly: more than one where the map
    merges them. If there are none (it is one part of several that the map cuts a
    domain into, or a boundary), it means the domains that it mostly lies in. One that
    is nearly all of a single domain means that one, too. What other domains have in
    common with it is chance, and left out.

    Parameters
    ----------
    counts : numpy.ndarray of float, shape (n_clusters, n_domains)
        Positions in common, as :func:`count_positions` counts them.
    starts : numpy.ndarray of int, shape (n_maps,)
        The first cluster of each map.

    Returns
    -------
    numpy.ndarray of float32, shape (n_clusters, n_domains)
        Probability of the cluster among those of its map, given the domain, relative
        to that for the likeliest domain. A cluster that has nothing in common with any
        domain may mean all.
    """
    sizes = np.diff(np.append(starts, len(counts)))
    largest = np.repeat(np.maximum.reduceat(counts, starts), sizes, axis=0)
    lies_in_it = _rate_parts(counts, largest)
    it_lies_in = _rate_parts(counts, counts.max(axis=1, keepdims=True))
    meant = lies_in_it + (1 - lies_in_it.max(axis=1, keepdims=True)) * it_lies_in
    table = meant * counts
    total = np.repeat(np.add.reduceat(table, starts), sizes, axis=0)
    np.divide(table, total, out=table, where=total > 0)
    table[~counts.any(axis=1)] = 1
    table /= table.max(axis=1, keepdims=True)
    # A part of a domain, to which a small one is joined: that the large one has other
    # parts as well does not speak against it.
    table = np.maximum(table, _rate_parts(counts, counts.sum(axis=1, keepdims=True)))
    return table.astype(np.float32)


def _rate_parts(counts, largest):
    """Rate, from 0 to 1, how far parts are most of the largest."""
    ratio = np.zeros_like(counts)
    np.divide(counts, largest, out=ratio, where=largest > 0)
    return np.clip((ratio - _NOT_IN_IT) / (_FULLY_IN_IT - _NOT_IN_IT), 0, 1)


def translate_votes(
    votes, labels, weights, *, doubt, fixed=False, max_iter=20, tol=1e-3
):
    """Translate the votes of all maps to the domains of a partition, and split them.

    The vote of a cluster goes to the domain that it means (:func:`find_meanings`); if
    it means several, as where its map merges domains, it has no say between them, and
    is split among them as the other votes are, see :func:`split_votes`. Which clusters
    mean what follows from the domains that have most votes, which follow from that:
    it is repeated until the fractions stay. Chance confusion of maps has no part in
    this: where all maps have the same domains, votes are counted as they are.

    Parameters
    ----------
    votes : Votes
    labels : numpy.ndarray of int, shape (n_positions,)
        The partition that names domains 0, 1, ..., n_domains - 1, each of which
        appears; -1 for unassigned.
    weights : numpy.ndarray of float, shape (n_maps,)
        Their sum is 1.
    doubt : float
        See :func:`split_votes`.
    fixed : bool, optional
        Whether the partition is what is asked about: what clusters mean follows from
        it alone, and domains to which no position belongs in the end are kept. By
        default they go.
    max_iter : int, optional
        Default is 20.
    tol : float, optional
        Stop when the mean part of the votes that goes elsewhere is less. Default 1e-3.

    Returns
    -------
    TranslatedVotes
    """
    n_domains = int(labels.max()) + 1
    ones = np.ones(labels.size, np.float32)
    first = count_positions(votes, labels, ones, n_domains)
    sizes = np.bincount(labels[labels >= 0], minlength=n_domains) / labels.size
    counts, fractions = first, None
    for n_iter in range(1, max_iter + 1):
        table = find_meanings(counts, votes.starts)
        sizes = sizes / sizes.sum()
        before, fractions = fractions, split_votes(votes, weights, table, sizes, doubt)
        winners = np.round(fractions, _DECIMALS).argmax(axis=1)
        winners[~fractions.any(axis=1)] = -1
        result = TranslatedVotes(fractions, table, sizes, winners, n_iter)
        if fixed:
            # Were meanings found anew, one of two halves of a domain, which no map
            # tells apart, would take all votes of the other by a few positions.
            break
        kept = np.unique(winners[winners >= 0])
        if len(kept) < sizes.size:
            first, sizes, fractions = first[:, kept], sizes[kept], fractions[:, kept]
            winners = renumber(winners, kept)
        elif before is not None and before.shape == fractions.shape:
            if np.abs(fractions - before).sum(axis=1).mean() / 2 < tol:
                break
        most = fractions.max(axis=1)
        counts = count_positions(votes, winners, most, sizes.size)
        # A domain that nobody votes for keeps the meaning that it had at first.
        counts += _FIRST_PARTITION_WEIGHT * first
    return result
