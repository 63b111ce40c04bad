"""What is computed from a block of patterns in one read, and how blocks are merged."""

from dataclasses import dataclass

import numpy as np

_TILE_BYTES = 4 * 2**20


@dataclass
class Scaling:
    """Weights that make counting noise white (biwhitening).

    Entry (i, j) is multiplied by the square root of ``u_i * column_weight_j``, where
    ``u_i = n_pixels / (x_i @ column_weight)``: each row then carries unit noise
    variance on average. With ``poisson=False`` all weights are one.
    """

    column_weight: np.ndarray
    poisson: bool = True

    @property
    def used(self):
        """numpy.ndarray of bool: the pixels that have counts."""
        return self.column_weight > 0


@dataclass
class Statistics:
    """First read: the column sums of the rows' shares, and a sample of the rows."""

    picked: np.ndarray

    def __call__(self, patterns, rows):
        shares = np.zeros(patterns.shape[1])
        totals = np.empty(len(patterns))
        for part in _tiles(patterns):
            tile = patterns[part].astype(np.float32)
            totals[part] = tile.sum(axis=1, dtype=np.float64)
            per_count = inverse(totals[part]).astype(np.float32)
            shares += per_count @ tile
        inside = np.flatnonzero(self.picked[rows])
        return shares, [(rows, totals)], [(rows[inside], patterns[inside])]


def merge_statistics(one, other):
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


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
        weight = self.scaling.column_weight.astype(np.float32)
        V = np.column_stack([np.sqrt(weight)[:, None] * self.V, weight])
        product = _products if self.device == "cpu" else _products_torch
        Y, back, norms, u = product(
            patterns, V, weight, self.scaling.poisson, self.device
        )
        Z, column_sums = back[:, :-1], back[:, -1]
        Z *= np.sqrt(weight)[:, None]
        excess = norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64)
        # The expected noise of a row is n_pixels; its spread is about the same for
        # all, so the largest excess stands out most.
        outstanding = np.argsort(excess)[::-1][: self.n_outstanding]
        return _Products(
            Z,
            column_sums,
            [(rows, Y, norms, u)],
            rows[outstanding],
            excess[outstanding],
            patterns[outstanding],
        )


@dataclass
class _Products:
    Z: np.ndarray
    column_sums: np.ndarray
    rows: list
    outstanding_rows: np.ndarray
    outstanding_excess: np.ndarray
    outstanding: np.ndarray


def merge_products(one, other):
    n_outstanding = max(len(one.outstanding_rows), len(other.outstanding_rows))
    excess = np.concatenate([one.outstanding_excess, other.outstanding_excess])
    best = np.argsort(excess)[::-1][:n_outstanding]
    # Single precision for a block, double for the sum over all of them.
    one.Z = np.add(one.Z, other.Z, dtype=np.float64)
    one.column_sums = np.add(one.column_sums, other.column_sums, dtype=np.float64)
    one.rows += other.rows
    stacked = np.concatenate([one.outstanding_rows, other.outstanding_rows])
    one.outstanding_rows = stacked[best]
    one.outstanding_excess = excess[best]
    one.outstanding = np.concatenate([one.outstanding, other.outstanding])[best]
    return one


@dataclass
class CrossPass:
    """Products of the scaled patterns with the rows of `H`, for known columns scales."""

    H: np.ndarray
    column_scale: np.ndarray
    poisson: bool

    def __call__(self, patterns, rows):
        columns = np.column_stack(
            [(self.H * self.column_scale).T, self.column_scale**2]
        )
        cross = np.empty((len(patterns), len(self.H)), np.float32)
        u = np.empty(len(patterns), np.float32)
        for part in _tiles(patterns):
            product = patterns[part].astype(np.float32) @ columns.astype(np.float32)
            u[part] = row_weights(product[:, -1], patterns.shape[1], self.poisson)
            cross[part] = np.sqrt(u[part])[:, None] * product[:, :-1]
        return [(rows, cross, u)]

    @staticmethod
    def merge(one, other):
        """Join the results of two blocks."""
        return one + other


def row_weights(sums, n_pixels, poisson):
    """The weights u of rows from their sums ``x_i @ column_weight``; 0 if empty."""
    if not poisson:
        return (sums > 0).astype(sums.dtype)
    return n_pixels * inverse(sums)


def gathered(pieces, n_rows):
    """Arrays for all rows from pieces (rows, array, ...) of some of them."""
    first = pieces[0][1:]
    arrays = [np.zeros((n_rows, *part.shape[1:]), part.dtype) for part in first]
    for rows, *parts in pieces:
        for array, part in zip(arrays, parts, strict=True):
            array[rows] = part
    return arrays


def _products(patterns, V, weight, poisson, device):
    n, m = patterns.shape
    Y = np.empty((n, V.shape[1] - 1), np.float32)
    norms, u = np.empty(n), np.empty(n, np.float32)
    back = np.zeros((V.shape[1], m), np.float32)
    buffer = np.empty((_tile_rows(patterns), m), np.float32)
    for part in _tiles(patterns):
        tile = buffer[: part.stop - part.start]
        np.copyto(tile, patterns[part], casting="unsafe")
        projected = tile @ V
        u[part] = row_weights(projected[:, -1], m, poisson)
        norms[part] = u[part] * np.einsum("ij,ij,j->i", tile, tile, weight)
        Y[part] = np.sqrt(u[part])[:, None] * projected[:, :-1]
        shares = np.column_stack([np.sqrt(u[part])[:, None] * Y[part], u[part]])
        back += shares.T @ tile
    return Y, back.T, norms, u


def _products_torch(patterns, V, weight, poisson, device):
    import torch

    n, m = patterns.shape
    if patterns.dtype.kind == "u" and patterns.dtype.itemsize > 1:
        patterns = patterns.astype(f"i{2 * patterns.dtype.itemsize}", copy=False)
    patterns = patterns.astype(patterns.dtype.newbyteorder("="), copy=False)
    tile = torch.from_numpy(np.ascontiguousarray(patterns)).to(device).float()
    V, weight = (torch.from_numpy(part).to(device) for part in (V, weight))
    projected = tile @ V
    sums = projected[:, -1]
    if poisson:
        u = torch.where(sums > 0, m / sums, 0)
    else:
        u = (sums > 0).float()
    norms = u * (tile.square() @ weight)
    Y = u.sqrt()[:, None] * projected[:, :-1]
    shares = torch.column_stack([u.sqrt()[:, None] * Y, u])
    back = tile.T @ shares
    Y, back, norms, u = (part.cpu().numpy() for part in (Y, back, norms, u))
    return Y, back, norms.astype(np.float64), u


def inverse(values):
    """1 / values, and 0 where values are 0."""
    return np.divide(1, values, out=np.zeros_like(values), where=values > 0)


def _tile_rows(patterns):
    return max(1, min(len(patterns), _TILE_BYTES // (4 * max(patterns.shape[1], 1))))


def _tiles(patterns):
    step = _tile_rows(patterns)
    for start in range(0, len(patterns), step):
        yield slice(start, min(start + step, len(patterns)))
