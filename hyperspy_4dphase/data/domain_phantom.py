"""A phantom of thirteen classes: large, small, sharp, fading, thin and pointed."""

import numpy as np

from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.data._amorphous import amorphous_pattern
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._checks import check_shape
from hyperspy_4dphase.data._crystalline import crystal_pattern, zone_rotation
from hyperspy_4dphase.data._maps import blur_weights
from hyperspy_4dphase.data._scattering import vacuum_pattern
from hyperspy_4dphase.data._simulation import simulate_scan
from hyperspy_4dphase.data._structures import structure

CRYSTALS = [
    ("SrTiO3", (0, 0, 1), 10.0),
    ("SrTiO3", (0, 0, 1), 40.0),
    ("SrTiO3", (0, 1, 1), 25.0),
    ("Si", (0, 1, 1), 20.0),
    ("Si", (0, 1, 1), 90.53),
    ("Si", (0, 0, 1), 5.0),
    ("Al", (0, 0, 1), 30.0),
    ("Al", (0, 1, 1), 0.0),
    ("Fe", (1, 1, 1), 12.0),
    ("Fe", (0, 0, 1), 22.0),
    ("NMC622", (0, 0, 1), 27.0),
]
"""Structure, zone axis [uvw] and in-plane rotation (degrees) of classes 2 to 12."""


def domain_phantom(
    navigation_shape=(295, 296),
    signal_shape=(128, 128),
    dose=2400.0,
    *,
    boundary_width=0.0,
    ellipticity=0.0,
    **options,
):
    """Simulate a phantom of thirteen classes, some easy to find and some not.

    Vacuum, an amorphous region, and eleven crystals: three large domains of one
    structure, a stack of thin twins, a wedge with a sharp point, discs and a ring down
    to a position or so across, lines three, two and one position wide, and a bar that
    fades from vacuum to a crystal's pattern. All of it is drawn to the scan's size.

    Parameters
    ----------
    navigation_shape : tuple of int
        Scan shape (ny, nx) in array order. Default is (295, 296).
    signal_shape : tuple of int
        Detector shape (nky, nkx) in array order. Default is (128, 128).
    dose : float
        Mean electrons per pattern. Default is 2400.
    boundary_width : float
        Standard deviation in probe positions of the blur of all boundaries. Default
        is 0: every position outside the bar is pure.
    ellipticity : float
        Relative elongation of the patterns, 30 degrees off the x axis. Default is 0.
    **options
        Of :func:`simulate_scan`, passed unchanged: ``random_state``, ``lazy``,
        ``chunks``, ``beam_drift``, ``hot_pixels``, ``dead_pixels``, ``scan_step``.

    Returns
    -------
    signal : ElectronDiffraction2D or LazyElectronDiffraction2D
        Counts (ny, nx, nky, nkx), calibrated. The default is 2.9 GB.
    truth : ScanTruth
        Components vacuum, amorphous SiO2 and eleven crystals of five structures.
        ``maps`` has ``"bar"``, True on the bar.

    Raises
    ------
    ValueError
        If an argument is out of range, or the scan is too small for every class to
        be on it.

    See Also
    --------
    simulate_scan : Scans of other patterns and maps.

    References
    ----------
    .. [1] Bridger et al., npj Comput. Mater. 9 (2023),
       doi:10.1038/s41524-022-00960-y

    Examples
    --------
    >>> signal, truth = domain_phantom((40, 50), (32, 36), random_state=0)
    >>> signal
    <ElectronDiffraction2D, title: Domain phantom, dimensions: (50, 40|36, 32)>
    >>> truth.n_components, len(truth.phase_names)
    (13, 7)
    """
    shape = check_shape(navigation_shape, "navigation_shape")
    width = check_number("boundary_width", boundary_width, 0)
    camera = Camera(signal_shape=signal_shape, ellipticity=ellipticity)
    labels = phantom_labels(shape)
    present = np.bincount(labels.ravel(), minlength=13) > 0
    if not present.all():
        raise ValueError(
            f"navigation_shape must be large enough for all 13 classes, got {shape}, "
            f"in which class {int(np.argmin(present))} has no position"
        )
    weights = (labels[..., np.newaxis] == np.arange(13)).astype(float)
    bar, fade = fading_bar(shape)
    weights[bar] = 0.0
    weights[bar, 0], weights[bar, 2] = 1 - fade[bar], fade[bar]
    weights = blur_weights(weights, width)
    patterns = [vacuum_pattern(camera), amorphous_pattern("SiO2", camera)]
    names, phases = ["vacuum", "SiO2"], ["vacuum", "SiO2"]
    for name, zone, angle in CRYSTALS:
        rotation = zone_rotation(structure(name), zone, angle)
        patterns.append(crystal_pattern(name, rotation, camera))
        names.append(f"{name} [{''.join(map(str, zone))}] {angle:.0f}°")
        phases.append(name)
    return simulate_scan(
        patterns,
        weights,
        dose,
        names=names,
        phases=phases,
        camera=camera,
        title="Domain phantom",
        maps={"bar": bar},
        parameters={"scene": "domain_phantom", "boundary_width": width},
        **options,
    )


