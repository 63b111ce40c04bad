"""pyxem: radial axes of azimuthal integrations begin half a bin too low."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

# A ring of radius 0.35 1/Å.
y, x = np.indices((64, 64)) - 32
ring = np.exp(-((0.02 * np.hypot(x, y) - 0.35) ** 2) / (2 * 0.03**2))
s = ElectronDiffraction2D(np.tile(ring, (1, 2, 1, 1)))
s.calibration(scale=0.02, units="$A^{-1}$", center=(32, 32))
profile = s.get_azimuthal_integral1d(
    npt=20, radial_range=(0.0, 0.6), mean=True, show_progressbar=False
)
# Bins are 0.03 wide: the first one is from 0 to 0.03, and its middle is at 0.015.
axis, values = profile.axes_manager.signal_axes[0], np.nan_to_num(profile.data[0, 0])
found = round(float(axis.axis @ values / values.sum()), 3)
expected = 0.35
print("radius of the ring:", found, "expected:", expected)
mended = abs(found - expected) < 0.005
