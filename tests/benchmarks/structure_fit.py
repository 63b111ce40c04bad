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

NAMES = tuple(structure._WEIGHTS)
# What speaks against a label cannot speak for it.
_SIGNS = dict.fromkeys(NAMES, 1) | {"step": -1, "misfit": -1}
# Positions of each scan that are fitted at most; what a wrong one counts; penalty.
_N_POSITIONS, _WRONG, _PENALTY = 1500, 2.0, 0.003
# Share of wrong positions from which on it is asked whether they are found.
_SOME = 0.01


@dataclass
class Judged:
    """Positions of one scan, whose labels are judged.

    Parameters
    ----------
    features : numpy.ndarray, shape (n, n_features)
        In the order of `NAMES`.
    own : numpy.ndarray, shape (n,)
        Probability of its label, if its domain stands.
    right : numpy.ndarray of bool, shape (n,)
    included : numpy.ndarray of bool, shape (n,)
        Whether its domain is an inclusion, which stands on evidence of its own.
    """

    features: np.ndarray
    own: np.ndarray
    right: np.ndarray
    included: np.ndarray

    def sample(self):
        """Features, own probabilities and whether right, of some of the positions."""
        rows = np.flatnonzero(~self.included)
        n = min(len(rows), _N_POSITIONS)
        rows = np.random.default_rng(0).choice(rows, n, replace=False)
        return self.features[rows], self.own[rows], self.right[rows]

    def predict(self, constant, weights):
        """Confidence of each position, by given weights."""
        odds = constant + self.features @ weights
        least = np.where(self.included, structure._INCLUSION, -np.inf)
        return self.own * expit(np.maximum(odds, least))


def fit_weights(judged):
    """Fit what each feature adds to the log odds that a label stands.

    The likelihood of which labels are right is largest, less a penalty on weights of
    standardized features. Each scan counts as much as the others.

    Parameters
    ----------
    judged : list of Judged

    Returns
    -------
    constant : float
    weights : numpy.ndarray, shape (n_features,)
    """
    samples = [each.sample() for each in judged]
    features, own, right = (
        np.concatenate(parts) for parts in zip(*samples, strict=True)
    )
    weight = np.concatenate([np.full(len(s[2]), 1 / len(s[2])) for s in samples])
    weight *= np.where(right, 1, _WRONG)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    loss = partial(
        _find_loss,
        features=(features - mean) / spread,
        own=own,
        right=right,
        weight=weight / weight.sum(),
    )
    bounds = [(None, None)]
    bounds += [(0, None) if _SIGNS[name] > 0 else (None, 0) for name in NAMES]
    start = np.r_[structure._CONSTANT, np.zeros(len(NAMES))]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    weights = found[1:] / spread
    return float(found[0] - weights @ mean), weights


def _find_loss(parameters, features, own, right, weight):
    """Negative log-likelihood and penalty, and the gradient of both."""
    weights = parameters[1:]
    odds = parameters[0] + features @ weights
    log_right = np.log(own) - np.logaddexp(0, -odds)
    wrong = np.maximum(-np.expm1(log_right), 1e-9)
    each = np.where(right, log_right, np.log(wrong))
    slopes = np.where(right, 1, -np.exp(log_right) / wrong) * expit(-odds) * weight
    loss = -(weight @ each) + _PENALTY * (weights @ weights)
    slope = -np.r_[slopes.sum(), slopes @ features]
    return loss, slope + 2 * _PENALTY * np.r_[0, weights]


def judge_weights(judged, constant, weights):
    """Means over scans of how right their confidence is.

    Parameters
    ----------
    judged : list of Judged
    constant : float
    weights : numpy.ndarray, shape (n_features,)

    Returns
    -------
    dict of str to float
        ``"ece"``; and, of scans of which some is wrong, ``"overconfident"`` and
        ``"auroc"``.
    """
    values = defaultdict(list)
    for each in judged:
        confidence = each.predict(constant, weights)
        values["ece"].append(calibration_error(confidence, each.right))
        errors = measure_errors(confidence, each.right)
        if errors["error"] >= _SOME:
            for name in ("overconfident", "auroc"):
                values[name].append(errors[name])
    means = {name: float(np.nanmean(v)) for name, v in values.items()}
    return {name: value for name, value in means.items() if np.isfinite(value)}


def fit_kinds(kinds):
    """Fit all kinds of scans, and all but one.

    Parameters
    ----------
    kinds : dict of str to list of Judged

    Returns
    -------
    dict
        ``"fitted"`` and ``"in use"``: constant and weights, by name. ``"kinds"``: of
        each kind, the number of scans, and what :func:`judge_weights` says of it with
        weights fitted to the others (none if there are no others), and with those in
        use.
    """
    used = structure._CONSTANT, np.array([structure._WEIGHTS[name] for name in NAMES])
    record = {"in use": _named(*used), "kinds": {}}
    record["fitted"] = _named(*fit_weights(sum(kinds.values(), [])))
    for kind, judged in kinds.items():
        others = sum((kinds[other] for other in kinds if other != kind), [])
        row = {"scans": len(judged), "in use": judge_weights(judged, *used)}
        if others:
            row["left out"] = judge_weights(judged, *fit_weights(others))
        record["kinds"][kind] = row
    return record


def _named(constant, weights):
    return {"constant": constant} | dict(zip(NAMES, map(float, weights), strict=True))
