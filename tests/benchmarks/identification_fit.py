"""Weights of identification, fitted to what is known of simulated patterns."""

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from hyperspy_4dphase.estimators.orientation import (
    SET_PROBABILITY,
    identify,
    match_structures,
)
from tests.benchmarks import orientation_scenes as scenes

# Above this probability that it is none of them, reports say so.
_DOUBT = 1 - SET_PROBABILITY


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


class CandidateList(NamedTuple):
    """Structures that a pattern is compared with.

    Attributes
    ----------
    names : list of str
    is_none : bool
        Whether none of them is right.
    weight : float
        Of this list among those of a pattern, of the sum 1.
    kind : str
    """

    names: list
    is_none: bool
    weight: float
    kind: str


def list_candidates(case, rng):
    """List what a pattern may be compared with.

    The right structure is among them as often as it is not; and where it is not, a
    look-alike is as often as it is not. Lists are long or have a single structure.

    Parameters
    ----------
    case : Case
    rng : numpy.random.Generator

    Returns
    -------
    list of CandidateList
    """
    alike = [n for n in case.matches if case.families[n] == case.family]
    alike.remove(case.true)
    others = [n for n in case.matches if case.families[n] != case.family]
    with_it = [case.true, *alike, *others]
    share = 0.125 if alike else 0.25
    lists = [
        CandidateList(with_it, False, 0.25, "right, with others"),
        CandidateList([case.true], False, 0.25, "right, alone"),
        CandidateList(others, True, share, "others"),
        CandidateList([rng.choice(others)], True, share, "one other"),
    ]
    if alike:
        lists += [
            CandidateList(alike + others, True, share, "look-alikes and others"),
            CandidateList([rng.choice(alike)], True, share, "one look-alike"),
        ]
    return lists


def fit_weights(cases, seed=0):
    """Fit the weights of structures, and those of none of them.

    Parameters
    ----------
    cases : list of Case
    seed : int

    Returns
    -------
    choice : numpy.ndarray, shape (n_choice,)
    none : numpy.ndarray, shape (n_none,)
    constant : float
    same_in_zone : float
        Least probability of none of them where spots are of one zone.
    """
    rng = np.random.default_rng(seed)
    cases = [case for case in cases if _n_spots(case)]
    evidence = [
        {name: (match.choice, match.none) for name, match in case.matches.items()}
        for case in cases
    ]
    tables = [np.array([one[0] for one in each.values()]) for each in evidence]
    true = [list(case.matches).index(case.true) for case in cases]
    scale = np.concatenate(tables).std(axis=0)
    weights = _fit_choice([table / scale for table in tables], true) / scale
    none, is_none, share = [], [], []
    for case, each in zip(cases, evidence, strict=True):
        for one in list_candidates(case, rng):
            best = max(one.names, key=lambda name: each[name][0] @ weights)
            none.append(each[best][1])
            is_none.append(one.is_none)
            share.append(one.weight)
    fitted = _fit_none(np.array(none), np.array(is_none), np.array(share))
    return weights, *fitted


def _fit_none(features, is_none, share):
    """Logistic regression, with a least probability where spots are of one zone."""
    spread = features.std(axis=0)
    features = features / spread
    flat = features[:, -1] > 0
    share = share / share.sum()

    def probability(values):
        *weights, constant, least = values
        p = 1 / (1 + np.exp(-(features @ weights + constant)))
        return 1 - (1 - flat / (1 + np.exp(-least))) * (1 - p)

    def loss(values):
        p = np.clip(probability(values), 1e-9, 1 - 1e-9)
        likelihood = share @ np.log(np.where(is_none, p, 1 - p))
        return 1e-4 * np.square(values[:-2]).sum() - likelihood

    start = LogisticRegression(max_iter=2000).fit(
        features, is_none, sample_weight=share * len(share)
    )
    start = [*start.coef_[0], start.intercept_[0], -3.0]
    *weights, constant, least = minimize(loss, start).x
    return weights / spread, float(constant), float(1 / (1 + np.exp(-least)))


def _n_spots(case):
    return next(iter(case.matches.values())).report.n_spots


def _fit_choice(tables, true):
    """Conditional logistic regression, with a weak normal prior."""
    longest = max(map(len, tables))
    features = np.zeros((len(tables), longest, tables[0].shape[1]))
    there = np.zeros(features.shape[:2], bool)
    for i, table in enumerate(tables):
        features[i, : len(table)] = table
        there[i, : len(table)] = True
    rows, true = np.arange(len(tables)), np.asarray(true)

    def loss(weights):
        score = np.where(there, features @ weights, -np.inf)
        score -= score.max(axis=1, keepdims=True)
        p = np.exp(score)
        p /= p.sum(axis=1, keepdims=True)
        gradient = (features * p[..., None]).sum(axis=1) - features[rows, true]
        value = -np.log(np.maximum(p[rows, true], 1e-12)).sum()
        return value + weights @ weights / 2, gradient.sum(axis=0) + weights

    return minimize(loss, np.zeros(features.shape[2]), jac=True).x


class Verdict(NamedTuple):
    """What identification says of one pattern and one list of candidates.

    Attributes
    ----------
    kind : str
        Of the list.
    is_none, said_none : bool
        Whether none of them is right, and whether that was said.
    named_right : bool
        Whether the right structure was named, alone or in a set.
    none_probability : float
    warned : bool
        Whether it was said that a structure that is none of them cannot be excluded.
    alike : bool
        Whether the best of them is in one set with the right structure, where that is
        compared as well: the pattern does not tell them apart.
    n_spots : int
    weight, log_dose : float
    dynamical, zone : bool
    """

    kind: str
    is_none: bool
    said_none: bool
    named_right: bool
    none_probability: float
    warned: bool
    alike: bool
    n_spots: int
    weight: float
    log_dose: float
    dynamical: bool
    zone: bool


def give_verdicts(cases, seed=0):
    """Identify all patterns with all lists of candidates.

    Parameters
    ----------
    cases : list of Case
    seed : int

    Returns
    -------
    list of Verdict
    """
    rng = np.random.default_rng(seed)
    found = []
    for case in cases:
        if not _n_spots(case):
            continue
        names = list(case.matches)
        everything = identify([list(case.matches.values())])
        told = everything.in_set[names.index(case.true)]
        for one in list_candidates(case, rng):
            result = identify([[case.matches[name] for name in one.names]])
            best = one.names[int(result.probability.argmax())]
            named = result.best is not None
            right = not one.is_none and result.in_set[one.names.index(case.true)]
            found.append(
                Verdict(
                    one.kind,
                    one.is_none,
                    not named,
                    bool(named and right),
                    result.none_probability,
                    bool(result.one_zone or result.none_probability > _DOUBT),
                    bool(told and everything.in_set[names.index(best)]),
                    result.n_spots,
                    one.weight,
                    float(np.log10(case.dose)),
                    case.dynamical,
                    case.zone,
                )
            )
    return found
