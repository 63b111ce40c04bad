"""Weights of identification, fitted to what is known of simulated patterns."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from hyperspy_4dphase.estimators.orientation import (
    describe_evidence,
    match_structures,
)
from tests.benchmarks import orientation_scenes as scenes


class Evidence(NamedTuple):
    """What all structures say of one pattern, and which one is right.

    Attributes
    ----------
    matches : list of StructureMatch
    true : int
    quaternion : numpy.ndarray, shape (4,)
    dose : float
    """

    matches: list
    true: int
    quaternion: np.ndarray
    dose: float


def naming_conditions(rng):
    """Doses and background of the published baseline; kinematical."""
    return rng.choice([2000, 10_000, 100_000]), {}


def wide_conditions(rng):
    """All that patterns of one structure may differ in."""
    return 10 ** rng.uniform(3, 5), {
        "background": rng.uniform(0.1, 0.5),
        "max_error": rng.uniform(0.008, 0.03),
        "spread": rng.choice([0, 0.3, 0.6, 0.9]),
    }


def gather(crystals, n, conditions, seed, tell=print):
    """Match simulated patterns with all structures.

    Parameters
    ----------
    crystals : list of Crystal
    n : int
        Number of patterns, of each structure in turn.
    conditions : callable
    seed : int
    tell : callable

    Returns
    -------
    list of Evidence
    """
    rng = np.random.default_rng(seed)
    placed = scenes.place_all(crystals)
    found = []
    for i in range(n):
        true = i % len(crystals)
        q, (dose, options) = scenes.random_orientation(rng), conditions(rng)
        image = scenes.expected_pattern(crystals[true], q, rng=rng, **options)
        if image is None:
            continue
        prepared = scenes.prepare(rng.poisson(dose * image))
        found.append(Evidence(match_structures(prepared, placed), true, q, dose))
        if i % 50 == 49:
            tell(f"  {i + 1} of {n} patterns")
    return found


def fit_weights(evidence):
    """Fit the weights of structures, and those of none of them.

    Parameters
    ----------
    evidence : list of Evidence

    Returns
    -------
    choice : numpy.ndarray, shape (3,)
    none : numpy.ndarray, shape (5,)
    constant : float
    """
    features = [[describe_evidence(m) for m in one.matches] for one in evidence]
    choice = np.array([[f[0] for f in row] for row in features])
    none = np.array([[f[1] for f in row] for row in features])
    true = np.array([one.true for one in evidence])
    rows = np.arange(len(true))
    scale = choice.reshape(-1, choice.shape[2]).std(axis=0)
    weights = _fit_choice(choice / scale, true) / scale
    score = choice @ weights
    best = none[rows, score.argmax(axis=1)]
    score[rows, true] = -np.inf
    without = none[rows, score.argmax(axis=1)]
    both = np.concatenate([best, without])
    is_none = np.repeat([0, 1], len(rows))
    spread = both.std(axis=0)
    model = LogisticRegression().fit(both / spread, is_none)
    return weights, model.coef_[0] / spread, float(model.intercept_[0])


def _fit_choice(features, true):
    """Conditional logistic regression, with a weak normal prior."""
    rows = np.arange(len(true))

    def loss(weights):
        score = features @ weights
        score -= score.max(axis=1, keepdims=True)
        p = np.exp(score)
        p /= p.sum(axis=1, keepdims=True)
        gradient = (features * p[..., None]).sum(axis=1) - features[rows, true]
        value = -np.log(np.maximum(p[rows, true], 1e-12)).sum()
        return value + weights @ weights / 2, gradient.sum(axis=0) + weights

    return minimize(loss, np.zeros(features.shape[2]), jac=True).x
