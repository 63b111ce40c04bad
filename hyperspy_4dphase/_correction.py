"""What is done to the values of a block before anything is computed from them."""

from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np

_nothing = partial(np.empty, 0, dtype=int)


@dataclass(frozen=True)
class Correction:
    """Turns values of a detector into electrons, and replaces what is no count.

    Attributes
    ----------
    offset : float
        What a pixel reads without an electron, in units of the data.
    gain : float
        Units of the data an electron.
    whole : bool
        Whether what comes out are whole numbers, but for rounding.
    rows, pixels : numpy.ndarray of int, shape (n_replaced,)
        Where single values are replaced: numbers among the kept patterns and the kept
        pixels.
    values : numpy.ndarray, shape (n_replaced,)
        By what, in units of the data.
    shifts : object or None
        ``shifts(patterns, rows)`` moves the patterns of a block.
    """

    offset: float = 0.0
    gain: float = 1.0
    whole: bool = False
    rows: np.ndarray = field(default_factory=_nothing)
    pixels: np.ndarray = field(default_factory=_nothing)
    values: np.ndarray = field(default_factory=_nothing)
    shifts: object = None

    @property
    def is_linear(self):
        """bool: Whether offset or gain change any value."""
        return self.offset != 0 or self.gain != 1

    @property
    def is_trivial(self):
        """bool: Whether no value is changed at all."""
        return not (self.is_linear or np.size(self.rows) or self.shifts)

    def replace_values(self, replaced):
        """Add single values that are replaced.

        Parameters
        ----------
        replaced : numpy.ndarray, shape (3, n_replaced)
            The attributes `rows`, `pixels` and `values`.

        Returns
        -------
        Correction
        """
        rows, pixels = replaced[:2].astype(int)
        return replace(self, rows=rows, pixels=pixels, values=replaced[2])

    def restrict(self, kept_patterns, kept_pixels):
        """Adapt the correction to some of the patterns and of the pixels.

        Parameters
        ----------
        kept_patterns : numpy.ndarray of bool, shape (n_patterns,)
        kept_pixels : numpy.ndarray of bool, shape (n_pixels,)

        Returns
        -------
        Correction
        """
        inside = kept_patterns[self.rows] & kept_pixels[self.pixels]
        return replace(
            self,
            rows=(np.cumsum(kept_patterns) - 1)[self.rows[inside]],
            pixels=(np.cumsum(kept_pixels) - 1)[self.pixels[inside]],
            values=self.values[inside],
        )

    def __call__(self, patterns, rows):
        """Correct a block of patterns, never in place.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n_block, n_pixels)
        rows : numpy.ndarray of int, shape (n_block,)

        Returns
        -------
        numpy.ndarray, shape (n_block, n_pixels)
            float32 if offset, gain or shifts change values, else of the same type.
        """
        patterns = self._replace(patterns, rows)
        if self.is_linear:
            patterns = self.electrons(patterns)
        if self.shifts is not None:
            patterns = self.shifts(patterns, rows)
        return patterns

    def electrons(self, values):
        """Convert values of the data to electrons, in single precision.

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

    def _replace(self, patterns, rows):
        inside = np.isin(self.rows, rows)
        if not inside.any():
            return patterns
        order = np.argsort(rows)
        places = order[np.searchsorted(rows, self.rows[inside], sorter=order)]
        values = self.values[inside]
        if patterns.dtype.kind in "iu":
            values = np.rint(values)
        patterns = patterns.copy()
        patterns[places, self.pixels[inside]] = values
        return patterns
