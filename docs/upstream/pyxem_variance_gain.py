"""pyxem: the variance of pure counting noise, corrected by the gain, is not 0."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

counts = np.random.default_rng(0).poisson(5.0, (8, 9, 12, 12)).astype(float)
s = ElectronDiffraction2D(8.0 * counts)
s.calibration(scale=0.1, units="$A^{-1}$", center=(6, 6))
options = {"npt": 3, "gain": 8.0, "radial_range": (0.0, 0.5)}
found = {}
for method in ("Omega", "re", "VImage"):
    variance = s.get_variance(method=method, show_progressbar=False, **options)
    found[method] = round(float(np.abs(variance.data[1:]).max()), 3)
expected = 0.005
print("largest variances:", found, "expected: all below", expected)
mended = max(found.values()) < expected
