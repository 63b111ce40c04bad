"""How right a map is, and whether its confidence says so."""

import numpy as np

from hyperspy_4dphase.estimators import MapEnsemble
from hyperspy_4dphase.estimators.confidence import judge_labels, measure_errors
from hyperspy_4dphase.plot import calibration_error

QUICK = {"n_maps": 3}


def ensemble(patterns, quick, given, seed=0, **options):
    """25 maps, by default with all doubts that there can be."""
    options |= QUICK if quick else {}
    return MapEnsemble(random_state=seed, **options).fit(patterns, **given)


def scores(labels, confidence, truth, one_to_one=False):
    """How right a map is, and whether its confidence says so.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
        -1 is not judged.
    confidence : numpy.ndarray of float, shape (n,)
    truth : numpy.ndarray of int, shape (n,)
    one_to_one : bool
        Whether each domain stands for another class, or for that which it holds most
        of.

    Returns
    -------
    dict of str to float
        Of :func:`measure_errors` and :func:`calibration_error`, and the part that is
        judged; no ``"auroc"`` where nothing or all is wrong.
    """
    judged, right = judge_labels(labels, confidence, truth, one_to_one)
    right, confidence = right[judged], np.asarray(confidence, float)[judged]
    found = measure_errors(confidence, right)
    found["ece"] = calibration_error(confidence, right)
    found |= {"domains": len(np.unique(labels[judged])), "judged": judged.mean()}
    return {key: float(v) for key, v in found.items() if np.isfinite(v)}
