"""The scans, as files with their truth beside them."""

import numpy as np

from hyperspy_4dphase.data import battery_interface, simulate_scan
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data.battery_interface import grain_patterns

N_GRAINS = 4
RARE = "rare phase"
_RARE_WIDTH = 4


def store_scan(folder, kind, navigation_shape, signal_shape, *, lazy=False):
    """Simulate a scan, save it as ``scan.zspy``, and its true maps as ``truth.npz``.

    Parameters
    ----------
    folder : pathlib.Path
        Where to.
    kind : {"battery", "rare"}
        Five overlapping phases, an amorphous and four crystalline patterns, with 2,400
        counts a pattern; or these and one more at 16 positions, with 2,000.
    navigation_shape, signal_shape : tuple of int
        In array order.
    lazy : bool
        Whether to draw and save it block by block.
    """
    make = {"battery": battery_interface, "rare": _rare}[kind]
    signal, truth = make(navigation_shape, signal_shape, random_state=1, lazy=lazy)
    signal.save(folder / "scan.zspy", overwrite=True)
    np.savez(
        folder / "truth.npz", abundance=truth.abundance, names=truth.component_names
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
