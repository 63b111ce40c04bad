"""``python -m tests.benchmarks.structure``: how far labels stand, fitted again.

Maps of scans with a known truth are judged one to one. The probability that a label is
right is the ensemble's own, times logistic functions of what the scan says of it, see
``hyperspy_4dphase/estimators/confidence/_structure.py``: their weights are fitted here.
"""

from collections import defaultdict
from contextlib import ExitStack
from functools import partial
from unittest import mock

import numpy as np

from hyperspy_4dphase import data
from hyperspy_4dphase.estimators.confidence import _map_making as map_making
from hyperspy_4dphase.estimators.confidence import _structure as structure
from hyperspy_4dphase.estimators.confidence import judge_labels
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import dynamical
from tests.benchmarks.command import read_options, write_result
from tests.benchmarks.confidence_dynamical import truths_of
from tests.benchmarks.confidence_scores import ensemble
from tests.benchmarks.report import simple_table
from tests.benchmarks.structure_fit import Judged, fit_kinds

_CONTROL_SEEDS = 2
# Least probability that is taken for one.
_LEAST = 1e-6


def scans(quick):
    """Names, scans and flat truths, of those that are there; a name starts with a kind.

    Parameters
    ----------
    quick : bool

    Yields
    ------
    name : str
    scan : BaseSignal
    true : numpy.ndarray of int, shape (n,)
        -1 is not judged: crystals of a glass that cannot be seen.
    """
    if quick:
        for kind in ("battery_interface", "oxide_bilayer"):
            options = {"dose": 150, "random_state": 1}
            made = getattr(data, kind)((30, 34), (32, 30), **options)
            yield kind, made[0], scenes.Truth.of(made[1]).domain
        return
    for name, make in scenes.positives().items():
        scan, truth = make()
        yield name, scan, truth.domain
    for name, make in scenes.controls().items():
        for dose in scenes.DOSES:
            for seed in range(_CONTROL_SEEDS):
                scan = make(dose, seed)
                true = np.zeros(np.prod(scan.data.shape[:2]), int)
                yield f"{name}, {dose}, seed {seed}", scan, true
    if not dynamical.FOLDER.is_dir():
        return
    for name, make in dynamical.scans().items():
        for seed in range(dynamical.N_SEEDS):
            scan, truth = make(seed)
            *_, true = truths_of(name, truth).values()
            yield f"{name}, seed {seed}", scan, true


def judge_scan(scan, true, quick):
    """Map a scan, and judge its labels.

    Parameters
    ----------
    scan : BaseSignal
    true : numpy.ndarray of int, shape (n,)
    quick : bool

    Returns
    -------
    Judged or None
        None where the map has one domain, or where there is nothing to judge it by.
    """
    patterns, where = scenes.compressed(scan)
    del scan
    names = "measure_features", "_are_inclusions"
    seen, kept = {}, [(map_making, "judge_structure")]
    kept += [(structure, name) for name in names]
    with ExitStack() as stack:
        for module, name in kept:
            stack.enter_context(_kept(seen, module, name))
        model = ensemble(patterns, quick, where)
    if model.n_domains_ < 2 or "judge_structure" not in seen:
        return None
    # The features have gained the agreement with other maps since they were returned.
    (_, rows, *_), features = seen["measure_features"]
    stands = seen["judge_structure"][1].probability[rows]
    own = model.confidence_[rows] / np.maximum(stands, _LEAST)
    judged, right = judge_labels(model.consensus_, model.confidence_, true, True)
    used = judged[rows]
    return Judged(
        {name: values[used] for name, values in features.items()},
        np.clip(own[used], _LEAST, 1 - _LEAST).astype(float),
        right[rows][used],
        seen["_are_inclusions"][1][used],
    )


def _kept(seen, module, name):
    """Keep what a function is given and returns, as long as this is open."""
    function = getattr(module, name)

    def kept(*arguments, **options):
        seen[name] = arguments, function(*arguments, **options)
        return seen[name][1]

    return mock.patch.object(module, name, kept)


def measure(quick, tell=print):
    """Map all scans, fit the weights, and judge each kind without having fitted it.

    Parameters
    ----------
    quick : bool
    tell : callable
        Takes a line.

    Returns
    -------
    dict
    """
    kinds = defaultdict(list)
    for name, scan, true in scans(quick):
        judged = judge_scan(scan, true, quick)
        if judged is None:
            tell(f"  {name}: one domain")
            continue
        kinds[name.split(",")[0]].append(judged)
        tell(f"  {name}: {np.mean(~judged.right):.4f} wrong")
    return fit_kinds(kinds)


def write_tables(record):
    """As reStructuredText."""
    rows = [
        [term, name, f"{weight:.2f}", f"{record['in use'][term][name]:.2f}"]
        for term, weights in record["fitted"].items()
        for name, weight in weights.items()
    ]
    weights = simple_table(["that it is", "", "fitted", "in use"], rows)
    measures = {"ECE": "ece", "overconfident": "overconfident", "AUROC": "auroc"}
    header = ["kind of scan", "scans", *measures]
    header += [f"{name} in use" for name in measures]
    rows = []
    for kind, row in record["kinds"].items():
        cells = [
            f"{row[which][key]:.3f}" if key in row.get(which, {}) else ""
            for which in ("left out", "in use")
            for key in measures.values()
        ]
        rows.append([kind, row["scans"], *cells])
    return (
        "Log odds that a domain is whole, and that nothing is hidden in it:\n\n"
        f"{weights}\n\n"
        "Kinds of scans that were left out of the fit, and the same with the weights "
        f"in use:\n\n{simple_table(header, rows)}\n"
    )


def main(arguments=None):
    """Measure, print the tables, write them."""
    options = read_options(__doc__, arguments)
    record = measure(options.quick, partial(print, flush=True))
    write_result(options, "structure", record, write_tables(record))


if __name__ == "__main__":
    main()
