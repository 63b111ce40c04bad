"""What the numbers of a compression say of a scan."""

import numpy as np

from hyperspy_4dphase._results import fill_excluded
from hyperspy_4dphase.estimators.compression import expected_sums


class CompressionNumbers:
    """What :class:`Compression` gains to tell what it holds."""

    @property
    def Q(self):
        """numpy.ndarray, shape (n_patterns, rank): Orthonormal columns."""
        return self.patterns.Q

    @property
    def B(self):
        """numpy.ndarray, shape (rank, n_pixels): The strongest direction first."""
        return self.patterns.B

    @property
    def row_scale(self):
        """numpy.ndarray, shape (n_patterns,): What each pattern was multiplied by."""
        return self.patterns.row_scale

    @property
    def column_scale(self):
        """numpy.ndarray, shape (n_pixels,): What each pixel was multiplied by."""
        return self.patterns.column_scale

    @property
    def singular_values(self):
        """numpy.ndarray, shape (rank,): Of the scaled patterns."""
        return self.patterns.singular_values

    @property
    def noise_edge(self):
        """float: The largest singular value that noise alone would show."""
        return float(self.patterns.noise_edge)

    @property
    def noise_variance(self):
        """float: Of one scaled value; the gain, for counts times a gain."""
        return float(self.patterns.noise_variance * self.patterns.gain)

    @property
    def detector(self):
        """dict: What is known of the detector, in units of the data.

        ``"kind"``: ``"counts"``, ``"gain"``, ``"pixels"`` or ``"uniform"`` (see
        :class:`hyperspy_4dphase.estimators.Detector`); ``"gain"``, ``"offset"``,
        ``"readout_noise"``; ``"measured_gain"``, the variance over the mean as
        measured, and ``"gain_error"``; ``"misfit"`` of that law; ``"neighbours"``, the
        variance among neighbouring patterns over that of independent ones.
        """
        return dict(self.patterns.detector or {})

    @property
    def noise_model(self):
        """dict: What says the variance of a value from its mean, for a map to keep."""
        model = dict.fromkeys(("gain", "offset", "readout_variance"))
        if self.poissonian_noise_normalized:
            model["gain"] = self.noise_variance
            model["offset"] = float(self.patterns.offset)
            readout_noise = self.detector.get("readout_noise", 0.0)
            model["readout_variance"] = float(readout_noise) ** 2
        return model

    @property
    def pattern_sums(self):
        """numpy.ndarray, shape (2, n_patterns), or None: To know the scan again by.

        A weighted sum of the values of each pattern, and how far that of the same scan
        may be off. None if it is not known: see :meth:`check_scan`.
        """
        return expected_sums(self.patterns)

    @property
    def rank(self):
        """int: Number of directions kept, those of the noise included."""
        return int(self.patterns.Q.shape[1])

    @property
    def n_significant(self):
        """int: Number of directions above the noise edge."""
        return int(self.patterns.n_significant)

    @property
    def n_reads(self):
        """float: How many times the scan was read for this."""
        return float(self.patterns.n_reads)

    @property
    def poissonian_noise_normalized(self):
        """bool: Whether counting noise was scaled."""
        return self.patterns.noise == "poisson"

    @property
    def residual(self):
        """numpy.ndarray of the navigation shape: What is left of each pattern.

        Mean squared deviation in units of the noise variance: about 1 where only noise
        is left, more where a pattern is not described. NaN where masked.
        """
        residual = np.asarray(self.patterns.residual)
        return fill_excluded(residual, self.excluded_patterns).reshape(
            self.navigation_shape
        )
