"""``python -m tests.benchmarks.domains``: domains without a given number, and peers."""

import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase import data
from hyperspy_4dphase.estimators import DivisiveDomains
from hyperspy_4dphase.estimators.rotation._groups import group_rotations
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import dynamical
from tests.benchmarks.command import (
    read_options,
    read_record,
    write_record,
    write_result,
)
from tests.benchmarks.domain_scenes import PEERS, UNMIXED, features
from tests.benchmarks.report import simple_table
from tests.benchmarks.run import ROOT

_BETTER, _N_WARM, _LONGEST = 0.002, 1500, 900
_SIZES = (128, 256, 512, 1024)


def levels(labels, tree, truth):
    """How the levels of a tree compare to vacuum and phases, and leaves to domains.

    Adjusted Rand indices: of level 1 to vacuum (phase 0) or not; of the closest level
    to the phases elsewhere; of the leaves to domains within a phase.
    """
    solid, found = truth.phase > 0, {"n_levels": tree.n_levels}
    best = -1.0, 0
    for level in range(1, tree.n_levels + 1):
        pruned, new = tree.prune(tree.at_level(level))
        at_level = np.where(labels < 0, -1, new[labels])
        if level == 1:
            found["level 1"] = float(adjusted_rand_score(solid, at_level))
            found["n at level 1"] = pruned.n_domains
        score = adjusted_rand_score(truth.phase[solid], at_level[solid])
        best = max(best, (float(score), level))
    found["phases"], found["level of phases"] = best
    for phase in range(1, truth.phase.max() + 1):
        for name, most in (("all", 1.0), ("unmixed", UNMIXED)):
            inside = (truth.phase == phase) & (truth.mixedness < most)
            score = adjusted_rand_score(truth.domain[inside], labels[inside])
            found[f"phase {phase}, {name}"] = float(score)
    return found


def measure_accuracy(record, tell, quick):
    """Ours and the peers' on each scan of several domains."""
    for name, make in scenes.positives().items():
        if quick and "precipitates" not in name:
            continue
        scan, truth = make()
        patterns, where = scenes.compressed(scan)
        del scan
        start = time.process_time()
        model = DivisiveDomains(random_state=0).fit(patterns, **where)
        row = {"true": len(np.unique(truth.domain)), "found": model.n_domains_}
        row["cpu"] = time.process_time() - start
        row["ours"] = truth.indices(model.labels_)
        if name == "strained_flake, default":
            row["levels"] = levels(model.labels_, model.tree_, truth)
        points, known = features(patterns)
        for peer, cluster in PEERS.items():
            labels = np.full(len(known), -1)
            labels[known] = cluster(points[known], row["true"])
            row[peer] = truth.indices(labels)
        record[name] = row
        tell(f"  {name}: {row}")


def measure_controls(record, tell, quick):
    """Number of domains where there is one."""
    for name, make in scenes.controls().items():
        record[name] = {}
        for dose in scenes.DOSES[: 1 if quick else None]:
            found = []
            for seed in range(1 if quick else 5):
                patterns, where = scenes.compressed(make(dose, seed))
                model = DivisiveDomains(random_state=seed).fit(patterns, **where)
                found.append(model.n_domains_)
            record[name][str(dose)] = found
        tell(f"  {name}: {record[name]}")


def measure_seeds(record, tell, quick):
    """Smallest agreement of two of ten seeds, from the scan on."""
    for kind in ("oxide_bilayer", "battery_interface", "domain_phantom"):
        size = (40, 44) if quick else (96, 104)
        scan, _ = getattr(data, kind)(size, (64, 60), random_state=1)
        found = []
        for seed in range(2 if quick else 10):
            patterns, where = scenes.compressed(scan, seed)
            model = DivisiveDomains(random_state=seed).fit(patterns, **where)
            found.append(model.labels_)
        agreement = [adjusted_rand_score(a, b) for a, b in combinations(found, 2)]
        numbers = [int(labels.max()) + 1 for labels in found]
        record[kind] = {"agreement": float(min(agreement)), "domains": numbers}
        tell(f"  {kind}: {record[kind]}")


