"""How blocks of patterns are read: in threads, or by the workers of a dask client."""

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from math import prod

import dask.array as da
import numpy as np
from sklearn.utils import gen_batches

from hyperspy_4dphase._block_cuts import cut_blocks
from hyperspy_4dphase._dask_clients import find_client, is_held
from hyperspy_4dphase._one_block import apply_to_block, name_what_fails
from hyperspy_4dphase._threads import available_threads, limited_threads

# Of values, not of bytes: the same counts in a wider type are cut in the same way.
BLOCK_VALUES = 16 * 2**20
# The same of chunks that workers of a dask client have in memory.
_HELD_BLOCK_VALUES = 2 * 2**20
# A block of larger chunks, as of all positions and few pixels, is cut.
_MOST_BLOCK_BYTES = 512 * 2**20
# Threads; beyond, memory is the limit. Historical: chosen by trial, not calibrated.
_MAX_WORKERS = 8
# Blocks that are added up before they are merged: where there are so many groups that
# workers still share them evenly; and the most groups, each a task of a dask client.
_LEAST_GROUPS, _MOST_IN_GROUP = 64, 16
_MOST_GROUPS = 4096
_KEPT_GROUPS = 16


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

    @classmethod
    def open(cls, data, kept, block_values):
        """Cut what is kept of a scan into blocks.

        Parameters
        ----------
        data : numpy.ndarray or dask.array.Array, shape (\\*navigation, \\*signal)
        kept : KeptPart
        block_values : int
            Aimed size of a block.

        Returns
        -------
        BlockReader
        """
        reader = cls(data, [], None if kept.pixels.all() else kept.pixels)
        n_axes, n_pixels = len(kept.navigation_shape), max(prod(kept.signal_shape), 1)
        if isinstance(data, da.Array):
            chunks = data.chunks[:n_axes]
        else:
            chunks = [(1,) * n for n in kept.navigation_shape]
        if reader.is_held:
            # Chunks that are joined may have to be brought from another worker.
            block_values = min(block_values, _HELD_BLOCK_VALUES)
        most = _MOST_BLOCK_BYTES // (n_pixels * data.dtype.itemsize)
        aimed = block_values // n_pixels
        reader.blocks = cut_blocks(chunks, kept.patterns, aimed, most)
        return reader

    @property
    def client(self):
        """distributed.Client or None: Whose workers read the blocks."""
        return find_client() if isinstance(self.data, da.Array) else None

    @property
    def share_read(self):
        """float: Which part of the patterns is read where nothing else is said."""
        sizes = [len(block.rows) for block in self.blocks]
        kept = sum(sizes[number] for number in self.kept)
        return 1 - kept / max(sum(sizes), 1) if kept else 1

    @property
    def groups(self):
        """list of range: All blocks, in groups for one part of an accumulator each."""
        n = len(self.blocks)
        # What is in memory takes no time to wait for: fewer parts have to be merged.
        return group_blocks(n, _KEPT_GROUPS if len(self.kept) == n else _LEAST_GROUPS)

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
        cluster = self._cluster()
        if cluster is not None:
            return cluster.run(function, merge, group_blocks(len(self.blocks)))
        return self.run_threads(function, range(len(self.blocks)), self.n_threads)

    def accumulate(self, checked, groups=None):
        """Give blocks to parts of an accumulator, where the user's client wants it.

        Parameters
        ----------
        checked : CheckedFunction
            Its function is the accumulator.
        groups : list of sequence of int, optional
            Numbers of blocks, one group for each part. By default all blocks.

        Yields
        ------
        numbers : list of int
            Of the blocks of a part, in order.
        part : Accumulator
        """
        groups = self.groups if groups is None else groups
        cluster = self._cluster()
        if cluster is not None and not self.kept:
            yield from cluster.accumulate(checked, groups)
            return
        task = partial(self._accumulate_group, checked)
        n_workers = max(min(self.n_threads, len(groups)), 1)
        for (group,), part in _run_in_threads(task, groups, n_workers):
            yield list(group), part

    @property
    def n_threads(self):
        """int: Threads that read blocks, where no dask client does."""
        return max(min(available_threads(), len(self.blocks), _MAX_WORKERS), 1)

    @property
    def n_workers(self):
        """int: Threads that read blocks at a time, of all workers together."""
        cluster = self._cluster()
        return self.n_threads if cluster is None else cluster.n_threads

    def _cluster(self):
        client = self.client
        if client is None:
            return None
        from hyperspy_4dphase._cluster_reading import ClusterReader

        return ClusterReader(self, client)

    def _accumulate_group(self, checked, group):
        part = checked.function.start()
        function = replace(checked, function=part.update)
        for number in group:
            if number in self.kept:
                part.update(self.kept[number], self.blocks[number].rows)
            else:
                self._read(function, number)
        return part

    @cached_property
    def is_held(self):
        """bool: Whether workers of a client have chunks, or what these are made of."""
        return is_held(self.data)

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
            with name_what_fails(self.describe(number)):
                block = block.compute(scheduler=None if self.is_held else "synchronous")
        return apply_to_block(function, block, rows, inside, self.pixels)

    def describe(self, number):
        """Say in words which block it is.

        Parameters
        ----------
        number : int

        Returns
        -------
        str
        """
        region = self.blocks[number].region
        where = ", ".join(f"{part.start}:{part.stop}" for part in region)
        return f"block {number + 1} of {len(self.blocks)} (navigation [{where}])"


def group_blocks(n_blocks, least=_LEAST_GROUPS):
    """Cut the blocks of a scan into groups, each for a part of an accumulator.

    They do not depend on how many workers there are: nor do results.

    Parameters
    ----------
    n_blocks : int
    least : int, optional
        How many groups there are at least, if there are as many blocks.

    Returns
    -------
    list of range
    """
    size = int(np.clip(n_blocks // least, 1, _MOST_IN_GROUP))
    size = max(size, -(-n_blocks // _MOST_GROUPS))
    if not n_blocks:
        return []
    return [range(n_blocks)[part] for part in gen_batches(n_blocks, size)]


def _run_in_threads(task, order, n_workers):
    """Yield ([item], task(item)) for items of an order, computed in threads."""
    order = list(order)
    if len(order) == 1:
        # There is nothing to do meanwhile.
        yield order, task(order[0])
        return
    with (
        limited_threads(1) if n_workers > 1 else nullcontext(),
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
