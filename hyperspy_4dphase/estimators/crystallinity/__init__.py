"""Vacuum, amorphous, crystalline or mixed: what patterns show of spots and halos."""

from hyperspy_4dphase.estimators.crystallinity._classes import (
    UNKNOWN,
    PatternClasses,
    classify_patterns,
    fit_noise,
)
from hyperspy_4dphase.estimators.crystallinity._features import find_beam
from hyperspy_4dphase.estimators.crystallinity._positions import (
    SpotWeights,
    make_spot_weights,
    measure_crystallinity,
)
from hyperspy_4dphase.estimators.crystallinity._probabilities import CLASSES

__all__ = ["PatternClasses", "classify_patterns"]
