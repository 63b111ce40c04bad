"""Reads of all patterns with known directions: one is a whole power iteration."""

import numpy as np

from hyperspy_4dphase._accumulator import Accumulator
from hyperspy_4dphase.estimators.compression._packed import (
    PackedPatterns,
    as_packed,
    pad_directions,
)
from hyperspy_4dphase.estimators.compression._tiles import cut_tiles


class GramPass(Accumulator):
    """Project the scaled patterns on `V`, and the projection back on the pixels.

    From the scaled patterns X it gives Y = X V and X^T Y, so that one read does one
    whole power iteration; with them the squared norms of the rows, the column sums that
    mend the scaling, and the rows that stand out of the span of `V` most.

    Its sums are `back`, X^T Y but for the scaling of the pixels, and `column_sums`,
    u^T X of the patterns X before scaling, u the weights of rows. Its pieces are Y,
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
        self._padded = pad_directions(self._right[:, :-2])
        self._on_device = None

    def start(self):
        """Make an empty part; see :class:`Accumulator`."""
        part = super().start()
        part._on_device = None
        return part

    def update(self, patterns, rows):
        """Add a block of patterns, packed or not; see :class:`Accumulator`."""
        if not self.sums:
            n_pixels, k = self._padded.shape
            self.sums["back"] = np.zeros((n_pixels, k), np.float32)
            self.sums["column_sums"] = np.zeros(n_pixels, np.float32)
        Y, norms, u, noise = self._multiply(patterns)
        self.append(rows=rows, Y=Y, norms=norms, u=u, noise=noise)
        if self.n_outstanding:
            self._offer(patterns, rows, _measure_excess(Y, norms, noise))

    def _multiply(self, patterns):
        """Multiply a block by `V`, and add up what it gives back.

        Returns
        -------
        Y : numpy.ndarray, shape (n_block, k), float32
        norms : numpy.ndarray, shape (n_block,)
            Squared, of the scaled patterns.
        u : numpy.ndarray, shape (n_block,), float32
            Weights of the patterns.
        noise : numpy.ndarray, shape (n_block,)
            Variance of their noise, summed over the pixels.
        """
        if self.device != "cpu":
            return self._multiply_on_device(patterns)
        packed = as_packed(patterns)
        if packed is None:
            sums = self.sums["back"], self.sums["column_sums"]
            return _multiply(patterns, self._right, self.scaling, *sums)
        weight = np.ascontiguousarray(self._right[:, -2])
        Y, sums, totals, squares = packed.project(self._padded, weight)
        u = self.scaling.row_weights(sums, totals)
        noise = self.scaling.row_noise(u, sums)
        root = np.sqrt(u).astype(np.float32)[:, None]
        Y *= root
        packed.project_back(root * Y, u.astype(np.float32), *self.sums.values())
        Y = np.ascontiguousarray(Y[:, : self.V.shape[1]])
        return Y, u * squares, u.astype(np.float32), noise

    def _multiply_on_device(self, patterns):
        if self._on_device is None:
            # It imports torch, which takes seconds.
            from hyperspy_4dphase.estimators.compression._device_products import (
                DeviceProducts,
            )

            self._on_device = DeviceProducts(self._right, self.scaling, self.device)
        return self._on_device.multiply(patterns)

    def _collect(self):
        """Take what was added up on the device."""
        if self._on_device is not None:
            back, column_sums = self._on_device.take()
            self.sums["back"][:, : back.shape[1]] += back
            self.sums["column_sums"] += column_sums
            self._on_device = None

    def _offer(self, patterns, rows, excess):
        """Keep the patterns of a block that stand out more than those kept so far."""
        kept = self.pieces.get("outstanding_excess", [np.empty(0)])[0]
        least = kept.min() if len(kept) == self.n_outstanding else -np.inf
        best = np.argsort(excess)[::-1][: self.n_outstanding]
        best = best[excess[best] > least]
        if best.size:
            packed = isinstance(patterns, PackedPatterns)
            self.append(
                outstanding_rows=rows[best],
                outstanding_excess=excess[best],
                outstanding=patterns.unpack(best) if packed else patterns[best],
            )
            self._keep_outstanding()

    def merge(self, other):
        """Add what another part has; see :class:`Accumulator`."""
        self._collect()
        other._collect()
        super().merge(other)
        if self.n_outstanding:
            self._keep_outstanding()
        return self

    def arrays(self):
        """Give all that was added; see :class:`Accumulator`."""
        self._collect()
        return super().arrays()

    def _keep_outstanding(self):
        excess = self.join("outstanding_excess")
        best = np.argsort(excess)[::-1][: self.n_outstanding]
        for name in ("outstanding_rows", "outstanding_excess", "outstanding"):
            self.pieces[name] = [self.join(name)[best]]

    @property
    def Z(self):
        """numpy.ndarray, shape (n_pixels, k): X^T X V of the scaled patterns X."""
        self._collect()
        root = np.sqrt(self.scaling.column_weight)[:, None]
        return self.sums["back"][:, : self.V.shape[1]] * root

    @property
    def column_sums(self):
        """numpy.ndarray, shape (n_pixels,): u^T X of the patterns before scaling."""
        self._collect()
        return self.sums["column_sums"]

    def by_rows(self):
        """Give what is known of each pattern, in order.

        Returns
        -------
        list of numpy.ndarray
            Y, squared norms, u and expected noise; the first axis is that of patterns.
        """
        return self.order("rows", "Y", "norms", "u", "noise")

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
        self._padded = pad_directions(self._right[:, :-2])

    def update(self, patterns, rows):
        """Add a block of patterns; see :class:`Accumulator`."""
        packed = as_packed(patterns)
        if packed is None:
            projected = _project(patterns, self._right)
            products, sums, totals = projected[:, :-2], *projected[:, -2:].T
        else:
            k = self._right.shape[1] - 2
            weight = np.ascontiguousarray(self._right[:, -2])
            products, sums, totals, _ = packed.project(self._padded, weight)
            products = products[:, :k]
        u = self.scaling.row_weights(sums, totals).astype(np.float32)
        self.append(rows=rows, products=np.sqrt(u)[:, None] * products, u=u)


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
    return found.order("rows", "products", "u")


def _multiply(patterns, right, scaling, back, column_sums):
    """Multiply patterns that are not packed, tile by tile.

    What they give back is added to `back` and `column_sums`.

    Returns
    -------
    Y, norms, u, noise
        As of a pass.
    """
    n, rank = len(patterns), right.shape[1] - 2
    weight = np.ascontiguousarray(right[:, -2])
    Y = np.empty((n, rank), np.float32)
    norms, noise = np.empty((2, n))
    u = np.empty(n, np.float32)
    for part, slabs in cut_tiles(patterns.shape):
        some = patterns[part]
        projected = np.zeros((len(some), rank + 2), np.float32)
        squares = np.zeros(len(some))
        for slab in slabs:
            tile = some[:, slab].astype(np.float32)
            projected += tile @ right[slab]
            squares += np.square(tile, out=tile) @ weight[slab]
        u[part] = scaling.row_weights(projected[:, -2], projected[:, -1])
        noise[part] = scaling.row_noise(u[part], projected[:, -2])
        norms[part] = u[part] * squares
        root = np.sqrt(u[part])[:, None]
        Y[part] = root * projected[:, :-2]
        left = np.column_stack([root * Y[part], u[part]])
        for slab in slabs:
            product = some[:, slab].astype(np.float32).T @ left
            back[slab, :rank] += product[:, :-1]
            column_sums[slab] += product[:, -1]
    return Y, norms, u, noise


def _project(patterns, right):
    projected = np.zeros((len(patterns), right.shape[1]), np.float32)
    for part, slabs in cut_tiles(patterns.shape):
        for slab in slabs:
            projected[part] += patterns[part, slab].astype(np.float32) @ right[slab]
    return projected
