"""pyxem: azimuthal axes of polar patterns begin half a bin too low."""

import numpy as np
from pyxem.signals import ElectronDiffraction2D

# A spot at -47 degrees, as pyxem counts them: image y points up.
y, x = np.indices((64, 64)) - 32
angle = np.deg2rad(47)
apart = np.hypot(x - 24 * np.cos(angle), y - 24 * np.sin(angle))
spot = np.exp(-(apart**2) / (2 * 2**2))
s = ElectronDiffraction2D(np.tile(spot, (1, 2, 1, 1)))
s.calibration(scale=0.02, units="$A^{-1}$", center=(32, 32))
polar = s.get_azimuthal_integral2d(
    npt=12, npt_azim=60, radial_range=(0.0, 0.6), mean=True, show_progressbar=False
)
# Bins are 6 degrees wide.
axis = polar.axes_manager.signal_axes[0]
values = np.nan_to_num(polar.data[0, 0]).sum(axis=0)
found = round(float(np.rad2deg(axis.axis) @ values / values.sum()), 1)
expected = -47.0
print("azimuth of the spot:", found, "expected:", expected)
mended = abs(found - expected) < 1
