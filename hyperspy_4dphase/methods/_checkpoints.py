"""What a checkpoint is known by: the scan, its values, and how it is compressed."""

import hashlib
from operator import add

import dask.array as da
import numpy as np
from dask.base import tokenize

from hyperspy_4dphase._checkpoint import Checkpoint
from hyperspy_4dphase._provenance import version_of
from hyperspy_4dphase._scan_files import GraphWalker, files_of

# Number of patterns of a lazy scan that are read to know it again.
_N_LOOKED_AT = 3


def open_checkpoint(path, scan, options):
    """Open the checkpoint of a compression, or begin one.

    Parameters
    ----------
    path : path-like
    scan : Scan
    options : dict
        How it is compressed.

    Returns
    -------
    Checkpoint

    Raises
    ------
    ValueError
        If `random_state` cannot be kept, or if the file is something else.
    """
    if isinstance(scan.random_state, np.random.RandomState):
        raise ValueError(
            "checkpoint needs a random_state that is the same next time: an integer or "
            "None, not a RandomState."
        )
    identity = {
        "version": version_of("hyperspy-4dphase"),
        "navigation shape": scan.navigation_shape,
        "signal shape": scan.signal_shape,
        "type of data": str(scan.signal.data.dtype),
        "masks hash": _hash_masks(scan),
        "chunks hash": _hash(str(getattr(scan.signal.data, "chunks", None)).encode()),
        "random_state": scan.random_state,
        # Where it is computed changes rounding only, and is noticed there.
        **{k: v for k, v in options.items() if k != "device"},
        **_know_values(scan),
    }
    return Checkpoint(path, identity, scan.seed)


def _know_values(scan):
    """What tells the values of a scan from those of others.

    All values of arrays in memory; of lazy ones, the times and sizes of their files, if
    there are any, the arrays that they are computed with, and a few patterns.
    """
    data = scan.signal.data
    if not isinstance(data, da.Array):
        return {"values hash": _hash_array(data)}
    files = {path: list(state) for path, state in files_of(data).items()}
    arrays = sorted(name for name in _ArrayReader().walk(data.dask) if name)
    return {
        "files hash": _hash(repr(sorted(files.items())).encode()),
        "arrays hash": _hash(repr(arrays).encode()),
        "values hash": _hash(repr(_look_at_patterns(scan)).encode()),
    }


def _look_at_patterns(scan):
    kept = np.flatnonzero(scan.kept_patterns)
    places = np.linspace(0, len(kept) - 1, _N_LOOKED_AT).round().astype(int)
    excluded = np.ones(scan.n_positions, dtype=bool)
    excluded[kept[places]] = False
    looked_at = scan.replace_masks(excluded, scan.excluded_pixels)
    # Chunks are not joined, so that no other is read.
    blocks = looked_at.blocks(block_values=1)
    return sorted(blocks.reduce(_hash_patterns, add, stage="Reading patterns (?)"))


def _hash_patterns(patterns, rows):
    hashes = [_hash(np.ascontiguousarray(pattern)) for pattern in patterns]
    return list(zip(map(int, rows), hashes, strict=True))


def _hash_masks(scan):
    masks = scan.excluded_patterns, scan.excluded_pixels
    return _hash(*(b"-" if mask is None else np.packbits(mask) for mask in masks))


def _hash_array(array):
    if isinstance(array, np.ma.MaskedArray):
        parts = np.ma.getdata(array), np.ma.getmaskarray(array)
        return "".join(map(_hash_array, parts))
    return _hash(*(np.ascontiguousarray(part) for part in array))


def _hash(*contents):
    total = hashlib.blake2b(digest_size=16)
    for content in contents:
        total.update(content)
    return total.hexdigest()


class _ArrayReader(GraphWalker):
    """Finds hashes of the arrays in memory that a graph holds."""

    NOTHING = ""

    def see_array(self, value):
        in_file = getattr(value, "filename", None) is not None
        return "" if in_file or value.dtype.hasobject else tokenize(np.asarray(value))
