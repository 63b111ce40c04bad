"""A flake of two monolayers joined side by side: strained, bent and rippled."""

import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._checks import check_shape
from hyperspy_4dphase.data._crystalline import sheet_spots, spot_pattern
from hyperspy_4dphase.data._maps import blur_weights, coordinates
from hyperspy_4dphase.data._scattering import vacuum_pattern
from hyperspy_4dphase.data._simulation import simulate_scan
from hyperspy_4dphase.data._structures import structure

TURN = 12.0
"""Rotation of the flake in degrees."""

BEND_DIRECTION = np.array([np.cos(0.35), np.sin(0.35)])
"""Direction (x, y) along which the flake's slope changes."""

N_TILTS = 13
"""Patterns are computed at so many slopes and interpolated between."""

SCATTERED, DIFFUSE = 0.25, 0.15
"""Shares of the counts in the spots of the flat flake, and in the background."""

NAMES = ("vacuum", "WS2", "WS2 rim", "WSe2 side 1", "WSe2 side 2", "WSe2 side 3")


def strained_flake(
    navigation_shape=(128, 128),
    signal_shape=(128, 128),
    dose=5000.0,
    *,
    strain=0.02,
    bend=100.0,
    ripple=30.0,
    scan_step=4.0,
    ellipticity=0.0,
    **options,
):
    """Simulate a triangular flake of WS2 in WSe2, one layer thick, with strain.

    The two lattices differ by 4 %, and share the misfit where they meet: WS2 is
    stretched in a rim around its core, WSe2 is compressed along each side of the
    triangle, in three directions. So there are six domains of three phases. Bending
    and ripples change the brightness of the spots, and their positions a little,
    smoothly within each domain: nothing that should be split.

    Parameters
    ----------
    navigation_shape : tuple of int
        Scan shape (ny, nx) in array order. Default is (128, 128).
    signal_shape : tuple of int
        Detector shape (nky, nkx) in array order. Default is (128, 128).
    dose : float
        Mean electrons per pattern. Default is 5000.
    strain : float
        Strain of the rim and, negative, of the sides, at most 0.1. Default is 0.02.
    bend : float
        Slope in mrad that the bend reaches on either side of the scan. Default is 100.
    ripple : float
        Amplitude in mrad of the slope of the ripples. Default is 30.
    scan_step : float
        Distance of probe positions in nm. Default is 4.
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
        Components vacuum, WS2, its rim, and three sides of WSe2; phases vacuum, WS2
        and WSe2. ``patterns`` are those of the flat flake. Unless ``bend`` and
        ``ripple`` are 0, ``maps`` has ``"tilt"`` (ny, nx, 2): the slope (dz/dx, dz/dy)
        in mrad, and patterns are no exact mixtures of ``patterns``.

    Raises
    ------
    ValueError
        If an argument is out of range.

    See Also
    --------
    simulate_scan : Scans of other patterns and maps.

    References
    ----------
    .. [1] Shi et al., npj Comput. Mater. 8, 114 (2022),
       doi:10.1038/s41524-022-00793-9

    Examples
    --------
    >>> signal, truth = strained_flake((20, 24), (32, 40), random_state=0)
    >>> signal
    <ElectronDiffraction2D, title: Strained flake, dimensions: (24, 20|40, 32)>
    >>> truth.phase_names
    ('vacuum', 'WS2', 'WSe2')
    """
    shape = check_shape(navigation_shape, "navigation_shape")
    strain = check_number("strain", strain, 0, 0.1)
    bend = check_number("bend", bend, 0, 200.0)
    ripple = check_number("ripple", ripple, 0, 200.0)
    camera = Camera(signal_shape=signal_shape, ellipticity=ellipticity)
    y, x = coordinates(shape)
    weights = blur_weights(flake_weights(y, x), 0.6)
    steepest = bend + ripple
    slope = _slope(y, x, bend, ripple)
    slopes = np.linspace(-1, 1, N_TILTS) * steepest if steepest > 0 else np.zeros(1)
    flake = flake_patterns(camera, strain, slopes)
    vacuum = np.broadcast_to(vacuum_pattern(camera), (1, *flake.shape[1:]))
    variant = maps = None
    if steepest > 0:
        # Rounding must not carry a position past the last variant.
        variant = np.clip((slope / steepest + 1) / 2, 0, 1) * (N_TILTS - 1)
        maps = {"tilt": slope[..., np.newaxis] * BEND_DIRECTION}
    return simulate_scan(
        np.concatenate([vacuum, flake]),
        weights,
        dose,
        names=NAMES,
        phases=[name.split()[0] for name in NAMES],
        variant=variant,
        camera=camera,
        scan_step=scan_step,
        title="Strained flake",
        maps=maps,
        parameters={
            "scene": "strained_flake",
            "strain": strain,
            "bend": bend,
            "ripple": ripple,
        },
        **options,
    )


