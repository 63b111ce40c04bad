"""Values of a scan to whole electrons, block by block."""

from dataclasses import dataclass
from typing import NamedTuple

import dask.array as da
import numpy as np

# Electrons. Readout noise scatters to one electron below the offset.
_FAR_BELOW = -1.5


class Clipped(NamedTuple):
    """What lies outside of a type, over some blocks.

    Attributes
    ----------
    largest : float
        In electrons.
    n_above, n_below, n_far_below, n_empty : int
        Values that are more than the type holds, less than 0, far less, and 0.
    """

    largest: float
    n_above: int
    n_below: int
    n_far_below: int
    n_empty: int

    def merge(self, other):
        sums = (one + another for one, another in zip(self[1:], other[1:], strict=True))
        return Clipped(max(self.largest, other.largest), *sums)


@dataclass(frozen=True)
class Rounding:
    """Values to whole electrons.

    Attributes
    ----------
    gain, offset : float
        Units of one electron, and of none.
    dtype : numpy.dtype
        Of the counts.
    """

    gain: float
    offset: float
    dtype: np.dtype

    @property
    def most(self):
        return int(np.iinfo(self.dtype).max)

    def electrons(self, values):
        electrons = values.astype(np.float64)
        electrons -= self.offset
        electrons /= self.gain
        return np.rint(electrons, out=electrons)

    def find_clipped(self, patterns, rows):
        electrons = self.electrons(patterns)
        below = electrons < 0, electrons < _FAR_BELOW
        kinds = electrons > self.most, *below, electrons == 0
        largest = float(electrons.max(initial=0))
        return Clipped(largest, *map(np.count_nonzero, kinds))

    def __call__(self, values):
        electrons = self.electrons(values)
        # NaN is nowhere but in what masks leave out.
        electrons[np.isnan(electrons)] = 0
        return np.clip(electrons, 0, self.most, out=electrons).astype(self.dtype)


def count_scan(scan, rounding, replaced):
    """Make counts of the data of a scan.

    Parameters
    ----------
    scan : Scan
        What it leaves out becomes 0.
    rounding : Rounding
    replaced : numpy.ndarray, shape (3, n_values), or None
        As of :class:`Compression`.

    Returns
    -------
    numpy.ndarray or dask.array.Array
        Of the same chunks if the data are lazy.
    """
    data = scan.signal.data
    is_lazy = isinstance(data, da.Array)
    if not is_lazy:
        # One line of the scan after the other: rounding takes eight bytes a value.
        chunks = (1, *data.shape[1:])
        data = da.from_array(np.ma.getdata(data), chunks, name=False)
    if replaced is None:
        replaced = np.empty((3, 0))
    positions, pixels = replaced[:2].astype(int)
    n_pixels = np.prod(scan.signal_shape)
    counts = data.map_blocks(
        _count_block,
        rounding=rounding,
        kept_patterns=scan.kept_patterns.reshape(scan.navigation_shape),
        kept_pixels=scan.kept_pixels.reshape(scan.signal_shape),
        places=np.unravel_index(positions * n_pixels + pixels, data.shape),
        values=replaced[2],
        dtype=rounding.dtype,
        meta=np.empty((0,) * data.ndim, rounding.dtype),
    )
    if is_lazy:
        return counts
    counted = np.empty(data.shape, rounding.dtype)
    da.store(counts, counted, lock=False, scheduler="threads")
    return counted


def _count_block(
    block, rounding, kept_patterns, kept_pixels, places, values, block_info=None
):
    """A part of the data as counts."""
    region = [slice(*ends) for ends in block_info[0]["array-location"]]
    counted = rounding(block)
    own = np.stack(places) - np.array([[part.start] for part in region])
    inside = ((own >= 0) & (own < np.array(block.shape)[:, np.newaxis])).all(axis=0)
    counted[tuple(own[:, inside])] = rounding(values[inside])
    counted[~kept_patterns[tuple(region[: kept_patterns.ndim])]] = 0
    counted[..., ~kept_pixels[tuple(region[-kept_pixels.ndim :])]] = 0
    return counted
