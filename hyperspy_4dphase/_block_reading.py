"""How blocks of patterns are read: in threads, or by the workers of a dask client."""

import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial, reduce
from math import prod

import dask
import dask.array as da
import numpy as np
from sklearn.utils import gen_batches
from threadpoolctl import threadpool_limits

from hyperspy_4dphase._bad_values import BadValue
from hyperspy_4dphase._threads import available_threads

# Threads; beyond, memory is the limit. Historical: chosen by trial, not calibrated.
_MAX_WORKERS = 8
# Results that a worker of dask merges at once. Historical as well.
_MERGE_FAN_IN = 8
# Blocks that are added up before they are merged: where there are so many groups that
# workers still share them evenly.
_LEAST_GROUPS, _MOST_IN_GROUP = 64, 16


@dataclass
class BlockReader:
    """Reads blocks of patterns and applies a function to each.

    Attributes
    ----------
    data : numpy.ndarray or dask.array.Array, shape (\\*navigation, \\*signal)
    blocks : list of Block
    pixels : numpy.ndarray of bool, shape (n_pixels,), or None
        Which pixels are read; None for all.
    kept : dict of int to object
        What :meth:`accumulate` gives to accumulators instead of some blocks.
    """

    data: object
    blocks: list
    pixels: np.ndarray | None
    kept: dict = field(default_factory=dict)

    @property
    def client(self):
        """distributed.Client or None: Whose workers read the blocks."""
        return _active_client() if isinstance(self.data, da.Array) else None

    @property
    def share_read(self):
        """float: Which part of the patterns is read where nothing else is said."""
        sizes = [len(block.rows) for block in self.blocks]
        kept = sum(sizes[number] for number in self.kept)
        return 1 - kept / max(sum(sizes), 1) if kept else 1

    def run(self, function, merge):
        """Apply a function to all blocks, where the user's dask client wants it.

        Parameters
        ----------
        function : callable
            ``function(patterns, rows)``.
        merge : callable
            ``merge(first, second)`` of two results.

        Yields
        ------
        numbers : list of int
            Of one or more blocks, in order.
        result : object
            The merged result of these.
        """
        client = self.client
        if client is not None:
            return self._run_distributed(function, merge, client)
        n_workers = min(available_threads(), len(self.blocks), _MAX_WORKERS)
        return self.run_threads(function, range(len(self.blocks)), max(n_workers, 1))

    def accumulate(self, checked):
        """Give all blocks to parts of an accumulator, where the user's client wants it.

        Parameters
        ----------
        checked : CheckedFunction
            Its function is the accumulator.

        Yields
        ------
        numbers : list of int
            Of the blocks of a part, in order.
        part : Accumulator
        """
        client = self.client
        if client is not None and not self.kept:
            function = partial(_accumulate_block, checked)
            yield from self._run_distributed(function, _merge_parts, client)
            return
        groups = group_blocks(len(self.blocks))
        n_workers = max(min(available_threads(), len(groups), _MAX_WORKERS), 1)
        task = partial(self._accumulate_group, checked)
        for (group,), part in _run_in_threads(task, groups, n_workers):
            yield list(group), part

    def _accumulate_group(self, checked, group):
        part = checked.function.start()
        function = replace(checked, function=part.update)
        for number in group:
            if number in self.kept:
                part.update(self.kept[number], self.blocks[number].rows)
            else:
                self._read(function, number)
        return part

    def run_threads(self, function, order, n_workers):
        """Apply a function to some blocks in threads.

        Parameters
        ----------
        function : callable
            ``function(patterns, rows)``.
        order : iterable of int
            Numbers of blocks.
        n_workers : int
            Number of threads, and of results that may wait to be taken.

        Yields
        ------
        numbers : list of int
            The number of one block, in the order given.
        result : object
        """
        return _run_in_threads(partial(self._read, function), order, n_workers)

    def _read(self, function, number):
        region, rows, inside = self.blocks[number]
        block = self.data[region]
        if isinstance(block, da.Array):
            with _name_what_fails(partial(self._describe, number)):
                block = block.compute(scheduler="synchronous")
        return _apply(function, block, rows, inside, self.pixels)

    def _run_distributed(self, function, merge, client):
        function = client.scatter(function, broadcast=True, hash=False)
        submit = partial(client.submit, pure=False)
        n_threads = sum(client.nthreads().values())
        numbers = range(len(self.blocks))
        for group in gen_batches(len(numbers), max(_MERGE_FAN_IN, 4 * n_threads)):
            futures = leaves = []
            for region, rows, inside in self.blocks[group]:
                block = client.compute(self.data[region])
                leaves.append(
                    submit(_apply, function, block, rows, inside, self.pixels)
                )
            while len(futures) > 1:
                parts = gen_batches(len(futures), _MERGE_FAN_IN)
                futures = [submit(reduce, merge, futures[part]) for part in parts]
            with _name_what_fails(
                partial(self._describe_failed, numbers[group], leaves)
            ):
                result = futures[0].result()
            yield numbers[group], result

    def _describe(self, number):
        region = self.blocks[number].region
        where = ", ".join(f"{part.start}:{part.stop}" for part in region)
        return f"block {number + 1} of {len(self.blocks)} (navigation [{where}])"

    def _describe_failed(self, numbers, futures):
        for number, future in zip(numbers, futures, strict=True):
            if future.status == "error":
                return self._describe(number)
        return "the scan"


