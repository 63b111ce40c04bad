"""Patterns of few counts: only what was counted is kept, pixel by pixel."""

from dataclasses import dataclass

import numpy as np
from sklearn.utils import gen_batches

from hyperspy_4dphase.estimators.compression import _packed_kernels as kernels

# Part of the pixels that may have counts. With more, matrix products of all pixels are
# faster: measured in docs/performance.
MOST_FILLED = 0.25
# Patterns of a tile: their places are in eight bits, and so is their number.
_MOST_ROWS = 255
# Values of a tile: limits the memory in which it is ordered.
_TILE_VALUES = 16 * 2**20
# Directions are computed with in steps of so many: those of a vector register.
_STEP = 16


@dataclass
class PackedPatterns:
    """Patterns of counts, packed: two or three bytes for each pixel that has counts.

    Attributes
    ----------
    shape : tuple of int
        (n_patterns, n_pixels).
    tiles : list of tuple
        The arrays of each tile of patterns; see :mod:`._packed_kernels`.
    """

    shape: tuple
    tiles: list

    @property
    def nbytes(self):
        """int: Memory that is held."""
        return sum(array.nbytes for tile in self.tiles for array in tile)

    def __len__(self):
        return self.shape[0]

    def project(self, V, weight):
        """Multiply the patterns by directions.

        Parameters
        ----------
        V : numpy.ndarray of float32, shape (n_pixels, k)
            As :func:`pad_directions` leaves it.
        weight : numpy.ndarray of float32, shape (n_pixels,)

        Returns
        -------
        products : numpy.ndarray of float32, shape (n_patterns, k)
        sums, totals, squares : numpy.ndarray of float64, shape (n_patterns,)
            Counts, weighted by `weight` and as they are, and their squares, weighted,
            added up over pixels.
        """
        n = self.shape[0]
        products = np.zeros((n, V.shape[1]), np.float32)
        added = np.zeros((3, n))
        for part, tile in self._parts():
            kernels.project(*tile, V, weight, products[part], *added[:, part])
        return products, *added

    def project_back(self, left, u, back, column_sums):
        """Multiply the transposed patterns, and add the products to others.

        Parameters
        ----------
        left : numpy.ndarray of float32, shape (n_patterns, k)
            As :func:`pad_directions` leaves it.
        u : numpy.ndarray of float32, shape (n_patterns,)
        back : numpy.ndarray of float32, shape (n_pixels, k)
        column_sums : numpy.ndarray of float32, shape (n_pixels,)
            ``u @ X`` is added to it.
        """
        for part, tile in self._parts():
            kernels.project_back(*tile, left[part], u[part], back, column_sums)

    def add_up(self, weights):
        """Add up counts over patterns and over pixels.

        Parameters
        ----------
        weights : numpy.ndarray of float64, shape (n_pixels,)

        Returns
        -------
        pixel_sums : numpy.ndarray, shape (n_pixels,)
        totals, weighted : numpy.ndarray, shape (n_patterns,)
            Sums over pixels, and these with `weights`.
        """
        pixel_sums = np.zeros(self.shape[1])
        totals, weighted = np.zeros((2, self.shape[0]))
        for part, tile in self._parts():
            own = totals[part], weighted[part]
            kernels.add_up(*tile, weights, pixel_sums, *own)
        return pixel_sums, totals, weighted

    def weigh(self, u):
        """Add up counts over patterns, weighted: ``u @ X``.

        Parameters
        ----------
        u : numpy.ndarray of float64, shape (n_patterns,)

        Returns
        -------
        numpy.ndarray, shape (n_pixels,)
        """
        pixel_sums = np.zeros(self.shape[1])
        for part, tile in self._parts():
            kernels.weigh(*tile, u[part], pixel_sums)
        return pixel_sums

    def take_together(self, places, group, n_groups):
        """Add up the counts of some patterns over groups of pixels.

        Parameters
        ----------
        places : numpy.ndarray of int, shape (n_taken,)
        group : numpy.ndarray of int, shape (n_pixels,)
        n_groups : int

        Returns
        -------
        numpy.ndarray of uint32, shape (n_taken, n_groups)
        """
        found = np.empty((len(places), n_groups), np.uint32)
        for part, tile in self._parts():
            inside = (places >= part.start) & (places < part.stop)
            if inside.any():
                total = np.zeros((n_groups, part.stop - part.start), np.uint32)
                kernels.take_together(*tile, group, total)
                found[inside] = total.T[places[inside] - part.start]
        return found

    def unpack(self, places):
        """Give some of the patterns with all their pixels.

        Parameters
        ----------
        places : numpy.ndarray of int, shape (n_taken,)

        Returns
        -------
        numpy.ndarray of uint16, shape (n_taken, n_pixels)
        """
        patterns = np.zeros((len(places), self.shape[1]), np.uint16)
        target = np.full(self.shape[0], -1)
        target[places] = np.arange(len(places))
        for part, tile in self._parts():
            if (target[part] >= 0).any():
                kernels.unpack(*tile, target[part], patterns)
        return patterns

    def _parts(self):
        size = _tile_rows(*self.shape)
        return zip(gen_batches(self.shape[0], size), self.tiles, strict=True)


def pack_patterns(patterns):
    """Pack patterns of few counts.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n_patterns, n_pixels)

    Returns
    -------
    PackedPatterns or None
        None where too many pixels have counts, and for values that are no counts below
        65536.
    """
    n, n_pixels = patterns.shape
    if not (n and n_pixels and _is_worth_trying(patterns)):
        return None
    if not patterns.dtype.isnative:
        patterns = patterns.astype(patterns.dtype.newbyteorder("="))
    size = _tile_rows(n, n_pixels)
    most = int(MOST_FILLED * size * n_pixels)
    pixels = np.empty(most + n_pixels, np.uint32)
    values = np.empty(most + n_pixels, np.uint16)
    places = np.empty(n_pixels, np.int64)
    tiles = []
    for part in gen_batches(n, size):
        ends = np.empty(part.stop - part.start + 1, np.int64)
        largest = kernels.collect_counts(patterns[part], pixels, values, ends)
        if largest < 0:
            return None
        n_in = np.zeros(n_pixels, np.uint8)
        rows = np.empty(ends[-1], np.uint8)
        counts = np.empty(ends[-1], np.uint8 if largest < 256 else np.uint16)
        kernels.order_by_pixel(pixels, values, ends, n_in, places, rows, counts)
        tiles.append((n_in, rows, counts))
    return PackedPatterns((n, n_pixels), tiles)


def as_packed(patterns):
    """Pack patterns unless they are packed; see :func:`pack_patterns`."""
    return patterns if isinstance(patterns, PackedPatterns) else pack_patterns(patterns)


def pad_directions(columns):
    """Append columns of zeros, so that loops over directions come out even.

    Parameters
    ----------
    columns : numpy.ndarray, shape (n, k)

    Returns
    -------
    numpy.ndarray of float32, shape (n, at least k)
    """
    n, k = columns.shape
    padded = np.zeros((n, -(-k // _STEP) * _STEP), np.float32)
    padded[:, :k] = columns
    return padded


def _is_worth_trying(patterns):
    """Whether a few of the patterns are of few counts; `pack_patterns` looks at all."""
    few = patterns[:: max(1, len(patterns) // 8)]
    if np.count_nonzero(few) > 1.25 * MOST_FILLED * few.size:
        return False
    return few.dtype.kind == "u" or bool((few == np.floor(few)).all())


def _tile_rows(n, n_pixels):
    return max(1, min(n, _MOST_ROWS, _TILE_VALUES // n_pixels))
