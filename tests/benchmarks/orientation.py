"""``python -m tests.benchmarks.orientation``: orientations and names, and their cost.

Patterns are simulated by diffsims in random orientations, or taken from dynamical
simulations; nothing of what matches them takes part. ``--calibrate`` fits the weights
of ``estimators/orientation/_identification.py`` again, and prints them.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np

from hyperspy_4dphase.estimators.orientation import (
    build_library,
    build_local_library,
    find_spots,
    match_library,
    match_structures,
    misorientation,
    refine_matches,
    refine_orientations,
)
from hyperspy_4dphase.estimators.orientation._quaternions import (
    from_rotation_vectors,
    multiply,
)
from tests.benchmarks import identification_fit as fit
from tests.benchmarks import identification_scores as scores
from tests.benchmarks import look_alike_scenes
from tests.benchmarks import orientation_dynamical as dynamical
from tests.benchmarks import orientation_scenes as scenes
from tests.benchmarks.look_alikes import FITTED, JUDGED
from tests.benchmarks.orientation_structures import CANDIDATES, reflections, structure
from tests.benchmarks.report import simple_table
from tests.benchmarks.run import ROOT

_ORIENTED = {
    "Si": lambda: structure("Si"),
    **{name: CANDIDATES[name] for name in ("NMC", "quartz", "rutile", "spinel")},
}
_DOSES = (2000, 10_000, 100_000)
_LEAST_SPOTS = 8
# pyxem's matching of one pattern with some 2,000 templates, in ms, measured once.
_PYXEM_MS = 80.0


def measure_orientations(n, tell):
    """Errors of the orientation of patterns with enough spots, structure known."""
    rows = []
    for name, make in _ORIENTED.items():
        crystal = scenes.Crystal.of(make)
        placed = scenes.place_all([crystal])
        for dose in _DOSES:
            rng = np.random.default_rng(int(dose))
            strict, fair = [], []
            while len(strict) < n:
                q = scenes.random_orientation(rng)
                image = scenes.expected_pattern(crystal, q)
                if image is None:
                    continue
                prepared = scenes.prepare(rng.poisson(dose * image))
                if len(find_spots(prepared).counts) < _LEAST_SPOTS:
                    continue
                (found,) = match_structures(prepared, placed)
                first = found.matches.quaternions[0]
                error = _error(crystal, first, q)
                strict.append(error)
                hidden = error > 2 and scenes.is_hidden_half_turn(
                    crystal, q, first, dose
                )
                fair.append(0.0 if hidden else error)
            rows.append({"structure": name, "dose": dose, "n": n})
            for label, errors in (("all", strict), ("told", fair)):
                rows[-1] |= _summarize(label, np.array(errors))
            tell(f"  {rows[-1]}")
    return rows


def _error(crystal, first, second):
    return float(misorientation(first[None], second[None], crystal.library.symmetry)[0])


def _summarize(label, errors):
    return {
        f"{label} < 2": float(np.mean(errors < 2)),
        f"{label} < 5": float(np.mean(errors < 5)),
        f"{label} median": float(np.median(errors)),
    }


def measure_times(n=40):
    """Processor time of libraries, of a pattern, and of a probe position."""
    crystals = {name: scenes.Crystal.of(make) for name, make in CANDIDATES.items()}
    eight = list(crystals.values())[-8:]
    start = time.process_time()
    for crystal in eight:
        table = reflections(crystal.phase, scenes.MAX_G)
        arguments = (scenes.GENERATOR.wavelength, crystal.library.symmetry)
        build_library(table, *arguments, max_g=scenes.MAX_G)
    times = {"libraries of 8 structures, s": time.process_time() - start}
    rng = np.random.default_rng(0)
    crystal = crystals["quartz"]
    q = scenes.random_orientation(rng)
    counts = rng.poisson(10_000 * scenes.expected_pattern(crystal, q))
    prepared, placed = scenes.prepare(counts), scenes.place_all(eight)
    (one,) = scenes.place_all([crystal])
    coarse = match_library(prepared, one, 12)
    steps = {
        "prepare a pattern, ms": lambda: scenes.prepare(counts),
        "match one structure (quartz), ms": lambda: match_library(prepared, one, 12),
        "refine it, ms": lambda: refine_matches(prepared, crystal.library, coarse),
        "8 structures, all told, ms": lambda: match_structures(prepared, placed),
    }
    for name, step in steps.items():
        step()
        start = time.process_time()
        for _ in range(n):
            step()
        times[name] = 1e3 * (time.process_time() - start) / n
    return times | _measure_local(crystal, q, rng)


def _measure_local(crystal, start, rng, n=500, n_true=25, dose=500):
    """Refinement of many weak patterns around one orientation."""
    turns = np.deg2rad(0.7) * rng.normal(size=(n_true, 3))
    true = multiply(start, from_rotation_vectors(turns))
    images = np.stack([scenes.expected_pattern(crystal, q) for q in true])
    repeated = np.arange(n) % n_true
    counts = rng.poisson(dose * images[repeated])
    local = build_local_library(
        crystal.library, start, scenes.GEOMETRY, scenes.CAMERA.signal_shape
    )
    refine_orientations(counts[:2], local)
    begun = time.process_time()
    found = refine_orientations(counts, local)
    took = 1e3 * (time.process_time() - begun) / n
    symmetry = crystal.library.symmetry
    before = misorientation(start[None], true[repeated], symmetry)
    after = misorientation(found.quaternions, true[repeated], symmetry)
    return {
        "refine a probe position, ms": took,
        "pyxem, 80 ms, over that": _PYXEM_MS / took,
        "its error before, 500 counts, degrees": float(np.median(before)),
        "its error after, degrees": float(np.median(after)),
    }


def measure(quick=False, tell=print):
    """Measure everything.

    Parameters
    ----------
    quick : bool
    tell : callable
        Takes a line.

    Returns
    -------
    dict
    """
    record = {"times": measure_times(3 if quick else 40)}
    tell(f"  {record['times']}")
    record["orientations"] = measure_orientations(2 if quick else 40, tell)
    crystals = [scenes.Crystal.of(make) for make in CANDIDATES.values()]
    for name, conditions, n, seed in (
        ("naming", fit.naming_conditions, 330, 1),
        ("wide", fit.wide_conditions, 220, 3),
    ):
        n = len(crystals) if quick else n
        evidence = fit.gather(crystals, n, conditions, seed, tell)
        record[name] = scores.judge(evidence)
        record[f"{name}, pooled"] = scores.judge_pooled(evidence, 1 if quick else 3)
        tell(f"  {name}: {record[name]}")
    crystals = look_alike_scenes.load_families(JUDGED)
    n = len(crystals) if quick else 800
    cases = look_alike_scenes.gather_cases(crystals, n, 32, tell=tell)
    verdicts = fit.give_verdicts(cases)
    record["look-alikes"] = scores.judge_look_alikes(verdicts)
    record["calibration"] = scores.judge_probabilities(verdicts)
    tell(f"  look-alikes: {record['look-alikes']}")
    cases = look_alike_scenes.gather_cases(
        crystals, 4 if quick else 300, 53, flat=True, log_doses=(2.7, 5.0), tell=tell
    )
    record["flat"] = scores.judge_doses(fit.give_verdicts(cases))
    tell(f"  flat crystals: {record['flat']}")
    record["dynamical"] = dynamical.measure(2 if quick else 40, tell)
    return record


def write_table(record):
    """As reStructuredText."""
    parts = [
        "Cost, as processor time of one core:",
        _table([{"what": k, "measured": v} for k, v in record["times"].items()]),
    ]
    parts += [
        "Orientations, of patterns with 8 spots or more; *told*: where the pattern can "
        "tell it from the same plane of reflections after half a turn:",
        _table(record["orientations"]),
    ]
    titles = {
        "naming": "Names among 11 candidates, conditions of the baseline:",
        "wide": "Names, with any thickness and background and intensities changed:",
    }
    for name, title in titles.items():
        pooled = ", ".join(
            f"{k} {_cell(v)}" for k, v in record[f"{name}, pooled"].items()
        )
        parts += [title, _table(record[name]), f"Three patterns together: {pooled}."]
    calibration = record["calibration"]
    parts += [
        "Names of structures that have look-alikes, half of the patterns dynamical and "
        "half near a zone axis; *where told*: the structures that are left and the "
        "right one are not in one set:",
        _table(record["look-alikes"]),
        "Probability that it is none of the candidates, beside how often that is true; "
        f"calibration error {calibration['error']:.3f}:",
        _table(calibration["rows"]),
    ]
    if record["flat"]:
        parts += [
            "The same families, half of the patterns of flat crystals of one "
            "thickness, 8 spots or more; *said* and *true*: that it is none of the "
            "candidates:",
            _table(record["flat"]),
        ]
    if record["dynamical"]:
        parts += ["Dynamical patterns:", _table(record["dynamical"])]
    return "\n\n".join(parts)


def _table(rows):
    return simple_table(list(rows[0]), [[_cell(v) for v in r.values()] for r in rows])


def _cell(value):
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def calibrate(n=1800, tell=print):
    """Fit the weights of identification, on other structures."""
    crystals = look_alike_scenes.load_families(FITTED)
    return fit.fit_weights(look_alike_scenes.gather_cases(crystals, n, 31, tell=tell))


def main(arguments=None):
    """Measure, print the tables, write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    where = ROOT / "docs" / "performance"
    parser.add_argument("--output", type=Path, default=where, help="folder")
    parser.add_argument("--quick", action="store_true", help="does everything run?")
    parser.add_argument("--calibrate", action="store_true", help="only fit weights")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    if options.calibrate:
        np.set_printoptions(precision=3, suppress=True)
        print(*calibrate(80 if options.quick else 1800), sep="\n")
        return
    record = measure(options.quick)
    options.output.mkdir(parents=True, exist_ok=True)
    text = write_table(record) + "\n"
    (options.output / "orientation.json").write_text(
        json.dumps(record, indent=1) + "\n"
    )
    (options.output / "orientation.txt").write_text(text)
    print(f"\n{text}")


if __name__ == "__main__":
    main()
