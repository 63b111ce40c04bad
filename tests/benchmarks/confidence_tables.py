"""Tables of what ``python -m tests.benchmarks.confidence`` measures."""

from functools import partial

import numpy as np

from tests.benchmarks.report import simple_table

_MB = 1e6
_MEASURES = {
    "wrong": "error",
    "ECE": "ece",
    "overconfident": "overconfident",
    "AUROC": "auroc",
    "wrong without 5 %": "error_without_least_sure",
}
_ONE_TO_ONE = {
    "ECE": "ece",
    "overconfident": "overconfident",
    "AUROC": "auroc",
    "mean confidence": "confidence",
}


def missed(row):
    """Targets of calibration that a map does not reach.

    Parameters
    ----------
    row : dict
        As ``scores`` gives it.

    Returns
    -------
    list of str
    """
    met = {
        "ECE": row.get("ece", 0) <= 0.05,
        "overconfident": row["error"] < 0.01 or row.get("overconfident", 0) <= 0.2,
        "AUROC": row["error"] < 0.01 or row.get("auroc", 1) >= 0.9,
        "5 %": row["error_without_least_sure"] <= row["error"] / 2,
    }
    return [name for name, reached in met.items() if not reached]


def write_tables(record):
    """Tables of the parts that were measured, as reStructuredText."""
    there = [name for name in TABLES if record.get(name)]
    return "\n\n".join(TABLES[name](record[name]) for name in there) + "\n"


def _calibration(found, title):
    rows = [
        [name, *(f"{row[key]:.0f}" for key in ("true", "domains")), *_cells(row)]
        for name, row in found.items()
    ]
    header = ["scan", "true", "found", *_MEASURES, "missed"]
    return f"{title}:\n\n{simple_table(header, rows)}"


def _controls(found):
    rows = [
        [*key.split("; "), row["domains"], _confidence(row)]
        for key, row in found.items()
    ]
    table = simple_table(["scan", "source", "found", "mean confidence"], rows)
    return f"Scans of one domain, 2,000 electrons a pattern:\n\n{table}"


def _confidence(row):
    return f"{row['confidence']:.4f}" if "confidence" in row else "not resolved"


def _dynamical(found):
    several = {name: rows for name, rows in found.items() if rows[0]["true"] > 1}
    single = {name: rows for name, rows in found.items() if rows[0]["true"] == 1}
    tables = []
    if several:
        title = "Scans of dynamical simulations, domains and classes one to one:"
        tables.append(f"{title}\n\n{_several(several)}")
    if single:
        title = "Those of one domain:"
        tables.append(f"{title}\n\n{_single(single)}")
    return "\n\n".join(tables)


def _several(found):
    means = {"wrong": "error"} | _ONE_TO_ONE
    header = ["scan", "true", "found", *means, "time", "each ECE", "each AUROC"]
    rows = []
    for name, seeds in found.items():
        cells = [name, seeds[0]["true"], _each(seeds, "domains", ".0f")]
        cells += [_mean(seeds, key, ".4f") for key in means.values()]
        cells.append(_mean(seeds, "seconds", ".0f") + " s")
        rows.append([*cells, *(_each(seeds, key, ".3f") for key in ("ece", "auroc"))])
    return simple_table(header, rows)


def _single(found):
    rows = []
    for name, seeds in found.items():
        unresolved = sum(not row["resolved"] for row in seeds)
        cells = [_each(seeds, "domains", ".0f"), f"{unresolved} of {len(seeds)}"]
        rows.append([name, *cells, _mean(seeds, "confidence", ".4f")])
    header = ["scan", "found", "not resolved", "mean confidence of others"]
    return simple_table(header, rows)


def _mean(seeds, key, form):
    values = [row[key] for row in seeds if key in row]
    return format(np.mean(values), form) if values else ""


def _each(seeds, key, form):
    return ", ".join(format(row[key], form) if key in row else "--" for row in seeds)


