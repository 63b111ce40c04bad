"""A scan of vacuum, glass, and crystals of two structures, and its named domains."""

from functools import lru_cache

import numpy as np
from orix.quaternion import Rotation
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase.data import (
    Camera,
    amorphous_pattern,
    crystal_pattern,
    structure,
    vacuum_pattern,
)

CAMERA = Camera(signal_shape=(72, 80), scale=0.025)
# Domains by rising y: (name of the phase or class, Euler angles).
PARTS = (
    ("Si", (20.0, 45.0, 0.0)),
    ("Si", (75.0, 45.0, 0.0)),
    ("Al", (300.0, 45.0, 0.0)),
    ("amorphous", None),
    ("vacuum", None),
)
HEIGHTS = (5, 4, 3, 3, 2)
WIDTH = 19
VOLTAGE = 200.0
QUIET = {"show_progressbar": False}


def rotation(euler):
    return Rotation.from_euler(euler, degrees=True)


@lru_cache
def patterns():
    """One pattern for each part."""
    made = []
    for name, euler in PARTS:
        if euler is not None:
            made.append(crystal_pattern(structure(name), rotation(euler), CAMERA))
        elif name == "amorphous":
            made.append(amorphous_pattern("SiO2", CAMERA))
        else:
            made.append(vacuum_pattern(CAMERA))
    return np.stack(made)


def truth():
    """The part of each probe position."""
    return np.repeat(np.repeat(np.arange(len(PARTS)), HEIGHTS), WIDTH).reshape(
        -1, WIDTH
    )


@lru_cache
def counts(dose=4000, seed=5):
    rng = np.random.default_rng(seed)
    return rng.poisson(dose * patterns()[truth()]).astype(np.uint16)


def scan(dose=4000):
    """A calibrated scan, which nothing else holds."""
    s = ElectronDiffraction2D(counts(dose).copy())
    s.metadata.General.title = "planted"
    for axis, size in zip(s.axes_manager.signal_axes, (80, 72), strict=True):
        axis.scale, axis.offset = CAMERA.scale, -CAMERA.scale * (size // 2)
        axis.units = "1/Å"
    for axis, name, scale in zip(
        s.axes_manager.navigation_axes, "xy", (2.0, 3.0), strict=True
    ):
        axis.name, axis.scale, axis.units = name, scale, "nm"
    s.metadata.set_item("Acquisition_instrument.TEM.beam_energy", VOLTAGE)
    return s


@lru_cache
def mapped():
    """A scan, its domains, and which part each of them is."""
    s = scan()
    domains = s.cluster_hierarchical(random_state=0, print_info=False, **QUIET)
    domains.mean_patterns(**QUIET)
    parts = [
        int(np.bincount(truth()[domains.labels == k]).argmax())
        for k in range(domains.n_domains)
    ]
    return s, domains, parts


@lru_cache
def named():
    """A scan, its phases of silicon and aluminium, and the part of each domain."""
    s, domains, parts = mapped()
    classes = [PARTS[i][0] if PARTS[i][1] is None else "crystalline" for i in parts]
    structures = [structure("Al"), structure("Si")]
    return s, domains.identify(structures, classes=classes, **QUIET), parts
