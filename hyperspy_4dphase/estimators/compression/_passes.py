"""What is computed from a block of patterns in one read, and how blocks are merged."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression._scaling import Scaling

_TILE_BYTES = 3 * 2**20


@dataclass
class Statistics:
    """First read: column sums of the counts and of the rows' shares; sampled rows.

    Of the rows in `held` also what `coarse` makes of them, and of each block what
    `look` finds in it. `floor` is that of :class:`Scaling`.
    """

    picked: np.ndarray
    held: np.ndarray | None = None
    coarse: object = None
    floor: float = 0.0
    look: object = None

    def __call__(self, patterns, rows):
        counts, shares = np.zeros((2, patterns.shape[1]))
        totals = np.empty(len(patterns))
        # Exact for counts up to 16 million in a pattern.
        ones = np.ones(patterns.shape[1], np.float32)
        for part in _tiles(patterns):
            tile = patterns[part].astype(np.float32)
            totals[part] = tile @ ones
            noise = totals[part] + self.floor * tile.shape[1]
            per_count = inverse(noise).astype(np.float32)
            shares += per_count @ tile
            shares += self.floor * per_count.sum(dtype=np.float64)
            counts += tile.sum(axis=0)
        inside = np.flatnonzero(self.picked[rows])
        sampled = [(rows[inside], patterns[inside])]
        squares = []
        if self.held is not None:
            inside = np.flatnonzero(self.held[rows])
            squares = [(rows[inside], self.coarse.counts(patterns[inside]))]
        looked = [] if self.look is None else [self.look(patterns, rows)]
        return counts, shares, [(rows, totals)], sampled, squares, looked

    @staticmethod
    def merge(one, other):
        """Join the results of two blocks."""
        return tuple(first + second for first, second in zip(one, other, strict=True))


@dataclass
class GramPass:
    """Project the scaled patterns on `V`, and the projection back on the pixels.

    From the block X of scaled patterns it gives Y = X V and X^T Y, so that one read
    does one whole power iteration; with them the squared norms of the rows, the column
    sums that mend the scaling, and the rows that stand out of the span of `V` most.
    """

    V: np.ndarray
    scaling: Scaling
    n_outstanding: int = 0
    device: object = "cpu"

    def __call__(self, patterns, rows):
        root = np.sqrt(self.scaling.column_weight).astype(np.float32)[:, None]
        right = np.column_stack([root * self.V, self.scaling.columns()])
        product = _products if self.device == "cpu" else _products_torch
        Y, back, norms, u, noise = product(patterns, right, self.scaling, self.device)
        excess = norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64) - noise
        outstanding = np.argsort(excess)[::-1][: self.n_outstanding]
        return _Products(
            back[:, :-1] * root,
            back[:, -1],
            [(rows, Y, norms, u, noise)],
            rows[outstanding],
            excess[outstanding],
            patterns[outstanding],
        )

    @staticmethod
    def merge(one, other):
        """Join the results of two blocks."""
        n_outstanding = max(len(one.outstanding_rows), len(other.outstanding_rows))
        excess = np.concatenate([one.outstanding_excess, other.outstanding_excess])
        best = np.argsort(excess)[::-1][:n_outstanding]
        stacked = np.concatenate([one.outstanding_rows, other.outstanding_rows])
        # Single precision for a block, double for the sum over all of them.
        return _Products(
            np.add(one.Z, other.Z, dtype=np.float64),
            np.add(one.column_sums, other.column_sums, dtype=np.float64),
            one.rows + other.rows,
            stacked[best],
            excess[best],
            np.concatenate([one.outstanding, other.outstanding])[best],
        )


@dataclass
class _Products:
    Z: np.ndarray
    column_sums: np.ndarray
    rows: list
    outstanding_rows: np.ndarray
    outstanding_excess: np.ndarray
    outstanding: np.ndarray


@dataclass
class CrossPass:
    """Products of the scaled patterns with the rows of `H`, for a known scaling."""

    H: np.ndarray
    scaling: Scaling

    def __call__(self, patterns, rows):
        root = np.sqrt(self.scaling.column_weight).astype(np.float32)[:, None]
        right = np.column_stack([root * self.H.T, self.scaling.columns()])
        cross = np.empty((len(patterns), len(self.H)), np.float32)
        u = np.empty(len(patterns), np.float32)
        for part in _tiles(patterns):
            projected = patterns[part].astype(np.float32) @ right
            u[part] = self.scaling.row_weights(projected[:, -2], projected[:, -1])
            cross[part] = np.sqrt(u[part])[:, None] * projected[:, :-2]
        return [(rows, cross, u)]

    @staticmethod
    def merge(one, other):
        """Join the results of two blocks."""
        return one + other


def gathered(pieces):
    """Arrays for all rows from pieces (rows, array, ...) that hold each row once."""
    n_rows = sum(len(piece[0]) for piece in pieces)
    first = pieces[0][1:]
    arrays = [np.zeros((n_rows, *part.shape[1:]), part.dtype) for part in first]
    for rows, *parts in pieces:
        for array, part in zip(arrays, parts, strict=True):
            array[rows] = part
    return arrays


def _products(patterns, right, scaling, device):
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


def _products_torch(patterns, right, scaling, device):
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
    step = _tile_rows(patterns)
    for start in range(0, len(patterns), step):
        yield slice(start, min(start + step, len(patterns)))
