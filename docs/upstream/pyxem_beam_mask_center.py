"""pyxem: the mask of the direct beam is in the middle, wherever the beam is."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

s = ElectronDiffraction2D(np.ones((1, 2, 9, 9)))
s.calibration(scale=0.1, units="$A^{-1}$", center=(6, 2))
mask = s.get_direct_beam_mask(1.5).data
found = [float(place.mean()) for place in np.nonzero(mask)[::-1]]
expected = [6.0, 2.0]
print("column and row of the mask:", found, "expected:", expected)
