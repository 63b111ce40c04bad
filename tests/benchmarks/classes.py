"""``python -m tests.benchmarks.classes``: vacuum, amorphous, crystalline or mixed.

The true domains of scans of known truth, and those that a map finds, are judged by
`DomainMap.classify`, and by a simple rule.
"""

import argparse
import json
import time
import warnings
from pathlib import Path

import numpy as np

import hyperspy_4dphase
from hyperspy_4dphase import DomainMap
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.crystallinity import CLASSES
from hyperspy_4dphase.estimators.domains._tree_edits import flat_tree, split_domain
from tests.benchmarks import class_scenes
from tests.benchmarks.report import simple_table
from tests.benchmarks.run import ROOT

QUIET = {"show_progressbar": False}
# Vacuum has less than this outside a radius of the beam that holds it, for the rule.
_VACUUM, _BEAM = 0.05, 0.12
_N_BINS = 8
_PARTS = "true", "found"


def map_true_domains(scan, labels, detector):
    """A `DomainMap` of given labels, -1 for none, and their old numbers."""
    numbers, kept = np.unique(labels[labels >= 0], return_inverse=True)
    sizes = np.bincount(kept)
    order = np.argsort(-sizes, kind="stable")
    kept = np.argsort(order)[kept]
    tree = flat_tree([len(kept)])
    if len(sizes) > 1:
        tree, _, _ = split_domain(tree, 0, sizes[order])
    compression = None
    if detector:
        compression = hyperspy_4dphase.compress(
            scan, random_state=0, print_info=False, **QUIET
        )
    masked = Scan.from_signal(scan, **QUIET).replace_masks(labels < 0, None)
    return DomainMap.from_scan(masked, kept, tree, {}, compression)


def find_domains(scan):
    """A `DomainMap` as users get it."""
    return scan.cluster_hierarchical(random_state=0, **QUIET)


def judge(scan, domains, truth):
    """For each domain that can be judged: what is right, and what is said.

    Returns
    -------
    list of dict
    """
    accepted = truth.accepted(domains.labels.ravel())
    classes = domains.classify(scan, **QUIET)
    patterns = domains.mean_patterns(scan, **QUIET).data
    rows = []
    for found, pattern, right in zip(classes, patterns, accepted, strict=True):
        if right is None:
            continue
        outside, variation = simple_features(pattern)
        rows.append(
            {
                "right": sorted(right),
                "name": found.name,
                "probabilities": list(found.probabilities.values()),
                "spots": found.spot_fraction,
                "size": found.size,
                "outside": outside,
                "variation": variation,
            }
        )
    return rows


