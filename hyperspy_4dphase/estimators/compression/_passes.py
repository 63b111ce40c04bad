"""Reads of all patterns with known directions: one is a whole power iteration."""

import numpy as np
from sklearn.utils import gen_batches

from hyperspy_4dphase.estimators.compression._accumulator import Accumulator

# Part of a block that is worked on at once, in single precision: fits a core's cache.
_TILE_BYTES = 3 * 2**20


class GramPass(Accumulator):
    """Project the scaled patterns on `V`, and the projection back on the pixels.

    From the scaled patterns X it gives Y = X V and X^T Y, so that one read does one
    whole power iteration; with them the squared norms of the rows, the column sums that
    mend the scaling, and the rows that stand out of the span of `V` most.

    Its sum is `back`, shape (n_pixels, k + 1): X^T Y but for the scaling of the pixels,
    and u^T X of the patterns X before scaling, u the weights of rows. Its pieces are Y,
    squared `norms` of scaled patterns, `u`, and expected `noise`, by `rows`; and the
    patterns that are `outstanding`, not scaled, by `outstanding_rows`, with their
    squared distance from the span of `V` less what noise does, `outstanding_excess`.

    Parameters
    ----------
    V : numpy.ndarray, shape (n_pixels, k)
    scaling : Scaling
    n_outstanding : int, optional
        How many rows that stand out are kept.
    device : "cpu" or torch.device, optional
    """

    def __init__(self, V, scaling, n_outstanding=0, device="cpu"):
        super().__init__()
        self.V, self.scaling = V, scaling
        self.n_outstanding, self.device = n_outstanding, device
        self._right = scaling.to_columns(V)

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`."""
        if self.device == "cpu":
            products = _multiply(patterns, self._right, self.scaling)
        else:
            products = _multiply_torch(patterns, self._right, self.scaling, self.device)
        Y, back, norms, u, noise = products
        self.add("back", back)
        self.append(rows=rows, Y=Y, norms=norms, u=u, noise=noise)
        if self.n_outstanding:
            excess = _measure_excess(Y, norms, noise)
            best = np.argsort(excess)[::-1][: self.n_outstanding]
            self.append(
                outstanding_rows=rows[best],
                outstanding_excess=excess[best],
                outstanding=patterns[best],
            )
            self._keep_outstanding()

    def merge(self, other):
        """Add what another part has; see :class:`Accumulator`."""
        super().merge(other)
        if self.n_outstanding:
            self._keep_outstanding()
        return self

    def _keep_outstanding(self):
        excess = self.joined("outstanding_excess")
        best = np.argsort(excess)[::-1][: self.n_outstanding]
        for name in ("outstanding_rows", "outstanding_excess", "outstanding"):
            self.pieces[name] = [self.joined(name)[best]]

    @property
    def Z(self):
        """numpy.ndarray, shape (n_pixels, k): X^T X V of the scaled patterns X."""
        root = np.sqrt(self.scaling.column_weight)[:, None]
        return self.sums["back"][:, :-1] * root

    @property
    def column_sums(self):
        """numpy.ndarray, shape (n_pixels,): u^T X of the patterns before scaling."""
        return self.sums["back"][:, -1]

    def by_rows(self):
        """Give what is known of each pattern, in order.

        Returns
        -------
        list of numpy.ndarray
            Y, squared norms, u and expected noise; the first axis is that of patterns.
        """
        return self.ordered("rows", "Y", "norms", "u", "noise")

    def excess(self):
        """Measure what patterns leave over beyond noise.

        Returns
        -------
        numpy.ndarray, shape (n_patterns,)
            Squared distances from the span of `V`, less what noise does.
        """
        Y, norms, _, noise = self.by_rows()
        return _measure_excess(Y, norms, noise)


def _measure_excess(Y, norms, noise):
    return norms - np.einsum("ij,ij->i", Y, Y, dtype=np.float64) - noise


class ProjectionPass(Accumulator):
    """Project the scaled patterns on known directions.

    Its pieces are the `products` and `u`, the weights of patterns, by `rows`.

    Parameters
    ----------
    V : numpy.ndarray, shape (n_pixels, k)
    scaling : Scaling
    """

    def __init__(self, V, scaling):
        super().__init__()
        self.scaling = scaling
        self._right = scaling.to_columns(V)

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`."""
        right, scaling = self._right, self.scaling
        products = np.empty((len(patterns), right.shape[1] - 2), np.float32)
        u = np.empty(len(patterns), np.float32)
        for part in tiles(patterns):
            projected = patterns[part].astype(np.float32) @ right
            u[part] = scaling.row_weights(projected[:, -2], projected[:, -1])
            products[part] = np.sqrt(u[part])[:, None] * projected[:, :-2]
        self.append(rows=rows, products=products, u=u)


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
    found = blocks.accumulate(ProjectionPass(H.T, scaling), stage=stage)
    return found.ordered("rows", "products", "u")


def _multiply(patterns, right, scaling):
    n, m = patterns.shape
    rank = right.shape[1] - 2
    weight = np.ascontiguousarray(right[:, -2])
    Y = np.empty((n, rank), np.float32)
    norms, noise = np.empty((2, n))
    u = np.empty(n, np.float32)
    back = np.zeros((m, rank + 1), np.float32)
    buffer, squares = np.empty((2, _tile_rows(patterns), m), np.float32)
    for part in tiles(patterns):
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


def tiles(patterns):
    """Cut a block into parts that fit a core's cache in single precision."""
    return gen_batches(len(patterns), _tile_rows(patterns))
