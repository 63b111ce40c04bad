"""What a network sees of a compressed scan, and how patterns come back from it."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    Scaling,
    project_patterns,
)

# Without any noise, rounding is the ruler: this part of what the strongest direction
# has in a pattern on average.
_ROUNDING = 1e-5


class Points(NamedTuple):
    """Patterns as a network for compressed scans sees them.

    Attributes
    ----------
    coordinates : numpy.ndarray, shape (n_patterns, n_directions), float32
        In units of noise.
    totals : numpy.ndarray, shape (n_patterns,), float32
        In data units; 0 where a pattern is empty, or lost in noise.
    """

    coordinates: np.ndarray
    totals: np.ndarray


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

    # Patterns that the network is prepared with, at most; points of a batch at which
    # the flatness of latent space is judged. Historical: chosen by trial in 2026, not
    # calibrated.
    n_sampled = 2**17
    n_flattened = 32

    @classmethod
    def from_compression(cls, compression, n_directions):
        """Take the first directions of compressed patterns.

        Parameters
        ----------
        compression : CompressedPatterns
        n_directions : int
        """
        norms = compression.singular_values[:n_directions].astype(np.float32)
        deviation = np.sqrt(compression.score_variance)
        typical = compression.singular_values[0] / np.sqrt(len(compression.Q))
        return cls(
            directions=compression.B[:n_directions] * inverse(norms)[:, None],
            column_scale=np.asarray(compression.column_scale, np.float32),
            row_limit=float(compression.row_limit),
            deviation=float(max(deviation, _ROUNDING * typical)),
            poisson=compression.noise == "poisson",
            gain=float(compression.gain),
            offset=float(compression.offset),
            floor=float(compression.floor),
        )

    @property
    def n_pixels(self):
        """int: Of a pattern."""
        return self.directions.shape[1]

    def project(self, X):
        """Find the coordinates of patterns, and their totals.

        Parameters
        ----------
        X : CompressedPatterns, PatternBlocks or numpy.ndarray, shape (n, n_pixels)

        Returns
        -------
        Points
        """
        if isinstance(X, CompressedPatterns):
            if not self.fits(X):
                raise ValueError(
                    "The compressed patterns are not those that the autoencoder was "
                    "trained on. Give the patterns themselves: they are projected."
                )
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
            blocks = PatternBlocks.wrap(X)
            blocks = blocks.correct(Correction(self.offset, self.gain))
            points, weights = project_patterns(
                blocks, self.directions, scaling, stage="Encoding patterns"
            )
            row_scale = np.sqrt(weights)
        total = points @ (self.directions @ inverse(self.column_scale))
        totals = np.maximum(total * inverse(np.asarray(row_scale)), 0)
        totals = totals * np.float32(self.gain)
        points = points / self.deviation
        return Points(points.astype(np.float32), totals.astype(np.float32))

    def fits(self, X):
        """Tell whether compressed patterns have these very directions.

        Parameters
        ----------
        X : CompressedPatterns
        """
        k, m = self.directions.shape
        if X.rank < k or X.shape[1] != m:
            return False
        own = self.directions * X.singular_values[:k, None]
        return np.allclose(X.B[:k], own, atol=1e-3 * X.singular_values[0])

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
        return function(self.project(X).coordinates)

    def open_source(self, X, device):
        """Deliver patterns as tensors on a device, for training.

        Parameters
        ----------
        X : CompressedPatterns, PatternBlocks or numpy.ndarray, shape (n, n_pixels)
        device : str or torch.device

        Returns
        -------
        HeldPatterns
        """
        import torch

        from hyperspy_4dphase.estimators.vae._sources import HeldPatterns

        tensors = (torch.from_numpy(part).to(device) for part in self.project(X))
        return HeldPatterns(*tensors, device)

    def measure_gain(self, X, sample):
        """Return None: coordinates are in units of noise, which needs no gain."""

    def to_fractions(self, decoded):
        """Tell which part of its total each pixel of a decoded pattern has.

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
