"""Where a scan is cut into blocks of patterns: along the chunks of its array."""

from itertools import chain, pairwise, product, starmap
from math import prod
from typing import NamedTuple

import numpy as np


class Block(NamedTuple):
    """A box of navigation positions that is read at once.

    Attributes
    ----------
    region : tuple of slice
        Along each navigation axis.
    rows : numpy.ndarray of int, shape (n_kept,)
        Numbers of its kept patterns among all kept ones.
    inside : numpy.ndarray of bool, shape (n_positions,), or None
        Which patterns of the box are kept; None if all are.
    """

    region: tuple
    rows: np.ndarray
    inside: np.ndarray | None


def cut_blocks(chunks, kept, max_patterns, most_patterns=None):
    """Cut the navigation axes into blocks of whole chunks.

    Parameters
    ----------
    chunks : sequence of tuple of int
        Sizes of the chunks along each navigation axis.
    kept : numpy.ndarray of bool, shape (n_positions,)
        Which patterns are kept.
    max_patterns : int
        Aimed size. A block is larger only where a single chunk is.
    most_patterns : int, optional
        Single chunks of more patterns are cut: they are then read once for each part,
        but no block needs more memory than there is.

    Returns
    -------
    list of Block
        Those with at least one kept pattern.
    """
    if most_patterns is not None:
        chunks = _cut_chunks(chunks, max(most_patterns, 1))
    number = np.cumsum(kept) - 1
    positions = np.arange(kept.size).reshape([sum(axis) for axis in chunks])
    blocks = []
    for spans in product(*map(pairwise, _join_chunks(chunks, max_patterns))):
        region = tuple(starmap(slice, spans))
        own = positions[region].ravel()
        inside = kept[own]
        if inside.any():
            rows = number[own[inside]]
            blocks.append(Block(region, rows, None if inside.all() else inside))
    return blocks


def _cut_chunks(chunks, most):
    """Cut chunks, along the first axis first, until none has more patterns."""
    cut = []
    for i, axis in enumerate(chunks):
        size = max(1, most // prod(map(max, chunks[i + 1 :])))
        parts = ([size] * (n // size) + [n % size] * (n % size > 0) for n in axis)
        cut.append(tuple(chain.from_iterable(parts)))
    return cut


def _join_chunks(chunks, max_patterns):
    """Join neighbouring chunks, along the last axis first; return edges of blocks."""
    edges = []
    for i, axis in reversed(list(enumerate(chunks))):
        # A block has as many rows as the largest chunk along each axis before.
        room = max(max_patterns // prod(map(max, chunks[:i])), max(axis))
        own, end = [0], 0
        for chunk in axis:
            if end > own[-1] and end + chunk - own[-1] > room:
                own.append(end)
            end += chunk
        edges.append([*own, end])
        max_patterns //= max(np.diff(edges[-1]))
    return edges[::-1]
