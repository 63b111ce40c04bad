"""The part of a pattern that is smooth in azimuth: a profile on ellipses."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage
from scipy.linalg import solveh_banded

# Pixels between two nodes of a radial profile: as fine as discs are drawn.
NODE_STEP = 1.0
# Largest ellipticity (long over short axis, less 1) that is fitted: detectors and
# projector lenses distort by up to 0.05.
MAX_ELLIPTICITY = 0.06
# Pixels by which the fit may move a centre that was found.
MAX_SHIFT = 2.0
# Errors of a centre that was found, in pixels, and of a circle: where the pattern does
# not tell, nothing moves farther.
_USUAL_SHIFT, _USUAL_ELLIPTICITY = 0.3, 0.02
# Standard deviations of the noise, in the sum over a disc, from which on it is taken
# for a spot, not for a part of the ring. Of 10,000 pixels one is by chance.
_SPOT = 3.5
# Relative excess over the ring that is no spot: speckle, and what the fit of the
# geometry leaves.
_ROUGH = 0.15
# The same before centre and ellipse are known: rings that are off exceed themselves.
_ROUGH_AT_FIRST = 1.0
_N_CLIPS, _N_TURNS = 12, 4
# Share of a ring that must be left when spots are taken out.
_LEAST_RING = 0.15


class Geometry(NamedTuple):
    """Where rings lie.

    Attributes
    ----------
    center : numpy.ndarray, shape (2,)
        Row and column.
    ellipse : numpy.ndarray, shape (2,)
        Relative elongation along columns, and along the diagonal: a ring of radius r
        has ``r (1 + (e0 cos 2 phi + e1 sin 2 phi) / 2)``.
    """

    center: np.ndarray
    ellipse: np.ndarray

    def polar(self, shape):
        """Radius on the undistorted detector in pixels, and azimuth, of each pixel."""
        rows, columns = np.indices(shape, dtype=float)
        y, x = rows - self.center[0], columns - self.center[1]
        phi = np.arctan2(y, x)
        stretch = 1 + 0.5 * (
            self.ellipse[0] * np.cos(2 * phi) + self.ellipse[1] * np.sin(2 * phi)
        )
        return np.hypot(y, x) / stretch, phi


class SmoothPart(NamedTuple):
    """A pattern without its spots.

    Attributes
    ----------
    geometry : Geometry
    radius : numpy.ndarray, shape (n_ky, n_kx)
        In pixels.
    profile : numpy.ndarray, shape (n_nodes,)
        Counts per pixel at radii of whole pixels.
    model : numpy.ndarray, shape (n_ky, n_kx)
        The profile on the detector.
    spots : numpy.ndarray of bool, shape (n_ky, n_kx)
        Pixels that exceed their ring by more than noise.
    """

    geometry: Geometry
    radius: np.ndarray
    profile: np.ndarray
    model: np.ndarray
    spots: np.ndarray


def make_disc(radius):
    """Make a footprint: pixels that are not farther from its middle than `radius`."""
    reach = int(np.ceil(radius))
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.hypot(y, x) <= max(radius, 1.0) + 0.3


def sum_discs(image, disc):
    """Sum an image over a disc about each pixel."""
    return ndimage.convolve(image, disc.astype(float), mode="constant")


def significance(counts, expected, readout=0.0):
    """Standard deviations by which counts exceed what is expected.

    Anscombe's transform, with readout noise: of a variance near 1 for a few counts as
    well, and never too sure of single ones.

    Parameters
    ----------
    counts, expected : numpy.ndarray
        Sums of the same pixels.
    readout : numpy.ndarray or float
        Variance of these sums that is none of counting.

    Returns
    -------
    numpy.ndarray

    References
    ----------
    .. [1] F. J. Anscombe, The transformation of Poisson, binomial and negative-binomial
       data, Biometrika 35 (1948), doi:10.1093/biomet/35.3-4.246.
    """
    lift = 0.375 + readout
    roots = (np.sqrt(np.maximum(x + lift, 0)) for x in (counts, expected))
    return 2 * np.subtract(*roots)


def fit_profile(values, radius, n_nodes):
    """Fit a profile that is linear between nodes, by least squares.

    Parameters
    ----------
    values, radius : numpy.ndarray, shape (n,)
    n_nodes : int

    Returns
    -------
    numpy.ndarray, shape (n_nodes,)
        0 or more; where no pixel tells, as beside it.
    """
    at = np.clip(radius / NODE_STEP, 0, n_nodes - 1.001)
    low = at.astype(int)
    high_share = at - low
    low_share = 1 - high_share

    def add_up(index, what):
        return np.bincount(index, what, n_nodes)

    diagonal = add_up(low, low_share**2) + add_up(low + 1, high_share**2)
    beside = add_up(low, low_share * high_share)
    right = add_up(low, low_share * values) + add_up(low + 1, high_share * values)
    # A little stiffness fills gaps, and keeps nodes of few pixels from swinging.
    stiff = 1e-3 * diagonal.mean() + 1e-12
    diagonal += 2 * stiff
    diagonal[[0, -1]] -= stiff
    beside -= stiff
    banded = np.stack([diagonal, np.append(beside[:-1], 0)])
    return np.maximum(solveh_banded(banded, right, lower=True), 0)


def draw_profile(profile, radius):
    """Draw a profile on the detector."""
    nodes = NODE_STEP * np.arange(len(profile))
    return np.interp(radius, nodes, profile)


def fit_smooth(counts, used, center, inner, disc, readout=0.0, refine=True):
    """Fit the part of a pattern that is smooth in azimuth.

    Rings are fitted without the spots on them: pixels that exceed the ring are left
    out until no more do. The centre and an ellipse follow from how the pattern differs
    from the ring's profile along the derivatives of it.

    Parameters
    ----------
    counts : numpy.ndarray, shape (n_ky, n_kx)
        Of variance ``counts + readout``.
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    center : numpy.ndarray, shape (2,)
    inner : float
        Radius in pixels of the direct beam, which is left out.
    disc : numpy.ndarray of bool
        Footprint of a spot.
    readout : float, default 0
        Variance of a pixel that is none of counting.
    refine : bool, default True
        Whether centre and ellipse are fitted.

    Returns
    -------
    SmoothPart
    """
    geometry = Geometry(np.asarray(center, float), np.zeros(2))
    start = geometry.center
    for turn in range(_N_TURNS if refine else 1):
        rough = _ROUGH_AT_FIRST if refine and turn == 0 else _ROUGH
        part = _fit_rings(counts, used, geometry, inner, disc, readout, rough)
        if not refine or turn == _N_TURNS - 1:
            break
        moved = _improve(counts, used, part, inner, readout)
        shift = np.clip(moved.center - start, -MAX_SHIFT, MAX_SHIFT)
        ellipse = moved.ellipse / max(1.0, np.hypot(*moved.ellipse) / MAX_ELLIPTICITY)
        geometry = Geometry(start + shift, ellipse)
    return part


def _fit_rings(counts, used, geometry, inner, disc, readout, rough=_ROUGH):
    """Fit the profile in a given geometry."""
    radius, _ = geometry.polar(counts.shape)
    outside = used & (radius > inner)
    n_nodes = int(radius.max() / NODE_STEP) + 2
    area = sum_discs(outside.astype(float), disc)
    sums = sum_discs(np.where(outside, counts, 0), disc)
    spots = np.zeros_like(outside)
    ring = np.minimum(radius.astype(int), n_nodes - 1)
    before = None
    for _ in range(_N_CLIPS):
        rest = outside & ~spots
        profile = fit_profile(counts[rest], radius[rest], n_nodes)
        model = draw_profile(profile, radius)
        expected = sum_discs(np.where(outside, model, 0), disc)
        sure = significance(sums, expected * (1 + rough), area * readout)
        found = outside & (sure > _SPOT)
        found = ndimage.binary_dilation(found, disc) & outside
        _keep_darkest(found, outside, ring, sums, area)
        if before is not None and (found == before).all():
            break
        before, spots = found, found
    return SmoothPart(geometry, radius, profile, model, spots)


def _keep_darkest(found, outside, ring, sums, area):
    """Take the darkest part of rings that are spots all around out of the spots."""
    n_ring = np.bincount(ring[outside], minlength=ring.max() + 1)
    kept = np.bincount(ring[outside & ~found], minlength=ring.max() + 1)
    for crowded in np.flatnonzero(kept < _LEAST_RING * n_ring):
        own = outside & (ring == crowded)
        least = np.quantile(sums[own] / np.maximum(area[own], 1), _LEAST_RING)
        found[own & (sums <= least * np.maximum(area, 1))] = False


def _improve(counts, used, part, inner, readout):
    """One Gauss-Newton step of centre and ellipse."""
    radius, profile, model = part.radius, part.profile, part.model
    _, phi = part.geometry.polar(counts.shape)
    slope = draw_profile(np.gradient(profile, NODE_STEP), radius)
    rest = used & (radius > inner + 1) & ~part.spots
    # A thousandth of the mean keeps empty rings from ruling.
    noise = model[rest] + readout + 1e-3 * model[rest].mean() + 1e-12
    # Radius falls where the centre moves towards a pixel, and where a ring is longer.
    images = [
        -slope * np.sin(phi),
        -slope * np.cos(phi),
        -0.5 * slope * radius * np.cos(2 * phi),
        -0.5 * slope * radius * np.sin(2 * phi),
    ]
    design = np.stack([image[rest] for image in images], axis=1)
    weighted = design / noise[:, np.newaxis]
    normal = weighted.T @ design
    usual = np.repeat([_USUAL_SHIFT, _USUAL_ELLIPTICITY], 2)
    prior = np.diag(usual**-2)
    current = np.append(np.zeros(2), part.geometry.ellipse)
    right = weighted.T @ (counts[rest] - model[rest]) - prior @ current
    step = np.linalg.solve(normal + prior, right)
    return Geometry(part.geometry.center + step[:2], part.geometry.ellipse + step[2:])
