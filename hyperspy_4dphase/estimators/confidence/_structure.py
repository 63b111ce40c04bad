"""How far the domains of a map are those that the scan tells apart.

A label is also wrong if its domain is a piece of another one, cut off by a bend, or if
it hides a domain that the map lacks. No map of an ensemble says so if all have the same
domains. The scan does: by how far a domain is from the next one, compared with how far
its own patterns spread; by steps within domains; and by where else patterns like this
are, and of which domain these are.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.special import expit
from sklearn.metrics.cluster import contingency_matrix

from hyperspy_4dphase.estimators.confidence._hidden_parts import find_hidden_parts
from hyperspy_4dphase.estimators.confidence._likeness import measure_likeness
from hyperspy_4dphase.estimators.domains._field import Field, average_alike
from hyperspy_4dphase.estimators.domains._gradual import find_pure

# Log odds that a label stands, by logistic regression on positions of 119 simulated
# scans of 17 kinds: its value where nothing else is known, and what it changes by with
# each of the following. `tests/benchmarks/structure.py` fits it, and prints how well
# kinds of scans are told that were left out of the fit.
_CONSTANT = 2.96
_WEIGHTS = {
    # Log odds of its label among patterns like this elsewhere.
    "likeness": 0.24,
    # Log of its domain's part of all positions.
    "size": 0.89,
    # Log of the distance to the next domain over how far both spread.
    "distance": 0.74,
    # Log of the largest step that sets apart a part with it, within its domain.
    "step": -0.11,
    # Log of 1 + how much worse than usual its pattern fits, in standard deviations.
    "misfit": -0.41,
    # Log odds of its domain among other maps, as if there were two of them.
    "agreement": 1.13,
}
# What speaks for a label at best.
_BEST = {
    "likeness": 3.7,
    "size": 0.0,
    "distance": 3.0,
    "step": 0.0,
    "misfit": 0.0,
    "agreement": 1.6,
}
# Which of these are one doubt.
_DOUBTS = {
    "domain": ("size", "distance", "likeness"),
    "unresolved": ("step", "agreement"),
    "misfit": ("misfit",),
}
# Log odds at least of inclusions, which stand on evidence of their own.
_INCLUSION = 3.0
# Fewest points away from a border that tell how far a domain spreads.
_FEWEST, _LEAST_PURE = 4, 0.1
# Log odds of what nothing is known of.
_SURE = 15.0


class Structure(NamedTuple):
    """How far labels stand, given that each pattern is like its domain.

    Attributes
    ----------
    odds : numpy.ndarray, shape (n,)
        Log odds that they do.
    lost : dict of str to numpy.ndarray, shape (n,)
        What each kind of evidence takes off the odds, 0 at least.
    """

    odds: np.ndarray
    lost: dict

    @property
    def probability(self):
        """numpy.ndarray of float32, shape (n,)."""
        return expit(self.odds).astype(np.float32)

    @property
    def doubts(self):
        """dict of str to numpy.ndarray of float32: What they take off probabilities."""
        own = expit(self.odds)
        return {
            name: np.maximum(expit(self.odds + lost) - own, 0).astype(np.float32)
            for name, lost in self.lost.items()
        }


def judge_structure(evidence, shapes, labels, misfit, trees, random_state):
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

    Returns
    -------
    Structure
    """
    rows = np.flatnonzero(shapes.known & (labels >= 0))
    features = measure_features(
        evidence, rows, labels[rows], misfit[rows], random_state
    )
    features["agreement"] = measure_agreement(
        labels[rows], [tree[rows] for tree in trees]
    )
    odds = _CONSTANT + sum(_WEIGHTS[name] * value for name, value in features.items())
    included = _are_inclusions(evidence, rows, labels[rows])
    odds = np.where(included, np.maximum(odds, _INCLUSION), odds)
    everywhere = np.full(len(labels), _SURE)
    everywhere[rows] = odds
    lost = {}
    for name, parts in _DOUBTS.items():
        lost[name] = np.zeros(len(labels))
        lost[name][rows] = sum(
            _WEIGHTS[part] * (_BEST[part] - features[part]) for part in parts
        )
        np.maximum(lost[name], 0, out=lost[name])
    return Structure(everywhere, lost)


def measure_features(evidence, rows, labels, misfit, random_state):
    """Measure what speaks for and against each label.

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
    steps = evidence.steps.take(rows)
    field = Field(evidence.points[rows], steps.positions)
    step = np.ones(len(rows))
    for part in find_hidden_parts(labels, steps):
        step[part.rows] = np.maximum(step[part.rows], part.step)
    size, distance = _compare_domains(field, labels)
    means = average_alike(field).points
    return {
        "likeness": measure_likeness(means, field.positions, labels, random_state),
        "size": size[labels],
        "distance": distance[labels],
        "step": np.log(step),
        "misfit": np.log1p(np.maximum(misfit, 0)),
    }


def measure_agreement(labels, others):
    """Measure how many other maps have a domain like that of each label.

    Domains of two maps are matched one to one, so that they have as many positions in
    common as they can. Where a map splits a domain, or merges two, some positions are
    without a match.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        From 0 on.
    others : list of numpy.ndarray of int, shape (n,)
        -1 for none.

    Returns
    -------
    numpy.ndarray, shape (n,)
        Log odds, as if there were two other maps; 0 if there is none.
    """
    matched = np.zeros(len(labels))
    for other in others:
        both = other >= 0
        table = contingency_matrix(labels[both], other[both])
        names = np.unique(labels[both]), np.unique(other[both])
        one, another = linear_sum_assignment(-table)
        match = np.full(int(labels.max()) + 1, -2)
        match[names[0][one]] = names[1][another]
        matched += match[labels] == other
    part = matched / len(others) if others else np.full(len(labels), 0.5)
    return np.log((2 * part + 0.5) / (2.5 - 2 * part))


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
    distance = np.full(len(members), _BEST["distance"])
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
    used = members[pure[members]]
    if len(used) < max(_FEWEST, _LEAST_PURE * len(members)):
        used = members
    if len(used) < 3:
        return 0.0
    away = points[used] - points[used].mean(axis=0)
    largest = np.linalg.eigvalsh(away.T @ away / len(used))[-1]
    edge = (1 + np.sqrt(points.shape[1] / len(used))) ** 2
    return float(np.sqrt(largest - 1)) if largest > edge else 0.0


def _are_inclusions(evidence, rows, labels):
    """Whether labels are of domains that are thin inclusions, mostly."""
    inside = evidence.inclusions[rows] >= 0
    n = int(labels.max()) + 1
    part = np.bincount(labels, inside, n) / np.maximum(
        np.bincount(labels, minlength=n), 1
    )
    return (part > 0.5)[labels]
