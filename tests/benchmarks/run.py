"""All jobs of a plan, one after the other, each in a fresh process."""

import json
import os
import platform
import subprocess
import sys
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_REPEATS = 3
_PACKAGES = (
    "hyperspy-4dphase",
    "hyperspy",
    "scikit-learn",
    "numpy",
    "scipy",
    "dask",
    "zarr",
)


def run(plan, *, tell=print):
    """Run the jobs of a plan.

    Parameters
    ----------
    plan : list of Group
    tell : callable
        Told in a line what has been done.

    Returns
    -------
    dict
        Date, machine, and for each group its scan and the outcomes of its jobs, all of
        it as JSON has it. A job that failed has an ``"error"``.
    """
    groups = []
    with tempfile.TemporaryDirectory() as folder:
        made = {}
        for group in plan:
            shapes = group.navigation_shape, group.signal_shape
            scan = (group.kind, *shapes)
            if scan not in made:
                where = str(Path(folder, f"scan_{len(made)}"))
                lazy = group.lazily_made
                stored = _in_a_process(
                    folder,
                    do="store",
                    folder=where,
                    kind=group.kind,
                    navigation_shape=shapes[0],
                    signal_shape=shapes[1],
                    lazy=lazy,
                )
                if "error" in stored:
                    raise RuntimeError(f"Making a scan failed: {stored['error']}")
                made[scan] = where, stored["scan_bytes"]
            where, scan_bytes = made[scan]
            tell(f"{group.name}: {group.size}")
            groups.append(
                {
                    "name": group.name,
                    "size": group.size,
                    "scan_bytes": scan_bytes,
                    "outcomes": [_run(job, where, folder, tell) for job in group.jobs],
                }
            )
    return {"date": date.today().isoformat(), "machine": machine(), "groups": groups}


def _run(job, scan, folder, tell):
    outcome = _in_a_process(
        folder,
        do="contend",
        folder=scan,
        contender=job.contender,
        n_components=job.n_components,
        repeats=_REPEATS if job.is_ours else 1,
        score=job.score,
    )
    took = outcome.get("seconds") or [float("nan")]
    tell(f"  {job.label}: {outcome.get('error') or f'{min(took):.2f} s'}")
    return {
        "label": job.label,
        "contender": job.contender,
        "n_components": job.n_components,
        **outcome,
    }


def _in_a_process(scratch, **job):
    job_file, result = Path(scratch, "job.json"), Path(scratch, "result.json")
    job_file.write_text(json.dumps(job))
    result.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.worker", job_file, result],
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return {"error": f"{lines[-1]} (status {done.returncode})"}
    return json.loads(result.read_text())


def machine():
    """Describe the machine, and the versions of what is measured.

    Returns
    -------
    dict
    """
    return {
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "processor": _from_file("/proc/cpuinfo", "model name") or platform.machine(),
        "memory": _memory(),
        "system": platform.system(),
        "versions": {"Python": platform.python_version()}
        | {name: version(name) for name in _PACKAGES},
    }


def _memory():
    total = _from_file("/proc/meminfo", "MemTotal")
    return f"{int(total.split()[0]) / 2**20:.0f} GiB" if total else "unknown size"


def _from_file(path, field):
    if not Path(path).is_file():
        return None
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == field:
            return value.strip()
    return None
