"""What is done to the values of a block before anything is computed from them."""

from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class Correction:
    """Values of a detector to electrons, without those that are no counts.

    Attributes
    ----------
    offset : float
        What a pixel reads without an electron, in units of the data.
    gain : float
        Units of the data an electron.
    whole : bool
        Whether what comes out are whole numbers, but for rounding.
    rows, pixels : numpy.ndarray of int, shape (n_replaced,)
        Where single values are replaced, sorted by row: numbers among the kept
        patterns and the kept pixels.
    values : numpy.ndarray, shape (n_replaced,)
        By what, in units of the data.
    shifts : object or None
        ``shifts(patterns, rows)`` moves the patterns of a block.
    """

    offset: float = 0.0
    gain: float = 1.0
    whole: bool = False
    rows: np.ndarray | None = None
    pixels: np.ndarray | None = None
    values: np.ndarray | None = None
    shifts: object = None

    @property
    def is_linear(self):
        """bool: Whether offset or gain change any value."""
        return self.offset != 0 or self.gain != 1

    @property
    def is_trivial(self):
        """bool: Whether no value is changed at all."""
        n_replaced = 0 if self.rows is None else len(self.rows)
        return not (self.is_linear or n_replaced or self.shifts)

    def replacing(self, rows, pixels, values):
        """The same with single values replaced.

        Parameters
        ----------
        rows, pixels, values : numpy.ndarray, shape (n_replaced,)

        Returns
        -------
        Correction
        """
        order = np.argsort(rows, kind="stable")
        return replace(
            self, rows=rows[order], pixels=pixels[order], values=values[order]
        )

    def without_pixels(self, kept):
        """The same for patterns of which only some pixels are left.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n_pixels,)
        """
        if self.rows is None:
            return self
        inside = kept[self.pixels]
        number = np.cumsum(kept) - 1
        return replace(
            self,
            rows=self.rows[inside],
            pixels=number[self.pixels[inside]],
            values=self.values[inside],
        )

    def without_rows(self, kept):
        """The same where only some of the patterns are left.

        Parameters
        ----------
        kept : numpy.ndarray of bool, shape (n_patterns,)
        """
        if self.rows is None:
            return self
        inside = kept[self.rows]
        number = np.cumsum(kept) - 1
        return replace(
            self,
            rows=number[self.rows[inside]],
            pixels=self.pixels[inside],
            values=self.values[inside],
        )

    def __call__(self, patterns, rows):
        """A block of patterns, corrected; never in place.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
        rows : numpy.ndarray of int, shape (n_block,)

        Returns
        -------
        numpy.ndarray, shape (n_block, n_pixels)
            float32 if offset, gain or shifts change values, else of the same type.
        """
        patterns = self._replaced(patterns, rows)
        if self.is_linear:
            patterns = self.electrons(patterns)
        if self.shifts is not None:
            patterns = self.shifts(patterns, rows)
        return patterns

    def electrons(self, values):
        """Values of the data as electrons, in single precision.

        Parameters
        ----------
        values : numpy.ndarray

        Returns
        -------
        numpy.ndarray of float32
        """
        # In double precision the difference to a large offset stays exact.
        precise = values.dtype.itemsize > 2 or not float(self.offset).is_integer()
        values = values.astype(np.float64 if precise else np.float32)
        values -= self.offset
        if self.gain != 1:
            values /= self.gain
        if self.whole:
            np.rint(values, out=values)
        return values.astype(np.float32, copy=False)

    def _replaced(self, patterns, rows):
        if self.rows is None or not len(self.rows):
            return patterns
        order = np.argsort(rows, kind="stable")
        place = np.searchsorted(rows[order], self.rows)
        place = np.minimum(place, len(rows) - 1)
        inside = rows[order[place]] == self.rows
        if not inside.any():
            return patterns
        patterns = patterns.copy()
        values = self.values[inside]
        if patterns.dtype.kind in "iu":
            values = np.rint(values)
        patterns[order[place[inside]], self.pixels[inside]] = values
        return patterns
