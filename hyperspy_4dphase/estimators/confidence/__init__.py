"""How sure a map of domains is: maps of many kinds, and what they agree on.

``hyperspy_4dphase.estimators`` has what users call. The others are for ``methods/`` and
``signals/``: what they find is in a ``DomainConfidence``, and so they are not in the
reference.
"""

from hyperspy_4dphase.estimators.confidence._consensus import MapConsensus
from hyperspy_4dphase.estimators.confidence._domain_model import DomainModel
from hyperspy_4dphase.estimators.confidence._ensemble import MapEnsemble
from hyperspy_4dphase.estimators.confidence._exposures import (
    RETURNED,
    compare_maps_of_exposures,
    map_exposure,
    predict_counts,
)
from hyperspy_4dphase.estimators.confidence._map_making import DOUBTS, DOUBTS_FOUND
from hyperspy_4dphase.estimators.confidence._overlap import overlap_confidence
from hyperspy_4dphase.estimators.confidence._reliability import (
    judge_labels,
    measure_errors,
)
from hyperspy_4dphase.estimators.confidence._rounds import run_rounds

__all__ = ["DomainModel", "MapConsensus", "MapEnsemble", "overlap_confidence"]
