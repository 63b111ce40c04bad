"""What is done with one block, in a thread here or in a task of a dask client."""

from contextlib import contextmanager
from math import prod

import numpy as np

from hyperspy_4dphase._bad_values import BadValue


class UnreadableBlock(RuntimeError):
    """A block of patterns could not be read; the message says which."""


@contextmanager
def name_what_fails(description):
    """Turn an error inside into one that says what was being read.

    Parameters
    ----------
    description : str
        As of :meth:`BlockReader.describe`.

    Raises
    ------
    UnreadableBlock
    """
    try:
        yield
    except (BadValue, UnreadableBlock):
        raise
    except Exception as error:
        raise UnreadableBlock(
            f"Reading {description} failed: {type(error).__name__}: {error}"
        ) from error


def apply_to_block(function, block, rows, inside, pixels):
    """Call a function on those patterns and pixels of a block that are read.

    Parameters
    ----------
    function : callable
        ``function(patterns, rows)``.
    block : numpy.ndarray
        The values of a region.
    rows, inside : numpy.ndarray
        As of :class:`Block`.
    pixels : numpy.ndarray of bool, or None
        As of :class:`BlockReader`.

    Returns
    -------
    object
        What the function returns.
    """
    n_pixels = prod(block.shape) // (rows if inside is None else inside).size
    patterns = np.reshape(block, (-1, n_pixels))
    if inside is not None:
        patterns = patterns[inside]
    if pixels is not None:
        patterns = patterns[:, pixels]
    if np.ma.is_masked(patterns):
        raise ValueError(
            "The data turned out to be masked arrays: fill in the values, as in "
            "da.ma.filled(s.data, 0), and give navigation_mask or signal_mask."
        )
    patterns = np.ma.getdata(patterns)
    if patterns.dtype.kind == "b":
        patterns = patterns.view(np.uint8)
    if patterns.dtype.kind == "f" and patterns.dtype.itemsize not in (4, 8):
        # What nobody computes with: half and extended precision.
        patterns = patterns.astype("f4" if patterns.dtype.itemsize < 4 else "f8")
    return function(patterns, rows)