def group_blocks(n_blocks):
    """Cut the blocks of a scan into groups, each for a part of an accumulator.

    They do not depend on how many workers there are: nor do results.

    Parameters
    ----------
    n_blocks : int

    Returns
    -------
    list of range
    """
    size = int(np.clip(n_blocks // _LEAST_GROUPS, 1, _MOST_IN_GROUP))
    return [range(n_blocks)[part] for part in gen_batches(n_blocks, size)]


def gather_rows(pieces):
    """Put what blocks gave for their rows into arrays for all rows.

    Parameters
    ----------
    pieces : list of tuple
        (rows, array, ...) of each block. Each row is in one of them.

    Returns
    -------
    list of numpy.ndarray, shape (n_rows, ...)
        One for each array of a piece.
    """
    n_rows = sum(len(rows) for rows, *_ in pieces)
    arrays = [np.zeros((n_rows, *part.shape[1:]), part.dtype) for part in pieces[0][1:]]
    for rows, *parts in pieces:
        for array, part in zip(arrays, parts, strict=True):
            array[rows] = part
    return arrays


@contextmanager
def _name_what_fails(describe):
    """Turn an error inside into a RuntimeError that says what was being read."""
    try:
        yield
    except BadValue:
        raise
    except Exception as error:
        raise RuntimeError(
            f"Reading {describe()} failed: {type(error).__name__}: {error}"
        ) from error


def _apply(function, block, rows, inside, pixels):
    """Call a function on those patterns and pixels of a block that are read."""
    n_pixels = prod(block.shape) // (rows if inside is None else inside).size
    patterns = np.reshape(block, (-1, n_pixels))
    if inside is not None:
        patterns = patterns[inside]
    if pixels is not None:
        patterns = patterns[:, pixels]
    if np.ma.is_masked(patterns):
        raise ValueError(
            "The data turned out to be masked arrays: fill in the values, as in "
            "da.ma.filled(s.data, 0), and give navigation_mask or signal_mask."
        )
    patterns = np.ma.getdata(patterns)
    if patterns.dtype.kind == "b":
        patterns = patterns.view(np.uint8)
    return function(patterns, rows)


def _accumulate_block(checked, patterns, rows):
    part = checked.function.start()
    replace(checked, function=part.update)(patterns, rows)
    return part


def _merge_parts(one, other):
    return one.merge(other)


def _run_in_threads(task, order, n_workers):
    """Yield ([item], task(item)) for items of an order, computed in threads."""
    with (
        threadpool_limits(1 if n_workers > 1 else None),
        ThreadPoolExecutor(n_workers) as pool,
    ):
        waiting = deque()
        try:
            for item in order:
                waiting.append(([item], pool.submit(task, item)))
                if len(waiting) > n_workers:
                    items, future = waiting.popleft()
                    yield items, future.result()
            while waiting:
                items, future = waiting.popleft()
                yield items, future.result()
        finally:
            for _, future in waiting:
                future.cancel()


def _active_client():
    # Looked up only where the user has imported distributed: importing it is slow.
    scheduler = dask.config.get("scheduler", None)
    is_wanted = scheduler in (None, "distributed", "dask.distributed")
    if "distributed" not in sys.modules or not is_wanted:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
