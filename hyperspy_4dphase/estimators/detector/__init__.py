"""What a detector does to counts: gain, offset, noise, values that are no counts."""

from hyperspy_4dphase.estimators.detector._detector import Detector
from hyperspy_4dphase.estimators.detector._faulty_pixels import (
    FaultyPixels,
    find_faulty_pixels,
)
from hyperspy_4dphase.estimators.detector._floor import remove_floor

__all__ = ["Detector"]
