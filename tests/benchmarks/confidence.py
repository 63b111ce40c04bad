"""``python -m tests.benchmarks.confidence``: is a map as right as it is sure?"""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from unittest import mock

import numpy as np

from hyperspy_4dphase import data
from hyperspy_4dphase.estimators import MapEnsemble, PatternVAE
from hyperspy_4dphase.estimators.confidence import judge_labels
from tests.benchmarks import confidence_tables as tables
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks.command import (
    read_options,
    read_record,
    write_record,
    write_result,
)
from tests.benchmarks.confidence_dynamical import measure_dynamical
from tests.benchmarks.confidence_exposures import measure_exposures
from tests.benchmarks.confidence_given import measure_given, measure_matrix
from tests.benchmarks.confidence_peers import peers
from tests.benchmarks.confidence_scores import QUICK, ensemble, scores
from tests.benchmarks.measure import _status, measure
from tests.benchmarks.run import ROOT

_N_WARM, _LONGEST = 1500, 900
_SIZES = (256, 512)
_CONTROL_DOSE = 2000


def recalls(labels, truth):
    """Share of each class that is in domains that stand for it."""
    right = judge_labels(labels, np.ones(len(labels)), truth).correct
    return [float(right[truth == name].mean()) for name in np.unique(truth)]


def embed(patterns, seed, quick):
    """Latent means and their model, as `MapEnsemble.fit` takes them."""
    vae = PatternVAE(random_state=seed, epochs=2 if quick else None)
    return {"features": vae.fit_transform(patterns), "model": vae.model_}


def scans(quick):
    """Names, scans and truths: all that `bench-domains` has."""
    if quick:
        scan, truth = data.oxide_bilayer((40, 44), (32, 30), random_state=1)
        yield "oxide_bilayer", scan, scenes.Truth.of(truth)
        return
    for name, make in scenes.positives().items():
        yield name, *make()


def measure_calibration(record, tell, quick, seed=0, embedding=False):
    """All scans, compressed or also embedded."""
    for name, scan, truth in scans(quick):
        patterns, where = scenes.compressed(scan, seed)
        del scan
        embedded = embed(patterns, seed, quick) if embedding else None
        start = time.process_time()
        model = ensemble(patterns, quick, where | (embedded or {}), seed)
        cpu = time.process_time() - start
        truths = {name: (truth.domain, True)}
        if "flake" in name:
            # Variants of a phase are domains of their own: several to one.
            truths[f"{name}: phases"] = truth.phase, False
        for key, (known, one_to_one) in truths.items():
            found = model.consensus_, model.confidence_
            record[key] = scores(*found, known, one_to_one)
            record[key] |= {"true": len(np.unique(known)), "cpu": cpu}
            tell(f"  {key}: {record[key]}")


def measure_controls(record, tell, quick):
    """Scans of one domain, compressed and embedded: whether they are cut."""
    made = list(scenes.controls().items())
    for name, make in made[-1:] if quick else made:
        patterns, where = scenes.compressed(make(_CONTROL_DOSE, 1))
        for source in ("compressed", "embedding"):
            embedded = embed(patterns, 0, quick) if source == "embedding" else {}
            model = ensemble(patterns, quick, where | embedded)
            key = f"{name}; {source}"
            record[key] = {"domains": model.n_domains_}
            if np.isfinite(model.confidence_).all():
                record[key]["confidence"] = float(model.confidence_.mean())
            tell(f"  {key}: {record[key]}")


def measure_sources(record, tell, quick):
    """Each doubt alone, and peers, on one scan."""
    shapes = ((40, 44), (64, 60)) if quick else ((96, 104), (96, 90))
    scan, truth = data.battery_interface(*shapes, random_state=1)
    truth = scenes.Truth.of(truth).domain
    patterns, where = scenes.compressed(scan)
    embedded = embed(patterns, 0, quick) | where
    ssim = {"distortion": "ssim", "image_shape": shapes[1]}
    cases = {"all but distortion": (where, {})}
    for doubt in ("noise", "resampling", "kinds"):
        cases[doubt] = where, {"doubts": (doubt,)}
    for name, options in (("jacobian", {}), ("ssim", ssim)):
        cases[f"embedding, all, {name}"] = embedded, options
        cases[f"distortion, {name}"] = embedded, options | {"doubts": ("distortion",)}
    for name, (points, options) in cases.items():
        model = ensemble(patterns, quick, points, **options)
        record[name] = scores(model.consensus_, model.confidence_, truth)
        tell(f"  {name}: {record[name]}")
    n_maps = QUICK["n_maps"] if quick else 25
    others = peers(patterns, embedded, truth, shapes[1], n_maps)
    for name, labels, confidence, calibrated in others:
        record[name] = scores(labels, confidence, truth)
        if not calibrated:
            del record[name]["ece"]
        tell(f"  {name}: {record[name]}")