def fading_bar(shape):
    """Return where the bar is, and how far along it each position lies.

    Parameters
    ----------
    shape : tuple of int
        Scan shape (ny, nx).

    Returns
    -------
    bar : numpy.ndarray of shape (ny, nx)
        bool.
    fade : numpy.ndarray of shape (ny, nx)
        From 0 at its left end to 1 at its right.
    """
    v, u = _unit_coordinates(shape)
    bar = (v > 0.05) & (v < 0.13) & (u > 0.06) & (u < 0.94)
    return bar, np.clip((u - 0.06) / 0.88, 0.0, 1.0)


def phantom_labels(shape):
    """Return the phantom's class at each position, the bar left out.

    Parameters
    ----------
    shape : tuple of int
        Scan shape (ny, nx).

    Returns
    -------
    labels : numpy.ndarray of shape (ny, nx)
        Integers 0 (vacuum) to 12.
    """
    v, u = _unit_coordinates(shape)
    labels = np.zeros(shape, dtype=int)
    # The amorphous region: a blob in the lower left corner.
    angle = np.arctan2(v - 1.0, u)
    labels[np.hypot(u, v - 1.0) < 0.34 + 0.03 * np.sin(7 * angle)] = 1
    _paint_block(labels, v, u)
    _paint_twins(labels, v, u)
    _paint_small(labels, v, u, shape)
    return labels


def _unit_coordinates(shape):
    """Return the positions (v, u) from 0 to 1 along rows and columns."""
    rows, columns = ((np.arange(n) + 0.5) / n for n in shape)
    return np.meshgrid(rows, columns, indexing="ij")


def _paint_block(labels, v, u):
    """Paint a block of three large domains with a fourth crystal set into them."""
    block = (u > 0.06) & (u < 0.48) & (v > 0.19) & (v < 0.60)
    labels[block & (v - 0.19 < 0.9 * (u - 0.06))] = 2
    labels[block & (v - 0.19 >= 0.9 * (u - 0.06))] = 3
    labels[block & (u + v > 0.88)] = 4
    labels[np.abs(u - 0.26) + np.abs(v - 0.39) < 0.07] = 12


def _paint_twins(labels, v, u):
    """Paint twin lamellae of decreasing thickness, and a wedge below them."""
    stack = (u > 0.55) & (u < 0.94) & (v > 0.19) & (v < 0.48)
    edges = np.cumsum([0.19, 0.06, 0.05, 0.05, 0.035, 0.035, 0.02, 0.02, 0.01])
    lamella = np.searchsorted(edges, v + 0.12 * (u - 0.75), side="right")
    labels[stack] = np.where(lamella % 2, 5, 6)[stack]
    wedge = (u > 0.55) & (u < 0.94) & (np.abs(v - 0.58) < 0.05 * (u - 0.55) / 0.39)
    labels[wedge] = 7


def _paint_small(labels, v, u, shape):
    """Paint discs, a ring, lines and a leaf."""
    # A feature narrower than a position would fall between positions.
    least = 0.71 / min(shape)
    for i, radius in enumerate((0.045, 0.03, 0.02, 0.012, 0.006)):
        center = 0.44 + (0.0, 0.10, 0.175, 0.23, 0.27)[i]
        labels[np.hypot(u - center, v - 0.70) < max(radius, least)] = 8
    ring = np.hypot(u - 0.84, v - 0.80)
    labels[(ring < 0.10) & (ring > 0.10 - max(0.03, 1.5 * least))] = 9
    labels[ring < max(0.035, least)] = 11
    for i, n_rows in enumerate((3, 2, 1)):
        first = int(shape[0] * (0.80 + 0.055 * i))
        rows = slice(first, first + n_rows)
        labels[rows][(u[rows] > 0.40) & (u[rows] < 0.70)] = 10
    labels[(np.abs(v - 0.965) < 0.02) & (u > 0.42) & (u < 0.70)] = 11