def measure_phases(record, tell, quick):
    """Phases from the mean patterns of the domains found."""
    if not scenes.SHARED.is_dir():
        return
    for name in ("naphi", "two_lattices"):
        scan, truth = getattr(scenes, name)()
        patterns, where = scenes.compressed(scan)
        labels = DivisiveDomains(random_state=0).fit(patterns, **where).labels_
        sizes = np.bincount(labels[labels >= 0])
        counts = scan.data.reshape(len(labels), *scan.data.shape[2:])
        means = np.stack([counts[labels == i].mean(axis=0) for i in range(len(sizes))])
        variances = means * patterns.noise_variance / sizes[:, None, None]
        groups = group_rotations(means, variances).labels
        phases = np.where(labels < 0, -1, groups[labels])
        record[name] = {
            "domains": len(sizes),
            "true": len(np.unique(truth.phase)),
            "found": int(groups.max()) + 1,
            "rand": float(adjusted_rand_score(truth.phase, phases)),
        }
        tell(f"  {name}: {record[name]}")


def measure_time(record, tell, quick):
    """65,536 positions, ours and peers; and how the time grows with their number."""
    sizes = (32, 64) if quick else _SIZES
    side = sizes[1]
    with tempfile.TemporaryDirectory() as folder:
        file, drawn = Path(folder, "simulated.pickle"), Path(folder, "drawn.pickle")
        scan, _ = data.domain_phantom((side, side), (64, 60), random_state=1)
        patterns, _ = scenes.compressed(scan)
        del scan
        file.write_bytes(pickle.dumps(patterns))
        record["simulated"] = {"n": side**2} | _in_a_process("ours", file)
        tell(f"  simulated, {side**2}: {record['simulated']}")
        record["growth"], record["peers"] = [], {}
        for size in sizes:
            _, truth = data.domain_phantom((size, size), (64, 60), lazy=True)
            drawn.write_bytes(pickle.dumps(scenes.enlarged(patterns, truth)))
            record["growth"].append({"n": size**2} | _in_a_process("ours", drawn))
            tell(f"  {record['growth'][-1]}")
        for name in PEERS:
            record["peers"][name] = _in_a_process(name, file)
            tell(f"  {name}: {record['peers'][name]}")


def timed(name, file):
    """Time of one method on compressed patterns from a file, once warm."""
    patterns = pickle.loads(Path(file).read_bytes())
    few = np.random.default_rng(0).permutation(len(patterns.Q))[:_N_WARM]
    for rows in (few, slice(None)):
        case, where = patterns.take(rows), scenes.in_a_square(patterns, rows)
        if name == "ours":
            model = DivisiveDomains(random_state=0)
            start = time.perf_counter(), time.process_time()
            found = model.fit(case, **where).n_domains_
        else:
            points, known = features(case)
            start = time.perf_counter(), time.process_time()
            found = int(PEERS[name](points[known], 13).max()) + 1
        seconds = time.perf_counter() - start[0]
        cpu = time.process_time() - start[1]
    return {"seconds": seconds, "cpu": cpu, "found": found}


def _in_a_process(name, file):
    code = (
        "import json, sys, tests.benchmarks.domains as d; "
        "print(json.dumps(d.timed(*sys.argv[1:])))"
    )
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
    command = [sys.executable, "-W", "ignore", "-c", code, name, str(file)]
    options = {"cwd": ROOT, "env": os.environ | threads, "timeout": _LONGEST}
    try:
        done = subprocess.run(command, capture_output=True, text=True, **options)
    except subprocess.TimeoutExpired:
        return {"error": f"more than {_LONGEST} s"}
    text = done.stderr if done.returncode else done.stdout
    last = (text.strip().splitlines() or ["no message"])[-1]
    return {"error": last} if done.returncode else json.loads(last)


