"""From patterns and maps to a scan."""

from operator import call

import dask
import dask.array as da
import numpy as np
from pyxem.signals import ElectronDiffraction2D, LazyElectronDiffraction2D

from hyperspy_4dphase import __version__
from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.data._camera import Camera
from hyperspy_4dphase.data._checks import (
    check_abundance,
    check_labels,
    check_patterns,
    check_seed,
)
from hyperspy_4dphase.data._sampling import SHIFT, WEIGHTS, PatternSampler
from hyperspy_4dphase.data._truth import ScanTruth

DRIFT_STREAM, PIXEL_STREAM = 2, 3
"""Random streams of a seed; 1 is that of the counts."""

LEAST_HOT_COUNTS = 10.0
HOT_SHARE = 1 / 500
"""Mean counts of a hot pixel: that share of the dose, but not fewer than the least.

Historical: chosen so that a hot pixel stands out of all but the direct beam.
"""


def simulate_scan(
    patterns,
    abundance,
    dose=2400.0,
    *,
    random_state=None,
    lazy=False,
    chunks="auto",
    names=None,
    phases=None,
    variant=None,
    camera=None,
    scan_step=1.0,
    beam_drift=0.0,
    hot_pixels=0,
    dead_pixels=0,
    title="Simulated scan",
    maps=None,
    parameters=None,
):
    """Simulate a scan of given patterns, mixed as given maps say, in Poisson counts.

    Parameters
    ----------
    patterns : array_like of shape (n_components, nky, nkx)
        Non-negative patterns, in array order; each is scaled to a sum of 1. With a
        further axis, (n_components, n_variants, nky, nkx), each component changes
        as ``variant`` says; the truth then has the middle variants.
    abundance : array_like of shape (ny, nx, n_components)
        Non-negative weights of the patterns at each probe position, in array order;
        scaled to a mean sum of 1, so that ``dose`` is what it says.
    dose : float
        Mean electrons per pattern. Default is 2400.
    random_state : int, numpy.random.Generator or None
        Seed of the counts, drift and bad pixels. Counts depend on it and on the probe
        position only: the same whatever the chunks, lazy or not. Default is None.
    lazy : bool
        Whether to return a lazy signal whose blocks are drawn when they are needed.
        Default is False.
    chunks : int, tuple or str
        Chunks of the navigation axes, rows and columns, as dask takes them: what is
        drawn at once. Default is ``"auto"``: blocks of some 64 MB where ``lazy``.
    names, phases : sequence of str, optional
        Name and structure of each component. By default components are numbered, and
        each is a structure of its own.
    variant : array_like of shape (ny, nx), optional
        Position of each probe position between variants: 1.25 is three parts of
        variant 1 and one of variant 2. Default is variant 0.
    camera : Camera, optional
        The detector, of the patterns' shape: gives the calibration and the beam
        energy. Default is ``Camera(signal_shape=(nky, nkx))``.
    scan_step : float
        Distance of probe positions in nm. Default is 1.
    beam_drift : float
        Largest excursion of the pattern on the detector in pixels: a descan error
        across the scan and a slow wander. Default is 0.
    hot_pixels, dead_pixels : int
        Number of pixels that add counts of their own to every pattern, and of pixels
        that count nothing. Default is 0.
    title : str
        Title of the signal.
    maps : dict of str to array_like, optional
        Further maps that the truth is to carry.
    parameters : dict, optional
        Further parameters that the signal's metadata is to carry.

    Returns
    -------
    signal : ElectronDiffraction2D or LazyElectronDiffraction2D
        Counts (ny, nx, nky, nkx), uint16, or uint32 where the dose is too high for
        that. Navigation axes are in nm, signal axes in 1/Å with the direct beam at 0.
    truth : ScanTruth
        What was simulated.

    Raises
    ------
    ValueError
        If patterns or weights are negative, not finite, empty or of shapes that do
        not fit, or an argument is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> patterns = np.random.default_rng(0).random((2, 6, 7))
    >>> abundance = np.random.default_rng(1).random((4, 5, 2))
    >>> signal, truth = simulate_scan(patterns, abundance, 100, random_state=0)
    >>> signal
    <ElectronDiffraction2D, title: Simulated scan, dimensions: (5, 4|7, 6)>
    >>> truth.component_names
    ('component 0', 'component 1')
    """
    patterns = check_patterns(patterns)
    abundance = check_abundance(abundance, len(patterns))
    camera = camera or Camera(signal_shape=patterns.shape[2:])
    if camera.signal_shape != patterns.shape[2:]:
        raise ValueError(
            f"camera must be of the patterns' shape {patterns.shape[2:]}, got one of "
            f"signal_shape {camera.signal_shape}"
        )
    dose = check_number("dose", dose, 0, above=True)
    names = check_labels(names, "names", len(patterns))
    phases = names if phases is None else check_labels(phases, "phases", len(names))
    beam_drift = check_number("beam_drift", beam_drift, 0)
    scan_step = check_number("scan_step", scan_step, 0, above=True)
    seed = check_seed(random_state)
    hot, dead = _choose_bad_pixels(seed, camera, hot_pixels, dead_pixels)
    shift = _draw_shift(seed, abundance.shape[:2], beam_drift)
    hot_counts = max(LEAST_HOT_COUNTS, HOT_SHARE * dose)
    brightest = dose * (abundance @ patterns.max(axis=(1, 2, 3))).max() + hot_counts
    dtype = _choose_dtype(brightest)
    sampler = PatternSampler(patterns, dose, seed, dtype, hot, dead, hot_counts)
    recipes = _pack_recipes(abundance, shift, variant, patterns.shape[1])
    counts = _draw_counts(sampler, recipes, lazy, chunks)
    record = {
        "dose": dose,
        "random_state": seed,
        "beam_drift": beam_drift,
        "hot_pixels": len(hot),
        "dead_pixels": len(dead),
        "component_names": list(names),
        "convergence": camera.convergence,
        "ellipticity": camera.ellipticity,
        "ellipse_angle": camera.ellipse_angle,
        "version": __version__,
        **(parameters or {}),
    }
    phase_names = tuple(dict.fromkeys(phases))
    truth = ScanTruth(
        abundance,
        patterns[:, patterns.shape[1] // 2],
        dose,
        names,
        np.array([phase_names.index(phase) for phase in phases], dtype=np.int32),
        phase_names,
        beam_shift=shift,
        hot_pixels=hot,
        dead_pixels=dead,
        maps={name: np.asarray(values) for name, values in (maps or {}).items()},
    )
    return _make_signal(counts, camera, scan_step, title, record), truth


def _choose_dtype(brightest):
    """Return the smallest type that holds the brightest pixel's counts, noise too."""
    highest = brightest + 8 * np.sqrt(brightest)
    if highest >= np.iinfo(np.uint32).max:
        raise ValueError(
            f"dose must be lower: a pixel would count some {brightest:.3g} electrons, "
            "more than 32 bits hold"
        )
    return np.uint16 if highest < np.iinfo(np.uint16).max else np.uint32


def _choose_bad_pixels(seed, camera, n_hot, n_dead):
    """Choose hot and dead pixels, all different, outside the direct beam's disc."""
    n_hot = check_integer("hot_pixels", n_hot, 0)
    n_dead = check_integer("dead_pixels", n_dead, 0)
    free = np.argwhere(camera.radius() > camera.disc_radius + 2 * camera.scale)
    if n_hot + n_dead > len(free):
        raise ValueError(
            f"hot_pixels and dead_pixels must be {len(free)} at most together, as many "
            f"as lie outside the direct beam, got {n_hot} and {n_dead}"
        )
    rng = np.random.default_rng([seed, PIXEL_STREAM])
    chosen = rng.choice(free, n_hot + n_dead, replace=False)
    return chosen[:n_hot], chosen[n_hot:]


def _draw_shift(seed, shape, largest):
    """Return the beam's shift (ny, nx, 2) in pixels, or None where it stands still."""
    if largest == 0:
        return None
    rng = np.random.default_rng([seed, DRIFT_STREAM])
    rows, columns = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    # The descan error is a plane; the wander goes with time, that is with the rows.
    tilt = rng.normal(size=(2, 2))
    shift = rows[..., np.newaxis] * tilt[0] + columns[..., np.newaxis] * tilt[1]
    for cycles in (1.0, 2.3, 4.1):
        phase = rng.uniform(0, 2 * np.pi, 2)
        wander = np.sin(np.pi * cycles * rows[..., np.newaxis] + phase)
        shift += rng.normal(size=2) * 0.4 / cycles * wander
    length = np.linalg.norm(shift, axis=-1).max()
    return shift * (largest / length) if length > 0 else shift


def _pack_recipes(abundance, shift, variant, n_variants):
    """Pack all that a probe position's counts depend on."""
    ny, nx, n_components = abundance.shape
    recipes = np.zeros((ny, nx, 4 + n_components))
    recipes[..., 0] = np.arange(ny * nx).reshape(ny, nx)
    if variant is not None:
        variant = np.asarray(variant, dtype=float)
        inside = variant.shape == (ny, nx) and np.all(np.isfinite(variant))
        if not inside or variant.min() < 0 or variant.max() > n_variants - 1:
            raise ValueError(
                f"variant must be numbers from 0 to {n_variants - 1} of shape "
                f"{(ny, nx)}, got shape {variant.shape}"
            )
        recipes[..., 1] = variant
    if shift is not None:
        recipes[..., SHIFT] = shift
    recipes[..., WEIGHTS] = abundance
    return recipes


def _draw_counts(sampler, recipes, lazy, chunks):
    """Draw all counts, or set up a dask array that draws them block by block."""
    shape = (*recipes.shape[:2], *sampler.patterns.shape[2:])
    if not isinstance(chunks, tuple | list):
        chunks = chunks, chunks
    if len(chunks) != 2:
        raise ValueError(
            f"chunks must be those of the two navigation axes, got {chunks!r}"
        )
    blocks = da.core.normalize_chunks(
        (*chunks, -1, -1),
        shape=shape,
        dtype=sampler.dtype,
        limit="64MB" if lazy else "8MB",
    )
    token = dask.base.tokenize(sampler, recipes)
    # One object in the graph for all blocks: the tables are not copied into each.
    shared = dask.delayed(sampler, name=f"pattern-sampler-{token}", traverse=False)
    counts = da.map_blocks(
        call,
        shared,
        da.from_array(recipes, chunks=(*blocks[:2], -1), name=f"recipes-{token}"),
        chunks=blocks,
        drop_axis=2,
        new_axis=(2, 3),
        name=f"simulated-counts-{token}",
        meta=np.empty((0, 0, 0, 0), dtype=sampler.dtype),
    )
    if lazy:
        return counts
    filled = np.empty(shape, dtype=sampler.dtype)
    da.store(counts, filled, lock=False, scheduler="threads")
    return filled


def _make_signal(counts, camera, scan_step, title, parameters):
    """Make a calibrated signal of counts."""
    lazy = isinstance(counts, da.Array)
    signal = (LazyElectronDiffraction2D if lazy else ElectronDiffraction2D)(counts)
    manager = signal.axes_manager
    manager.navigation_axes.set(name=("x", "y"), scale=scan_step, units="nm")
    row, column = camera.center
    offsets = -column * camera.scale, -row * camera.scale
    manager.signal_axes.set(scale=camera.scale, offset=offsets, units="$A^{-1}$")
    manager.signal_axes.set(name=("kx", "ky"))
    signal.metadata.General.title = title
    instrument = {"TEM": {"beam_energy": camera.beam_energy}}
    signal.metadata.add_dictionary(
        {"Acquisition_instrument": instrument, "Simulation": parameters}
    )
    return signal
