"""pyxem: the mask of the direct beam is elsewhere if the detector is not square."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

s = ElectronDiffraction2D(np.ones((1, 2, 6, 10)))
mask = s.get_direct_beam_mask(1.5).data
middle = [float(place.mean()) for place in np.nonzero(mask)]
found = [mask.shape, middle]
expected = [(6, 10), [2.5, 4.5]]
print("shape, row and column of the mask:", found, "expected:", expected)
# Both orders are exchanged, of the shape and of the centre: the transpose has the right
# shape, and its disc where the beam is not.
transposed = [float(place.mean()) for place in np.nonzero(mask.T)]
print("row and column in the transposed mask:", transposed)
