"""Tables of what ``python -m tests.benchmarks.confidence`` measures."""

from functools import partial

from tests.benchmarks.report import simple_table

_MB = 1e6
_MEASURES = {
    "wrong": "error",
    "ECE": "ece",
    "AUROC": "auroc",
    "wrong without 5 %": "error_without_least_sure",
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
        [*key.split("; "), row["domains"], f"{row['confidence']:.4f}"]
        for key, row in found.items()
    ]
    table = simple_table(["scan", "source", "found", "mean confidence"], rows)
    return f"Scans of one domain, 2,000 electrons a pattern:\n\n{table}"


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
        source = name.split(",")[0]
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
    "sources": _sources,
    "loop": _loop,
    "time": _times,
}
