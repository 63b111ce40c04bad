"""pyxem: the reduced intensity takes its profile to begin at s = 0."""

import numpy as np
from pyxem.generators import ReducedIntensityGenerator1D
from pyxem.signals import ElectronDiffraction1D

s = ElectronDiffraction1D(np.ones((1, 2, 20)))
s.axes_manager.signal_axes[0].scale = 0.1
s.axes_manager.signal_axes[0].offset = 0.5
generator = ReducedIntensityGenerator1D(s)
# What a fit of the background would set: 2 pi s (I - 0) / 1 is left.
generator.background_fit = s * 0.0
generator.normalisation = np.ones((1, 2, 20))
reduced = generator.get_reduced_intensity()
found = round(float(reduced.data[0, 0, 0] / (2 * np.pi)), 3)
expected = 0.5
print("s of the first value:", found, "expected:", expected)
