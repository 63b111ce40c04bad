"""Scans in chunks that count how often they are read, and what blocks deliver."""

from collections import Counter
from functools import partial
from math import prod
from operator import add

import dask.array as da
import numpy as np
from hypothesis import strategies as st


def collect(patterns, rows):
    return [(np.array(rows), np.array(patterns))]


def matrix(blocks):
    """All rows that the blocks deliver, each of them exactly once."""
    pieces = blocks.reduce(collect, add)
    numbers = np.concatenate([rows for rows, _ in pieces])
    assert sorted(numbers) == list(range(blocks.shape[0]))
    return np.concatenate([part for _, part in pieces])[np.argsort(numbers)]


def numbered(shape, dtype=float):
    """Values of which none occurs twice."""
    return np.arange(prod(shape)).reshape(shape).astype(dtype)


LOADS = {}


def load(key, data, failing, error, block_info=None):
    """One chunk; a function of the module, so that workers count here too."""
    where = tuple(block_info[None]["chunk-location"])
    LOADS[key].append(where)
    if where == failing:
        raise error
    region = block_info[None]["array-location"]
    return data[tuple(slice(*span) for span in region)].copy()


class Scan:
    """A dask array that counts how often each of its chunks is loaded."""

    def __init__(self, data, chunks, failing=None, error=None):
        self._key = len(LOADS)
        LOADS[self._key] = []
        self.array = da.map_blocks(
            partial(load, self._key, data, failing, error),
            chunks=da.core.normalize_chunks(chunks, data.shape),
            dtype=data.dtype,
            meta=np.empty((0,) * data.ndim, data.dtype),
        )

    @property
    def loads(self):
        return Counter(LOADS[self._key])

    def counts(self):
        return {self.loads[where] for where in np.ndindex(self.array.numblocks)}


@st.composite
def scans(draw):
    """(data, number of navigation axes, chunks, masks, aimed bytes)."""
    n_navigation = draw(st.integers(1, 3))
    shape = tuple(
        draw(st.integers(1, 6)) for _ in range(n_navigation + draw(st.integers(1, 2)))
    )
    chunks = []
    for size in shape:
        cuts = draw(st.sets(st.integers(1, size - 1))) if size > 1 else set()
        edges = [0, *sorted(cuts), size]
        chunks.append(tuple(int(i) for i in np.diff(edges)))
    masks = [
        draw(st.none() | st.lists(st.booleans(), min_size=n, max_size=n))
        for n in (prod(shape[:n_navigation]), prod(shape[n_navigation:]))
    ]
    masks = [None if mask is None else np.array(mask) for mask in masks]
    block_values = draw(st.integers(1, 4000))
    return numbered(shape), n_navigation, tuple(chunks), masks, block_values


def expected_rows(data, n_navigation, masks):
    rows = data.reshape(prod(data.shape[:n_navigation]), -1)
    kept_patterns, kept_pixels = masks
    rows = rows if kept_patterns is None else rows[kept_patterns]
    return rows if kept_pixels is None else rows[:, kept_pixels]
