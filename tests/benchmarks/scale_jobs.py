"""What is measured of a scan on disk: one job in a process of its own.

``python -m tests.benchmarks.scale_jobs job result``; both are JSON files.
"""

import json
import sys
import time
import warnings
from pathlib import Path

import dask.array as da
import h5py
import hyperspy.api as hs
import numpy as np

from hyperspy_4dphase.methods._cache import clear_cache
from hyperspy_4dphase.methods.compress import compress
from tests.benchmarks.measure import peak_memory

QUIET = {"random_state": 0, "show_progressbar": False, "print_info": False}
N_COMPONENTS = 5
# A scan of no size, so that nothing is compiled or imported within what is timed.
_FEW = 12


def store(path, navigation_shape, signal_shape):
    """Draw the weak scan block by block, and write it as HyperSpy does."""
    # Not at the top: the others need nothing of it, and it takes seconds to import.
    from tests.benchmarks.scans import weak_scan

    shapes = tuple(navigation_shape), tuple(signal_shape)
    signal, _ = weak_scan(*shapes, random_state=1, lazy=True)
    signal.save(path, overwrite=True, show_progressbar=False)
    return {"scan_bytes": signal.data.nbytes, "file_bytes": _size(path)}


def convert(path, source, kind):
    """Write the scan again as another kind of file."""
    signal = hs.load(source, lazy=True)
    if kind in ("hspy", "zspy"):
        signal.save(path, overwrite=True, show_progressbar=False)
    elif kind == "raw":
        data = np.lib.format.open_memmap(
            path, "w+", signal.data.dtype, signal.data.shape
        )
        da.store(signal.data, data, lock=False)
        data.flush()
    else:
        # All positions and few pixels in each chunk.
        shape = signal.data.shape
        chunks = (*shape[:2], max(1, shape[2] // 8), shape[3])
        with h5py.File(path, "w") as file:
            made = file.create_dataset(
                "data", shape, signal.data.dtype, chunks=chunks, compression="gzip"
            )
            height = max(1, 2**28 // signal.data[0].nbytes)
            for start in range(0, shape[0], height):
                part = slice(start, start + height)
                made[part] = signal.data[part].compute()
    return {"file_bytes": _size(path)}


def measure(path, what):
    """Measure one call: wall and processor time, peak memory, and reads."""
    signal = open_scan(path)
    _warm_up(signal, what)
    clear_cache()
    steps, outcome = {}, {}
    start, cpu_start = time.perf_counter(), time.process_time()
    for name, step in STEPS[what]:
        began = time.perf_counter()
        outcome |= step(signal) or {}
        steps[name] = time.perf_counter() - began
    return outcome | {
        "seconds": time.perf_counter() - start,
        "cpu_seconds": time.process_time() - cpu_start,
        "peak_bytes": peak_memory(),
        "steps": steps,
    }


def _sum(signal):
    signal.sum().compute(show_progressbar=False)


def _compress(signal):
    found = compress(signal, squares=False, **QUIET)
    return {"reads": found.n_reads, "directions": found.n_significant}


def _rnmf(signal):
    signal.decomposition_rnmf(N_COMPONENTS, **QUIET)


def _embed(signal):
    signal.vae_embed(**QUIET)


def _domains(signal):
    signal.domains_found = signal.cluster_hierarchical(**QUIET)
    return {"domains": signal.domains_found.n_domains}


def _confidence(signal):
    signal.domain_confidence(**QUIET)


def _means(signal):
    signal.domains_found.mean_patterns(show_progressbar=False)


def _sklearn_nmf(signal):
    from sklearn.decomposition import NMF

    data = signal.data.compute()
    X = data.reshape(data.shape[0] * data.shape[1], -1).astype(np.float32)
    # As the others scale, so that counting noise is nearly white.
    for axis in (0, 1):
        totals = X.sum(axis=axis, keepdims=True)
        X *= np.divide(1, np.sqrt(totals), out=np.zeros_like(totals), where=totals > 0)
    NMF(N_COMPONENTS, solver="cd", max_iter=200, tol=0, random_state=0).fit_transform(X)


def _ornmf(signal):
    _hyperspy(signal, "ORNMF")


def _svd(signal):
    _hyperspy(signal, "SVD")


def _hyperspy(signal, algorithm):
    # Integers are refused; single precision is half of what HyperSpy advises.
    signal.change_dtype("float32")
    signal.decomposition(
        normalize_poissonian_noise=True,
        algorithm=algorithm,
        output_dimension=N_COMPONENTS,
        print_info=False,
    )


def _dask_pca(signal):
    # Not everybody who runs the others has it.
    from dask_ml.decomposition import PCA

    data = signal.data.astype(np.float32)
    n_patterns = data.shape[0] * data.shape[1]
    X = data.reshape(n_patterns, -1).rechunk((max(1, 2**28 // data[0, 0].nbytes), -1))
    pca = PCA(N_COMPONENTS, svd_solver="randomized", iterated_power=2, random_state=0)
    pca.fit_transform(X).compute()


STEPS = {
    "sum": [("s.sum()", _sum)],
    "compress": [("compress", _compress)],
    "rnmf": [("decomposition_rnmf", _rnmf)],
    "workflow": [
        ("decomposition_rnmf", _rnmf),
        ("cluster_hierarchical", _domains),
        ("domain_confidence", _confidence),
        ("vae_embed", _embed),
        ("mean patterns", _means),
    ],
    "sklearn-nmf": [("scikit-learn NMF", _sklearn_nmf)],
    "ornmf": [("HyperSpy ORNMF", _ornmf)],
    "svd": [("HyperSpy SVD", _svd)],
    "dask-pca": [("dask-ml PCA", _dask_pca)],
}


def open_scan(path):
    """Open one of the files lazily, as a user would."""
    path = Path(path)
    if path.suffix in (".npy", ".h5"):
        from pyxem.signals import Diffraction2D

        if path.suffix == ".npy":
            data = da.from_array(np.load(path, mmap_mode="r"), chunks=(8, -1, -1, -1))
        else:
            data = h5py.File(path, "r")["data"]
            data = da.from_array(data, chunks=data.chunks)
        return Diffraction2D(data).as_lazy()
    return hs.load(path, lazy=True)


def _warm_up(signal, what):
    few = np.random.default_rng(0).poisson(3, (_FEW, _FEW, 24, 22)).astype(np.uint16)
    small = type(signal)(da.from_array(few, chunks=(6, _FEW, 24, 22)))
    for _, step in STEPS[what]:
        step(small)


def _size(path):
    path = Path(path)
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def main(job, result):
    """Read a job, do it, write the result."""
    hs.preferences.General.show_progressbar = False
    warnings.simplefilter("ignore")
    job = json.loads(Path(job).read_text())
    function = {"store": store, "convert": convert, "measure": measure}[job.pop("do")]
    Path(result).write_text(json.dumps(function(**job)))


if __name__ == "__main__":
    main(*sys.argv[1:])
