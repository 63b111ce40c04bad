"""Tables of what grows with the size of a scan, and the laws fitted to it."""

import numpy as np

from tests.benchmarks.report import simple_table

_GB, _NOTHING = 1e9, "--"
NAMES = {
    "sum": "s.sum()",
    "compress": "compress",
    "rnmf": "decomposition_rnmf",
    "workflow": "four methods and mean patterns",
    "sklearn-nmf": "scikit-learn NMF, in memory",
    "ornmf": "HyperSpy ORNMF, lazy",
    "svd": "HyperSpy SVD, lazy",
    "dask-pca": "dask-ml PCA, 2 power iterations",
}


def write_tables(record):
    """Return the tables of a record.

    Parameters
    ----------
    record : dict
        What ``scale`` has measured; parts of it may be missing.

    Returns
    -------
    str
    """
    machine = record["machine"]
    parts = [
        f"{record['date']}, {machine['cores']} cores ({machine['processor']}), "
        f"{machine['memory']} of memory."
    ]
    sizes = [*record.get("sizes", [])]
    sizes += [record["large"]] if "large" in record else []
    if sizes:
        parts += [_sizes(sizes), _steps(sizes)]
        for what in ("sum", "rnmf", "workflow"):
            sentence = _describe_growth(sizes, what)
            parts += [sentence] if sentence else []
    if "readers" in record:
        parts.append(_readers(record["readers"]))
    if "peers" in record:
        parts.append(_peers(record["peers"]))
    return "\n\n".join(parts) + "\n"


def fit_growth(sizes, seconds):
    """Fit seconds = c * size ** exponent.

    Parameters
    ----------
    sizes, seconds : sequence of float

    Returns
    -------
    exponent, factor : float
    """
    exponent, constant = np.polyfit(np.log(sizes), np.log(seconds), 1)
    return float(exponent), float(np.exp(constant))


def _describe(found):
    (ny, nx), (nky, nkx) = found["shapes"]
    return f"{ny} x {nx} of {nky} x {nkx}"


def _sizes(sizes):
    header = ["scan", "size", "file", "what", "time", "s.sum()", "CPU time", "peak"]
    rows = []
    for found in sizes:
        base = found["jobs"].get("sum", {})
        for what, job in found["jobs"].items():
            row = [_describe(found), f"{found['scan_bytes'] / _GB:.1f} GB"]
            row += [f"{found['file_bytes'] / _GB:.2f} GB", NAMES[what]]
            rows.append(row + _outcome(job, base))
    return simple_table(header, rows)


def _outcome(job, base):
    if "error" in job:
        return [f"failed: {job['error']}", _NOTHING, _NOTHING, _NOTHING]
    ratio = job["seconds"] / base["seconds"] if "seconds" in base else np.nan
    peak = job["peak_bytes"]
    return [
        f"{job['seconds']:.1f} s",
        f"{ratio:.1f}",
        f"{job['cpu_seconds']:.1f} s",
        _NOTHING if peak is None else f"{peak / _GB:.2f} GB",
    ]


def _steps(sizes):
    jobs = [
        (found, found["jobs"]["workflow"])
        for found in sizes
        if "steps" in found["jobs"].get("workflow", {})
    ]
    if not jobs:
        return ""
    names = list(jobs[0][1]["steps"])
    rows = [
        [_describe(found), *(f"{job['steps'][name]:.1f} s" for name in names)]
        for found, job in jobs
    ]
    return simple_table(["of the workflow", *names], rows)


def _describe_growth(sizes, what):
    jobs = [
        (found["scan_bytes"] / _GB, found["jobs"][what])
        for found in sizes
        if "seconds" in found["jobs"].get(what, {})
    ]
    if len(jobs) < 2:
        return ""
    size, jobs = zip(*jobs, strict=True)
    laws = []
    for name, field in (("time", "seconds"), ("CPU time", "cpu_seconds")):
        exponent, factor = fit_growth(size, [job[field] for job in jobs])
        laws.append(f"{name} {factor:.2f} s times the size in GB to {exponent:.2f}")
    fixed, slope = fit_line(size, [job["cpu_seconds"] for job in jobs])
    line = f"CPU time {fixed:.1f} s and {slope:.2f} s a GB"
    return f"{NAMES[what]}: {', '.join(laws)}; or {line}."


def fit_line(sizes, seconds):
    """Fit seconds = fixed + slope * size.

    Parameters
    ----------
    sizes, seconds : sequence of float

    Returns
    -------
    fixed, slope : float
    """
    slope, fixed = np.polyfit(sizes, seconds, 1)
    return float(fixed), float(slope)


def _readers(found):
    header = ["reader", "file", "s.sum()", "compress", "ratio", "reads", "peak"]
    rows = []
    for kind, made in found["kinds"].items():
        base, ours = made.get("sum", {}), made.get("compress", {})
        if "seconds" not in base or "seconds" not in ours:
            failed = base.get("error") or ours.get("error")
            rows.append([kind, f"failed: {failed}", *[_NOTHING] * 5])
            continue
        peak = ours["peak_bytes"]
        rows.append(
            [
                kind,
                f"{made['file_bytes'] / _GB:.2f} GB",
                f"{base['seconds']:.1f} s",
                f"{ours['seconds']:.1f} s",
                f"{ours['seconds'] / base['seconds']:.1f}",
                f"{ours['reads']:.2f}",
                _NOTHING if peak is None else f"{peak / _GB:.2f} GB",
            ]
        )
    title = f"Readers, {_describe(found)}, {found['scan_bytes'] / _GB:.1f} GB"
    return f"{title}\n\n{simple_table(header, rows)}"


def _peers(found):
    title = f"Peers, {_describe(found)}, {found['scan_bytes'] / _GB:.1f} GB"
    base = found["jobs"].get("sum", {})
    rows = [[NAMES[what], *_outcome(job, base)] for what, job in found["jobs"].items()]
    header = ["what", "time", "s.sum()", "CPU time", "peak"]
    return f"{title}\n\n{simple_table(header, rows)}"
