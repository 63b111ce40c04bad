"""Time, peak memory and reads of one call."""

import ctypes
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_PROCESS = Path("/proc/self")


class PeakMemory:
    """Memory that is resident at most inside the block, above that at its start.

    The kernel's own high-water mark (VmHWM), set back at the start: nothing is missed
    between samples, and what was needed to load the scan does not count. The mark is of
    the whole process; on other systems than Linux there is none that can be set back,
    and `extra_bytes` stays None.
    """

    extra_bytes = None

    def __enter__(self):
        self._start = None
        if sys.platform == "linux":
            _give_back_freed_memory()
            (_PROCESS / "clear_refs").write_text("5")
            self._start = _status("VmRSS")
        return self

    def __exit__(self, *error):
        if self._start is not None:
            self.extra_bytes = max(_status("VmHWM") - self._start, 0)


class ReadCounter:
    """Counts how often each stored block of a lazy scan is loaded.

    Parameters
    ----------
    data : dask.array.Array
        As it was opened: one chunk for each block that is loaded at once.

    Attributes
    ----------
    data : dask.array.Array
        The same, counting.
    """

    def __init__(self, data):
        self._n_blocks = data.npartitions
        # Appending to a list is safe from several threads, adding to a number is not.
        self._loaded = loaded = []

        def count(block, block_info=None):
            loaded.append(tuple(block_info[0]["chunk-location"]))
            return block

        self.data = data.map_blocks(
            count, dtype=data.dtype, meta=np.empty((0,) * data.ndim, data.dtype)
        )

    def reset(self):
        """Begin again at no loads."""
        self._loaded.clear()

    @property
    def loads(self):
        """collections.Counter: Number of loads of each block, by its location."""
        return Counter(self._loaded)

    @property
    def mean(self):
        """float: Loads of a block on average."""
        return len(self._loaded) / self._n_blocks

    @property
    def most(self):
        """int: Loads of the block that was loaded most often."""
        return max(self.loads.values(), default=0)


@dataclass
class Measured:
    """What a call took; times are those of all repetitions, memory of the first."""

    seconds: list
    cpu_seconds: list
    extra_bytes: int | None = None
    reads: float | None = None
    reads_of_a_block: int | None = None


def measure(prepare, *, repeats=1, before=None, counter=None):
    """Measure a call that is made as often as asked.

    Parameters
    ----------
    prepare : callable
        Returns the function to be timed. What it converts the scan into is not timed,
        but counts as memory.
    repeats : int
        How often to call.
    before : callable, optional
        Called before each repetition, not timed.
    counter : ReadCounter, optional
        Of the scan that is read.

    Returns
    -------
    measured : Measured
    result : object
        Of the last call.
    """
    measured, result = Measured([], []), None
    for i in range(repeats):
        if before is not None:
            before()
        if counter is not None:
            counter.reset()
        result = None
        with PeakMemory() as memory:
            function = prepare()
            start, cpu_start = time.perf_counter(), time.process_time()
            result = function()
            measured.cpu_seconds.append(time.process_time() - cpu_start)
            measured.seconds.append(time.perf_counter() - start)
            del function
        if i == 0:
            measured.extra_bytes = memory.extra_bytes
    if counter is not None:
        measured.reads, measured.reads_of_a_block = counter.mean, counter.most
    return measured, result


def peak_memory():
    """Memory that was resident at most in this process so far, in bytes.

    Returns
    -------
    int or None
        None where the kernel does not tell.
    """
    return _status("VmHWM") if sys.platform == "linux" else None


def _status(field):
    for line in (_PROCESS / "status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"The kernel does not tell {field} of a process.")


def _give_back_freed_memory():
    # Memory freed before, but kept by the C library, would be used without counting.
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
