"""Whether a confidence is right, where the truth is known."""

from typing import NamedTuple

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.metrics.cluster import contingency_matrix

from hyperspy_4dphase.estimators.confidence._numbering import match_one_to_one

# Part of all positions, the least sure, that `error_without_least_sure` leaves out.
_LEAST_SURE = 0.05
# Confidence above which a position that is wrong is overconfident.
_TOO_SURE = 0.9


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


def judge_labels(labels, confidence, truth, one_to_one=False):
    """Find which positions have the domain that they should have.

    A position is right if its class is that which its domain stands for. By default
    each domain stands for the class of which it holds most, so that pieces of a class
    are right.

    Parameters
    ----------
    labels : numpy.ndarray of int
        Domains; positions of -1 are not judged.
    confidence : numpy.ndarray of float
        Of the same shape; positions of NaN are not judged.
    truth : numpy.ndarray of int
        Classes, of the same shape; positions below 0, unknown, are not judged.
    one_to_one : bool, optional
        If True, each domain stands for another class, such that most positions are
        right. A second piece of a class is then wrong, and so is a domain more than
        there are classes. Default is False.

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

    A class in two pieces is right in both, or in the larger one only:

    >>> labels, truth = np.array([0, 0, 0, 1, 1, 2]), np.array([4, 4, 4, 4, 4, 9])
    >>> judge_labels(labels, np.ones(6), truth).correct
    array([ True,  True,  True,  True,  True,  True])
    >>> judge_labels(labels, np.ones(6), truth, one_to_one=True).correct
    array([ True,  True,  True, False, False,  True])
    """
    judged = (labels >= 0) & (truth >= 0)
    if judged.any() and not np.isfinite(confidence[judged]).any():
        raise ValueError(
            "The confidence is NaN wherever there is a domain and a true class, as it "
            "is where nothing was resolved: nothing can be judged."
        )
    judged &= np.isfinite(confidence)
    if not judged.any():
        raise ValueError(
            "There is no probe position that has a domain, a confidence and a true "
            "class of 0 or more: nothing can be judged."
        )
    _, domains = np.unique(labels[judged], return_inverse=True)
    _, classes = np.unique(truth[judged], return_inverse=True)
    table = contingency_matrix(domains, classes)
    correct = np.zeros(labels.shape, dtype=bool)
    stands_for = match_one_to_one(table) if one_to_one else table.argmax(axis=1)
    correct[judged] = stands_for[domains] == classes
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
        less sure than a right one, NaN if all are one or the other;
        ``"overconfident"``: part of the wrong positions that has a confidence above
        0.9, NaN if none is wrong.

    Examples
    --------
    >>> import numpy as np
    >>> right = np.array([True, True, False, True])
    >>> found = measure_errors(np.array([0.9, 0.8, 0.3, 0.6]), right)
    >>> found["auroc"], found["overconfident"]
    (1.0, 0.0)
    """
    surest = np.argsort(confidence, kind="stable")[int(_LEAST_SURE * right.size) :]
    both, wrong = 0 < right.sum() < right.size, ~right
    too_sure = np.mean(confidence[wrong] > _TOO_SURE) if wrong.any() else np.nan
    return {
        "error": float(np.mean(wrong)),
        "error_without_least_sure": float(np.mean(wrong[surest])),
        "auroc": float(roc_auc_score(wrong, -confidence)) if both else np.nan,
        "overconfident": float(too_sure),
    }
