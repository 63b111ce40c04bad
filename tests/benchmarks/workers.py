"""``python -m tests.benchmarks.workers``: one and two dask workers, data in memory."""

import os
import time

import dask.array as da
import numpy as np

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import compress_patterns, make_probe
from tests.benchmarks.command import read_options, write_result
from tests.benchmarks.report import simple_table

_N_REPEATS = 3
# Positions of a chunk.
_CHUNK = 512


def draw(n_pixels, block_info=None):
    """A chunk of patterns: mixtures of five, with counts in most pixels."""
    n = block_info[None]["chunk-shape"][0]
    rng = np.random.default_rng(block_info[None]["chunk-location"][0])
    patterns = np.random.default_rng(7).gamma(2, 3, (5, n_pixels))
    expected = rng.dirichlet(np.ones(5), n) @ patterns
    return rng.poisson(expected).astype(np.uint16)


def measure(n_workers, n_positions, n_pixels):
    """Times of a read and of a whole compression, patterns in the workers' memory.

    Parameters
    ----------
    n_workers : int
        Each with one thread.
    n_positions, n_pixels : int

    Returns
    -------
    dict
        Seconds of a read and of a compression, and how often that reads.
    """
    from distributed import Client, LocalCluster, wait

    with (
        LocalCluster(
            n_workers=n_workers, threads_per_worker=1, dashboard_address=":0"
        ) as cluster,
        Client(cluster),
    ):
        patterns = da.map_blocks(
            draw,
            n_pixels,
            chunks=da.core.normalize_chunks(
                (_CHUNK, n_pixels), (n_positions, n_pixels)
            ),
            dtype=np.uint16,
            meta=np.empty((0, 0), np.uint16),
        ).persist()
        wait(patterns)
        own = {"allow_negative": True}
        reads = []
        for _ in range(_N_REPEATS):
            start = time.perf_counter()
            PatternBlocks(patterns, 1, **own).accumulate(make_probe(n_pixels))
            reads.append(time.perf_counter() - start)
        start = time.perf_counter()
        found = compress_patterns(
            PatternBlocks(patterns, 1, **own), noise="measured", random_state=0
        )
        compression = time.perf_counter() - start
    return {
        "read": min(reads),
        "compression": compression,
        "n_reads": float(found.n_reads),
    }


def multiply(seconds):
    """Multiply matrices for some time; return how many."""
    rng = np.random.default_rng(0)
    one, other = rng.random((2, 400, 400), np.float32)
    n, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        one @ other
        n += 1
    return n


def measure_machine(seconds=5.0):
    """How much more two processes compute than one: what two workers can gain."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    with ProcessPoolExecutor(2, mp_context=get_context("forkserver")) as pool:
        list(pool.map(multiply, [0.2, 0.2]))
        one = next(pool.map(multiply, [seconds]))
        return sum(pool.map(multiply, [seconds] * 2)) / one


def tables(record):
    """The table of what was measured."""
    rows = []
    for name in ("read", "compression"):
        one, two = (record[n][name] for n in ("1", "2"))
        label = f"one {name}"
        if name == "compression":
            label += f", {record['2']['n_reads']:.3g} reads"
        rows.append([label, f"{one:.2f} s", f"{two:.2f} s", f"{one / two:.2f}"])
    limit = f"{record['machine']:.2f}"
    rows.append(["two processes that only multiply", "--", "--", limit])
    header = ["what", "one worker", "two workers", "ratio"]
    return f"{record['what']}\n\n{simple_table(header, rows)}\n"


def main(arguments=None):
    """Measure, write ``workers.json`` and ``workers.txt``, and print the table."""
    options = read_options(__doc__, arguments)
    shape = (16384, 16384) if not options.quick else (1100, 400)
    # Each worker is one thread: as many as there are processors, or none is faster.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    record = {str(n): measure(n, *shape) for n in (1, 2)}
    record["machine"] = measure_machine(0.2 if options.quick else 5.0)
    record["what"] = (
        f"{shape[0]} patterns of {shape[1]} pixels, "
        f"{2 * shape[0] * shape[1] / 1e6:.0f} MB, in the memory of the workers."
    )
    write_result(options, "workers", record, tables(record))


if __name__ == "__main__":
    main()
