"""Which chunks a lazy scan should have, and what is wrong with those it has."""

from math import ceil, prod
from typing import NamedTuple

# A chunk of whole patterns of this size is read at once by each thread: large enough
# that reading costs more than asking for it, small enough to have many in memory.
_BEST_BYTES = 32 * 2**20
# Chunks beyond the one are too large, more than so many, on average below the other,
# too small.
_MOST_BYTES = 512 * 2**20
_MOST_CHUNKS, _LEAST_BYTES = 20_000, 2**20


class ChunkAdvice(NamedTuple):
    """What is wrong with chunks, and which are better.

    Attributes
    ----------
    faults : list of str
        Whole sentences; none if nothing is wrong.
    navigation_chunks : tuple of int, or None
        Better ones, in array order; None if nothing is wrong. Patterns are whole.
    block_bytes : int
        Memory of the patterns that have to be read together.
    """

    faults: list
    navigation_chunks: tuple | None
    block_bytes: int


def advise_chunks(chunks, n_navigation_axes, itemsize):
    """Judge the chunks of a scan for reading pattern after pattern.

    Parameters
    ----------
    chunks : tuple of tuple of int
        As of a dask array.
    n_navigation_axes : int
        How many of the leading axes are navigation axes.
    itemsize : int
        Bytes of a value.

    Returns
    -------
    ChunkAdvice

    Examples
    --------
    >>> advice = advise_chunks(((64,), (64,), (8,) * 16, (8,) * 16), 2, 2)
    >>> advice.navigation_chunks
    (32, 32)
    """
    navigation, signal = chunks[:n_navigation_axes], chunks[n_navigation_axes:]
    pattern_bytes = itemsize * prod(map(sum, signal))
    n_together = prod(map(max, navigation))
    n_pieces = prod(map(len, signal))
    n_chunks = prod(map(len, chunks))
    scan_bytes = pattern_bytes * prod(map(sum, navigation))
    block_bytes = n_together * pattern_bytes
    faults = []
    if n_pieces > 1:
        faults.append(
            f"Chunks cut each pattern into {n_pieces} pieces, which are put together "
            "again in every read."
        )
    if block_bytes > _MOST_BYTES:
        share = ""
        if n_together == prod(map(sum, navigation)):
            share = ", which are all of them"
        faults.append(
            f"Chunks hold {n_together} positions{share}: {block_bytes / 1e9:.2g} GB of "
            "patterns belong together, more than is held at once, and each chunk is "
            f"loaded {ceil(block_bytes / _MOST_BYTES)} times in every read."
        )
        if n_pieces > 1:
            faults.append(
                "Making other chunks takes all of these at once: do it once, where "
                "there is enough memory, and save the scan with them."
            )
    if n_chunks > _MOST_CHUNKS and scan_bytes / n_chunks < _LEAST_BYTES:
        faults.append(
            f"There are {n_chunks} chunks of {scan_bytes / n_chunks / 1e3:.2g} kB on "
            "average: asking for them takes longer than reading them."
        )
    better = None
    if faults:
        better = tuple(map(max, navigation))
        if not _LEAST_BYTES <= block_bytes <= 2 * _BEST_BYTES:
            better = _choose_chunks(navigation, pattern_bytes)
    return ChunkAdvice(faults, better, block_bytes)


def _choose_chunks(navigation, pattern_bytes):
    """Choose as square chunks of whole patterns as the axes allow."""
    room = max(_BEST_BYTES // max(pattern_bytes, 1), 1)
    chosen = {}
    # Short axes first: what they leave is for the others.
    order = sorted(range(len(navigation)), key=lambda axis: sum(navigation[axis]))
    for n_left, axis in zip(range(len(order), 0, -1), order, strict=True):
        side = max(int(room ** (1 / n_left) + 1e-9), 1)
        chosen[axis] = _fit_side(side, max(navigation[axis]), sum(navigation[axis]))
        room = max(room // chosen[axis], 1)
    return tuple(chosen[axis] for axis in range(len(navigation)))


def _fit_side(side, present, size):
    """A side about as wanted, of whole chunks as they are or of equal parts of them."""
    side = min(side, size)
    if present <= side:
        return side // present * present
    return ceil(present / ceil(present / side))
