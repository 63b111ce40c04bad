"""From what a pattern shows to the probability of each class."""

import numpy as np
from scipy.special import expit

from hyperspy_4dphase.estimators.crystallinity._calibration import CALIBRATION

CLASSES = "vacuum", "amorphous", "crystalline", "mixed"
# What each question looks at: columns of :func:`make_columns`, and products of two.
# Nothing else may sway it: whether there are halos is read from the rings alone, since
# strong spots are no sign of them.
QUESTIONS = {
    "sample": ((0, 1, 2, 3, 6, 7), ((0, 1), (1, 2), (1, 7))),
    "spots": ((0, 2, 3, 4, 5, 8), ((0, 3), (0, 2), (0, 5), (0, 4), (0, 8))),
    "halos": ((0, 2, 6, 7), ((0, 6), (0, 7), (2, 6), (2, 7), (6, 7), (6, 6), (7, 7))),
}


def make_columns(features):
    """Bring features to scales on which they compare.

    Parameters
    ----------
    features : list of Features

    Returns
    -------
    numpy.ndarray, shape (n, 9)
    """
    f = np.array(features, dtype=float).reshape(-1, 10).T
    counts, scattered, spots, _, peak, excess, outlier, contrast, halo, gain = f
    # Where the beam is hidden, other coefficients hold, and this column is constant.
    scattered = np.clip(np.nan_to_num(scattered, nan=1e-4), 1e-4, 1)
    columns = [
        np.log10(counts + 1),
        np.log10(scattered),
        np.log10(np.clip(spots, 1e-3, 1)),
        np.log1p(np.maximum(peak, 0)),
        np.arcsinh(excess),
        contrast,
        np.clip(halo, 0, 1),
        np.log1p(gain),
        np.log1p(outlier),
    ]
    return np.stack(columns, axis=1)


def make_design(columns, question):
    """Make what a question looks at.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, 9)
        Scaled.
    question : {"sample", "spots", "halos"}

    Returns
    -------
    numpy.ndarray, shape (n, n_terms)
    """
    own, products = QUESTIONS[question]
    pairs = [columns[:, i] * columns[:, j] for i, j in products]
    return np.column_stack([columns[:, own], *pairs])


def estimate_probabilities(features):
    """Estimate the probability of each class.

    Three questions are asked, each by logistic regression: is there a sample, are there
    spots, and where there are, are there halos as well?

    Parameters
    ----------
    features : list of Features

    Returns
    -------
    numpy.ndarray, shape (n, 4)
        In the order of `CLASSES`; rows sum to 1.
    """
    columns = make_columns(features)
    is_seen = np.array([np.isfinite(one.scattered) for one in features], bool)
    answers = np.zeros((3, len(columns)))
    for own, beam in ((is_seen, "seen"), (~is_seen, "hidden")):
        known = CALIBRATION[beam]
        low, high, middle, scale = (np.array(x) for x in known["columns"])
        # Nothing is known beyond what was simulated.
        scaled = (np.clip(columns[own], low, high) - middle) / scale
        for row, question in enumerate(QUESTIONS):
            constant, *slopes = known[question]
            logit = constant + make_design(scaled, question) @ np.array(slopes)
            answers[row, own] = expit(logit)
    sample, spots, halos = answers
    parts = [
        1 - sample,
        sample * (1 - spots),
        sample * spots * (1 - halos),
        sample * spots * halos,
    ]
    return np.stack(parts, axis=1)
