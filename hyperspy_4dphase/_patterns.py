"""A scan, eager or lazy, as blocks of patterns: rows of a matrix that is never held.

Everything that reads a scan goes through :class:`PatternBlocks`. It knows NumPy and
dask, and nothing of signals, axes or units.
"""

import sys
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from itertools import pairwise, product
from math import prod

import dask
import dask.array as da
import numpy as np
from dask.system import CPU_COUNT
from threadpoolctl import threadpool_limits

from hyperspy_4dphase._bad_values import (
    BadValue,
    CountBadValues,
    Prepared,
    describe_bad_values,
    merge_bad_values,
)
from hyperspy_4dphase._correction import Correction

# Of values, not of bytes: the same counts in a wider type are cut in the same way.
_BLOCK_VALUES = 16 * 2**20
_MERGE_FAN_IN = 8


class PatternBlocks:
    """The patterns of a scan as rows of a matrix, delivered block by block.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array, shape (\\*navigation, \\*signal)
        The scan, in array order. It is never written to.
    n_navigation_axes : int
        How many of the leading axes are navigation axes, at least one.
    kept_patterns, kept_pixels : numpy.ndarray of bool, optional
        Flat, in C order of the navigation and of the signal axes; True is kept. By
        default everything is.
    progress : callable, optional
        Called as ``progress(stage, done, total)`` after each block.
    block_values : int, optional
        Aimed size of a block, in values. Chunks of a dask array are joined up to this
        size and never cut, so that every chunk is read once a pass.
    allow_negative : bool, optional
        Whether negative values are taken. By default they are refused, unless they are
        no more than rounding.
    correction : Correction, optional
        What every block goes through before it is given to anything.
    read_pixels : numpy.ndarray of bool, optional
        Which pixels are read for the correction, which then leaves `kept_pixels`. By
        default the same.

    Attributes
    ----------
    shape : tuple of int
        (n_patterns, n_pixels) of what is kept.
    dtype : numpy.dtype
        Of `data`.
    is_lazy : bool
        Whether `data` is a dask array.
    n_reads : float
        How many times the kept patterns were read so far, on average.
    """

    def __init__(
        self,
        data,
        n_navigation_axes,
        *,
        kept_patterns=None,
        kept_pixels=None,
        progress=None,
        block_values=_BLOCK_VALUES,
        allow_negative=False,
        correction=None,
        read_pixels=None,
    ):
        self.is_lazy = isinstance(data, da.Array)
        self._data = data
        self._progress = progress
        self.navigation_shape = tuple(data.shape[:n_navigation_axes])
        self.signal_shape = tuple(data.shape[n_navigation_axes:])
        self.dtype = np.dtype(data.dtype)
        if self.dtype.kind not in "buif":
            raise TypeError(
                f"The data are of type {self.dtype}; patterns must be real numbers."
            )
        self._kept_patterns = _all_or(kept_patterns, prod(self.navigation_shape))
        self._kept_pixels = _all_or(kept_pixels, prod(self.signal_shape))
        n_kept = _count(self._kept_patterns, prod(self.navigation_shape))
        self.shape = (n_kept, _count(self._kept_pixels, prod(self.signal_shape)))
        self._read_pixels = self._kept_pixels
        if read_pixels is not None:
            self._read_pixels = _all_or(read_pixels, prod(self.signal_shape))
        self._block_values = block_values
        self._positions, self._blocks = self._cut(block_values)
        self._allow_negative = allow_negative
        self._correction = correction
        self._is_checked = False
        self._n_rows_read = 0
        self._n_reads_before = 0.0
        self._source = None

    @classmethod
    def of(cls, X, **options):
        """`X` itself if it is delivered in blocks already, else its rows in blocks."""
        return X if isinstance(X, cls) else cls(X, 1, **options)

    @property
    def kept_pixels(self):
        """numpy.ndarray of bool, shape (n_pixels,), or None: None if all are kept."""
        return self._kept_pixels

    @property
    def n_blocks(self):
        """int: Number of blocks with at least one kept pattern."""
        return len(self._blocks)

    @property
    def n_reads(self):
        if self._source is not None:
            return self._source.n_reads
        return self._n_reads_before + self._n_rows_read / max(self.shape[0], 1)

    def reduce(self, function, merge, *, stage="Reading patterns"):
        """Apply a function to every block and merge the results, in order.

        Parameters
        ----------
        function : callable
            ``function(patterns, rows)`` with `patterns` (n_block, n_pixels) in the type
            of the data and `rows` (n_block,) their numbers among the kept patterns.
            It is sent to other processes if a ``dask.distributed`` client is active.
        merge : callable
            ``merge(first, second)`` of two results; may reuse `first`.
        stage : str, optional
            What `progress` is told.

        Returns
        -------
        object
            The merged result.

        Raises
        ------
        ValueError
            If a kept value is NaN, infinite or (unless allowed) negative: how many
            there are, where the first one is, and what can be done.
        RuntimeError
            If a block cannot be read; it names the block.
        """
        function = Prepared(
            function, self._correction, not self._is_checked, self._allow_negative
        )
        try:
            result = self._reduce(function, merge, stage)
        except BadValue:
            raise ValueError(self._describe_bad_values()) from None
        # Values that change from one read to the next are nothing to look for.
        self._is_checked = True
        return result

    def visit(self, order):
        """Read blocks one after the other, the next while one is in use.

        Parameters
        ----------
        order : iterable of int
            Numbers of blocks.

        Yields
        ------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
        rows : numpy.ndarray of int, shape (n_block,)
            Their numbers among the kept patterns.
        """
        function = Prepared(_pair, self._correction, False, True)
        with ThreadPoolExecutor(1) as pool:
            waiting = deque()
            for number in order:
                waiting.append(pool.submit(self._run, function, number))
                if len(waiting) > 1:
                    yield self._counted(waiting.popleft().result())
            while waiting:
                yield self._counted(waiting.popleft().result())

    def _counted(self, pair):
        self._n_rows_read += len(pair[1])
        return pair

    def held(self):
        """The same patterns with the data in memory, after one read of all of them."""
        if not self.is_lazy:
            return self
        pieces = self.reduce(_whole, _concatenated, stage="Loading patterns")
        data = np.empty(self.shape, pieces[0][1].dtype)
        for rows, patterns in pieces:
            data[rows] = patterns
        other = PatternBlocks(
            data, 1, progress=self._progress, allow_negative=self._allow_negative
        )
        other._is_checked = True
        other._source = self
        return other

    def corrected(self, correction, kept_patterns=None, kept_pixels=None):
        """The same patterns corrected, some of them or their pixels left out.

        Parameters
        ----------
        correction : Correction or None
            For what is kept now; what is left out is taken out of it.
        kept_patterns, kept_pixels : numpy.ndarray of bool, optional
            Of those that are kept now.

        Returns
        -------
        PatternBlocks
            Which goes on counting reads.
        """
        masks = []
        for kept, own, size in (
            (kept_patterns, self._kept_patterns, prod(self.navigation_shape)),
            (kept_pixels, self._kept_pixels, prod(self.signal_shape)),
        ):
            whole = np.ones(size, dtype=bool) if own is None else own.copy()
            if kept is not None:
                whole[whole] = kept
            masks.append(whole)
        if correction is not None and kept_patterns is not None:
            correction = correction.without_rows(kept_patterns)
        if correction is not None and kept_pixels is not None:
            correction = correction.without_pixels(kept_pixels)
        other = PatternBlocks(
            self._data,
            len(self.navigation_shape),
            kept_patterns=masks[0],
            kept_pixels=masks[1],
            progress=self._progress,
            block_values=self._block_values,
            allow_negative=self._allow_negative,
            correction=correction,
        )
        other._is_checked = self._is_checked
        other._n_reads_before = self.n_reads
        other._source = self._source
        return other

    def moved(self, shifts, kept_pixels):
        """The same patterns, shifted, of pixels that are complete in all of them.

        Parameters
        ----------
        shifts : callable
            ``shifts(patterns, rows)`` of a block; it leaves the pixels to be kept.
        kept_pixels : numpy.ndarray of bool, shape (n_pixels,)
            Of those that are kept now.

        Returns
        -------
        PatternBlocks
        """
        correction = replace(self._correction or Correction(), shifts=shifts)
        read = self._kept_pixels
        if read is None:
            read = np.ones(prod(self.signal_shape), dtype=bool)
        kept = read.copy()
        kept[read] = kept_pixels
        other = PatternBlocks(
            self._data,
            len(self.navigation_shape),
            kept_patterns=self._kept_patterns,
            kept_pixels=kept,
            progress=self._progress,
            block_values=self._block_values,
            allow_negative=self._allow_negative,
            correction=correction,
            read_pixels=read,
        )
        other._is_checked = self._is_checked
        other._n_reads_before = self.n_reads
        other._source = self._source
        return other

    @property
    def correction(self):
        """Correction or None: What every block goes through."""
        return self._correction

    @property
    def kept_patterns(self):
        """numpy.ndarray of bool, shape (n_positions,), or None: None if all are."""
        return self._kept_patterns

    @property
    def positions(self):
        """numpy.ndarray of int, shape (n_patterns, n_axes): On the navigation axes."""
        places = np.unravel_index(self._positions, self.navigation_shape)
        return np.stack(places, axis=1)

    @property
    def size(self):
        """int: Number of values of the kept patterns."""
        return self.shape[0] * self.shape[1]

    def _cut(self, block_values):
        n_pixels = max(prod(self.signal_shape), 1)
        if self.is_lazy:
            chunks = self._data.chunks[: len(self.navigation_shape)]
        else:
            chunks = [(1,) * n for n in self.navigation_shape]
        edges = _joined(chunks, block_values // n_pixels)
        kept = self._kept_patterns
        n_positions = prod(self.navigation_shape)
        flat = np.arange(n_positions).reshape(self.navigation_shape)
        number = None if kept is None else np.cumsum(kept) - 1
        blocks = []
        for spans in product(*(pairwise(axis) for axis in edges)):
            region = tuple(slice(*span) for span in spans)
            positions = flat[region].ravel()
            if kept is None:
                rows, inside = positions, None
            else:
                inside = kept[positions]
                rows = number[positions[inside]]
                inside = None if inside.all() else inside
            if rows.size:
                blocks.append((region, rows, inside))
        return (
            np.arange(n_positions) if kept is None else np.flatnonzero(kept)
        ), blocks

    def _reduce(self, function, merge, stage):
        client = _active_client() if self.is_lazy else None
        if client is None:
            results = self._run_threads(function)
        else:
            results = self._run_distributed(function, merge, client)
        total, n_done = None, 0
        for numbers, result in results:
            total = result if total is None else merge(total, result)
            for number in numbers:
                self._n_rows_read += self._blocks[number][1].size
            n_done += len(numbers)
            if self._progress is not None:
                self._progress(stage, n_done, self.n_blocks)
        return total

    def _run_threads(self, function):
        n_workers = min(CPU_COUNT, self.n_blocks, 8)
        with (
            threadpool_limits(1 if n_workers > 1 else None),
            ThreadPoolExecutor(max(n_workers, 1)) as pool,
        ):
            waiting = deque()
            try:
                for number in range(self.n_blocks):
                    waiting.append((number, pool.submit(self._run, function, number)))
                    if len(waiting) > n_workers:
                        first, future = waiting.popleft()
                        yield [first], future.result()
                while waiting:
                    first, future = waiting.popleft()
                    yield [first], future.result()
            finally:
                for _, future in waiting:
                    future.cancel()

    def _run(self, function, number):
        region, rows, inside = self._blocks[number]
        block = self._data[region]
        if self.is_lazy:
            with _naming(self._name(number)):
                block = block.compute(scheduler="synchronous")
        return _apply(function, block, rows, inside, self._read_pixels)

    def _run_distributed(self, function, merge, client):
        function = client.scatter(function, broadcast=True, hash=False)
        n_threads = sum(client.nthreads().values())
        for group in _groups(range(self.n_blocks), max(_MERGE_FAN_IN, 4 * n_threads)):
            futures = []
            for number in group:
                region, rows, inside = self._blocks[number]
                block = client.compute(self._data[region])
                futures.append(
                    client.submit(
                        _apply,
                        function,
                        block,
                        rows,
                        inside,
                        self._read_pixels,
                        pure=False,
                    )
                )
            leaves = futures
            while len(futures) > 1:
                futures = [
                    client.submit(_merge_all, merge, part, pure=False)
                    for part in _groups(futures, _MERGE_FAN_IN)
                ]
            with _naming(partial(self._name_failed, group, leaves)):
                result = futures[0].result()
            yield group, result

    def _name(self, number):
        region = self._blocks[number][0]
        where = ", ".join(f"{part.start}:{part.stop}" for part in region)
        return f"block {number + 1} of {self.n_blocks} (navigation [{where}])"

    def _name_failed(self, group, futures):
        for number, future in zip(group, futures, strict=True):
            if future.status == "error":
                return self._name(number)
        return "the scan"

    def _describe_bad_values(self):
        counts, first, whole = self._reduce(
            CountBadValues(self._allow_negative), merge_bad_values, "Checking values"
        )
        row, pixel = first
        kept = self._read_pixels
        position = np.unravel_index(self._positions[row], self.navigation_shape)
        pixel = pixel if kept is None else np.flatnonzero(kept)[pixel]
        pixel = np.unravel_index(pixel, self.signal_shape)
        where = tuple(int(i) for i in (*position, *pixel))
        return describe_bad_values(counts, where, len(self.navigation_shape), whole)


class _naming:
    """Turn any failure inside into a RuntimeError that says what was being read."""

    def __init__(self, what):
        self.what = what

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if isinstance(error, Exception) and not isinstance(error, BadValue):
            what = self.what() if callable(self.what) else self.what
            raise RuntimeError(
                f"Reading {what} failed: {kind.__name__}: {error}"
            ) from error
        return False


def _apply(function, block, rows, inside, kept_pixels):
    n_pixels = prod(block.shape) // max(rows.size if inside is None else inside.size, 1)
    patterns = np.reshape(block, (-1, n_pixels))
    if inside is not None:
        patterns = patterns[inside]
    if kept_pixels is not None:
        patterns = patterns[:, kept_pixels]
    if np.ma.is_masked(patterns):
        raise ValueError(
            "The data turned out to be masked arrays: fill in the values, as in "
            "da.ma.filled(s.data, 0), and give navigation_mask or signal_mask."
        )
    patterns = np.ma.getdata(patterns)
    if patterns.dtype.kind == "b":
        patterns = patterns.view(np.uint8)
    return function(patterns, rows)


def _pair(patterns, rows):
    return patterns, rows


def _whole(patterns, rows):
    return [(rows, patterns)]


def _concatenated(one, other):
    return one + other


def _merge_all(merge, results):
    total, *others = results
    for result in others:
        total = merge(total, result)
    return total


def _groups(items, size):
    items = list(items)
    return [items[i : i + size] for i in range(0, len(items), size)]


def _all_or(kept, size):
    if kept is None:
        return None
    kept = np.asarray(kept, dtype=bool).ravel()
    if kept.size != size:
        raise ValueError(f"A mask of {kept.size} elements was given, {size} expected.")
    return None if kept.all() else kept


def _count(kept, size):
    return size if kept is None else int(kept.sum())


def _joined(chunks, n_aimed):
    """Edges of blocks along each axis: neighbouring chunks joined, last axis first."""
    edges = []
    for i, axis in reversed(list(enumerate(chunks))):
        joined, size = [0], 0
        # What is joined here comes in as many rows as a chunk of the other axes has.
        room = max(n_aimed // prod(map(max, chunks[:i])), max(axis))
        for chunk in axis:
            if size and size + chunk > room:
                joined.append(joined[-1] + size)
                size = 0
            size += chunk
        joined.append(joined[-1] + size)
        edges.append(joined)
        n_aimed = n_aimed // max(np.diff(joined))
    return edges[::-1]


def _active_client():
    # Looked up only where the user has imported distributed: importing it is slow.
    if "distributed" not in sys.modules:
        return None
    if dask.config.get("scheduler", None) not in (
        None,
        "distributed",
        "dask.distributed",
    ):
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None
