"""Which part of a scan is kept: positions, and pixels of their patterns."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import prod

import numpy as np


@dataclass(frozen=True, eq=False)
class KeptPart:
    """The positions and the pixels of a scan that are kept.

    Attributes
    ----------
    navigation_shape, signal_shape : tuple of int
        Of the whole scan.
    patterns : numpy.ndarray of bool, shape (n_positions,)
    pixels : numpy.ndarray of bool, shape (n_signal_pixels,)
    """

    navigation_shape: tuple
    signal_shape: tuple
    patterns: np.ndarray
    pixels: np.ndarray

    @classmethod
    def from_masks(cls, navigation_shape, signal_shape, patterns=None, pixels=None):
        """Keep what masks say, and by default everything.

        Parameters
        ----------
        navigation_shape, signal_shape : tuple of int
        patterns, pixels : array-like of bool, optional
            True is kept.

        Raises
        ------
        ValueError
            If a mask has another size.
        """
        return cls(
            navigation_shape,
            signal_shape,
            as_mask(patterns, prod(navigation_shape)),
            as_mask(pixels, prod(signal_shape)),
        )

    @cached_property
    def places(self):
        """numpy.ndarray of int, shape (n_patterns,): Flat numbers of the positions."""
        return np.flatnonzero(self.patterns)

    @cached_property
    def shape(self):
        """tuple of int: (n_patterns, n_pixels)."""
        return len(self.places), int(self.pixels.sum())

    def restrict(self, patterns=None, pixels=None):
        """Keep less.

        Parameters
        ----------
        patterns, pixels : array-like of bool, optional
            Of those that are kept now.

        Returns
        -------
        KeptPart
        """
        return replace(
            self,
            patterns=_restrict(self.patterns, patterns),
            pixels=_restrict(self.pixels, pixels),
        )


def as_mask(kept, size):
    """Return a flat mask of that size; None keeps everything.

    Parameters
    ----------
    kept : array-like of bool, or None
    size : int

    Returns
    -------
    numpy.ndarray of bool, shape (size,)

    Raises
    ------
    ValueError
        If it has another size.
    """
    if kept is None:
        return np.ones(size, dtype=bool)
    kept = np.asarray(kept, dtype=bool).ravel()
    if kept.size != size:
        raise ValueError(f"A mask of {kept.size} elements was given, {size} expected.")
    return kept


def _restrict(mask, kept):
    mask = mask.copy()
    mask[mask] = as_mask(kept, np.count_nonzero(mask))
    return mask
