"""Weights of what tells whether a label stands, by maximum likelihood."""

from collections import defaultdict
from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from hyperspy_4dphase.estimators.confidence import _structure as structure
from hyperspy_4dphase.estimators.confidence import measure_errors
from hyperspy_4dphase.plot import calibration_error

# Weights in use, of log odds whose probabilities are multiplied.
IN_USE = {"whole": structure._WHOLE, "nothing hidden": structure._NOTHING_HIDDEN}
# What speaks against a label cannot speak for it.
_NEGATIVE = ("misfit",)
# Positions of each scan that are fitted at most; what a wrong one counts; penalty.
_N_POSITIONS, _WRONG, _PENALTY = 1500, 2.0, 0.003
# Share of wrong positions from which on it is asked whether they are found.
_SOME = 0.01


@dataclass
class Judged:
    """Positions of one scan, whose labels are judged.

    Parameters
    ----------
    features : dict of str to numpy.ndarray, shape (n,)
    own : numpy.ndarray, shape (n,)
        Probability of its label, if its domain stands; above 0, below 1.
    right : numpy.ndarray of bool, shape (n,)
    included : numpy.ndarray of bool, shape (n,)
        Whether its domain is an inclusion, which stands on evidence of its own.
    """

    features: dict
    own: np.ndarray
    right: np.ndarray
    included: np.ndarray

    def take(self, rows):
        """Some of the positions."""
        features = {name: values[rows] for name, values in self.features.items()}
        return Judged(features, self.own[rows], self.right[rows], self.included[rows])

    def sample(self):
        """Those that are fitted."""
        rows = np.flatnonzero(~self.included)
        n = min(len(rows), _N_POSITIONS)
        return self.take(np.random.default_rng(0).choice(rows, n, replace=False))

    def predict(self, weights):
        """Confidence of each position, by weights as in `IN_USE`."""
        odds = {
            term: structure._add_up(w, self.features) for term, w in weights.items()
        }
        least = np.where(self.included, structure._INCLUSION, -np.inf)
        odds["whole"] = np.maximum(odds["whole"], least)
        return self.own * np.prod([expit(each) for each in odds.values()], axis=0)


def fit_weights(judged):
    """Fit what each feature adds to the log odds that a label stands.

    The likelihood of which labels are right is largest, less a penalty on weights of
    standardized features. Each scan counts as much as the others.

    Parameters
    ----------
    judged : list of Judged

    Returns
    -------
    dict of str to dict of str to float
        As `IN_USE`.
    """
    samples = [
        sample for sample in (each.sample() for each in judged) if sample.own.size
    ]
    weight = np.concatenate([np.full(len(s.own), 1 / len(s.own)) for s in samples])
    right = np.concatenate([sample.right for sample in samples])
    terms = {term: [n for n in w if n != "constant"] for term, w in IN_USE.items()}
    columns, bounds, start = [], [], []
    for names in terms.values():
        columns.append(np.stack([_join(samples, name) for name in names], axis=1))
        signs = [(None, 0) if name in _NEGATIVE else (0, None) for name in names]
        bounds += [(None, None), *signs]
        start += [3.0, *np.zeros(len(names))]
    means = [np.average(values, axis=0, weights=weight) for values in columns]
    spreads = [
        np.sqrt(np.average((values - mean) ** 2, axis=0, weights=weight)) + 1e-9
        for values, mean in zip(columns, means, strict=True)
    ]
    weight *= np.where(right, 1, _WRONG)
    loss = partial(
        _find_loss,
        columns=[
            (values - mean) / spread
            for values, mean, spread in zip(columns, means, spreads, strict=True)
        ],
        own=np.concatenate([sample.own for sample in samples]),
        right=right,
        weight=weight / weight.sum(),
    )
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    fitted = {}
    parts = _split(found, columns)
    for (term, names), part, mean, spread in zip(
        terms.items(), parts, means, spreads, strict=True
    ):
        weights = part[1:] / spread
        fitted[term] = {"constant": float(part[0] - weights @ mean)}
        fitted[term] |= dict(zip(names, map(float, weights), strict=True))
    return fitted


def _join(samples, name):
    return np.concatenate([sample.features[name] for sample in samples])


def _split(parameters, columns):
    """Constant and weights of each term."""
    ends = np.cumsum([1 + values.shape[1] for values in columns])
    return np.split(parameters, ends[:-1])


def _find_loss(parameters, columns, own, right, weight):
    """Negative log-likelihood and penalty, and the gradient of both."""
    parts = _split(parameters, columns)
    odds = [p[0] + x @ p[1:] for p, x in zip(parts, columns, strict=True)]
    log_right = np.log(own) - sum(np.logaddexp(0, -each) for each in odds)
    wrong = np.maximum(-np.expm1(log_right), 1e-9)
    each = np.where(right, log_right, np.log(wrong))
    base = np.where(right, 1, -np.exp(log_right) / wrong) * weight
    loss, slopes = -(weight @ each), []
    for part, values, term in zip(parts, columns, odds, strict=True):
        slope = base * expit(-term)
        slopes += [-slope.sum(), *(2 * _PENALTY * part[1:] - slope @ values)]
        loss += _PENALTY * (part[1:] @ part[1:])
    return loss, np.array(slopes)


def judge_weights(judged, weights):
    """Means over scans of how right their confidence is.

    Parameters
    ----------
    judged : list of Judged
    weights : dict
        As `IN_USE`.

    Returns
    -------
    dict of str to float
        ``"ece"``; and, of scans of which some is wrong, ``"overconfident"`` and
        ``"auroc"``.
    """
    values = defaultdict(list)
    for each in judged:
        confidence = each.predict(weights)
        values["ece"].append(calibration_error(confidence, each.right))
        errors = measure_errors(confidence, each.right)
        if errors["error"] >= _SOME:
            for name in ("overconfident", "auroc"):
                values[name].append(errors[name])
    return {name: float(np.mean(v)) for name, v in values.items()}


def fit_kinds(kinds):
    """Fit all kinds of scans, and all but one.

    Parameters
    ----------
    kinds : dict of str to list of Judged

    Returns
    -------
    dict
        ``"fitted"`` and ``"in use"``: as `IN_USE`. ``"kinds"``: of each kind, the
        number of scans, and what :func:`judge_weights` says of it with weights fitted
        to the others (none if there are no others), and with those in use.
    """
    record = {"fitted": fit_weights(sum(kinds.values(), [])), "in use": IN_USE}
    record["kinds"] = {}
    for kind, judged in kinds.items():
        others = sum((kinds[other] for other in kinds if other != kind), [])
        row = {"scans": len(judged), "in use": judge_weights(judged, IN_USE)}
        if others:
            row["left out"] = judge_weights(judged, fit_weights(others))
        record["kinds"][kind] = row
    return record