def measure_loop(record, tell, quick):
    """Recalls after each round of training and mapping the phantom."""
    shapes = ((40, 44), (32, 30)) if quick else ()
    scan, truth = data.domain_phantom(*shapes, random_state=0)
    truth = scenes.Truth.of(truth).domain
    trainings = {"default": "vae", "1 epoch": {"epochs": 1}}
    for name, source in trainings.items():
        options = {"n_rounds": 2 if quick else 4, "random_state": 0}
        options["source"] = {"epochs": 3} if quick else source
        record[name] = _looped(scan, truth, tell, options | (QUICK if quick else {}))
        tell(f"  {name}: kept {record[name]['best'] + 1}")


def _looped(scan, truth, tell, options):
    rounds, fit = [], MapEnsemble.fit
    start = time.perf_counter(), time.process_time()

    def recorded(self, *patterns, **given):
        # The method keeps the best round only.
        fit(self, *patterns, **given)
        row = scores(self.consensus_, self.confidence_, truth)
        found = recalls(self.consensus_, truth)
        row |= {"recalls": found, "consistent": float((self.confidence_ >= 0.9).mean())}
        row["confidence"] = float(self.confidence_.mean())
        row["seconds"] = time.perf_counter() - start[0]
        row["cpu"] = time.process_time() - start[1]
        rounds.append(row)
        tell(f"  round {len(rounds)}: {row}")
        return self

    with mock.patch.object(MapEnsemble, "fit", recorded):
        confidence = scan.domain_confidence(**options)
    return {"rounds": rounds, "best": int(confidence.rounds["best"])}


def measure_time(record, tell, quick):
    """From the points to the confidence: many domains, and many positions."""
    shape, grains = ((24, 30), 5) if quick else ((70, 82), 21)
    scan, _ = scenes.polycrystal(n_grains=grains, shape=shape)
    name = f"compressed, {grains} grains"
    record[name] = _timed(*scenes.compressed(scan), quick)
    tell(f"  {name}: {record[name]}")
    small, large = (24, 32) if quick else _SIZES
    scan, _ = data.domain_phantom((small, small), (64, 60), random_state=1)
    patterns, _ = scenes.compressed(scan)
    _, truth = data.domain_phantom((large, large), (64, 60), lazy=True)
    for n, make in (
        (small**2, lambda: patterns),
        (large**2, lambda: scenes.enlarged(patterns, truth)),
    ):
        case = make()
        for source in ("compressed", "embedding"):
            given = scenes.in_a_square(case)
            given |= embed(case, 0, quick) if source == "embedding" else {}
            record[f"{source}, {n}"] = _timed(case, given, quick)
            tell(f"  {source}: {record[f'{source}, {n}']}")


def timed(file):
    """Time and memory of an ensemble of what is in a file, once warm."""
    patterns, given, quick = pickle.loads(Path(file).read_bytes())
    few = np.random.default_rng(0).permutation(len(patterns.Q))[:_N_WARM]
    part = {k: v if k == "model" else v[few] for k, v in given.items()}
    ensemble(patterns.take(few), True, part)
    took, model = measure(lambda: partial(ensemble, patterns, quick, given))
    return {
        "seconds": took.seconds[0],
        "cpu": took.cpu_seconds[0],
        "extra": took.extra_bytes,
        "peak": None if took.extra_bytes is None else _status("VmHWM"),
        "domains": model.n_domains_,
    }


def _timed(patterns, given, quick):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "patterns.pickle")
        file.write_bytes(pickle.dumps((patterns, given, quick)))
        return {"n": len(patterns.Q)} | _in_a_process(file)


def _in_a_process(file):
    code = (
        "import json, sys, tests.benchmarks.confidence as c; "
        "print(json.dumps(c.timed(sys.argv[1])))"
    )
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    command = [sys.executable, "-W", "ignore", "-c", code, str(file)]
    options = {"cwd": ROOT, "env": os.environ | threads, "timeout": _LONGEST}
    try:
        done = subprocess.run(command, capture_output=True, text=True, **options)
    except subprocess.TimeoutExpired:
        return {"error": f"more than {_LONGEST} s"}
    text = done.stderr if done.returncode else done.stdout
    last = (text.strip().splitlines() or ["no message"])[-1]
    return {"error": last} if done.returncode else json.loads(last)


PARTS = {
    "calibration": measure_calibration,
    "seed": partial(measure_calibration, seed=1),
    "embedding": partial(measure_calibration, embedding=True),
    "controls": measure_controls,
    "dynamical": measure_dynamical,
    "given": measure_given,
    "matrix": measure_matrix,
    "exposures": measure_exposures,
    "sources": measure_sources,
    "loop": measure_loop,
    "time": measure_time,
}


def main(arguments=None):
    """Measure, print the tables, write them."""
    options = read_options(__doc__, arguments, parts=PARTS)
    record = read_record(options, "confidence")

    def tell(line):
        # What is measured is kept, should the rest fail.
        print(line, flush=True)
        write_record(options, "confidence", record)

    for part in options.only or PARTS:
        record[part] = {}
        tell(part)
        PARTS[part](record[part], tell, options.quick)
        tell(f"{part}: done")
    write_result(options, "confidence", record, tables.write_tables(record))


if __name__ == "__main__":
    main()
