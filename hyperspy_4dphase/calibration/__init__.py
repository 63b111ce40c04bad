"""Centre, ellipse and scale of diffraction patterns, each with how sure it is.

Nothing in a signal is changed: the results say how to set its calibration.
"""

from hyperspy_4dphase.calibration._find import (
    EllipseEstimate,
    find_center,
    find_ellipse,
    find_scale,
)
from hyperspy_4dphase.estimators.calibration import Estimate

__all__ = ["EllipseEstimate", "Estimate", "find_center", "find_ellipse", "find_scale"]
