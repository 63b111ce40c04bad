"""``python -m tests.benchmarks.class_calibration``: the constants of classes.

Simulates random mean patterns, measures them, fits the three logistic regressions, and
writes ``estimators/crystallinity/_calibration.py``. Of patterns that were left out in
turn it prints how many are right, and the calibration error.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold

import hyperspy_4dphase
from hyperspy_4dphase.estimators.crystallinity._classes import measure_patterns
from hyperspy_4dphase.estimators.crystallinity._probabilities import (
    CLASSES,
    QUESTIONS,
    make_columns,
    make_design,
)
from tests.benchmarks.class_simulations import simulate_mean

_N_PATTERNS = 3000
# Inverse strength of the regularization: coefficients of columns of unit spread.
_C = 3.0
# Columns are clipped to what all but this share of the patterns have.
_CLIPPED = 0.002
_FILE = Path(hyperspy_4dphase.__file__).parent / "estimators" / "crystallinity"
_HEADER = '''"""Logistic regressions of classes, fitted to {n} simulated mean patterns.

Written by ``python -m tests.benchmarks.class_calibration``, which see: do not edit.
"columns" has the least and largest value, the mean and the spread of each column of
``make_columns``; each question has its constant, then its slopes, in the order of
``make_design``. "seen" and "hidden" are patterns with and without the direct beam.
"""

'''


def measure(numbers, tell=print):
    """Features and classes (as numbers) of simulated patterns."""
    features, truth = [], []
    for number in numbers:
        one = simulate_mean(number)
        [found] = measure_patterns(
            one.mean[np.newaxis], one.variance[np.newaxis], ~one.used
        )
        features.append(found.features)
        truth.append(CLASSES.index(one.truth))
        if len(truth) % 500 == 0:
            tell(f"  {len(truth)} patterns")
    return features, np.array(truth)


def fit(features, truth):
    """Coefficients for patterns with and without the beam.

    Returns
    -------
    dict
        Of plain lists, as in ``_calibration.py``.
    """
    columns = make_columns(features)
    is_seen = np.isfinite([one.scattered for one in features])
    return {
        beam: _fit_one(columns[own], truth[own])
        for beam, own in (("seen", is_seen), ("hidden", ~is_seen))
    }


def _fit_one(columns, truth):
    low, high = np.quantile(columns, [_CLIPPED, 1 - _CLIPPED], axis=0)
    columns = np.clip(columns, low, high)
    middle, scale = columns.mean(axis=0), columns.std(axis=0)
    # Where the beam is hidden, the share outside of it is a constant.
    scale = np.where(scale > 1e-6, scale, 1.0)
    scaled = (columns - middle) / scale
    known = {"columns": [x.round(6).tolist() for x in (low, high, middle, scale)]}
    for least, question in enumerate(QUESTIONS):
        # Whether there are spots is asked where there is a sample, and so on.
        own = truth >= least
        model = LogisticRegression(C=_C, max_iter=5000)
        model.fit(make_design(scaled[own], question), truth[own] > least)
        slopes = np.append(model.intercept_, model.coef_[0])
        known[question] = slopes.round(5).tolist()
    return known


def expected_error(probabilities, truth, n_bins=10):
    """Expected calibration error of the largest probability, in equal bins."""
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == truth
    bins = np.array_split(np.argsort(sure), n_bins)
    return sum(abs(sure[b].mean() - right[b].mean()) * len(b) for b in bins) / len(sure)


def main(arguments=None):
    """Simulate, fit, judge, write."""
    from hyperspy_4dphase.estimators.crystallinity import _probabilities

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=_N_PATTERNS)
    parser.add_argument("--features", type=Path, help="keep or reuse them here (.npz)")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    features, truth = _load(options)
    found = np.zeros((len(truth), 4))
    for fitted, left in KFold(5, shuffle=True, random_state=0).split(found):
        _probabilities.CALIBRATION = fit([features[i] for i in fitted], truth[fitted])
        chosen = [features[i] for i in left]
        found[left] = _probabilities.estimate_probabilities(chosen)
    is_seen = np.isfinite([one.scattered for one in features])
    for name, own in (("seen", is_seen), ("hidden", ~is_seen)):
        right = found[own].argmax(axis=1) == truth[own]
        error = expected_error(found[own], truth[own])
        print(f"beam {name}: {right.mean():.3f} right, calibration error {error:.3f}")
    text = _HEADER.format(n=len(truth))
    text += f"CALIBRATION = {fit(features, truth)!r}\n"
    (_FILE / "_calibration.py").write_text(text)


def _load(options):
    from hyperspy_4dphase.estimators.crystallinity._features import Features

    file = options.features
    if file is not None and file.exists():
        kept = np.load(file)
        return [Features(*row) for row in kept["features"].tolist()], kept["truth"]
    features, truth = measure(range(options.n))
    if file is not None:
        np.savez(file, features=np.array(features), truth=truth)
    return features, truth


if __name__ == "__main__":
    main()
