"""How far maps of two independent exposures of one scan agree: no truth is needed."""

from functools import partial
from operator import add

import numpy as np
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase._threads import limited_threads
from hyperspy_4dphase.estimators._checks import check_positions
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.estimators.confidence._numbering import (
    count_common,
    match_one_to_one,
)
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps
from hyperspy_4dphase.estimators.domains._other_exposures import count_others

# Fewest positions of a domain that is split to see whether that predicts more.
_FEWEST = 20
# Overlap (intersection over union) from which on a domain has come back.
RETURNED = 0.5


def map_exposure(X, positions, random_state):
    """Map one exposure as an ensemble names its domains.

    Parameters
    ----------
    X : CompressedPatterns
    positions : array-like of int, shape (n_patterns, n_axes)
    random_state : numpy.random.RandomState

    Returns
    -------
    labels : numpy.ndarray of int, shape (n_patterns,)
        -1 for none.
    parts : numpy.ndarray of int, shape (n_patterns,)
        The same with each domain cut in two by k-means.
    """
    maps = PatternMaps(X, check_positions(positions, X.shape[0]))
    with limited_threads(1):
        maps.grow(1 + count_others(maps.shapes), random_state, -1)
        labels = maps.choose()
        parts = labels.copy()
        for label in range(int(labels.max()) + 1):
            rows = np.flatnonzero(labels == label)
            if rows.size < _FEWEST:
                continue
            points = maps.shapes.points[rows]
            second = KMeans(2, n_init=2, random_state=random_state).fit_predict(points)
            parts[rows[second > 0]] = parts.max() + 1
    return labels, parts


def match_domains(labels, other):
    """Find how far each domain of a map is a domain of another one.

    Parameters
    ----------
    labels, other : numpy.ndarray of int, shape (n,)
        -1 for none.

    Returns
    -------
    numpy.ndarray, shape (n_domains,)
        Intersection over union with the domain that it is matched with, one to one; 0
        for one without.

    Examples
    --------
    >>> import numpy as np
    >>> match_domains(np.array([0, 0, 0, 0, 1, 1]), np.array([1, 1, 1, 0, 0, 0]))
    array([0.75      , 0.66666667])
    """
    common = count_common(labels, other)
    sizes = (np.bincount(each[each >= 0]) for each in (labels, other))
    union = np.add.outer(*sizes) - common
    overlaps = common / np.maximum(union, 1)
    matched = match_one_to_one(overlaps)
    found = np.flatnonzero(matched >= 0)
    overlap = np.zeros(len(common))
    overlap[found] = overlaps[found, matched[found]]
    return overlap


def predict_counts(known, unseen, groups, scales=((1.0, 0.0), (1.0, 0.0))):
    """Measure how well mean patterns of one exposure predict the counts of another.

    Parameters
    ----------
    known, unseen : PatternBlocks
        Counts of the same patterns; each is read once.
    groups : list of numpy.ndarray of int, shape (n_patterns,)
        Labels from 0 on, -1 for none: each pattern is predicted by the mean of `known`
        over its group.
    scales : pair of (float, float), optional
        Gain and offset of `known` and of `unseen`, in units of their values: one count,
        and none. By default they are counts.

    Returns
    -------
    numpy.ndarray, shape (n_groups,)
        Log-likelihood of `unseen` a pattern, given its total (multinomial), less a
        constant that is the same for all groups, and less that of one group of all.
    """
    groups = [np.zeros_like(groups[0]), *groups]
    inside = np.all([labels >= 0 for labels in groups], axis=0)
    groups = [np.where(inside, labels, -1) for labels in groups]
    logs = [_log_shapes(known, labels, *scales[0]) for labels in groups]
    function = partial(
        _sum_log_likelihoods, logs=logs, groups=groups, scale=tuple(scales[1])
    )
    total = unseen.reduce(function, add) / max(np.count_nonzero(inside), 1)
    return total[1:] - total[0]


def _log_shapes(blocks, labels, gain, offset):
    """Log of the mean pattern of each label, of sum 1."""
    n = int(labels.max()) + 1
    means = (np.nan_to_num(label_means(blocks, labels, n)[0]) - offset) / gain
    means = np.maximum(means, 0)
    sizes = np.bincount(labels[labels >= 0], minlength=n)[:, None]
    # A pixel without a count in a few patterns may well have one in others: as much of
    # the mean of all is added as one pattern has.
    overall = (sizes * means).sum(axis=0) / max(sizes.sum(), 1)
    overall += 0.5 / max(sizes.sum(), 1)
    shapes = np.maximum(sizes * means + overall, np.finfo(float).tiny)
    return np.log(shapes / shapes.sum(axis=1, keepdims=True))


def _sum_log_likelihoods(patterns, rows, logs, groups, scale):
    gain, offset = scale
    sums = np.zeros(len(groups))
    for k, (log_shapes, labels) in enumerate(zip(logs, groups, strict=True)):
        own = labels[rows]
        used = own >= 0
        each = np.einsum("ij,ij->i", patterns[used], log_shapes[own[used]])
        each -= offset * log_shapes.sum(axis=1)[own[used]]
        sums[k] = each.sum() / gain
    return sums


def compare_maps_of_exposures(labels, one, other):
    """Compare the maps of two exposures with each other, and with a map of both.

    Parameters
    ----------
    labels, one, other : numpy.ndarray of int, shape (n,)
        -1 for none.

    Returns
    -------
    dict
        ``"rand_index"`` of the maps of both exposures; ``"n_domains"``, how many each
        has; ``"overlap"`` (n_domains, 2), of each domain of `labels` in each of them.
    """
    both = (one >= 0) & (other >= 0)
    return {
        "rand_index": float(adjusted_rand_score(one[both], other[both])),
        "n_domains": np.array([one.max() + 1, other.max() + 1]),
        "overlap": np.stack([match_domains(labels, m) for m in (one, other)], axis=1),
    }
