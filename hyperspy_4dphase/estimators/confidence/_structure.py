"""How far the domains of a map are those that the scan tells apart.

A label is also wrong if its domain is a piece of another one, cut off by a bend, or if
it hides a domain that the map lacks. No map of an ensemble says so if all have the same
domains. The scan does: by how far a domain is from the next one, compared with how far
its own patterns spread; by maps of what other exposures might have given; by where else
patterns like this are, and of which domain these are; and by what fits nothing.
"""

from typing import NamedTuple

import numpy as np
from scipy.special import expit
from sklearn.metrics.cluster import contingency_matrix

from hyperspy_4dphase.estimators.confidence._likeness import (
    MOST_LIKENESS,
    measure_likeness,
)
from hyperspy_4dphase.estimators.confidence._numbering import match_one_to_one
from hyperspy_4dphase.estimators.domains._field import Field, average_alike
from hyperspy_4dphase.estimators.domains._gradual import find_pure, take_pure

# Log odds that a domain is no piece of another one: a constant, and what they change by
# with the log of its part of all positions, and with the log of its distance to the
# next domain over how far both spread.
_WHOLE = {"constant": 7.5, "size": 1.8, "distance": 1.2}
# Log odds that nothing is hidden at a position: a constant, and what they change by
# with the log odds of its domain among maps of other exposures, of its label among
# patterns like this elsewhere, and with the log of 1 + how much worse than usual its
# pattern fits, in standard deviations. All of these by maximum likelihood on positions
# of 79 simulated scans of 15 kinds, in which wrong positions count twice;
# `make bench-structure` fits them anew, and prints how well kinds of scans are told
# that were left out.
_NOTHING_HIDDEN = {"constant": 2.1, "agreement": 1.7, "likeness": 0.42, "misfit": -0.56}
# Log odds at least of inclusions, which stand on evidence of their own.
_INCLUSION = 3.0
# Probability that a position that is placed in one is right, though its pattern alone
# denies it: 0.46 to 0.74 on six simulated scans of thin plates.
_PLACED = 0.55
# Overlap (intersection over union) from which on a domain of two maps is the same.
_LEAST_SHARED = 0.2
# As if there were so many maps of other exposures; log odds of agreement at most.
_N_AS_IF = 2
_MOST_AGREEMENT = np.log((_N_AS_IF + 0.5) / 0.5)
# Log of a distance over a spread that parts a domain from all others.
_FAR = 3.0
# Fewest points away from a border that tell how far a domain spreads.
_FEWEST, _LEAST_PURE = 4, 0.1


class Structure(NamedTuple):
    """How far labels stand, given that each pattern is like its domain.

    Attributes
    ----------
    probability : numpy.ndarray of float32, shape (n,)
    doubts : dict of str to numpy.ndarray of float32, shape (n,)
        What each kind of evidence takes off: ``"domain"``, that it is a piece of
        another one; ``"unresolved"``, that it hides another, or parts of others;
        ``"misfit"``, that its pattern is of none, as if nothing else denied it.
    """

    probability: np.ndarray
    doubts: dict


