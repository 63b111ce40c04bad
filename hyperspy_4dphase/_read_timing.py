"""What reads a scan, and how long one read takes, from a few of its blocks."""

import time
from math import prod
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._bad_values import CheckedFunction
from hyperspy_4dphase._block_reading import group_blocks

# Blocks that each worker reads while the time is taken.
_BLOCKS_PER_WORKER = 2
# If the blocks before take longer, in seconds, their own time is taken.
_LONG = 10.0


class Reading(NamedTuple):
    """How blocks are read.

    Attributes
    ----------
    workers : str
        In words.
    n_workers : int
        How many blocks are read at a time.
    n_threads : int
        How many of these in one process, at most.
    n_processes : int
        Workers of a dask client; 0 without.
    n_tasks : int
        Groups of blocks of a read.
    block_bytes : int
        Size of the largest block.
    """

    workers: str
    n_workers: int
    n_threads: int
    n_processes: int
    n_tasks: int
    block_bytes: int


def describe_reading(blocks):
    """Tell how blocks are read.

    Parameters
    ----------
    blocks : PatternBlocks

    Returns
    -------
    Reading
    """
    reader = blocks.reader
    client, n_tasks = reader.client, len(group_blocks(len(reader.blocks)))
    sizes = (
        prod(part.stop - part.start for part in block.region) for block in reader.blocks
    )
    n_axes = len(reader.blocks[0].region) if reader.blocks else 0
    pattern_bytes = prod(reader.data.shape[n_axes:]) * reader.data.dtype.itemsize
    block_bytes = max(sizes, default=0) * pattern_bytes
    if client is None:
        n = reader.n_threads
        words = f"{n} thread{'s' * (n > 1)} of this process"
        return Reading(words, n, n, 0, n_tasks, block_bytes)
    threads = client.nthreads().values()
    n, total = len(threads), sum(threads)
    words = f"dask client: {n} worker{'s' * (n != 1)}, {total} threads"
    return Reading(words, total, max(threads, default=1), n, n_tasks, block_bytes)


def time_read(blocks, accumulator):
    """Measure about how long one read of all blocks takes, on a few of them.

    Parameters
    ----------
    blocks : PatternBlocks
    accumulator : Accumulator
        Empty.

    Returns
    -------
    float
        In seconds.
    """
    reader = blocks.reader
    checked = CheckedFunction(accumulator, blocks.correction, False, True)
    n_blocks, n_workers = len(reader.blocks), max(reader.n_workers, 1)
    wanted = min(n_blocks, (1 + _BLOCKS_PER_WORKER) * n_workers)
    numbers = np.linspace(0, n_blocks - 1, wanted).round().astype(int).tolist()
    # What is imported, compiled or opened first does not count.
    first = numbers[:: 1 + _BLOCKS_PER_WORKER]
    took = _time_blocks(reader, checked, first)
    if took < _LONG or wanted < n_workers:
        rest = [number for number in numbers if number not in first]
        if len(rest) < n_workers:
            rest = numbers
        took, first = _time_blocks(reader, checked, rest), rest
    n_rows = sum(len(reader.blocks[number].rows) for number in first)
    return took * sum(len(block.rows) for block in reader.blocks) / n_rows


def _time_blocks(reader, checked, numbers):
    start = time.perf_counter()
    whole = checked.function.start()
    for _, part in reader.accumulate(checked, [[number] for number in numbers]):
        whole = whole.merge(part)
    return time.perf_counter() - start
