"""The scans, as files with their truth beside them."""

import numpy as np

from hyperspy_4dphase.data import battery_interface, simulate_scan
from hyperspy_4dphase.data._amorphous import amorphous_pattern
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data.battery_interface import grain_patterns

N_GRAINS = 4
RARE = "rare phase"
_RARE_WIDTH = 4
# Crystals of the weak scan, and the most that one adds to wedges of 0.6 to 2.
_N_CRYSTALS, _CRYSTALLINE = 3, 0.3


def store_scan(folder, kind, navigation_shape, signal_shape, *, lazy=False):
    """Simulate a scan, save it as ``scan.zspy``, and its true maps as ``truth.npz``.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    kind : {"battery", "rare", "weak"}
        Five overlapping phases, an amorphous and four crystalline patterns, with 2,400
        counts a pattern; these and one more at 16 positions, with 2,000; or those of
        :func:`weak_scan`.
    navigation_shape, signal_shape : tuple of int
        In array order.
    lazy : bool
        Whether to draw and save it block by block.
    """
    make = {"battery": battery_interface, "rare": _rare, "weak": weak_scan}[kind]
    signal, truth = make(navigation_shape, signal_shape, random_state=1, lazy=lazy)
    signal.save(folder / "scan.zspy", overwrite=True)
    np.savez(
        folder / "truth.npz", abundance=truth.abundance, names=truth.component_names
    )


def weak_scan(navigation_shape, signal_shape, dose=3000.0, **options):
    """Simulate two amorphous wedges that overlap, and three crystals dispersed in them.

    Most of what scatters is amorphous, with rings that differ little, and thickness
    varies everywhere: but for brightness, structure is weak.

    Parameters
    ----------
    navigation_shape, signal_shape : tuple of int
        In array order.
    dose : float, optional
        Mean electrons per pattern. Default is 3000.
    **options
        Of :func:`simulate_scan`.

    Returns
    -------
    signal : ElectronDiffraction2D or LazyElectronDiffraction2D
    truth : ScanTruth
    """
    camera = Camera(signal_shape=signal_shape)
    crystals = grain_patterns(_N_CRYSTALS, camera)
    amorphous = [amorphous_pattern(name, camera) for name in ("SiO2", "TiO2")]
    y, x = (np.linspace(0, 1, n) for n in navigation_shape)
    y, x = np.meshgrid(y, x, indexing="ij")
    wedges = [0.3 + 0.7 * x, 0.3 + 0.7 * y]
    places = (0.25, 0.3), (0.7, 0.25), (0.6, 0.75)
    spread = [np.exp(-((y - v) ** 2 + (x - u) ** 2) / 0.02) for v, u in places]
    weights = np.stack([*wedges, *(_CRYSTALLINE * part for part in spread)], axis=-1)
    return simulate_scan(
        [*amorphous, *crystals],
        weights,
        dose,
        names=["SiO2", "TiO2", *(f"crystal {i + 1}" for i in range(_N_CRYSTALS))],
        camera=camera,
        title="Amorphous wedges with crystals",
        **options,
    )


def _rare(navigation_shape, signal_shape, **options):
    # The phases and maps of the other scan, without its counts.
    _, truth = battery_interface(
        navigation_shape, signal_shape, lazy=True, n_grains=N_GRAINS
    )
    abundance = np.concatenate(
        [truth.abundance, np.zeros((*navigation_shape, 1))], axis=-1
    )
    y, x = (size // 4 for size in navigation_shape)
    inside = abundance[y : y + _RARE_WIDTH, x : x + _RARE_WIDTH]
    totals = inside.sum(axis=-1)
    inside[...] = 0
    inside[..., -1] = totals
    grain = grain_patterns(N_GRAINS + 1, Camera(signal_shape=signal_shape))[-1]
    return simulate_scan(
        [*truth.patterns, grain],
        abundance,
        2000.0,
        names=[*truth.component_names, RARE],
        title="Battery interface with a rare phase",
        **options,
    )
