"""Maps given on purpose, right and wrong: does the confidence tell one from another?"""

from functools import partial
from itertools import combinations

import numpy as np
from sklearn.metrics import roc_auc_score

from hyperspy_4dphase import data
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import dynamical
from tests.benchmarks.confidence_dynamical import judge
from tests.benchmarks.confidence_scores import ensemble

# Part of all positions from which on a domain is large enough to be merged, and
# positions by which boundaries are moved.
_LARGE, _MOVED = 0.02, 3
_POSITIVES = (
    "battery_interface, default",
    "domain_phantom, default",
    "strained_flake, default",
    "two_lattices grains",
)
_DYNAMICAL = "reconstruction, 1000"
# Their matrix is given as the only domain: what shows the plates is that they misfit.
_MATRIX = "al_precipitates, 1000", "al_precipitates, 10000"
_N_SEEDS = 3


def measure_given(record, tell, quick):
    """How sure the right map is, and whether it shows what is wrong in others.

    Parameters
    ----------
    record : dict
        Gets a row for each scan and map, by ``"scan; map"``.
    tell : callable
        Takes a line.
    quick : bool
    """
    for name, make in given_scans(tell, quick).items():
        scan, true = make()
        patterns, where = scenes.compressed(scan)
        shape = scan.data.shape[:2]
        del scan
        # What does not depend on the map that is given is found once.
        maps = PatternMaps(patterns, where["positions"])
        for kind, given in given_maps(true.reshape(shape)).items():
            given = given.ravel()
            model = ensemble(maps, quick, {"reference": given})
            row = judge(given, model.confidence_, true)
            record[f"{name}; {kind}"] = row
            tell(f"  {name}; {kind}: {row}")


def measure_matrix(record, tell, quick):
    """How well misfit alone tells what is in a matrix that is given as one domain.

    Parameters
    ----------
    record : dict
        Gets a list of rows for each scan, one a seed: ``"misfit"`` and
        ``"confidence"`` are areas under ROC curves of what is not matrix.
    tell : callable
        Takes a line.
    quick : bool
    """
    if not dynamical.FOLDER.is_dir():
        tell(f"  {dynamical.FOLDER} is not there")
        return
    for name in _MATRIX[-1:] if quick else _MATRIX:
        make = dynamical.scans()[name]
        record[name] = [
            _judge_matrix(*_dynamical(make, seed), quick)
            for seed in range(1 if quick else _N_SEEDS)
        ]
        tell(f"  {name}: {record[name]}")


def _judge_matrix(scan, true, quick):
    patterns, where = scenes.compressed(scan)
    one = np.zeros(len(true), int)
    model = ensemble(patterns, quick, where | {"reference": one})
    foreign = true != np.bincount(true).argmax()
    row = {"misfit": float(roc_auc_score(foreign, model.doubts_["misfit"]))}
    row["resolved"] = bool(np.isfinite(model.confidence_).all())
    if row["resolved"]:
        row["confidence"] = float(roc_auc_score(foreign, 1 - model.confidence_))
    return row


def given_scans(tell, quick):
    """dict of str to callable: Scans with their true domains, flat."""
    if quick:
        small = partial(data.oxide_bilayer, (40, 44), (32, 30), random_state=1)
        return {"oxide_bilayer": partial(_simulated, small)}
    positives = scenes.positives()
    made = {name: positives[name] for name in _POSITIVES if name in positives}
    found = {name: partial(_known, make) for name, make in made.items()}
    if dynamical.FOLDER.is_dir():
        found[_DYNAMICAL] = partial(_dynamical, dynamical.scans()[_DYNAMICAL])
    for name in (*_POSITIVES, _DYNAMICAL):
        if name not in found:
            tell(f"  {name} is not in {scenes.SHARED}")
    return found


def given_maps(true):
    """Make wrong maps of the right one.

    Parameters
    ----------
    true : numpy.ndarray of int, shape (n_rows, n_columns)

    Returns
    -------
    dict of str to numpy.ndarray of int, shape (n_rows, n_columns)
        ``"right"``; ``"merged"``: of the large domains, the two that are most alike in
        size are one; ``"cut"``: the largest domain is cut in two by a straight line;
        ``"moved"``: all boundaries are moved along a row.
    """
    names, sizes = np.unique(true, return_counts=True)
    one, another = _most_alike(sizes, _LARGE * true.size)
    inside = true == names[sizes.argmax()]
    column = np.arange(true.shape[1])
    middle = np.median(np.nonzero(inside)[1])
    return {
        "right": true,
        "merged": np.where(true == names[one], names[another], true),
        "cut": np.where(inside & (column > middle), names.max() + 1, true),
        "moved": true[:, np.maximum(column - _MOVED, 0)],
    }


def _most_alike(sizes, least):
    """Two of at least some size, if there are two, with the least ratio of sizes."""
    large = np.flatnonzero(sizes >= least)
    if len(large) < 2:
        large = np.argsort(-sizes)[:2]
    logs = np.log(sizes)
    return min(
        combinations(large, 2), key=lambda pair: abs(np.subtract(*logs[[*pair]]))
    )


def _known(make):
    scan, truth = make()
    return scan, truth.domain


def _simulated(make):
    scan, truth = make()
    return scan, scenes.Truth.of(truth).domain


def _dynamical(make, seed=0):
    scan, truth = make(seed)
    return scan, dynamical.true_domains(truth)
