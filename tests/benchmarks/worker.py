"""One job in a process of its own: ``python -m tests.benchmarks.worker job result``.

Jobs and results are JSON files.
"""

import json
import sys
import warnings
from dataclasses import asdict
from pathlib import Path

import dask.array as da
import hyperspy.api as hs
import numpy as np
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import compress
from hyperspy_4dphase.methods._cache import clear_cache
from tests.benchmarks.contenders import CONTENDERS, UNSCORED
from tests.benchmarks.measure import ReadCounter, measure
from tests.benchmarks.scores import map_cosines, relative_residual


def store(folder, kind, navigation_shape, signal_shape, lazy):
    """Make a scan's files: the scan, its truth, and the scaling that all are given."""
    # Not at the top: the others need nothing of it, and it takes seconds to import.
    from tests.benchmarks.scans import store_scan

    folder = Path(folder)
    folder.mkdir(parents=True)
    shapes = tuple(navigation_shape), tuple(signal_shape)
    store_scan(folder, kind, *shapes, lazy=lazy)
    signal = hs.load(folder / "scan.zspy", lazy=lazy)
    compression = compress(signal, random_state=0)
    np.savez(
        folder / "scaling.npz",
        row_scale=compression.row_scale,
        column_scale=compression.column_scale,
    )
    return {"scan_bytes": signal.data.nbytes}


def contend(folder, contender, n_components, repeats, score):
    """Measure one contender on one scan."""
    _, lazy, function = CONTENDERS[contender]
    folder = Path(folder)
    truth = np.load(folder / "truth.npz")
    scaling = [np.load(folder / "scaling.npz")[f"{x}_scale"] for x in ("row", "column")]
    _warm_up(function, lazy)
    signal = hs.load(folder / "scan.zspy", lazy=lazy)
    stored, counter = signal.data, None
    if lazy:
        counter = ReadCounter(stored)
        signal.data = counter.data
    measured, result = measure(
        lambda: function(signal, n_components, scaling),
        repeats=repeats,
        before=clear_cache,
        counter=counter,
    )
    outcome = asdict(measured)
    if contender not in UNSCORED and score:
        maps, patterns = result
        abundance = truth["abundance"]
        cosines = map_cosines(maps, abundance.reshape(len(maps), -1))
        outcome |= {
            "n_found": maps.shape[1],
            "cosines": dict(
                zip(truth["names"].tolist(), cosines.tolist(), strict=True)
            ),
            "residual": relative_residual(stored, *scaling, maps, patterns),
        }
    return outcome


def _warm_up(function, lazy):
    """Compile and import all that a first call does, on a scan of no size."""
    rng = np.random.default_rng(0)
    maps, patterns = rng.random((12, 10, 2)), rng.gamma(1, 3, (2, 16, 18))
    counts = rng.poisson(np.tensordot(maps, patterns, 1)).astype(np.uint16)
    signal = Diffraction2D(counts)
    if lazy:
        signal = signal.as_lazy()
        signal.data = da.from_array(counts, chunks=(5, 10, 16, 18))
    function(signal, 2, [np.ones(120), np.ones(288)])()


def main(job, result):
    """Read a job, do it, write the result."""
    hs.preferences.General.show_progressbar = False
    warnings.simplefilter("ignore")
    outcome = do(json.loads(Path(job).read_text()))
    Path(result).write_text(json.dumps(outcome))


def do(job):
    """Do a job, and return its outcome."""
    return {"store": store, "contend": contend}[job.pop("do")](**job)


if __name__ == "__main__":
    main(*sys.argv[1:])
