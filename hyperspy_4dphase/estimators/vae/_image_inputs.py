"""What a convolutional network sees of patterns, and how patterns come back from it."""

from dataclasses import dataclass
from math import prod
from operator import add

import numpy as np

from hyperspy_4dphase._accumulator import gather_rows
from hyperspy_4dphase.estimators._binning import (
    bin_patterns,
    binned_shape,
    binning_factor,
    expand,
    place_pixels,
)
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.compression import compress_patterns

# Images that take more memory than this, in bytes, are read again in each epoch.
_HELD_BYTES = 2**30


@dataclass
class ImageInputs:
    """Patterns as images of a few thousand pixels at most.

    Attributes
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx).
    factor : int
        How many pixels a side are binned into one.
    kept_pixels : numpy.ndarray of bool, shape (ny * nx,), or None
        False where masked: these count nothing.
    """

    signal_shape: tuple
    factor: int
    kept_pixels: np.ndarray | None = None

    # Patterns that the network is prepared with, at most; points of a batch at which
    # the flatness of latent space is judged. Historical: chosen by trial in 2026, not
    # calibrated.
    n_sampled = 4096
    n_flattened = 16

    @classmethod
    def from_blocks(cls, blocks):
        """Bin as fits these patterns.

        Parameters
        ----------
        blocks : PatternBlocks
        """
        shape = blocks.signal_shape
        return cls(shape, binning_factor(shape), blocks.kept_pixels)

    @property
    def n_pixels(self):
        """int: Of a pattern, masked ones left out."""
        if self.kept_pixels is None:
            return prod(self.signal_shape)
        return int(np.count_nonzero(self.kept_pixels))

    def fits(self, X):
        """Tell that compressed patterns are no images."""
        return False

    @property
    def image_shape(self):
        """tuple of int: Of the binned patterns."""
        return binned_shape(self.signal_shape, self.factor)

    def bin_patterns(self, patterns):
        """Bin patterns.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n, n_kept_pixels)

        Returns
        -------
        numpy.ndarray, shape (n, *image_shape), float32
        """
        if self.kept_pixels is not None:
            kept = self.kept_pixels
            patterns = place_pixels(patterns, kept, kept.size)
        return bin_patterns(patterns, self.signal_shape, self.factor)

    def encode(self, X, function):
        """Apply a function to the images of each block, and concatenate the results.

        Parameters
        ----------
        X : PatternBlocks
        function : callable
            Of an array (n, *image_shape); gives arrays of n rows.

        Returns
        -------
        list of numpy.ndarray
            For all patterns.
        """

        def encode(patterns, rows):
            return [(rows, *function(self.bin_patterns(patterns)))]

        return gather_rows(X.reduce(encode, add, stage="Encoding patterns"))

    def open_source(self, X, device):
        """Deliver images for training: from memory, or read again if too many.

        Parameters
        ----------
        X : PatternBlocks
        device : str or torch.device

        Returns
        -------
        HeldPatterns or StreamedPatterns
        """
        from hyperspy_4dphase.estimators.vae._sources import (
            HeldPatterns,
            StreamedPatterns,
            read_images,
        )

        n_patterns = X.shape[0]
        if 2 * n_patterns * prod(self.image_shape) > _HELD_BYTES:
            return StreamedPatterns(self, X, device)
        return HeldPatterns(*read_images(self, X, np.arange(n_patterns)), device)

    def measure_gain(self, X, sample):
        """Measure how many counts one electron gives.

        Integers are taken as electrons; for floats the noise itself tells.

        Parameters
        ----------
        X : PatternBlocks
        sample : torch.Tensor, shape (n, *image_shape)

        Returns
        -------
        float or None
            None where it is 1, or cannot be told.
        """
        if X.dtype.kind != "f":
            return None
        sample = sample.reshape(len(sample), -1).cpu().numpy()
        variance = compress_patterns(sample, random_state=0).noise_variance
        return variance if variance > 0 else None

    def to_fractions(self, decoded):
        """Tell which part of its total each pixel of a decoded pattern has.

        Parameters
        ----------
        decoded : numpy.ndarray, shape (n, n_binned_pixels)
            Logarithms of the fractions in binned pixels.

        Returns
        -------
        numpy.ndarray, shape (n, n_kept_pixels), float32
        """
        fractions = expand(np.exp(decoded), self.signal_shape, self.factor)
        fractions = fractions.reshape(len(decoded), -1)
        if self.kept_pixels is not None:
            fractions = fractions[:, self.kept_pixels]
        return fractions * inverse(fractions.sum(axis=1, keepdims=True))
