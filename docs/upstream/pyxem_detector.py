"""pyxem: the axes of a detector that is not square are exchanged."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

s = ElectronDiffraction2D(np.ones((1, 2, 6, 8)))
s.calibration.detector(
    pixel_size=1e-5, detector_distance=0.1, beam_energy=200, units="k_A^-1"
)
found = [len(axis.axis) for axis in s.axes_manager.signal_axes]
expected = [8, 6]
print("values of the signal axes:", found, "expected:", expected)
