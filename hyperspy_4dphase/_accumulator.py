"""What a read of all patterns adds up: block after block, in parts that are merged."""

from copy import copy

import numpy as np


class Accumulator:
    """What one read of all patterns finds; the base of all passes.

    A pass is made empty, with what it needs to know (directions, a scaling, ...) as its
    attributes. Whoever reads patterns asks it for parts by :meth:`start`, gives each
    part some blocks by :meth:`update`, and merges the parts into a whole, in order.
    Parts know nothing of each other, so that threads, processes and machines can each
    have their own; their arrays are all that they are made of, so that they can be
    written to a file, and read again.

    Attributes
    ----------
    sums : dict of str to numpy.ndarray
        Added up where parts are merged. A part may add in single precision; the whole
        is in double precision.
    pieces : dict of str to list of numpy.ndarray
        Put one after the other, along the first axis, in the order of the merges.
    """

    def __init__(self):
        self.sums, self.pieces = {}, {}

    def start(self):
        """Make an empty part.

        Returns
        -------
        Accumulator
            Of the same type, with the same attributes.
        """
        part = copy(self)
        part.sums, part.pieces = {}, {}
        return part

    def update(self, patterns, rows):
        """Add a block of patterns.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
            Never written to, nor kept.
        rows : numpy.ndarray of int, shape (n_block,)
            Their numbers among all patterns.
        """
        raise NotImplementedError

    def merge(self, other):
        """Add what another part has; the other is of no use afterwards.

        Parameters
        ----------
        other : Accumulator
            With later blocks.

        Returns
        -------
        Accumulator
            Itself.
        """
        for name, values in other.sums.items():
            if name in self.sums:
                self.sums[name] += values
            else:
                kind = np.result_type(values, np.float64)
                self.sums[name] = values.astype(kind, copy=False)
        for name, arrays in other.pieces.items():
            self.pieces.setdefault(name, []).extend(arrays)
        return self

    def arrays(self):
        """Give all that was added, as arrays.

        Returns
        -------
        dict of str to numpy.ndarray
        """
        pieces = {f"pieces/{name}": self.join(name) for name in self.pieces}
        return pieces | {f"sums/{name}": values for name, values in self.sums.items()}

    def restore(self, arrays):
        """Make a part of what :meth:`arrays` has given.

        Parameters
        ----------
        arrays : dict of str to numpy.ndarray

        Returns
        -------
        Accumulator
        """
        part = self.start()
        for key, values in arrays.items():
            kind, _, name = key.partition("/")
            if kind == "sums":
                part.sums[name] = np.array(values)
            else:
                part.pieces[name] = [np.asarray(values)]
        return part

    def join(self, name):
        """Put the pieces of one name one after the other.

        Parameters
        ----------
        name : str

        Returns
        -------
        numpy.ndarray
        """
        pieces = self.pieces[name]
        if len(pieces) > 1:
            self.pieces[name] = pieces = [np.concatenate(pieces)]
        return pieces[0]

    def order(self, rows, *names):
        """Put pieces in the order of their rows.

        Parameters
        ----------
        rows : str
            Name of the pieces that hold the numbers of patterns.
        *names : str

        Returns
        -------
        list of numpy.ndarray
            One for each name, as many entries as there are rows.
        """
        own = self.join(rows)
        place = np.empty(len(own), np.intp)
        place[np.argsort(own, kind="stable")] = np.arange(len(own))
        return [self._place(self.pieces[name], place) for name in names]

    @staticmethod
    def _place(pieces, place):
        """Put pieces where they belong, without another copy of all of them."""
        kind = np.result_type(*pieces)
        placed = np.empty((len(place), *pieces[0].shape[1:]), kind)
        end = 0
        for piece in pieces:
            start, end = end, end + len(piece)
            placed[place[start:end]] = piece
        return placed

    def add(self, name, values):
        """Add to a sum of this part, in the precision of what came first."""
        if name in self.sums:
            self.sums[name] += values
        else:
            self.sums[name] = values

    def append(self, **arrays):
        """Append to pieces of this part."""
        for name, values in arrays.items():
            self.pieces.setdefault(name, []).append(values)


def gather_rows(pieces):
    """Put what blocks gave for their rows into arrays for all rows.

    Parameters
    ----------
    pieces : list of tuple
        (rows, array, ...) of each block. Each row is in one of them.

    Returns
    -------
    list of numpy.ndarray, shape (n_rows, ...)
        One for each array of a piece.
    """
    n_rows = sum(len(rows) for rows, *_ in pieces)
    arrays = [np.zeros((n_rows, *part.shape[1:]), part.dtype) for part in pieces[0][1:]]
    for rows, *parts in pieces:
        for array, part in zip(arrays, parts, strict=True):
            array[rows] = part
    return arrays
