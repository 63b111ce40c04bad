"""Estimators on plain arrays, with scikit-learn's contract."""

from hyperspy_4dphase.estimators._detector import Detector
from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
)
from hyperspy_4dphase.estimators.confidence import MapConsensus
from hyperspy_4dphase.estimators.ensemble import MapEnsemble
from hyperspy_4dphase.estimators.hierarchical import DivisiveDomains
from hyperspy_4dphase.estimators.rnmf import RandomizedNMF
from hyperspy_4dphase.estimators.vae import PatternVAE

__all__ = [
    "CompressedPatterns",
    "Detector",
    "DivisiveDomains",
    "MapConsensus",
    "MapEnsemble",
    "PatternVAE",
    "RandomizedNMF",
    "compress_patterns",
]
