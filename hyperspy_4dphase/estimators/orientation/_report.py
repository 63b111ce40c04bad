"""What a match says: spots that are explained, spots that are not, missing ones."""

from typing import NamedTuple

import numpy as np
from skimage.feature import peak_local_max

from hyperspy_4dphase.estimators.orientation._expected import (
    expect,
    explain,
    find_cell,
    is_on_cell,
    predict,
)
from hyperspy_4dphase.estimators.orientation._index_lattice import span_indices
from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import CUT, OVERLAP, norm_squared

# Standard deviations of the background that make a spot. Of some thousand discs side by
# side on a detector, counting noise exceeds it in less than one of a hundred patterns.
SIGNIFICANCE = 5.0
# Of the radius of a spot, and pixels: what positions are uncertain by without noise.
_POSITION_ERROR, _PIXEL_ERROR = 0.1, 0.15
# Excitation errors in 1/Å up to which a reflection may explain a spot that is seen:
# those of a slab of 3 nm, or of one that bends.
_REACHED = 0.03
_NO_ZONE = (np.nan,) * 3


class Spots(NamedTuple):
    """Spots of a pattern.

    Attributes
    ----------
    xy : numpy.ndarray, shape (n, 2)
        In the sample's frame, in 1/Å.
    counts : numpy.ndarray, shape (n,)
        Brightness less the background, in counts.
    noise : numpy.ndarray, shape (n,)
        Standard deviation of the background's part in it.
    """

    xy: np.ndarray
    counts: np.ndarray
    noise: np.ndarray


class MatchReport(NamedTuple):
    """What one orientation of one structure says of one pattern.

    Attributes
    ----------
    n_spots : int
        Spots that the pattern shows.
    n_explained : int
        Those where the structure has a reflection, or electrons that are scattered
        twice may make a spot.
    n_unexplained : int
        Those where there is none.
    unexplained : float
        Fraction of the brightness of all spots that is not explained.
    unexplained_amplitude : float
        The same of the square roots of the brightness.
    n_expected : int
        Reflections that should stand out from the noise, where the detector sees.
    n_missing : int
        Those that do not.
    missing : float
        Fraction of the brightness expected that is missing.
    distance : float
        Root mean square distance of explained spots from their reflections, in radii of
        a spot; 0 if there are none.
    log_ratio : float
        Standard deviation of the logarithm of seen over expected brightness: 0 where
        the intensities are kinematical.
    in_plane : float
        First Euler angle (Bunge) in degrees, from -180 to 180.
    misfit : float
        Root mean square of what explained spots deviate from the expected brightness,
        in units of counting noise: 1 where nothing but noise does, far more where
        scattering is dynamical.
    missing_amplitude : float
        As `missing`, of the square roots of the brightness, and of reflections that
        should stand out only.
    n_off : int
        Reflections that should stand out and are no sums and differences of those that
        spots show: many where a structure has a larger cell than what is seen needs.
    dimension : int
        Number of dimensions that reflections of spots span: 2 for those of one zone, in
        which other structures may have the same ones.
    attainable : float
        Cosine of the pattern and its own spots: what the right template may reach.
    zone : tuple of float
        Direction in the crystal, of length 1, that is the axis of the reflections of
        spots if these span two dimensions, else NaN.
    deviation : float
        As `distance`, in standard deviations of the position of each spot.
    n_twice : int
        Spots that are explained by scattering twice only.
    """

    n_spots: int
    n_explained: int
    n_unexplained: int
    unexplained: float
    unexplained_amplitude: float
    n_expected: int
    n_missing: int
    missing: float
    distance: float
    log_ratio: float
    in_plane: float
    misfit: float
    missing_amplitude: float
    n_off: int
    dimension: int
    attainable: float
    zone: tuple
    deviation: float
    n_twice: int


