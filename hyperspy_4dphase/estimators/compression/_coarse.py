"""Directions that stand above noise once neighbouring pixels are taken together."""

import numpy as np

from hyperspy_4dphase.estimators._binning import (
    bin_patterns,
    binning_factor,
    number_bins,
    place_pixels,
)
from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._detector import Detector

# Memory for the counts of squares, of two bytes each. Historical.
_MAX_HELD_BYTES = 128 * 2**20
# Detectors of fewer pixels along a side have no squares. Historical.
_MIN_SIDE = 16


class CoarsePixels:
    """Pixels of a detector, taken together in squares.

    Spots and rings are wider than a pixel. What stands above the noise of all pixels is
    found in them; with fewer, larger ones there is less noise for weak structure to
    rise above. As counts of a square are sums of counts, a direction among squares is
    one among pixels, and its noise is as white.

    Parameters
    ----------
    signal_shape : tuple of int
        Detector shape (ny, nx); with fewer or more axes nothing is taken together.
    kept_pixels : numpy.ndarray of bool, shape (prod(signal_shape),), optional
        Which pixels the patterns have; by default all.
    """

    def __init__(self, signal_shape, kept_pixels=None):
        self.exist = len(signal_shape) == 2 and min(signal_shape) >= _MIN_SIDE
        if not self.exist:
            return
        self._signal_shape = signal_shape
        self._kept = kept_pixels
        self._factor = max(2, binning_factor(signal_shape))
        squares = number_bins(signal_shape, self._factor)
        if kept_pixels is not None:
            squares = squares[kept_pixels]
        # Those without pixels would count as columns without noise.
        self._live, self._square = np.unique(squares, return_inverse=True)

    @property
    def n_held(self):
        """int: Of how many patterns the counts of squares can be held in memory."""
        return _MAX_HELD_BYTES // (2 * self._live.size) if self.exist else 0

    @property
    def n_squares(self):
        """int: Number of squares that have pixels."""
        return self._live.size if self.exist else 0

    def counts(self, patterns):
        """Count what squares have, in the smallest type that holds it.

        Parameters
        ----------
        patterns : numpy.ndarray, shape (n, n_pixels)

        Returns
        -------
        numpy.ndarray, shape (n, n_squares)
        """
        if self._kept is not None:
            patterns = place_pixels(patterns, self._kept, self._kept.size)
        sums = bin_patterns(patterns, self._signal_shape, self._factor)
        sums = sums.reshape(len(sums), np.prod(sums.shape[1:]))[:, self._live]
        return sums if patterns.dtype.kind == "f" else _in_few_bytes(sums)

    def counts_of_packed(self, packed, places):
        """Count what squares have in some packed patterns.

        Parameters
        ----------
        packed : PackedPatterns
        places : numpy.ndarray of int, shape (n,)

        Returns
        -------
        numpy.ndarray, shape (n, n_squares)
        """
        sums = packed.take_together(places, self._square, self._live.size)
        return _in_few_bytes(sums)

    def describe_noise(self, detector):
        """Describe what a detector does to squares of pixels, after its correction.

        Parameters
        ----------
        detector : Detector
            Of the pixels.

        Returns
        -------
        Detector
        """
        if detector.kind == "pixels":
            variance = self.counts(detector.pixel_variance[None].astype(np.float32))[0]
            return Detector("pixels", pixel_variance=variance.astype(np.float64))
        if not detector.dark_variance:
            return Detector("counts" if detector.scales_with_mean else "uniform")
        n_pixels = np.bincount(self._square).mean()
        readout_noise = float(np.sqrt(detector.dark_variance * n_pixels))
        return Detector("gain", readout_noise=readout_noise)

    def spread(self, found, column_weight, row_scale):
        """Spread the structure of squares over their pixels.

        Parameters
        ----------
        found : CompressedPatterns
            The counts of squares, compressed.
        column_weight : numpy.ndarray, shape (n_pixels,)
            The squares of what pixels are scaled by.
        row_scale : numpy.ndarray, shape (n_held,)
            What the patterns held are scaled by.

        Returns
        -------
        columns : numpy.ndarray, shape (n_pixels, n_found), float32
            Orthonormal directions among pixels that hold this structure.
        scores : numpy.ndarray, shape (n_held, n_found)
            What the scaled patterns held have of them.
        """
        values = found.singular_values[: found.n_significant]
        rows = found.B[: len(values)] * inverse(values)[:, None].astype(np.float32)
        per_count = np.sqrt(inverse(column_weight)).astype(np.float32)
        spread = (rows * found.column_scale)[:, self._square] * per_count
        columns, triangle = np.linalg.qr(spread.T.astype(np.float64))
        columns[column_weight == 0] = 0
        scores = found.Q[:, : len(values)] * values
        scores *= (row_scale * inverse(found.row_scale))[:, None]
        scores = np.linalg.solve(triangle.T, scores.T).T
        return columns.astype(np.float32), scores


def _in_few_bytes(sums):
    if sums.max(initial=0) > np.iinfo("u2").max:
        return sums.astype(np.float32, copy=False)
    return sums.astype(np.uint16)
