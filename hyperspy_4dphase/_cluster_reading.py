"""How the workers of a dask client read blocks: few tasks, merged as a tree.

A task reads a group of blocks, one after the other, and hands on only what it added up.
What the blocks are computed from travels inside the task, so that the scheduler knows
thousands of tasks, whatever the chunks are. Where chunks are in the memory of workers
already, each block is a task there.

This module is imported only where a client is active.
"""

import warnings
from collections import deque
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import reduce

import dask
from sklearn.utils import gen_batches

from hyperspy_4dphase._bad_values import BadValue
from hyperspy_4dphase._one_block import UnreadableBlock, apply_to_block, name_what_fails

# Results that are merged at once, and the levels of merges that workers do: the client
# gets one result for so many groups.
_FAN_IN, _LEVELS = 4, 2
_GROUPS_OF_CLIENT = _FAN_IN**_LEVELS
# Groups that wait or are read, for each thread of the cluster.
_GROUPS_PER_THREAD = 2


class ClusterReader:
    """Reads blocks by the workers of a client.

    A worker that is lost takes nothing with it: the scheduler has all that is needed to
    do its tasks again, and results are merged in the same order.

    Parameters
    ----------
    reader : BlockReader
        Of a dask array.
    client : distributed.Client
    """

    def __init__(self, reader, client):
        self._reader, self._client = reader, client

    @property
    def n_threads(self):
        """int: Of all workers together."""
        return max(sum(self._client.nthreads().values()), 1)

    def run(self, function, merge, groups):
        """Apply a function to blocks.

        Parameters
        ----------
        function, merge : callable
            As of :meth:`BlockReader.run`.
        groups : list of sequence of int
            Numbers of blocks, those of one task each.

        Yields
        ------
        numbers : list of int
            Of one or more blocks, in order.
        result : object
            The merged result of these.
        """
        return self._run(_Task(function, merge, self._reader.pixels), groups)

    def accumulate(self, checked, groups):
        """Give blocks to parts of an accumulator.

        Parameters
        ----------
        checked : CheckedFunction
            Its function is the accumulator.
        groups : list of sequence of int
            Numbers of blocks, those of one task each.

        Yields
        ------
        numbers : list of int
            Of the blocks of a part, in order.
        part : Accumulator
        """
        task = _AccumulatingTask(checked, pixels=self._reader.pixels)
        for numbers, arrays in self._run(task, groups):
            yield numbers, checked.function.restore(arrays)

    def _run(self, task, groups):
        n_ahead = 1 + -(-_GROUPS_PER_THREAD * self.n_threads // _GROUPS_OF_CLIENT)
        # A task that gives what it was given: where it is lost, it is done again.
        common = self._submit(_give, _Sealed(task))
        # Tasks that nobody waits for are given up with their futures.
        waiting = deque()
        for batch in gen_batches(len(groups), _GROUPS_OF_CLIENT):
            waiting.append(self._submit_batch(common, groups[batch]))
            if len(waiting) > n_ahead:
                yield self._wait(*waiting.popleft())
        while waiting:
            yield self._wait(*waiting.popleft())

    def _submit_batch(self, common, groups):
        """Submit the tasks of some groups, and their merges.

        Returns
        -------
        leaves : dict of distributed.Future to sequence of int
            Tasks that read, and which blocks each of them reads.
        future : distributed.Future
            All of it merged.
        """
        numbers = [number for group in groups for number in group]
        regions = [self._reader.blocks[number].region for number in numbers]
        arrays = [self._reader.data[region] for region in regions]
        if self._reader.is_held:
            blocks = zip(numbers, self._client.compute(arrays), strict=True)
            leaves = {self._read_held(common, *block): block[:1] for block in blocks}
        else:
            arrays = dict(zip(numbers, dask.optimize(*arrays), strict=True))
            leaves = {self._read(common, group, arrays): group for group in groups}
        futures = list(leaves)
        while len(futures) > 1:
            futures = [
                # Before further reads: what is merged takes less memory.
                self._submit(_merge, common, futures[part], priority=1)
                for part in gen_batches(len(futures), _FAN_IN)
            ]
        return leaves, futures[0]

    def _read(self, common, group, arrays):
        items = [
            (arrays[number], self._reader.blocks[number], self._reader.describe(number))
            for number in group
        ]
        return self._submit(_read_group, common, _Sealed(items))

    def _read_held(self, common, number, array):
        block = _Sealed(self._reader.blocks[number])
        return self._submit(_read_held, common, array, block)

    def _wait(self, leaves, future):
        numbers = [number for group in leaves.values() for number in group]
        try:
            return numbers, future.result()
        except (BadValue, UnreadableBlock):
            raise
        except Exception as error:
            failed = [leaf for leaf in leaves if leaf.status == "error"]
            where = (
                self._reader.describe(leaves[failed[0]][0]) if failed else "the scan"
            )
            raise UnreadableBlock(
                f"Reading {where} failed: {type(error).__name__}: {error}"
            ) from error

    def _submit(self, function, *args, **options):
        with warnings.catch_warnings():
            # Directions among many pixels are large, and are sent once a read.
            warnings.filterwarnings("ignore", "Sending large graph")
            return self._client.submit(function, *args, pure=False, **options)


@dataclass
class _Sealed:
    """What distributed is to hand over as it is, without a look inside."""

    content: object


@dataclass
class _Task:
    """What all tasks of a read have in common."""

    function: object
    merge: object
    pixels: object

    def read(self, items):
        """Read blocks, one after the other, and merge what comes of them."""
        results = (
            apply_to_block(self.function, values, block.rows, block.inside, self.pixels)
            for values, block in items
        )
        return reduce(self.merge, results)

    def merge_all(self, results):
        """Merge results, which stay as they are: they may be needed again."""
        return reduce(self.merge, results[1:], deepcopy(results[0]))


@dataclass
class _AccumulatingTask:
    """What all tasks of a read have in common that fills accumulators.

    Accumulators stay where they are made: only their arrays travel.
    """

    checked: object
    pixels: object

    def read(self, items):
        part = self.checked.function.start()
        function = replace(self.checked, function=part.update)
        for values, block in items:
            apply_to_block(function, values, block.rows, block.inside, self.pixels)
        return part.arrays()

    def merge_all(self, results):
        empty = self.checked.function
        parts = map(empty.restore, results)
        return reduce(
            lambda whole, part: whole.merge(part), parts, empty.start()
        ).arrays()


def _give(sealed):
    return sealed


def _read_group(common, sealed):
    return common.content.read(_compute(sealed.content))


def _compute(items):
    for array, block, description in items:
        with name_what_fails(description):
            values = array.compute(scheduler="synchronous")
        yield values, block


def _read_held(common, values, sealed):
    return common.content.read([(values, sealed.content)])


def _merge(common, results):
    return common.content.merge_all(results)
