"""A scan, eager or lazy, as blocks of patterns: rows of a matrix that is never held.

Everything that reads a scan goes through :class:`PatternBlocks`. It knows NumPy and
dask, and nothing of signals, axes or units.
"""

from contextlib import closing
from copy import copy
from dataclasses import replace
from functools import partial
from math import prod

import dask.array as da
import numpy as np

from hyperspy_4dphase._accumulator import Accumulator
from hyperspy_4dphase._bad_values import (
    BadValue,
    CheckedFunction,
    count_bad_values,
    describe_bad_values,
    merge_bad_values,
)
from hyperspy_4dphase._block_reading import BLOCK_VALUES, BlockReader
from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._kept import KeptPart, as_mask


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
    checkpoint : Checkpoint, optional
        Keeps what :meth:`accumulate` and :meth:`load` have found, and gives it back.

    Attributes
    ----------
    dtype : numpy.dtype
        Of `data`.
    navigation_shape, signal_shape : tuple of int
        Of `data`.
    correction : Correction
    is_lazy : bool
        Whether `data` is a dask array.
    reader : BlockReader
    n_reads : int or float
        How many times all kept patterns were read so far. Reads of data that were
        loaded by :meth:`load`, or are kept by :meth:`keep`, do not count.
    """

    def __init__(
        self,
        data,
        n_navigation_axes,
        *,
        kept_patterns=None,
        kept_pixels=None,
        progress=None,
        block_values=BLOCK_VALUES,
        allow_negative=False,
        correction=None,
        checkpoint=None,
    ):
        self.is_lazy = isinstance(data, da.Array)
        self._data = data
        self._progress, self._checkpoint = progress, checkpoint
        self.navigation_shape = tuple(data.shape[:n_navigation_axes])
        self.signal_shape = tuple(data.shape[n_navigation_axes:])
        self.dtype = np.dtype(data.dtype)
        if self.dtype.kind not in "buif":
            raise TypeError(
                f"The data are of type {self.dtype}; patterns must be real numbers."
            )
        self.correction = correction or Correction()
        self._block_values = block_values
        self._allow_negative = allow_negative
        self._is_checked = self._is_loaded = False
        self.n_reads = 0
        shapes = self.navigation_shape, self.signal_shape
        self._kept = KeptPart.from_masks(*shapes, kept_patterns, kept_pixels)
        self.reader = BlockReader.open(data, self._kept, block_values)

    @classmethod
    def wrap(cls, X, **options):
        """Cut the rows of `X` into blocks, unless it is in blocks already."""
        return X if isinstance(X, cls) else cls(X, 1, **options)

    @property
    def shape(self):
        """tuple of int: (n_patterns, n_pixels) of what is kept."""
        return self._kept.shape

    @property
    def kept_pixels(self):
        """numpy.ndarray of bool, shape (n_signal_pixels,), or None if all are kept."""
        return None if self._kept.pixels.all() else self._kept.pixels

    @property
    def positions(self):
        """numpy.ndarray of int, shape (n_patterns, n_axes): On the navigation axes."""
        places = np.unravel_index(self._kept.places, self.navigation_shape)
        return np.stack(places, axis=1)

    @property
    def size(self):
        """int: Number of values of the kept patterns."""
        return prod(self.shape)

    @property
    def n_blocks(self):
        """int: Number of blocks with at least one kept pattern."""
        return len(self.reader.blocks)

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
        return self._read_checked(function, self.reader.run, merge, stage)

    def accumulate(self, accumulator, *, stage="Reading patterns"):
        """Give every block to parts of an accumulator, and merge these, in order.

        Results are the same for any number of workers.

        Parameters
        ----------
        accumulator : Accumulator
            Empty. Its parts may be in other processes if a ``dask.distributed`` client
            is active.
        stage : str, optional
            What `progress` is told.

        Returns
        -------
        Accumulator
            The whole.

        Raises
        ------
        ValueError, RuntimeError
            As of :meth:`reduce`.
        """
        if self._checkpoint is None:
            return self._accumulate(accumulator, stage)
        what = vars(accumulator) | {"sums": None, "pieces": None}
        what = type(accumulator).__name__, what, self.correction
        kept = self._kept.places, self.kept_pixels
        with self._checkpoint.begin((*what, *kept), self.n_blocks) as log:
            return self._accumulate(accumulator, stage, log)

    def _accumulate(self, accumulator, stage, log=None):
        whole, groups = accumulator.start(), self.reader.groups
        if log is not None and log.arrays is not None:
            whole = accumulator.restore(log.arrays)
            groups = [group for group in groups if group.start >= log.n_done]
        return self._read_checked(
            accumulator,
            lambda checked, _: self.reader.accumulate(checked, groups),
            lambda whole, part: whole.merge(part),
            stage,
            whole,
            log,
        )

    def keep(self, packed):
        """Go on with patterns in memory instead of reading them.

        Parameters
        ----------
        packed : list of tuple
            Rows of some blocks, and what :meth:`accumulate` is to give to accumulators
            instead of the patterns there, as they are after the correction.

        Returns
        -------
        PatternBlocks
            A copy, which goes on counting reads.
        """
        if not packed:
            return self
        other = copy(self)
        by_row = {rows[0]: item for rows, item in packed}
        kept = {
            number: by_row[block.rows[0]]
            for number, block in enumerate(self.reader.blocks)
            if block.rows[0] in by_row
        }
        other.reader = replace(self.reader, kept=kept)
        return other

    @property
    def reads_here(self):
        """bool: Whether blocks are read in this process, and are not read again later.

        What goes on from a checkpoint has no more in memory than what is in the file.
        """
        return self.reader.client is None and self._checkpoint is None

    @property
    def is_kept(self):
        """bool: Whether nothing has to be read anymore."""
        return len(self.reader.kept) == self.n_blocks

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
        function = CheckedFunction(lambda *both: both, self.correction, False, True)
        for _, pair in self.reader.run_threads(function, order, n_workers=1):
            yield pair

    def load(self):
        """Read all patterns into memory.

        Returns
        -------
        PatternBlocks
            The same patterns, whose `n_reads` no longer grows; ``self`` if the data are
            in memory already.
        """
        if not self.is_lazy:
            return self
        found = self.accumulate(_LoadedPatterns(), stage="Loading patterns")
        other = PatternBlocks(
            *found.order("rows", "patterns"),
            1,
            progress=self._progress,
            allow_negative=self._allow_negative,
        )
        other._is_checked = other._is_loaded = True
        other.n_reads = self.n_reads
        return other

    def correct(self, correction, kept_patterns=None, kept_pixels=None):
        """Correct the patterns, and leave some of them or of their pixels out.

        Parameters
        ----------
        correction : Correction
            For what is kept now; what is left out is taken out of it.
        kept_patterns, kept_pixels : numpy.ndarray of bool, optional
            Of those that are kept now.

        Returns
        -------
        PatternBlocks
            A copy, which goes on counting reads.
        """
        kept_patterns = as_mask(kept_patterns, self.shape[0])
        kept_pixels = as_mask(kept_pixels, self.shape[1])
        kept = self._kept.restrict(kept_patterns, kept_pixels)
        other = self._copy(correction.restrict(kept_patterns, kept_pixels), kept)
        other.reader = BlockReader.open(self._data, kept, self._block_values)
        return other

    def shift(self, shifts, kept_pixels):
        """Shift the patterns, and keep the pixels that are complete in all of them.

        Parameters
        ----------
        shifts : callable
            ``shifts(patterns, rows)`` of a block; it leaves the pixels to be kept.
        kept_pixels : numpy.ndarray of bool, shape (n_pixels,)
            Of those that are kept now.

        Returns
        -------
        PatternBlocks
            A copy, which goes on counting reads.
        """
        kept = self._kept.restrict(pixels=kept_pixels)
        # The reader goes on reading the pixels that were kept before.
        return self._copy(replace(self.correction, shifts=shifts), kept)

    def _copy(self, correction, kept):
        other = copy(self)
        other.correction, other._kept = correction, kept
        return other

    def _read_checked(self, function, run, merge, stage, total=None, log=None):
        accumulates = total is not None
        function = CheckedFunction(
            function, self.correction, not self._is_checked, self._allow_negative
        )
        try:
            result = self._reduce(function, run, merge, stage, total, log)
        except BadValue:
            raise ValueError(self._describe_bad_values()) from None
        # Values that change from one read to the next are nothing to look for.
        self._is_checked = True
        if not self._is_loaded:
            self.n_reads += self.reader.share_read if accumulates else 1
        return result

    def _reduce(self, function, run, merge, stage, total=None, log=None):
        n_done = 0 if log is None else log.n_done
        # Closed here, not whenever an error is forgotten: it holds threads, or tasks.
        with closing(run(function, merge)) as results:
            for numbers, result in results:
                if log is not None:
                    log.merging()
                total = result if total is None else merge(total, result)
                n_done += len(numbers)
                if log is not None:
                    log.keep(total, n_done)
                if self._progress is not None:
                    self._progress(stage, n_done, self.n_blocks)
        return total

    def _describe_bad_values(self):
        found = self._reduce(
            partial(count_bad_values, allow_negative=self._allow_negative),
            self.reader.run,
            merge_bad_values,
            "Checking values",
        )
        row, pixel = found.first
        if self.reader.pixels is not None:
            pixel = np.flatnonzero(self.reader.pixels)[pixel]
        place = self._kept.places[row] * prod(self.signal_shape) + pixel
        shape = self.navigation_shape + self.signal_shape
        where = tuple(map(int, np.unravel_index(place, shape)))
        return describe_bad_values(found, where, len(self.navigation_shape))


class _LoadedPatterns(Accumulator):
    """The patterns as they are."""

    def update(self, patterns, rows):
        self.append(rows=rows, patterns=patterns)
