"""Lists of diffraction peaks."""

from hyperspy_4dphase.estimators.peaks._peak_images import draw_peaks

__all__ = []
