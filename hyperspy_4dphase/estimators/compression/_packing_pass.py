"""Patterns that are kept in memory once they are read, packed."""

import numpy as np

from hyperspy_4dphase._accumulator import Accumulator
from hyperspy_4dphase.estimators.compression._packed import as_packed

# Multiples of it, without what is before the point, are spread evenly from 0 to 1.
_GOLDEN = (np.sqrt(5) - 1) / 2


class PackingPass(Accumulator):
    """Packs patterns, and keeps blocks of them as far as memory allows.

    Parameters
    ----------
    most_kept : float, optional
        Memory for each pattern in which blocks are kept, packed, in bytes. By default
        there is no limit.

    Attributes
    ----------
    packed : list of tuple
        Rows of each block that is kept, and the PackedPatterns. It is not among
        :meth:`arrays`: who goes on without it reads these blocks again.
    """

    def __init__(self, most_kept=np.inf):
        super().__init__()
        self.most_kept, self.packed = most_kept, []

    def start(self):
        """Make an empty part; see :class:`Accumulator`."""
        part = super().start()
        part.packed = []
        return part

    def merge(self, other):
        """Add what another part has; see :class:`Accumulator`."""
        super().merge(other)
        self.packed += other.packed
        return self

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`.

        Returns
        -------
        PackedPatterns or None
            None if the block cannot be packed.
        """
        packed = as_packed(patterns)
        if packed is not None and _is_kept(rows, packed.nbytes, self.most_kept):
            self.packed.append((rows, packed))
        return packed


def keep_packed(blocks):
    """Go on with patterns that are in memory, packed where that can be done.

    Parameters
    ----------
    blocks : PatternBlocks

    Returns
    -------
    PatternBlocks
    """
    return blocks.keep(blocks.accumulate(PackingPass()).packed)


def _is_kept(rows, n_bytes, most):
    """Whether a block is kept: as many of them as memory allows, evenly over the scan.

    It does not depend on other blocks, which may be read elsewhere.
    """
    return n_bytes * (rows[0] * _GOLDEN % 1) < most * len(rows)