def _given(found):
    rows = []
    for key, row in found.items():
        measures = ("error", *_ONE_TO_ONE.values())
        cells = [f"{row[name]:.4f}" if name in row else "" for name in measures]
        rows.append([*key.split("; "), *cells])
    table = simple_table(["scan", "map", "wrong", *_ONE_TO_ONE], rows)
    return f"Maps that are given, right and wrong, classes one to one:\n\n{table}"


def _matrix(found):
    rows = []
    for name, seeds in found.items():
        unresolved = sum(not row["resolved"] for row in seeds)
        cells = [_each(seeds, key, ".3f") for key in ("misfit", "confidence")]
        rows.append([name, *cells, f"{unresolved} of {len(seeds)}"])
    header = ["scan", "AUROC of misfit", "AUROC of confidence", "not resolved"]
    title = "A matrix given as the only domain; what is told from it"
    return f"{title}:\n\n{simple_table(header, rows)}"


def _exposures(found):
    rows = []
    for name, row in found.items():
        domains = ", ".join(map(str, row["domains"]))
        for method, rand in row["rand"].items():
            cells = [f"{rand:.3f}", f"{row['gain'][method]:.3f}"]
            own = method == "ours"
            parts = f"{row['parts'] - row['gain'][method]:.3f}" if own else ""
            rows.append([name, method, domains, *cells, parts])
    header = ["scan", "map", "domains", "Rand index", "gain", "gain if cut"]
    return f"Maps of both halves of the counts:\n\n{simple_table(header, rows)}"


def _sources(found):
    rows = [[key, f"{row['domains']:.0f}", *_cells(row)] for key, row in found.items()]
    table = simple_table(["maps", "found", *_MEASURES, "missed"], rows)
    return f"Sources of doubt, and peers, ``battery_interface``:\n\n{table}"


def _cells(row):
    numbers = [f"{row[key]:.4f}" if key in row else "" for key in _MEASURES.values()]
    return [*numbers, ", ".join(missed(row))]


def _loop(found):
    rows = [
        [training, i + 1, *_round_cells(row), "kept" if i == case["best"] else ""]
        for training, case in found.items()
        for i, row in enumerate(case["rounds"])
    ]
    header = ["training", "round", "found", "worst recall", "mean recall", "wrong"]
    header += ["ECE", "confidence", "consistent", "time", "CPU time", ""]
    title = "``domain_phantom``, 13 classes, round by round; published: worst 0.957:"
    return f"{title}\n\n{simple_table(header, rows)}"


def _round_cells(row):
    worst, mean = min(row["recalls"]), sum(row["recalls"]) / len(row["recalls"])
    cells = [f"{row['domains']:.0f}", f"{worst:.4f}", f"{mean:.4f}"]
    shares = ("error", "ece", "confidence", "consistent")
    cells += [f"{row[key]:.4f}" for key in shares]
    return [*cells, *(f"{row[key]:.0f} s" for key in ("seconds", "cpu"))]


def _times(found):
    rows = []
    for name, row in found.items():
        source = name.removesuffix(f", {row['n']}")
        if "error" in row:
            rows.append([source, row["n"], f"failed: {row['error']}", "", "", "", ""])
            continue
        cells = [f"{row[key]:.1f} s" for key in ("seconds", "cpu")]
        cells += [f"{(row[key] or 0) / _MB:.0f} MB" for key in ("extra", "peak")]
        rows.append([source, row["n"], *cells, row["domains"]])
    header = ["source", "positions", "time", "CPU time", "extra memory", "peak"]
    return f"Time of 25 maps:\n\n{simple_table([*header, 'domains'], rows)}"


TABLES = {
    "calibration": partial(_calibration, title="Calibration, from compressed scans"),
    "seed": partial(_calibration, title="The same with another seed"),
    "embedding": partial(_calibration, title="The same of embeddings"),
    "controls": _controls,
    "dynamical": _dynamical,
    "given": _given,
    "matrix": _matrix,
    "exposures": _exposures,
    "sources": _sources,
    "loop": _loop,
    "time": _times,
}