def better(row):
    """Peers whose Rand index, over all or unmixed positions, is above ours."""
    least = np.array(row["ours"]) + _BETTER
    return [name for name in PEERS if (row[name] > least).any()]


def write_tables(record):
    """Tables of the parts that were measured, as reStructuredText."""
    there = [name for name in PARTS if record.get(name)]
    return "\n\n".join(PARTS[name][1](record[name]) for name in there) + "\n"


def _accuracy(found):
    rows, against = [], []
    for scan, row in found.items():
        close = abs(row["found"] - row["true"]) <= 0.15 * row["true"]
        indices = {key: [f"{v:.3f}" for v in row[key]] for key in ("ours", *PEERS)}
        rows.append([scan, row["true"], row["found"], "yes" if close else "no"])
        rows[-1] += indices["ours"]
        cells = [" / ".join(values) for values in indices.values()]
        against.append([scan, *cells, ", ".join(better(row))])
    header = ["scan", "domains", "found", "within 15 %", "all", "unmixed"]
    parts = ["Domains found without their number, and adjusted Rand indices:"]
    parts.append(simple_table(header, rows))
    flake = found.get("strained_flake, default", {}).get("levels")
    if flake:
        rows = [[name, f"{value:.4g}"] for name, value in flake.items()]
        parts.append("``strained_flake`` level by level:")
        parts.append(simple_table(["what", ""], rows))
    parts.append("Against peers that are given the number, all / unmixed positions:")
    parts.append(simple_table(["scan", "ours", *PEERS, "better than ours"], against))
    return "\n\n".join(parts)


def _controls(found):
    doses = list(next(iter(found.values())))
    rows = [[name, *(max(row[dose]) for dose in doses)] for name, row in found.items()]
    table = simple_table(["scan", *doses], rows)
    return f"Most domains where there is one, by electrons per pattern:\n\n{table}"


def _seeds(found):
    rows = []
    for name, row in found.items():
        numbers = ", ".join(map(str, sorted(set(row["domains"]))))
        rows.append([name, f"{row['agreement']:.4f}", numbers])
    table = simple_table(["scan", "smallest Rand index", "domains"], rows)
    return f"Agreement of ten seeds:\n\n{table}"


def _times(found):
    named = {"simulated": found["simulated"]} | found["peers"]
    n = found["simulated"]["n"]
    rows = [[name, n, *_cells(row, n)] for name, row in named.items()]
    for row in found["growth"]:
        rows.append(["drawn", row["n"], *_cells(row, row["n"])])
    header = ["what", "positions", "time", "CPU time", "µs / (n log2 n)", "found"]
    return f"Time after compression:\n\n{simple_table(header, rows)}"


def _cells(row, n):
    if "error" in row:
        return [f"failed: {row['error']}", "", "", ""]
    cells = [f"{row[key]:.1f} s" for key in ("seconds", "cpu")]
    return [*cells, f"{1e6 * row['seconds'] / (n * np.log2(n)):.2f}", row["found"]]


def _phases(found):
    rows = [[key, *(f"{v:.3g}" for v in row.values())] for key, row in found.items()]
    table = simple_table(["scan", "domains", "phases", "found", "Rand index"], rows)
    return f"Phases from the domains found:\n\n{table}"


PARTS = {
    "accuracy": (measure_accuracy, _accuracy),
    "controls": (measure_controls, _controls),
    "seeds": (measure_seeds, _seeds),
    "time": (measure_time, _times),
    "phases": (measure_phases, _phases),
    "dynamical": (dynamical.measure, dynamical.write_table),
}


def main(arguments=None):
    """Measure, print the tables, write them."""
    options = read_options(__doc__, arguments, parts=PARTS)
    record = read_record(options, "domains")
    tell = partial(print, flush=True)
    for part in options.only or PARTS:
        tell(part)
        record[part] = {}
        PARTS[part][0](record[part], tell, options.quick)
        write_record(options, "domains", record)
    write_result(options, "domains", record, write_tables(record))


if __name__ == "__main__":
    main()
