"""Small scans with domains that the clustering finds."""

import numpy as np
from pyxem.signals import Diffraction1D, Diffraction2D, PolarDiffraction2D

from .conftest import calibrated

SHAPES = {
    "1-D navigation": (Diffraction2D, (240,), (9, 11)),
    "2-D navigation": (Diffraction2D, (20, 12), (9, 11)),
    "3-D navigation": (Diffraction2D, (4, 10, 7), (9, 11)),
    "1-D patterns": (Diffraction1D, (20, 12), (40,)),
    "1-D of both": (Diffraction1D, (240,), (40,)),
    "polar": (PolarDiffraction2D, (20, 12), (9, 11)),
}
NAVIGATION, SIGNAL = SHAPES["2-D navigation"][1:]


def planted(form="2-D navigation", dtype="uint16", seed=0):
    """A scan and the labels that are to be found: half, a third and a sixth of it."""
    cls, navigation, signal = SHAPES[form]
    n = int(np.prod(navigation))
    labels = np.repeat([0, 1, 2], [n // 2, n // 3, n - n // 2 - n // 3])
    labels = labels.reshape(navigation)
    rng = np.random.default_rng(seed)
    patterns = rng.gamma(0.3, 40, (3, *signal)) + 1
    # Brightness is no domain.
    thickness = 0.7 + 0.6 * rng.random((*navigation, *[1] * len(signal)))
    counts = rng.poisson(thickness * patterns[labels]).astype(dtype)
    return calibrated(counts, cls), labels
