"""Whether a confidence is right, where the truth is known."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.metrics.cluster import contingency_matrix

# Part of all positions, the least sure, that `error_without_least_sure` leaves out.
_LEAST_SURE = 0.05


class Judgement(NamedTuple):
    """Which positions are right.

    Parameters
    ----------
    judged : numpy.ndarray of bool
        Positions that have a domain, a confidence and a class.
    correct : numpy.ndarray of bool
        Which of these are right; what is not judged is not correct.
    """

    judged: np.ndarray
    correct: np.ndarray


def judge_labels(labels, confidence, truth):
    """Find which positions have the domain that they should have.

    Each domain stands for the class of which it holds most; a position is right if its
    class is that of its domain.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Domains; positions of -1 are not judged.
    confidence : numpy.ndarray of float
        Of the same shape; positions of NaN are not judged.
    truth : numpy.ndarray of int
        Classes, of the same shape; positions below 0, unknown, are not judged.

    Returns
    -------
    Judgement
        Of the same shape.

    Raises
    ------
    ValueError
        If there is no position to judge.

    Examples
    --------
    >>> import numpy as np
    >>> labels, truth = np.array([0, 0, 0, 1, -1]), np.array([5, 5, 7, 7, 7])
    >>> judge_labels(labels, np.ones(5), truth).correct
    array([ True,  True, False,  True, False])
    """
    judged = (labels >= 0) & (truth >= 0) & np.isfinite(confidence)
    if not judged.any():
        raise ValueError(
            "There is no probe position that has a domain, a confidence and a true "
            "class of 0 or more: nothing can be judged."
        )
    _, domains = np.unique(labels[judged], return_inverse=True)
    _, classes = np.unique(truth[judged], return_inverse=True)
    table = contingency_matrix(domains, classes)
    correct = np.zeros(labels.shape, dtype=bool)
    correct[judged] = table.argmax(axis=1)[domains] == classes
    return Judgement(judged, correct)


def measure_errors(confidence, right):
    """Measure how many positions are wrong, and whether their confidence tells.

    Parameters
    ----------
    confidence : numpy.ndarray of float, shape (n,)
    right : numpy.ndarray of bool, shape (n,)

    Returns
    -------
    dict of str to float
        ``"error"``: part of positions that is wrong; ``"error_without_least_sure"``:
        without the 5 % least sure; ``"auroc"``: probability that a wrong position is
        less sure than a right one, NaN if all are one or the other.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.array([True, True, False, True])
    >>> measure_errors(np.array([0.9, 0.8, 0.3, 0.6]), right)["auroc"]
    1.0
    """
    surest = np.argsort(confidence, kind="stable")[int(_LEAST_SURE * right.size) :]
    both = 0 < right.sum() < right.size
    return {
        "error": float(np.mean(~right)),
        "error_without_least_sure": float(np.mean(~right[surest])),
        "auroc": float(roc_auc_score(~right, -confidence)) if both else np.nan,
    }
