"""What is computed from a block of patterns in one read, and how blocks are merged."""

from dataclasses import dataclass
from functools import partial
from operator import add
from typing import NamedTuple

import numpy as np
from sklearn.utils import gen_batches

from hyperspy_4dphase._patterns import gather_rows
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._coarse import CoarsePixels
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights
from hyperspy_4dphase.estimators.compression._scaling import Scaling

# Part of a block that is worked on at once, in single precision: fits a core's cache.
_TILE_BYTES = 3 * 2**20


class Statistics(NamedTuple):
    """What the first read finds.

    Attributes
    ----------
    counts : numpy.ndarray, shape (n_pixels,)
        Sums over all patterns.
    fractions : numpy.ndarray, shape (n_pixels,)
        Sums of what is left of patterns that are divided by their totals.
    totals : list of tuple
        Rows of each block, the totals of its patterns, and their weighted sums (see
        :func:`sum_weights`).
    sampled : list of tuple
        Rows of each block and its patterns that are in the sample.
    squares : list of tuple
        Rows of each block and the counts of squares of those that are held.
    looks : list
        What was seen in each block.
    """

    counts: np.ndarray
    fractions: np.ndarray
    totals: list
    sampled: list
    squares: list
    looks: list


@dataclass
class FirstPass:
    """The first read of a block: column sums, and the patterns that are sampled.

    Attributes
    ----------
    picked : numpy.ndarray of bool, shape (n_patterns,)
        Those that are sampled.
    held : numpy.ndarray of bool, shape (n_patterns,), or None
        Those whose counts of squares of pixels are kept.
    coarse : CoarsePixels or None
        Counts them.
    floor : float
        See :class:`Scaling`.
    finders : tuple of callable
        ``find(patterns, rows)`` of each block.
    """

    picked: np.ndarray
    held: np.ndarray | None = None
    coarse: CoarsePixels | None = None
    floor: float = 0.0
    finders: tuple = ()

    def __call__(self, patterns, rows):
        counts, fractions = np.zeros((2, patterns.shape[1]))
        totals, sums = np.empty((2, len(patterns)))
        # Exact for counts up to 16 million in a pattern.
        ones = np.ones(patterns.shape[1], np.float32)
        weights = sum_weights(patterns.shape[1]).astype(np.float32)
        for part in _tiles(patterns):
            tile = patterns[part].astype(np.float32)
            totals[part], sums[part] = tile @ ones, tile @ weights
            noise = totals[part] + self.floor * tile.shape[1]
            per_count = inverse(noise).astype(np.float32)
            fractions += per_count @ tile
            fractions += self.floor * per_count.sum(dtype=np.float64)
            counts += tile.sum(axis=0)
        inside = np.flatnonzero(self.picked[rows])
        sampled = [(rows[inside], patterns[inside])]
        squares = []
        if self.held is not None:
            inside = np.flatnonzero(self.held[rows])
            squares = [(rows[inside], self.coarse.counts(patterns[inside]))]
        looks = [[find(patterns, rows) for find in self.finders]]
        totals = [(rows, totals, sums)]
        return Statistics(counts, fractions, totals, sampled, squares, looks)

    @staticmethod
    def merge(one, other):
        """Merge the results of two blocks."""
        return Statistics(*map(add, one, other))


@dataclass
class GramPass:
    """Project the scaled patterns on `V`, and the projection back on the pixels.

    From the block X of scaled patterns it gives Y = X V and X^T Y, so that one read
    does one whole power iteration; with them the squared norms of the rows, the column
    sums that mend the scaling, and the rows that stand out of the span of `V` most.

    Attributes
    ----------
    V : numpy.ndarray, shape (n_pixels, k)
    scaling : Scaling
    n_outstanding : int
        How many rows that stand out are kept.
    device : "cpu" or torch.device
    """

    V: np.ndarray
    scaling: Scaling
    n_outstanding: int = 0
    device: object = "cpu"

    def __call__(self, patterns, rows):
        right = self.scaling.to_columns(self.V)
        if self.device == "cpu":
            products = _multiply(patterns, right, self.scaling)
        else:
            products = _multiply_torch(patterns, right, self.scaling, self.device)
        Y, back, norms, u, noise = products
        excess = norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64) - noise
        outstanding = np.argsort(excess)[::-1][: self.n_outstanding]
        root = np.sqrt(self.scaling.column_weight).astype(np.float32)[:, None]
        return Products(
            back[:, :-1] * root,
            back[:, -1],
            [(rows, Y, norms, u, noise)],
            rows[outstanding],
            excess[outstanding],
            patterns[outstanding],
        )

    @staticmethod
    def merge(one, other):
        """Merge the results of two blocks."""
        n_outstanding = max(len(one.outstanding_rows), len(other.outstanding_rows))
        excess = np.concatenate([one.outstanding_excess, other.outstanding_excess])
        best = np.argsort(excess)[::-1][:n_outstanding]
        stacked = np.concatenate([one.outstanding_rows, other.outstanding_rows])
        # Single precision for a block, double for the sum over all of them.
        return Products(
            np.add(one.Z, other.Z, dtype=np.float64),
            np.add(one.column_sums, other.column_sums, dtype=np.float64),
            one.rows + other.rows,
            stacked[best],
            excess[best],
            np.concatenate([one.outstanding, other.outstanding])[best],
        )