def judge_structure(
    evidence, shapes, labels, misfit, trees, random_state, *, given=False
):
    """Judge the domains of a map by what the scan says of them.

    Parameters
    ----------
    evidence : Evidence
        Of these shapes.
    shapes : Shapes
        With positions.
    labels : numpy.ndarray of int, shape (n,)
        -1 for none.
    misfit : numpy.ndarray, shape (n,)
        See :class:`LocalModel`.
    trees : list of numpy.ndarray of int, shape (n,)
        Other maps, of what other exposures might have given.
    random_state : numpy.random.RandomState
    given : bool, default False
        Whether the map is another one than the scan's own. Where it cuts a domain,
        votes tell how likely each piece is to keep the name; trees do not deny it
        again.

    Returns
    -------
    Structure
    """
    rows = np.flatnonzero(shapes.known & (labels >= 0))
    own, others = labels[rows], [tree[rows] for tree in trees]
    features = measure_features(evidence, rows, own, misfit[rows], random_state)
    features["agreement"] = measure_confirmation(own, others, one_to_one=not given)
    whole = _add_up(_WHOLE, features)
    included = _are_inclusions(evidence, rows, own)
    whole = np.where(included, np.maximum(whole, _INCLUSION), whole)
    hidden = _add_up(_NOTHING_HIDDEN, features)
    most = {"agreement": _MOST_AGREEMENT, "likeness": MOST_LIKENESS}
    likely = sum(_NOTHING_HIDDEN[k] * (most[k] - features[k]) for k in most)
    fits = -_NOTHING_HIDDEN["misfit"] * features["misfit"]
    if given and others:
        # Patterns like these have its label wherever the map merges two domains.
        votes = measure_confirmation(own, others, len(others), one_to_one=False)
        hidden = np.where(votes < 0, np.minimum(hidden, votes), hidden)
    best = hidden + likely + fits
    unresolved = expit(hidden + likely) - expit(hidden)
    if own.max(initial=0) == 0:
        # Of a single domain only other maps tell, each as well as another, and misfit.
        whole = np.full(rows.size, np.inf)
        agreement = measure_confirmation(own, others, len(others))
        hidden, unresolved = agreement - fits, 1 - expit(agreement)
        best = np.log(2 * len(others) + 1)
    found = {
        "domain": 1 - expit(whole),
        "unresolved": unresolved,
        # Were it not as if maps agreed, it would be lost where they do not.
        "misfit": expit(best) - expit(best - fits),
    }
    doubts = {name: np.zeros(len(labels), np.float32) for name in found}
    for name, doubt in found.items():
        doubts[name][rows] = np.clip(doubt, 0, 1)
    probability = np.ones(len(labels), np.float32)
    probability[rows] = expit(whole) * expit(hidden)
    return Structure(probability, doubts)


def _add_up(weights, features):
    """Log odds of a constant and of weighted features."""
    named = {name: w for name, w in weights.items() if name != "constant"}
    return weights["constant"] + sum(w * features[name] for name, w in named.items())


def measure_features(evidence, rows, labels, misfit, random_state):
    """Measure what speaks for and against each label, but for other maps.

    Parameters
    ----------
    evidence : Evidence
    rows : numpy.ndarray of int, shape (n,)
        Points with a label.
    labels : numpy.ndarray of int, shape (n,)
        From 0 on.
    misfit : numpy.ndarray, shape (n,)
    random_state : numpy.random.RandomState

    Returns
    -------
    dict of str to numpy.ndarray, shape (n,)
    """
    positions = evidence.steps.take(rows).positions
    field = Field(evidence.points[rows], positions)
    size, distance = _compare_domains(field, labels)
    means = average_alike(field).points
    return {
        "likeness": measure_likeness(means, field.positions, labels, random_state),
        "size": size[labels],
        "distance": distance[labels],
        "misfit": np.log1p(np.maximum(misfit, 0)),
    }


def measure_confirmation(labels, others, n_as_if=_N_AS_IF, *, one_to_one=True):
    """Measure how many other maps have a domain like that of each label.

    Domains of two maps are matched such that they have as many positions in common as
    they can. Where a map splits a domain, some positions are without a match.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        From 0 on.
    others : list of numpy.ndarray of int, shape (n,)
        -1 for none, which says nothing.
    n_as_if : int, default 2
        How many maps they are to count as.
    one_to_one : bool, default True
        Whether only one of several domains that a map merges is matched.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Log odds that a map has; 0 if there is none.
    """
    matched, n_maps = np.zeros((2, len(labels)))
    for other in others:
        both = other >= 0
        if not both.any():
            continue
        names, own = np.unique(labels, return_inverse=True)
        _, others_own = np.unique(other[both], return_inverse=True)
        match = np.full(len(names), -1)
        table = contingency_matrix(own[both], others_own)
        there = np.unique(own[both])
        match[there] = match_one_to_one(table) if one_to_one else table.argmax(axis=1)
        matched[both] += match[own[both]] == others_own
        n_maps += both
    # Where no map has a label, nothing is known.
    part = np.where(n_maps > 0, matched / np.maximum(n_maps, 1), 0.5)
    return np.log((n_as_if * part + 0.5) / (n_as_if * (1 - part) + 0.5))


