"""Two amorphous oxides: a thin film on its substrate, in cross-section."""

import numpy as np

from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.data._amorphous import amorphous_pattern
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._checks import check_shape
from hyperspy_4dphase.data._maps import coordinates, rough_line, smooth_field, soft_step
from hyperspy_4dphase.data._scattering import vacuum_pattern
from hyperspy_4dphase.data._simulation import simulate_scan


def oxide_bilayer(
    navigation_shape=(96, 128),
    signal_shape=(128, 128),
    dose=2400.0,
    *,
    vacuum=True,
    interface_width=0.03,
    thickness_variation=0.1,
    layout_seed=0,
    ellipticity=0.0,
    **options,
):
    """Simulate a thin film of amorphous TiO2 on amorphous SiO2, in cross-section.

    Both materials give rings, which differ in radius only. The interface is rough and
    blurred, since it runs at a slant through the sample.

    Parameters
    ----------
    navigation_shape : tuple of int
        Scan shape (ny, nx) in array order. Default is (96, 128).
    signal_shape : tuple of int
        Detector shape (nky, nkx) in array order. Default is (128, 128).
    dose : float
        Mean electrons per pattern. Default is 2400.
    vacuum : bool
        Whether vacuum is in view above the film. Default is True.
    interface_width : float
        Standard deviation of the blur of the interface, in units of the scan's
        shorter side. Default is 0.03.
    thickness_variation : float
        Relative amplitude of the smooth variation of brightness. Default is 0.1.
    layout_seed : int
        Seed of the roughness and thickness: scans that share it share their truth.
        Default is 0.
    ellipticity : float
        Relative elongation of the patterns, 30 degrees off the x axis. Default is 0.
    **options
        Of :func:`simulate_scan`, passed unchanged: ``random_state``, ``lazy``,
        ``chunks``, ``beam_drift``, ``hot_pixels``, ``dead_pixels``, ``scan_step``.

    Returns
    -------
    signal : ElectronDiffraction2D or LazyElectronDiffraction2D
        Counts (ny, nx, nky, nkx), calibrated.
    truth : ScanTruth
        Components SiO2, TiO2 and, with ``vacuum``, vacuum. ``maps`` has
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
    >>> signal, truth = oxide_bilayer((8, 10), (32, 40), random_state=0)
    >>> signal
    <ElectronDiffraction2D, title: Oxide bilayer, dimensions: (10, 8|40, 32)>
    >>> truth.component_names
    ('SiO2', 'TiO2', 'vacuum')
    """
    shape = check_shape(navigation_shape, "navigation_shape")
    width = check_number("interface_width", interface_width, 0, 1.0)
    variation = check_number("thickness_variation", thickness_variation, 0, 0.9)
    camera = Camera(signal_shape=signal_shape, ellipticity=ellipticity)
    rng = np.random.default_rng([check_integer("layout_seed", layout_seed, 0), 10])
    y, x = coordinates(shape)
    height = y.max()
    interface = (0.62 if vacuum else 0.5) * height + rough_line(rng, x, 0.025)
    surface = 0.28 * height + rough_line(rng, x, 0.012)
    thickness = 1 + variation * smooth_field(rng, y, x)
    # No blur is finer than the probe, of which a position or so is inside.
    probe = 0.7 / min(shape)
    substrate = soft_step(y - interface, np.hypot(width, probe))
    names = ["SiO2", "TiO2"]
    patterns = [amorphous_pattern(name, camera) for name in names]
    solid = soft_step(y - surface, probe) if vacuum else np.ones(shape)
    weights = [solid * substrate * thickness, solid * (1 - substrate) * thickness]
    if vacuum:
        names.append("vacuum")
        patterns.append(vacuum_pattern(camera))
        # Without a sample nothing is scattered beyond the detector.
        weights.append((1 - solid) * (1 + variation))
    return simulate_scan(
        patterns,
        np.stack(weights, axis=-1),
        dose,
        names=names,
        camera=camera,
        title="Oxide bilayer",
        maps={"thickness": thickness},
        parameters={
            "scene": "oxide_bilayer",
            "vacuum": bool(vacuum),
            "interface_width": width,
            "thickness_variation": variation,
            "layout_seed": int(layout_seed),
        },
        **options,
    )