@dataclass
class Products:
    """What a :class:`GramPass` gives.

    Attributes
    ----------
    Z : numpy.ndarray, shape (n_pixels, k)
        X^T X V of the scaled patterns X.
    column_sums : numpy.ndarray, shape (n_pixels,)
        u^T X of the patterns X before scaling, u the weights of rows.
    rows : list of tuple
        Of each block: rows, X V, squared norms of scaled patterns, u, expected noise.
    outstanding_rows : numpy.ndarray of int, shape (n_outstanding,)
        Rows that are farthest from the span of `V`.
    outstanding_excess : numpy.ndarray, shape (n_outstanding,)
        Their squared distance from it, less what noise does.
    outstanding : numpy.ndarray, shape (n_outstanding, n_pixels)
        Their patterns, not scaled.
    """

    Z: np.ndarray
    column_sums: np.ndarray
    rows: list
    outstanding_rows: np.ndarray
    outstanding_excess: np.ndarray
    outstanding: np.ndarray


def project_patterns(blocks, H, scaling, *, stage="Reading patterns"):
    """Multiply the scaled patterns by the rows of `H`, for a known scaling.

    Parameters
    ----------
    blocks : PatternBlocks
        Read once.
    H : numpy.ndarray, shape (k, n_pixels)
    scaling : Scaling
    stage : str, optional
        What the progress is told.

    Returns
    -------
    products : numpy.ndarray, shape (n_patterns, k), float32
    u : numpy.ndarray, shape (n_patterns,), float32
        Weights of the patterns, the squares of what they are multiplied by.
    """
    function = partial(_project, right=scaling.to_columns(H.T), scaling=scaling)
    return gather_rows(blocks.reduce(function, add, stage=stage))


def _project(patterns, rows, right, scaling):
    products = np.empty((len(patterns), right.shape[1] - 2), np.float32)
    u = np.empty(len(patterns), np.float32)
    for part in _tiles(patterns):
        projected = patterns[part].astype(np.float32) @ right
        u[part] = scaling.row_weights(projected[:, -2], projected[:, -1])
        products[part] = np.sqrt(u[part])[:, None] * projected[:, :-2]
    return [(rows, products, u)]


def _multiply(patterns, right, scaling):
    n, m = patterns.shape
    rank = right.shape[1] - 2
    weight = np.ascontiguousarray(right[:, -2])
    Y = np.empty((n, rank), np.float32)
    norms, noise = np.empty((2, n))
    u = np.empty(n, np.float32)
    back = np.zeros((m, rank + 1), np.float32)
    buffer, squares = np.empty((2, _tile_rows(patterns), m), np.float32)
    for part in _tiles(patterns):
        tile = buffer[: part.stop - part.start]
        np.copyto(tile, patterns[part], casting="unsafe")
        projected = tile @ right
        u[part] = scaling.row_weights(projected[:, -2], projected[:, -1])
        noise[part] = scaling.row_noise(u[part], projected[:, -2])
        norms[part] = u[part] * (np.square(tile, out=squares[: len(tile)]) @ weight)
        root = np.sqrt(u[part])[:, None]
        Y[part] = root * projected[:, :-2]
        back += tile.T @ np.column_stack([root * Y[part], u[part]])
    return Y, back, norms, u, noise


def _multiply_torch(patterns, right, scaling, device):
    import torch

    if patterns.dtype.kind == "u" and patterns.dtype.itemsize > 1:
        patterns = patterns.astype(f"i{min(2 * patterns.dtype.itemsize, 8)}")
    patterns = patterns.astype(patterns.dtype.newbyteorder("="), copy=False)
    tile = torch.from_numpy(np.require(patterns, None, "CW")).to(device).float()
    right = torch.from_numpy(right).to(device)
    projected = tile @ right
    sums, totals = projected[:, -2:].T.cpu().numpy()
    u = scaling.row_weights(sums, totals)
    noise = scaling.row_noise(u, sums)
    norms = u * (tile.square() @ right[:, -2]).cpu().numpy()
    root = torch.from_numpy(np.sqrt(u)).to(device)[:, None]
    Y = root * projected[:, :-2]
    back = tile.T @ torch.column_stack([root * Y, root.square()])
    Y, back = Y.cpu().numpy(), back.cpu().numpy()
    return Y, back, norms.astype(np.float64), u, noise.astype(np.float64)


def _tile_rows(patterns):
    return max(1, min(len(patterns), _TILE_BYTES // (4 * max(patterns.shape[1], 1))))


def _tiles(patterns):
    return gen_batches(len(patterns), _tile_rows(patterns))
