"""Scans of dynamical simulations: is a map of them as right as it is sure?"""

import time

import numpy as np

from hyperspy_4dphase.estimators.confidence import judge_labels
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import dynamical
from tests.benchmarks.confidence_scores import ensemble, scores


def measure_dynamical(record, tell, quick):
    """All scans; crystals of a glass that cannot be seen are judged, and are not.

    Parameters
    ----------
    record : dict
        Gets a list of rows for each scan, one a seed.
    tell : callable
        Takes a line.
    quick : bool
    """
    if not dynamical.FOLDER.is_dir():
        tell(f"  {dynamical.FOLDER} is not there")
        return
    for name, make in dynamical.scans().items():
        for seed in range(1 if quick else dynamical.N_SEEDS):
            scan, truth = make(seed)
            patterns, where = scenes.compressed(scan)
            del scan
            start = time.perf_counter()
            model = ensemble(patterns, quick, where)
            seconds = time.perf_counter() - start
            for key, true in truths_of(name, truth).items():
                row = judge(model.consensus_, model.confidence_, true)
                record.setdefault(key, []).append(row | {"seconds": seconds})
                tell(f"  {key}, seed {seed}: {record[key][-1]}")
        if quick:
            break


def truths_of(name, truth):
    """True domains that a scan is judged by; -1 is not judged.

    Parameters
    ----------
    name : str
    truth : mapping
        As scenes of ``shared/data/dynamical`` give it.

    Returns
    -------
    dict of str to numpy.ndarray of int, shape (n,)
    """
    true = dynamical.true_domains(truth)
    truths = {name: true}
    if "visible" in truth:
        seen = (true < 2) | np.isin(true, dynamical.visible_crystals(truth))
        truths[f"{name}, visible crystals"] = np.where(seen, true, -1)
    return truths


def judge(labels, confidence, true):
    """Scores of a map, one to one; also of one whose confidence is not known.

    Parameters
    ----------
    labels : numpy.ndarray of int, shape (n,)
    confidence : numpy.ndarray of float, shape (n,)
        NaN if nothing was resolved.
    true : numpy.ndarray of int, shape (n,)

    Returns
    -------
    dict of str to float
    """
    row = {"true": len(np.unique(true[true >= 0]))}
    row |= {"resolved": bool(np.isfinite(confidence).any())}
    if row["resolved"]:
        mean = float(np.nanmean(confidence[true >= 0]))
        return row | {"confidence": mean} | scores(labels, confidence, true, True)
    judged, right = judge_labels(labels, np.zeros(len(labels)), true, True)
    row["error"] = float(np.mean(~right[judged]))
    return row | {"domains": float(len(np.unique(labels[judged])))}
