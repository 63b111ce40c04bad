"""How sure a map of domains is: maps of many kinds, and what they agree on."""

from hyperspy_4dphase.estimators.confidence._consensus import MapConsensus
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.confidence._ensemble import MapEnsemble
from hyperspy_4dphase.estimators.confidence._overlap import overlap_confidence
from hyperspy_4dphase.estimators.confidence._reliability import (
    judge_labels,
    measure_errors,
)
from hyperspy_4dphase.estimators.confidence._rounds import run_rounds

__all__ = [
    "DomainModel",
    "MapConsensus",
    "MapEnsemble",
    "judge_labels",
    "measure_errors",
    "overlap_confidence",
    "run_rounds",
]
