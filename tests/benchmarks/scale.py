"""``python -m tests.benchmarks.scale``: what grows with the size of a scan on disk.

Scans are drawn lazily, written as ``.zspy`` into a temporary folder, and removed again.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

from tests.benchmarks.command import read_options, read_record, write_result
from tests.benchmarks.run import ROOT, machine
from tests.benchmarks.scale_report import write_tables

# Positions and pixels: 1.2, 4.8 and 9.1 GB of uint16, and with --large 34 GB.
SIZES = [((96, 96), (256, 256)), ((192, 192), (256, 256)), ((264, 264), (256, 256))]
LARGE = ((256, 256), (512, 512))
QUICK = [((12, 14), (32, 30)), ((24, 20), (32, 30))]
OURS = ("sum", "rnmf", "workflow")
PEERS = ("sklearn-nmf", "ornmf", "svd", "dask-pca")
READERS = {"zspy": "zspy", "hspy": "hspy", "raw": "npy", "few pixels": "h5"}


def main(arguments=None):
    """Measure; return 1 if anything failed."""
    parser_options = read_options(
        __doc__,
        arguments,
        parts=("sizes", "large", "readers", "peers"),
    )
    wanted = parser_options.only or ["sizes", "readers", "peers"]
    sizes = list(QUICK if parser_options.quick else SIZES)
    record = read_record(parser_options, "scale")
    record |= {"date": date.today().isoformat(), "machine": machine()}
    with tempfile.TemporaryDirectory(prefix="scale_") as folder:
        if "sizes" in wanted:
            record["sizes"] = [_measure_size(folder, *shapes) for shapes in sizes]
        if "large" in wanted:
            shapes = QUICK[-1] if parser_options.quick else LARGE
            record["large"] = _measure_size(folder, *shapes)
        if "readers" in wanted:
            record["readers"] = _measure_readers(folder, *sizes[0])
        if "peers" in wanted:
            # scikit-learn's NMF takes it into memory, four times as large.
            record["peers"] = _measure_size(folder, *sizes[0], (*OURS[:2], *PEERS))
    write_result(parser_options, "scale", record, write_tables(record))
    return 1 if "error" in json.dumps(record) else 0


def _measure_size(folder, navigation_shape, signal_shape, jobs=OURS):
    path = str(Path(folder, "scan.zspy"))
    made = _run(
        folder,
        do="store",
        path=path,
        navigation_shape=navigation_shape,
        signal_shape=signal_shape,
    )
    found = {"shapes": [navigation_shape, signal_shape], **made, "jobs": {}}
    for what in jobs:
        found["jobs"][what] = _run(folder, do="measure", path=path, what=what)
        _tell(found["shapes"], what, found["jobs"][what])
    shutil.rmtree(path, ignore_errors=True)
    return found


def _measure_readers(folder, navigation_shape, signal_shape):
    source = str(Path(folder, "source.zspy"))
    shapes = {"navigation_shape": navigation_shape, "signal_shape": signal_shape}
    found = {"shapes": list(shapes.values()), "kinds": {}}
    found |= _run(folder, do="store", path=source, **shapes)
    for kind, extension in READERS.items():
        path = str(Path(folder, f"scan.{extension}"))
        made = _run(folder, do="convert", path=path, source=source, kind=kind)
        for what in ("sum", "compress"):
            made[what] = _run(folder, do="measure", path=path, what=what)
            _tell(kind, what, made[what])
        found["kinds"][kind] = made
        shutil.rmtree(path, ignore_errors=True)
        Path(path).unlink(missing_ok=True)
    shutil.rmtree(source)
    return found


def _run(folder, **job):
    job_file, result = Path(folder, "job.json"), Path(folder, "result.json")
    job_file.write_text(json.dumps(job))
    result.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.scale_jobs", job_file, result],
        cwd=ROOT,
        env=os.environ | {"MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        lines = done.stderr.strip().splitlines() or ["no message"]
        return {"error": f"{lines[-1]} (status {done.returncode})"}
    return json.loads(result.read_text())


def _tell(where, what, outcome):
    took = outcome.get("error") or f"{outcome['seconds']:.1f} s"
    print(f"{where}: {what}: {took}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
