"""pyxem: azimuthal integration changes the affine matrix that is stored."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

s = ElectronDiffraction2D(np.ones((1, 2, 8, 8)))
s.calibration(scale=0.1, units="$A^{-1}$", center=(4, 4))
s.calibration.affine = np.array([[1.0, 0.02, 0], [0.02, 1.0, 0], [0, 0, 1]])
s.get_azimuthal_integral1d(npt=3, radial_range=(0.0, 0.3), show_progressbar=False)
found = np.asarray(s.calibration.affine)[0, 1].item()
expected = 0.02
print("element of the matrix:", found, "expected:", expected)