def find_spots(prepared):
    """Find the spots of a prepared pattern that stand out from its background.

    Parameters
    ----------
    prepared : PreparedPattern
        Of :func:`prepare_pattern`.

    Returns
    -------
    Spots
        Brightest first.

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> spots = orientation.find_spots(prepared)
    >>> spots.xy.shape
    (24, 2)
    """
    geometry = prepared.geometry
    radius = max(geometry.spot_radius / geometry.scale, 1.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        significance = np.nan_to_num(prepared.net / prepared.noise, posinf=0, neginf=0)
    places = peak_local_max(
        significance,
        min_distance=int(np.ceil(radius)),
        threshold_abs=SIGNIFICANCE,
        exclude_border=False,
    )
    row, column = places.T
    counts = prepared.net[row, column].astype(float) * np.pi * radius**2
    noise = prepared.noise[row, column].astype(float) * np.pi * radius**2
    fine = np.array([_sharpen(prepared.net, *place) for place in places]).reshape(-1, 2)
    inverse = np.linalg.inv(geometry.axes())
    xy = (fine - geometry.center) @ inverse.T
    order = np.argsort(-counts)
    return Spots(xy[order], counts[order], noise[order])


def _sharpen(net, row, column):
    """Centre of the part of a spot about its peak, between pixels."""
    rows = slice(max(row - 1, 0), row + 2)
    columns = slice(max(column - 1, 0), column + 2)
    part = np.nan_to_num(net[rows, columns])
    weight = np.maximum(part - 0.5 * part.max(), 0)
    y, x = np.mgrid[
        rows.start : rows.start + len(weight),
        columns.start : columns.start + weight.shape[1],
    ]
    return (y * weight).sum() / weight.sum(), (x * weight).sum() / weight.sum()


def describe_match(prepared, library, quaternion, excitation_width=None, spots=None):
    """Describe what one orientation of a structure explains of a pattern.

    Parameters
    ----------
    prepared : PreparedPattern
        Of :func:`prepare_pattern`.
    library : TemplateLibrary
        Of :func:`build_library`.
    quaternion : array_like, shape (4,)
        From the sample to the crystal.
    excitation_width : float, optional
        Of the shape function in 1/Å, as refinement found it. By default the library's.
    spots : Spots, optional
        Of the pattern, where they are known already.

    Returns
    -------
    MatchReport

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data, structures
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = structures.load_candidates(data.structure("Si"))
    >>> lattice = silicon.reflections(0.9), camera.wavelength, silicon.rotations
    >>> library = orientation.build_library(*lattice, max_g=0.9, resolution=4)
    >>> optics = camera.center, camera.scale, camera.disc_radius
    >>> geometry = orientation.PatternGeometry(*optics, outer_radius=0.9)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> prepared = orientation.prepare_pattern(counts, geometry)
    >>> report = orientation.describe_match(prepared, library, turned.data[0])
    >>> report.n_spots, report.n_unexplained > 0
    (24, True)
    """
    q = check_quaternions(np.asarray(quaternion, dtype=float)[None], "quaternion")
    width = library.excitation_width if excitation_width is None else excitation_width
    spots = find_spots(prepared) if spots is None else spots
    matrix, geometry = to_matrices(q)[0], prepared.geometry
    likely = predict(matrix, library, width, prepared)
    reached = predict(matrix, library, max(width, _REACHED / CUT), prepared)
    explained, distance, which = explain(spots, reached, geometry)
    basis = span_indices(reached.hkl[which[explained]])
    dimension = sum(vector is not None for vector in basis)
    seen = explained
    cell = find_cell(seen, reached, which, basis)
    if cell is not None:
        explained = seen | is_on_cell(spots.xy, cell, geometry)
    expected = expect(prepared, likely, basis)
    total = max(spots.counts.sum(), np.finfo(float).tiny)
    amplitude = np.sqrt(np.maximum(spots.counts, 0))
    amplitudes = max(amplitude.sum(), np.finfo(float).tiny)
    square = np.mean(distance[seen] ** 2) if seen.any() else 0.0
    error = _position_error(spots, geometry)
    deviation = np.mean((distance[seen] / error[seen]) ** 2) if seen.any() else 0.0
    return MatchReport(
        n_spots=len(spots.counts),
        n_explained=int(explained.sum()),
        n_unexplained=int((~explained).sum()),
        unexplained=float(spots.counts[~explained].sum() / total),
        unexplained_amplitude=float(amplitude[~explained].sum() / amplitudes),
        distance=float(np.sqrt(square) / geometry.spot_radius),
        in_plane=_in_plane(matrix),
        dimension=dimension,
        zone=_find_zone(reached.g[which[seen]]) if dimension == 2 else _NO_ZONE,
        attainable=_attainable(prepared, spots),
        deviation=float(np.sqrt(deviation)),
        n_twice=int((explained & ~seen).sum()),
        **expected._asdict(),
    )


def _find_zone(g):
    """Direction across all of some vectors, which lie in a plane."""
    return tuple(np.linalg.svd(g)[2][-1].tolist())


def _in_plane(matrix):
    """First Euler angle in degrees; the whole turn where the beam is along z."""
    if np.hypot(matrix[2, 0], matrix[2, 1]) < 1e-9:
        return float(np.rad2deg(np.arctan2(matrix[0, 1], matrix[0, 0])))
    return float(np.rad2deg(np.arctan2(matrix[2, 0], -matrix[2, 1])))


def _position_error(spots, geometry):
    """Standard deviation in 1/Å of the position of each spot, along one axis."""
    counts = np.maximum(spots.counts, 1.0)
    # The rays of a disc are half a radius from its centre on each axis.
    square = (counts + spots.noise**2) / counts**2 * geometry.spot_radius**2 / 4
    square += (_POSITION_ERROR * geometry.spot_radius) ** 2
    return np.sqrt(square + (_PIXEL_ERROR * geometry.scale) ** 2)


def _attainable(prepared, spots):
    """Cosine of a pattern and its own spots, those that overlap taken into account."""
    if not len(spots.counts):
        return 0.0
    geometry = prepared.geometry
    place = np.rint(spots.xy @ geometry.axes().T + geometry.center).astype(int)
    last = np.array(prepared.image.shape) - 1
    amplitude = prepared.image[tuple(np.clip(place, 0, last).T)].astype(float)
    x, y = spots.xy.T.copy()
    norm = norm_squared(x, y, amplitude, OVERLAP * geometry.spot_radius) ** 0.5
    return float(min((amplitude**2).sum() / max(norm * prepared.norm, 1e-30), 1.0))
