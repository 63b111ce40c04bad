"""Grains of a battery's cathode against its solid electrolyte."""

import numpy as np

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.data._amorphous import amorphous_pattern
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._checks import check_shape
from hyperspy_4dphase.data._crystalline import crystal_pattern, zone_rotation
from hyperspy_4dphase.data._maps import (
    coordinates,
    grain_weights,
    rough_line,
    smooth_field,
    soft_step,
)
from hyperspy_4dphase.data._simulation import simulate_scan
from hyperspy_4dphase.data._structures import structure

ORIENTATIONS = [
    ((0, 0, 1), 8.0),
    ((1, 0, 0), 35.0),
    ((2, 1, 0), 80.0),
    ((1, 0, 0), 115.0),
    ((2, 1, 1), 20.0),
    ((0, 0, 1), 38.0),
    ((2, 2, 1), 50.0),
    ((2, 1, 0), 150.0),
]
"""Zone axes [uvw] and in-plane rotations (degrees) of the first grains."""


def battery_interface(
    navigation_shape=(128, 128),
    signal_shape=(128, 128),
    dose=2400.0,
    *,
    n_grains=4,
    interface_width=0.06,
    thickness_variation=0.1,
    layout_seed=0,
    scan_step=2.0,
    ellipticity=0.0,
    **options,
):
    """Simulate crystalline NMC622 grains against the amorphous electrolyte LGPS.

    NMC622 is the layered oxide LiNi0.6Mn0.2Co0.2O2, LGPS is Li10GeP2S12. The grains
    are one phase in several orientations and so several domains; grain boundaries are
    as sharp as the probe, and the electrolyte overlaps the grains where the interface
    runs at a slant through the sample.

    Parameters
    ----------
    navigation_shape : tuple of int
        Scan shape (ny, nx) in array order. Default is (128, 128).
    signal_shape : tuple of int
        Detector shape (nky, nkx) in array order. Default is (128, 128).
    dose : float
        Mean electrons per pattern. Default is 2400.
    n_grains : int
        Number of grains, at least 1. Default is 4.
    interface_width : float
        Standard deviation of the overlap of grains and electrolyte, in units of the
        scan's shorter side. Default is 0.06.
    thickness_variation : float
        Relative amplitude of the smooth variation of brightness. Default is 0.1.
    layout_seed : int
        Seed of the grains, roughness and thickness: scans that share it share their
        truth. Default is 0.
    scan_step : float
        Distance of probe positions in nm. Default is 2.
    ellipticity : float
        Relative elongation of the patterns, 30 degrees off the x axis. Default is 0.
    **options
        Of :func:`simulate_scan`, passed unchanged: ``random_state``, ``lazy``,
        ``chunks``, ``beam_drift``, ``hot_pixels``, ``dead_pixels``.

    Returns
    -------
    signal : ElectronDiffraction2D or LazyElectronDiffraction2D
        Counts (ny, nx, nky, nkx), calibrated.
    truth : ScanTruth
        Components LGPS and one for each grain; phases LGPS and NMC622. ``maps`` has
        ``"thickness"``, the relative brightness.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    simulate_scan : Scans of other patterns and maps.

    References
    ----------
    .. [1] Werbrouck et al. (2025), arXiv:2507.17068

    Examples
    --------
    >>> signal, truth = battery_interface((12, 10), (32, 40), random_state=0)
    >>> signal
    <ElectronDiffraction2D, title: Battery interface, dimensions: (10, 12|40, 32)>
    >>> truth.n_components, truth.phase_names
    (5, ('LGPS', 'NMC622'))
    """
    shape = check_shape(navigation_shape, "navigation_shape")
    n_grains = check_integer("n_grains", n_grains, 1)
    width = check_number("interface_width", interface_width, 0, 1.0)
    variation = check_number("thickness_variation", thickness_variation, 0, 0.9)
    camera = Camera(signal_shape=signal_shape, ellipticity=ellipticity)
    rng = np.random.default_rng([check_integer("layout_seed", layout_seed, 0), 11])
    y, x = coordinates(shape)
    interface = 0.62 * x.max() + 0.15 * (y - y.max() / 2) + rough_line(rng, y, 0.03)
    thickness = 1 + variation * smooth_field(rng, y, x)
    probe = 0.7 / min(shape)
    electrolyte = soft_step(x - interface, np.hypot(width, probe))
    grains = grain_weights(rng, y, x, x < interface, n_grains, 0.7)
    weights = [electrolyte, *np.moveaxis(grains, -1, 0) * (1 - electrolyte)]
    # Far from the interface there is nothing of the other side at all.
    weights = np.stack(weights, axis=-1)
    weights[weights < 1e-6] = 0.0
    names = ["LGPS", *(f"NMC622 grain {i + 1}" for i in range(n_grains))]
    patterns = [amorphous_pattern("LGPS", camera), *grain_patterns(n_grains, camera)]
    return simulate_scan(
        patterns,
        weights * thickness[..., np.newaxis],
        dose,
        names=names,
        phases=["LGPS"] + ["NMC622"] * n_grains,
        camera=camera,
        scan_step=scan_step,
        title="Battery interface",
        maps={"thickness": thickness},
        parameters={
            "scene": "battery_interface",
            "n_grains": n_grains,
            "interface_width": width,
            "thickness_variation": variation,
            "layout_seed": int(layout_seed),
        },
        **options,
    )


def grain_patterns(n_grains, camera):
    """Return a pattern of NMC622 for each grain, all of them along low-index zones.

    Parameters
    ----------
    n_grains : int
        How many.
    camera : Camera
        The detector.

    Returns
    -------
    list of numpy.ndarray of shape (nky, nkx)
    """
    oxide = structure("NMC622")
    patterns = []
    for grain in range(n_grains):
        # The golden angle gives every further round of grains new rotations.
        round_, which = divmod(grain, len(ORIENTATIONS))
        zone, angle = ORIENTATIONS[which]
        rotation = zone_rotation(oxide, zone, angle + 137.508 * round_)
        patterns.append(crystal_pattern(oxide, rotation, camera))
    return patterns
