"""What the networks see of patterns, and how patterns come back from it."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._passes import CrossPass, gathered
from hyperspy_4dphase.estimators._scaling import Scaling, inverse
from hyperspy_4dphase.estimators.compression import CompressedPatterns

BATCH = 512


@dataclass
class CompressedInputs:
    """Patterns as coordinates in a compressed scan, in units of their noise.

    Attributes
    ----------
    directions : numpy.ndarray, shape (n_directions, n_pixels)
        Orthonormal rows, in scaled units.
    column_scale : numpy.ndarray, shape (n_pixels,)
        What pixels are multiplied by.
    row_limit : float
        See :class:`Scaling`.
    deviation : float
        Standard deviation of the noise of one scaled value.
    poisson : bool
        Whether counting noise was scaled.
    gain, offset, floor : float
        See :class:`CompressedPatterns`.
    """

    directions: np.ndarray
    column_scale: np.ndarray
    row_limit: float
    deviation: float
    poisson: bool
    gain: float = 1.0
    offset: float = 0.0
    floor: float = 0.0

    n_sampled = 2**17
    n_flattened = 32

    @classmethod
    def of(cls, compression, n_directions):
        """The first directions of compressed patterns.

        Parameters
        ----------
        compression : CompressedPatterns
        n_directions : int
        """
        norms = compression.singular_values[:n_directions].astype(np.float32)
        deviation = np.sqrt(compression.score_variance)
        # Without any noise, rounding is the ruler.
        least = 1e-5 * compression.singular_values[0] / np.sqrt(len(compression.Q))
        return cls(
            directions=compression.B[:n_directions] * inverse(norms)[:, None],
            column_scale=np.asarray(compression.column_scale, np.float32),
            row_limit=float(compression.row_limit),
            deviation=float(max(deviation, least)),
            poisson=compression.noise == "poisson",
            gain=float(compression.gain),
            offset=float(compression.offset),
            floor=float(compression.floor),
        )

    @property
    def n_pixels(self):
        """int: Of a pattern."""
        return self.directions.shape[1]

    def points(self, X):
        """Coordinates, and totals in data units.

        Parameters
        ----------
        X : CompressedPatterns, PatternBlocks or numpy.ndarray, shape (n, n_pixels)

        Returns
        -------
        points : numpy.ndarray, shape (n, n_directions), float32
        totals : numpy.ndarray, shape (n,), float32
            0 where a pattern is empty, or lost in noise.
        """
        if isinstance(X, CompressedPatterns):
            self._check_same(X)
            k = len(self.directions)
            points = X.Q[:, :k] * X.singular_values[:k]
            row_scale = X.row_scale
        else:
            scaling = Scaling(
                self.column_scale.astype(np.float64) ** 2,
                row_limit=self.row_limit,
                poisson=self.poisson,
                floor=self.floor,
            )
            function = CrossPass(self.directions, scaling)
            correction = Correction(offset=self.offset, gain=self.gain)
            blocks = PatternBlocks.of(X).corrected(correction)
            pieces = blocks.reduce(function, CrossPass.merge, stage="Encoding patterns")
            points, weights = gathered(pieces)
            row_scale = np.sqrt(weights)
        total = points @ (self.directions @ inverse(self.column_scale))
        totals = np.maximum(total * inverse(np.asarray(row_scale)), 0)
        totals = totals * np.float32(self.gain)
        return (points / self.deviation).astype(np.float32), totals.astype(np.float32)

    def fits(self, X):
        """Whether compressed patterns have these very directions.

        Parameters
        ----------
        X : CompressedPatterns
        """
        k, m = self.directions.shape
        if X.rank < k or X.shape[1] != m:
            return False
        own = self.directions * X.singular_values[:k, None]
        return np.allclose(X.B[:k], own, atol=1e-3 * X.singular_values[0])

    def _check_same(self, X):
        if not self.fits(X):
            raise ValueError(
                "The compressed patterns are not those that the autoencoder was "
                "trained on. Give the patterns themselves: they are projected."
            )

    def encode(self, X, function):
        """Apply a function to the inputs that patterns are.

        Parameters
        ----------
        X : CompressedPatterns, PatternBlocks or numpy.ndarray, shape (n, n_pixels)
        function : callable
            Of an array (n, n_directions).

        Returns
        -------
        object
            What the function gives.
        """
        return function(self.points(X)[0])

    def source(self, X, device):
        """The same as tensors on a device, for training.

        Parameters
        ----------
        X : CompressedPatterns, PatternBlocks or numpy.ndarray, shape (n, n_pixels)
        device : str or torch.device

        Returns
        -------
        Held
        """
        import torch

        tensors = (torch.from_numpy(part).to(device) for part in self.points(X))
        return Held(*tensors, device)

    def known(self, X, sample):
        """What else the network is told: nothing."""
        return {}

    def shares(self, decoded):
        """What part of its total each pixel of a decoded pattern has.

        Parameters
        ----------
        decoded : numpy.ndarray, shape (n, n_directions)

        Returns
        -------
        numpy.ndarray, shape (n, n_pixels), float32
        """
        patterns = (decoded @ self.directions) * inverse(self.column_scale)
        patterns = np.maximum(patterns, 0)
        return patterns * inverse(patterns.sum(axis=1, keepdims=True))


class Held:
    """Patterns that are held in memory, in batches, some of them apart.

    Parameters
    ----------
    inputs : torch.Tensor, shape (n_patterns, ...)
    totals : torch.Tensor, shape (n_patterns,)
    device : str or torch.device
        Where batches go.
    """

    def __init__(self, inputs, totals, device):
        self._inputs, self._totals, self._device = inputs, totals, device
        self._weights = None

    def divide(self, weights, n_held_out, batch_size, generator):
        """Choose the patterns that are not trained on.

        Parameters
        ----------
        weights : numpy.ndarray, shape (n_patterns,), or None
            How often a pattern is drawn, up to a factor. Without, each is drawn once an
            epoch.
        n_held_out, batch_size : int
        generator : torch.Generator
        """
        import torch

        order = torch.randperm(len(self._inputs), generator=generator)
        if weights is not None:
            weights = torch.from_numpy(np.asarray(weights, dtype=np.float64))
            order = order[weights[order] > 0]
        held, self._trained = order[:n_held_out], order[n_held_out:]
        if weights is not None:
            self._weights = weights[self._trained]
        self.keep(held, None if weights is None else weights[held], generator)
        self._batch_size = min(batch_size, len(self._trained))
        self.n_steps = len(self._trained) // self._batch_size

    def keep(self, held, weights, generator):
        """Hold these out; weighted as in training, so that the losses compare."""
        if weights is not None:
            held = held[drawn(weights, len(held), generator)]
        self._held = held

    def sample(self, n):
        """(inputs, totals) of `n` patterns trained on at most, to begin with."""
        return self.at(self._trained[:n])

    def batches(self, generator):
        """Yield (inputs, totals) of one epoch."""
        import torch

        order = self._trained
        if self._weights is None:
            order = order[torch.randperm(len(order), generator=generator)]
        else:
            order = order[drawn(self._weights, len(order), generator)]
        for i in range(self.n_steps):
            part = order[i * self._batch_size : (i + 1) * self._batch_size]
            yield self.at(part)

    def held_out(self):
        """Yield (inputs, totals) of patterns that are not trained on."""
        for part in self._held.split(BATCH):
            yield self.at(part)

    def all(self):
        """Yield (inputs, totals) of all patterns."""
        import torch

        for part in torch.arange(len(self._inputs)).split(BATCH):
            yield self.at(part)

    def at(self, part):
        """(inputs, totals) of some patterns, on the device."""
        inputs, totals = self._inputs[part], self._totals[part]
        return inputs.to(self._device).float(), totals.to(self._device)


def joined(one, other):
    """Merge lists of what blocks gave."""
    return one + other


def drawn(weights, n, generator):
    """Indices drawn with replacement, of any number of weights."""
    import torch

    edges = torch.cumsum(weights, 0)
    positions = torch.rand(n, generator=generator, dtype=torch.float64) * edges[-1]
    return torch.searchsorted(edges, positions).clamp(max=len(weights) - 1)


def check_sample_weight(sample_weight, n_patterns):
    """Weights as a flat float array, or None.

    Raises
    ------
    ValueError
        If there is not one finite, non-negative number for each pattern, or only one
        is above 0.
    """
    if sample_weight is None:
        return None
    weights = np.asarray(sample_weight)
    if weights.shape != (n_patterns,) or weights.dtype.kind not in "buif":
        raise ValueError(
            f"sample_weight of shape {weights.shape} and type {weights.dtype} was "
            f"given; expected a real number for each of {n_patterns} patterns."
        )
    weights = weights.astype(np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any():
        n_bad = int((~np.isfinite(weights) | (weights < 0)).sum())
        raise ValueError(
            f"sample_weight has {n_bad} values that are negative or not finite."
        )
    if np.count_nonzero(weights) < 2:
        raise ValueError(
            "sample_weight is zero for all but fewer than 2 patterns; at least 2 are "
            "needed."
        )
    return weights
