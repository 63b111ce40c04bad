"""Estimators on plain arrays, with scikit-learn's contract."""

from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
)
from hyperspy_4dphase.estimators.rnmf import RandomizedNMF

__all__ = ["CompressedPatterns", "RandomizedNMF", "compress_patterns"]
