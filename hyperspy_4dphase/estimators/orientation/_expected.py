"""Reflections that an orientation shows, and which of them a pattern lacks."""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from hyperspy_4dphase.estimators.orientation._index_lattice import is_spanned
from hyperspy_4dphase.estimators.orientation._spots import excite

# A reflection is expected if it should be so many standard deviations bright. Dynamical
# scattering takes a spot to a third of its kinematical brightness easily.
_EXPECTED = 15.0
# ... and is missing if it has less than this part of the brightness expected.
_MISSING = 0.05
# A spot belongs to a reflection within this part of its radius, plus this part of its
# distance from the direct beam: errors of the camera length.
_TOLERANCE, _SCALE_TOLERANCE = 0.6, 0.004


class Predicted(NamedTuple):
    """Reflections that an orientation excites.

    Attributes
    ----------
    xy : numpy.ndarray, shape (n, 2)
        In the sample's frame, in 1/Å.
    intensity : numpy.ndarray, shape (n,)
    hkl : numpy.ndarray of int, shape (n, 3)
    g : numpy.ndarray, shape (n, 3)
        In the crystal, in 1/Å.
    """

    xy: np.ndarray
    intensity: np.ndarray
    hkl: np.ndarray
    g: np.ndarray


class Expected(NamedTuple):
    """Reflections that should be seen, see `MatchReport`."""

    n_expected: int = 0
    n_missing: int = 0
    missing: float = 0.0
    log_ratio: float = 0.0
    misfit: float = 0.0
    missing_amplitude: float = 0.0
    n_off: int = 0


def predict(matrix, library, width, prepared):
    """Find positions and intensities of the reflections that an orientation excites.

    Parameters
    ----------
    matrix : numpy.ndarray, shape (3, 3)
        From the sample to the crystal.
    library : TemplateLibrary
    width : float
        Of the shape function, in 1/Å.
    prepared : PreparedPattern

    Returns
    -------
    Predicted
    """
    table = library.reflections
    reach = prepared.radial_step * len(prepared.polar)
    x, y, seen = (np.zeros(len(table.g)) for _ in range(3))
    radius = 1 / library.wavelength
    found = excite(matrix, table.g, radius, width, 0.0, reach, x, y, seen)
    xy = np.stack([x, y], axis=1)[found]
    intensity = (table.intensity * seen)[found]
    return Predicted(xy, intensity, table.hkl[found], table.g[found])


def explain(spots, predicted, geometry):
    """Find the reflection of each spot.

    Parameters
    ----------
    spots : Spots
    predicted : Predicted
    geometry : PatternGeometry

    Returns
    -------
    explained : numpy.ndarray of bool, shape (n_spots,)
    distance : numpy.ndarray, shape (n_spots,)
        From the nearest reflection, in 1/Å.
    which : numpy.ndarray of int, shape (n_spots,)
        The nearest reflection.
    """
    if not len(predicted.xy) or not len(spots.xy):
        nothing = np.zeros(len(spots.xy))
        return nothing.astype(bool), nothing, nothing.astype(int)
    distance, which = cKDTree(predicted.xy).query(spots.xy)
    return distance <= _measure_allowed(spots.xy, geometry), distance, which


def find_cell(explained, predicted, which, basis):
    """Find where one step along each of the vectors of a zone leads.

    Parameters
    ----------
    explained : numpy.ndarray of bool, shape (n_spots,)
        Spots that have a reflection.
    predicted : Predicted
    which : numpy.ndarray of int, shape (n_spots,)
        The reflection nearest to each spot.
    basis : list
        Of the indices of the reflections of explained spots, see `span_indices`.

    Returns
    -------
    numpy.ndarray of shape (2, 2), or None
        Rows are steps in the sample's frame, in 1/Å. None where reflections are not of
        one zone.
    """
    vectors = np.array([vector for vector in basis if vector is not None])
    if len(vectors) != 2:
        return None
    hkl, xy = predicted.hkl[which[explained]], predicted.xy[which[explained]]
    steps = np.linalg.lstsq(vectors.T.astype(float), hkl.T, rcond=None)[0].T
    cell = np.linalg.lstsq(steps, xy, rcond=None)[0]
    return cell if abs(np.linalg.det(cell)) > 1e-9 else None


def is_on_cell(xy, cell, geometry):
    """Tell which spots are where whole steps lead.

    Electrons that are scattered twice make spots where the scattering vectors of two
    reflections of a zone add up: at absent reflections as well.

    Parameters
    ----------
    xy : numpy.ndarray, shape (n, 2)
        In the sample's frame, in 1/Å.
    cell : numpy.ndarray, shape (2, 2)
        See `find_cell`.
    geometry : PatternGeometry

    Returns
    -------
    numpy.ndarray of bool, shape (n,)
    """
    near = np.rint(xy @ np.linalg.inv(cell)) @ cell
    return np.hypot(*(xy - near).T) <= _measure_allowed(xy, geometry)


def _measure_allowed(xy, geometry):
    """Largest distance in 1/Å of a spot from its reflection."""
    radius = np.hypot(*xy.T)
    allowed = _TOLERANCE * geometry.spot_radius + _SCALE_TOLERANCE * radius
    # Half a pixel is what a position is uncertain by.
    return np.maximum(allowed, geometry.scale)


def expect(prepared, predicted, basis):
    """Compare what reflections should be bright with what the pattern has there.

    Parameters
    ----------
    prepared : PreparedPattern
    predicted : Predicted
    basis : list
        Of the indices of reflections that spots show, see `span_indices`.

    Returns
    -------
    Expected
    """
    geometry = prepared.geometry
    radius = max(geometry.spot_radius / geometry.scale, 1.0)
    place = predicted.xy @ geometry.axes().T + geometry.center
    place = np.rint(place).astype(int)
    inside = ((place >= 0) & (place < prepared.net.shape)).all(axis=1)
    place, intensity = place[inside], predicted.intensity[inside]
    hkl = predicted.hkl[inside]
    net = prepared.net[tuple(place.T)].astype(float) * np.pi * radius**2
    noise = prepared.noise[tuple(place.T)].astype(float) * np.pi * radius**2
    known = np.isfinite(net) & (prepared.seen[tuple(place.T)] > 0.9)
    net, noise, intensity, hkl = net[known], noise[known], intensity[known], hkl[known]
    if not len(net) or all(vector is None for vector in basis):
        return Expected()
    scale = np.maximum(net, 0).sum() / intensity.sum()
    expected = scale * intensity
    strong = expected > _EXPECTED * noise
    gone = strong & (net < np.maximum(_MISSING * expected, 2 * noise))
    off = strong & ~is_spanned(hkl, basis)
    both = strong & ~gone
    ratio = np.log(net[both] / expected[both])
    deviation = (net - expected)[both] ** 2 / (noise**2 + np.maximum(expected, 0))[both]
    root = np.sqrt(expected)
    tiny = np.finfo(float).tiny
    return Expected(
        int(strong.sum()),
        int(gone.sum()),
        float(expected[gone].sum() / max(expected.sum(), tiny)),
        float(np.std(ratio)) if both.any() else 0.0,
        float(np.sqrt(np.mean(deviation))) if both.any() else 0.0,
        float(root[gone].sum() / max(root[strong].sum(), tiny)),
        int(off.sum()),
    )