def simple_features(pattern):
    """Counts outside the beam, and azimuthal variance over squared mean, of rings."""
    pattern = np.nan_to_num(pattern)
    rows, columns = np.indices(pattern.shape)
    near = pattern >= 0.2 * np.quantile(pattern, 0.9995)
    center = [np.average(x[near], weights=pattern[near]) for x in (rows, columns)]
    ring = np.hypot(rows - center[0], columns - center[1]).astype(int)
    first = int(_BEAM * min(pattern.shape))
    inside = (ring >= first) & (ring < min(pattern.shape) // 2)
    n = np.maximum(np.bincount(ring[inside]), 1)
    mean = np.bincount(ring[inside], pattern[inside]) / n
    square = np.bincount(ring[inside], pattern[inside] ** 2) / n
    seen = mean > 0
    variation = ((square - mean**2)[seen] / mean[seen] ** 2).mean() if seen.any() else 0
    outside = pattern[ring >= first].sum() / max(pattern.sum(), 1e-12)
    return float(outside), float(variation)


def measure(record, tell, parts, quick=False):
    """Judge all scans: their true domains, and those that are found.

    Parameters
    ----------
    record : dict
        Filled: rows of `judge` by scan and part.
    tell : callable
    parts : sequence of {"true", "found"}
    quick : bool
        One scan only.
    """
    for (name, dose), make in class_scenes.scans().items():
        if quick and name != "oxide_bilayer":
            continue
        scan, truth = make()
        row = record.setdefault(f"{name}, {dose}", {})
        for part in parts:
            start = time.process_time()
            if part == "true":
                domains = map_true_domains(scan, truth.domain, "detector" in name)
            else:
                domains = find_domains(scan)
            row[part] = judge(scan, domains, truth)
            seconds = time.process_time() - start
            tell(f"  {name}, {dose}, {part}: {summary(row[part])} {seconds:.1f} s")
        if quick:
            break


def is_right(row):
    """Whether the most probable class is among the right ones."""
    return CLASSES[int(np.argmax(row["probabilities"]))] in row["right"]


def summary(rows):
    """Number of domains, and of right ones, with what was said of others."""
    wrong = [f"{r['name']} for {'/'.join(r['right'])}" for r in rows if not is_right(r)]
    return f"{len(rows) - len(wrong)}/{len(rows)} {wrong}"


def calibration_error(rows, n_bins=_N_BINS):
    """Expected calibration error of the largest probability; one right answer each."""
    rows = [row for row in rows if len(row["right"]) == 1]
    sure = np.array([max(row["probabilities"]) for row in rows])
    right = np.array([is_right(row) for row in rows])
    bins = np.array_split(np.argsort(sure), n_bins)
    return sum(abs(sure[b].sum() - right[b].sum()) for b in bins) / len(rows)


def best_rule(rows):
    """Domains that the simple rule has right, with the threshold that suits it best."""

    def count(threshold):
        n = 0
        for row in rows:
            name = "crystalline" if row["variation"] > threshold else "amorphous"
            if row["outside"] < _VACUUM:
                name = "vacuum"
            n += name in row["right"] or (
                name == "crystalline" and "mixed" in row["right"]
            )
        return n

    thresholds = sorted({row["variation"] for row in rows})
    return max(map(count, thresholds))


def write_table(record):
    """As reStructuredText."""
    rows, every = [], {"true": [], "found": []}
    for name, row in record.items():
        cells = [name]
        for kind, all_of_kind in every.items():
            judged = row.get(kind, [])
            all_of_kind += judged
            n_right = sum(map(is_right, judged))
            unknown = sum(r["name"] == "unknown" for r in judged)
            cells += [f"{n_right} of {len(judged)}", unknown] if judged else ["", ""]
        wrong = [r for k in every for r in row.get(k, []) if not is_right(r)]
        said = sorted({f"{r['name']} for {' or '.join(r['right'])}" for r in wrong})
        rows.append([*cells, "; ".join(said)])
    header = ["scan, electrons a pattern", "true domains right", "unknown"]
    header += ["found domains right", "unknown", "wrong"]
    parts = ["Classes of domains:", simple_table(header, rows)]
    for kind, judged in every.items():
        if not judged:
            continue
        n, n_right = len(judged), sum(map(is_right, judged))
        error = calibration_error(judged)
        rule = best_rule(judged)
        parts.append(
            f"{kind.capitalize()} domains: {n_right} of {n} right "
            f"({100 * n_right / n:.1f} %, target 98 %), calibration error {error:.3f} "
            f"(target 0.05). Azimuthal variance over squared mean, with the best "
            f"threshold for these scans and a mixture counted right where crystalline "
            f"is said: {rule} of {n} ({100 * rule / n:.1f} %)."
        )
    return "\n\n".join(parts) + "\n"


def main(arguments=None):
    """Measure, print the table, write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    where = ROOT / "docs" / "performance"
    parser.add_argument("--output", type=Path, default=where, help="folder")
    parser.add_argument("--only", nargs="+", choices=_PARTS, default=_PARTS)
    parser.add_argument("--quick", action="store_true", help="does everything run?")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    options.output.mkdir(parents=True, exist_ok=True)

    def tell(text):
        print(text, flush=True)

    file, record = options.output / "classes.json", {}
    if file.exists() and set(options.only) != set(_PARTS):
        record = json.loads(file.read_text())
    measure(record, tell, options.only, options.quick)
    file.write_text(json.dumps(record, indent=1) + "\n")
    (options.output / "classes.txt").write_text(write_table(record))
    print(f"\n{write_table(record)}")


if __name__ == "__main__":
    main()
