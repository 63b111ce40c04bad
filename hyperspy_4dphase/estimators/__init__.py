"""Estimators on plain arrays, with scikit-learn's contract."""

from hyperspy_4dphase.estimators.compression import (
    CompressedPatterns,
    compress_patterns,
)
from hyperspy_4dphase.estimators.confidence import (
    DomainModel,
    MapConsensus,
    MapEnsemble,
    overlap_confidence,
)
from hyperspy_4dphase.estimators.crystallinity import PatternClasses, classify_patterns
from hyperspy_4dphase.estimators.detector import Detector
from hyperspy_4dphase.estimators.domains import DivisiveDomains, DomainTree, TreeNode
from hyperspy_4dphase.estimators.nmf import RandomizedNMF
from hyperspy_4dphase.estimators.rotation import RotationGroups, group_rotations
from hyperspy_4dphase.estimators.vae import PatternVAE, latent_distortions

__all__ = [
    "CompressedPatterns",
    "Detector",
    "DivisiveDomains",
    "DomainModel",
    "DomainTree",
    "MapConsensus",
    "MapEnsemble",
    "PatternClasses",
    "PatternVAE",
    "RandomizedNMF",
    "RotationGroups",
    "TreeNode",
    "classify_patterns",
    "compress_patterns",
    "group_rotations",
    "latent_distortions",
    "overlap_confidence",
]
