"""How often a scan will be read, and what memory that takes, before it is."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.estimators.compression import (
    _compress,
    _first_read,
    _power_iteration,
)
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._passes import GramPass
from hyperspy_4dphase.estimators.compression._scaling import Scaling

# Directions of a usual read.
_WIDTH = _power_iteration._FIRST_RANK + 10


class Forecast(NamedTuple):
    """What a compression will need.

    Attributes
    ----------
    reads : tuple of int
        How often all patterns are read, at least and at most.
    held_bytes : int
        Memory of what is held from one read to the next: a sample of patterns, counts
        of squares, what is known of each pattern, or the whole scan if it is small.
    part_bytes : int
        Memory of what one worker adds up, its block not counted.
    result_bytes : int
        Memory of the compression itself, about.
    """

    reads: tuple
    held_bytes: int
    part_bytes: int
    result_bytes: int


def forecast(shape, dtype, signal_shape, *, is_lazy, is_corrected=True):
    """Tell what a compression will need.

    Parameters
    ----------
    shape : tuple of int
        (n_patterns, n_pixels) of what is kept.
    dtype : numpy.dtype
    signal_shape : tuple of int
        Of the detector.
    is_lazy : bool
        Whether the scan is in no memory yet.
    is_corrected : bool, default True
        Whether noise is measured, and values may have to be corrected: then the scan is
        read once more.

    Returns
    -------
    Forecast
    """
    n_patterns, n_pixels = shape
    size, width = n_patterns * n_pixels, _WIDTH
    # Directions in single precision, sums in double, and each once more while merged.
    part = (width + 2) * n_pixels * 4 * 2
    whole = 3 * (width + 2) * n_pixels * 8
    result = 4 * width * (n_patterns + n_pixels) + 3 * 8 * n_patterns
    if size <= _compress._MAX_HELD_VALUES:
        # Pieces, and then all of them in one array.
        held = 2 * size * dtype.itemsize if is_lazy else 0
        reads = (1, 1) if is_lazy else (2 + is_corrected, 7)
        return Forecast(reads, held + whole + result, part, result)
    sample = min(_first_read._SAMPLE_VALUES, size)
    squares = CoarsePixels(signal_shape)
    n_held = min(squares.n_held, n_patterns)
    squares_bytes = 2 * n_held * squares.n_squares if n_held else 0
    held = 2 * (sample * dtype.itemsize + squares_bytes) + whole + 2 * result
    # Where counts are few they are packed, and may all be kept after the first read.
    may_be_few = dtype.kind in "iu"
    if may_be_few:
        held += min(_compress._MAX_PACKED_BYTES, size)
    _, n_most = _power_iteration._N_READS_LARGE
    # The first one; a correction; power iterations; what squares of pixels have found.
    reads = 2 - may_be_few, 1 + is_corrected + n_most + 1
    return Forecast(reads, held, part, result)


def make_probe(n_pixels):
    """Make the accumulator of a usual read, for measuring how long a block takes.

    Parameters
    ----------
    n_pixels : int

    Returns
    -------
    GramPass
    """
    width = min(_WIDTH, n_pixels)
    normal = np.random.RandomState(0).standard_normal((n_pixels, width))
    V = (normal / np.sqrt(n_pixels)).astype(np.float32)
    return GramPass(V, Scaling(np.ones(n_pixels)))
