"""What a match says: spots that are explained, spots that are not, missing ones."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max

from hyperspy_4dphase.estimators.orientation._quaternions import (
    check_quaternions,
    to_matrices,
)
from hyperspy_4dphase.estimators.orientation._spots import CUT, excite

# Standard deviations of the background that make a spot. Of some thousand discs side by
# side on a detector, counting noise exceeds it in less than one of a hundred patterns.
SIGNIFICANCE = 5.0
# Of the brightest spot: fainter ones that are not explained may come from the domain
# beside, which borders mix in, and are not counted against a structure.
_FAINT = 0.03
# A reflection is expected if it should be so many standard deviations bright. Dynamical
# scattering takes a spot to a third of its kinematical brightness easily.
_EXPECTED = 15.0
# ... and is missing if it has less than this part of the brightness expected.
_MISSING = 0.05
# A spot belongs to a reflection within this part of its radius, plus this part of its
# distance from the direct beam: errors of the camera length.
_TOLERANCE, _SCALE_TOLERANCE = 0.6, 0.004
# Excitation errors in 1/Å up to which a reflection may explain a spot that is seen:
# those of a slab of 3 nm, or of one that bends.
_REACHED = 0.03


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
        Those where the structure has a reflection.
    n_unexplained : int
        Those where it has none, but for faint ones: of less than 3 % of the brightness
        of the brightest spot.
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


def find_spots(prepared):
    """Find the spots of a prepared pattern that stand out from its background.

    Parameters
    ----------
    prepared : PreparedPattern

    Returns
    -------
    Spots
        Brightest first.

    Examples
    --------
    >>> from hyperspy_4dphase.data import Camera, structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> from hyperspy_4dphase.estimators.orientation import PatternGeometry
    >>> geometry = PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import crystal_pattern
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> from hyperspy_4dphase.estimators.orientation import prepare_pattern
    >>> prepared = prepare_pattern(counts, geometry)
    >>> from hyperspy_4dphase.estimators.orientation import find_spots
    >>> spots = find_spots(prepared)
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
    library : TemplateLibrary
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
    >>> from hyperspy_4dphase.data import Camera, structure
    >>> from hyperspy_4dphase.structures import load_candidates
    >>> camera = Camera(signal_shape=(72, 80), scale=0.025)
    >>> (silicon,) = load_candidates(structure("Si"))
    >>> from hyperspy_4dphase.estimators.orientation import build_library
    >>> library = build_library(
    ...     silicon.reflections(0.9),
    ...     camera.wavelength,
    ...     silicon.rotations,
    ...     max_g=0.9,
    ...     resolution=4,
    ... )
    >>> from hyperspy_4dphase.estimators.orientation import PatternGeometry
    >>> geometry = PatternGeometry(
    ...     camera.center, camera.scale, camera.disc_radius, outer_radius=0.9
    ... )
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase.data import crystal_pattern
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * crystal_pattern("Si", turned, camera)
    >>> from hyperspy_4dphase.estimators.orientation import prepare_pattern
    >>> prepared = prepare_pattern(counts, geometry)
    >>> from hyperspy_4dphase.estimators.orientation import describe_match
    >>> report = describe_match(prepared, library, turned.data[0])
    >>> report.n_spots, report.n_unexplained > 0
    (24, True)
    """
    q = check_quaternions(np.asarray(quaternion, dtype=float)[None], "quaternion")
    width = library.excitation_width if excitation_width is None else excitation_width
    spots = find_spots(prepared) if spots is None else spots
    matrix = to_matrices(q)[0]
    xy, intensity = _predict(matrix, library, width, prepared)
    everywhere, _ = _predict(matrix, library, max(width, _REACHED / CUT), prepared)
    explained, distance = _explain(spots, everywhere, prepared.geometry)
    expected = _expect(prepared, spots, xy, intensity, explained)
    total = max(spots.counts.sum(), np.finfo(float).tiny)
    amplitude = np.sqrt(np.maximum(spots.counts, 0))
    amplitudes = max(amplitude.sum(), np.finfo(float).tiny)
    square = np.mean(distance[explained] ** 2) if explained.any() else 0.0
    return MatchReport(
        len(spots.counts),
        int(explained.sum()),
        int((spots.counts[~explained] >= _FAINT * spots.counts.max(initial=0)).sum()),
        float(spots.counts[~explained].sum() / total),
        float(amplitude[~explained].sum() / amplitudes),
        *expected[:3],
        float(np.sqrt(square) / prepared.geometry.spot_radius),
        expected[3],
        _in_plane(matrix),
        expected[4],
    )


def _in_plane(matrix):
    """First Euler angle in degrees; the whole turn where the beam is along z."""
    if np.hypot(matrix[2, 0], matrix[2, 1]) < 1e-9:
        return float(np.rad2deg(np.arctan2(matrix[0, 1], matrix[0, 0])))
    return float(np.rad2deg(np.arctan2(matrix[2, 0], -matrix[2, 1])))


def _predict(matrix, library, width, prepared):
    """Positions and intensities of the reflections that an orientation excites."""
    g, strength = library.reflections.g, library.reflections.intensity
    reach = prepared.radial_step * len(prepared.polar)
    x, y, seen = (np.zeros(len(g)) for _ in range(3))
    found = excite(matrix, g, 1 / library.wavelength, width, 0.0, reach, x, y, seen)
    return np.stack([x, y], axis=1)[found], (strength * seen)[found]


def _explain(spots, xy, geometry):
    """Which spots have a reflection, and how far from it they are."""
    if not len(xy) or not len(spots.xy):
        nothing = np.zeros(len(spots.xy))
        return nothing.astype(bool), nothing
    distance, _ = cKDTree(xy).query(spots.xy)
    radius = np.hypot(*spots.xy.T)
    allowed = _TOLERANCE * geometry.spot_radius + _SCALE_TOLERANCE * radius
    # Half a pixel is what a position is uncertain by.
    allowed = np.maximum(allowed, geometry.scale)
    return distance <= allowed, distance


def _expect(prepared, spots, xy, intensity, explained):
    """Number expected and missing, brightness missing, and how intensities differ."""
    geometry = prepared.geometry
    radius = max(geometry.spot_radius / geometry.scale, 1.0)
    place = np.rint(xy @ geometry.axes().T + geometry.center).astype(int)
    inside = ((place >= 0) & (place < prepared.net.shape)).all(axis=1)
    place, intensity = place[inside], intensity[inside]
    net = prepared.net[tuple(place.T)].astype(float) * np.pi * radius**2
    noise = prepared.noise[tuple(place.T)].astype(float) * np.pi * radius**2
    known = np.isfinite(net) & (prepared.seen[tuple(place.T)] > 0.9)
    net, noise, intensity = net[known], noise[known], intensity[known]
    if not len(net) or not explained.any():
        return 0, 0, 0.0, 0.0, 0.0
    scale = np.maximum(net, 0).sum() / intensity.sum()
    expected = scale * intensity
    strong = expected > _EXPECTED * noise
    gone = strong & (net < np.maximum(_MISSING * expected, 2 * noise))
    both = strong & ~gone
    ratio = np.log(net[both] / expected[both])
    deviation = (net - expected)[both] ** 2 / (noise**2 + np.maximum(expected, 0))[both]
    return (
        int(strong.sum()),
        int(gone.sum()),
        float(expected[gone].sum() / max(expected.sum(), np.finfo(float).tiny)),
        float(np.std(ratio)) if both.any() else 0.0,
        float(np.sqrt(np.mean(deviation))) if both.any() else 0.0,
    )
