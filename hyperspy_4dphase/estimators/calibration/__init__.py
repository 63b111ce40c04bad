"""Centre, ellipse and scale of diffraction patterns, each with how sure it is."""

from hyperspy_4dphase.estimators.calibration._center import estimate_center
from hyperspy_4dphase.estimators.calibration._ellipse import (
    distortion_matrix,
    estimate_ellipse,
)
from hyperspy_4dphase.estimators.calibration._estimate import Estimate
from hyperspy_4dphase.estimators.calibration._scale import estimate_scale

__all__ = ["Estimate"]