def _compare_domains(field, labels):
    """Log of the size of each domain, and of its distance to the next over its spread.

    Returns
    -------
    size, distance : numpy.ndarray, shape (n_domains,)
    """
    pure = find_pure(field.spread(labels, -1))[field.places]
    names = range(int(labels.max()) + 1)
    members = [np.flatnonzero(labels == name) for name in names]
    size = np.log(np.array([max(len(rows), 1) for rows in members]) / len(labels))
    there = [i for i in names if len(members[i])]
    distance = np.full(len(members), _FAR)
    if len(there) < 2:
        return size, distance
    points = field.points
    means = np.stack([points[members[i]].mean(axis=0) for i in there])
    spread = np.array([_measure_spread(points, members[i], pure) for i in there])
    apart = np.linalg.norm(means[:, None] - means, axis=2)
    np.fill_diagonal(apart, np.inf)
    nearest = apart.argmin(axis=1)
    ratio = apart.min(axis=1) / (1 + spread + spread[nearest])
    distance[there] = np.log(np.maximum(ratio, 1e-6))
    return size, distance


def _measure_spread(points, members, pure):
    """How far patterns differ along the direction in which they do most, but noise."""
    used = take_pure(members, pure, _FEWEST, _LEAST_PURE)
    if len(used) < 3:
        return 0.0
    away = points[used] - points[used].mean(axis=0)
    largest = np.linalg.eigvalsh(away.T @ away / len(used))[-1]
    edge = (1 + np.sqrt(points.shape[1] / len(used))) ** 2
    return float(np.sqrt(largest - 1)) if largest > edge else 0.0


def keep_inclusions(evidence, own, labels, posterior):
    """Keep inclusions where they were placed, in what maps agree on.

    A thin inclusion adds little to each pattern, which alone may deny it: what is alike
    at all places of its kind, and at neighbours, has placed it.

    Parameters
    ----------
    evidence : Evidence
    own : numpy.ndarray of int, shape (n,)
        A map whose inclusions are domains; -1 for none.
    labels : numpy.ndarray of int, shape (n,)
        What maps agree on.
    posterior : numpy.ndarray, shape (n, n_domains)

    Returns
    -------
    labels : numpy.ndarray of int, shape (n,)
    posterior : numpy.ndarray, shape (n, n_domains)
        Copies, if there are inclusions.
    """
    placed = (evidence.inclusions >= 0) & (own >= 0) & (labels >= 0)
    rows = np.flatnonzero(placed)
    rows = rows[_are_inclusions(evidence, rows, own[rows])] if rows.size else rows
    if not rows.size:
        return labels, posterior
    labels, posterior = labels.copy(), posterior.copy()
    sizes = np.bincount(labels[labels >= 0], minlength=posterior.shape[1])
    for name in np.unique(own[rows]):
        members = own == name
        common = np.bincount(
            labels[members & (labels >= 0)], minlength=posterior.shape[1]
        )
        shared = common / (members.sum() + sizes - common)
        column = int(shared.argmax())
        if shared[column] < _LEAST_SHARED:
            continue
        at = rows[own[rows] == name]
        before = posterior[at, column]
        after = _PLACED + (1 - _PLACED) * before
        rest = (1 - after) / np.maximum(1 - before, 1e-6)
        posterior[at] *= rest[:, None]
        posterior[at, column] = after
        labels[at] = column
    return labels, posterior


def _are_inclusions(evidence, rows, labels):
    """Whether labels are of domains that are thin inclusions, mostly."""
    inside = evidence.inclusions[rows] >= 0
    n = int(labels.max()) + 1
    part = np.bincount(labels, inside, n) / np.maximum(
        np.bincount(labels, minlength=n), 1
    )
    return (part > 0.5)[labels]