def flake_weights(y, x):
    """Return which of the six components is where, without blur.

    Parameters
    ----------
    y, x : numpy.ndarray of shape (ny, nx)
        Probe positions in units of the scan's shorter side.

    Returns
    -------
    weights : numpy.ndarray of shape (ny, nx, 6)
        1 for the component that is there, else 0.
    """
    y0, x0 = (y.min() + y.max()) / 2, (x.min() + x.max()) / 2
    # Each side of a triangle is a line; its normal gives the distance to it.
    normals = np.deg2rad(TURN + 90 + 120 * np.arange(3))
    distances = np.multiply.outer(x - x0, np.cos(normals))
    distances += np.multiply.outer(y - y0, np.sin(normals))
    distance = distances.max(axis=-1)
    label = 3 + distances.argmax(axis=-1)
    label[distance < 0.14] = 2
    label[distance < 0.09] = 1
    label[distance > 0.25] = 0
    return (label[..., np.newaxis] == np.arange(6)).astype(float)


def flake_patterns(camera, strain, slopes):
    """Return the patterns of the five crystalline components at each slope.

    Parameters
    ----------
    camera : Camera
        The detector.
    strain : float
        Strain of the rim and, negative, of the sides.
    slopes : numpy.ndarray of shape (n_slopes,)
        In mrad, along the direction of the bend.

    Returns
    -------
    patterns : numpy.ndarray of shape (5, n_slopes, nky, nkx)
        Each of sum 1.
    """
    stretched = strain * np.eye(2)
    variants = [("WS2", np.zeros((2, 2))), ("WS2", stretched)]
    for side in range(3):
        # Compressed along the side, and widened across it (Poisson's ratio 0.2).
        angle = np.deg2rad(120 * side)
        along = np.array([np.cos(angle), np.sin(angle)])
        uniaxial = 1.2 * np.outer(along, along) - 0.2 * np.eye(2)
        variants.append(("WSe2", -strain * uniaxial))
    return np.stack([_bend(camera, *variant, slopes) for variant in variants])


def _bend(camera, name, strain, slopes):
    """Return one component's patterns at each slope."""
    phase = structure(name)
    atoms = phase.structure.composition
    tilts = 1e-3 * np.outer(slopes, BEND_DIRECTION)
    lattice = {"strain": strain, "in_plane": TURN}
    flat = sheet_spots(phase, camera, **lattice)[1].sum()
    patterns = []
    for tilt in tilts:
        positions, intensities = sheet_spots(phase, camera, tilt=tilt, **lattice)
        # What the tilt takes from the spots stays in the direct beam.
        direct = 1 - DIFFUSE - SCATTERED * intensities.sum() / flat
        patterns.append(
            spot_pattern(camera, positions, intensities, atoms, direct, DIFFUSE)
        )
    return np.stack(patterns)


def _slope(y, x, bend, ripple):
    """Return the slope of the flake in mrad along the direction of the bend."""
    dx, dy = BEND_DIRECTION
    along = dx * (x - (x.min() + x.max()) / 2) + dy * (y - (y.min() + y.max()) / 2)
    along = along / max(np.abs(along).max(), 1e-12)
    return bend * along + ripple * np.sin(2 * np.pi * 3.5 * along)
