"""Elliptical distortion: how far rings are from being circles."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from hyperspy_4dphase.estimators.calibration._center import estimate_center
from hyperspy_4dphase.estimators.calibration._estimate import (
    FEWEST_DOF,
    Estimate,
    sandwich,
)
from hyperspy_4dphase.estimators.calibration._images import prepare_images

# Sectors over the full turn. Of simulated powders with texture of orders 2, 4 and 6 on
# each ring, 10 million counts, intervals of 68 and 95 % from sectors of all rings
# together hold the truth in 44 and 78 % of the cases; from those of each ring, opposite
# ones together, in 64 and 97 %. With 12 over the full turn it is 73 and 98 %.
_N_SECTORS = 24
# Differences of parameters for derivatives: 0.2 pixels of the centre, and 0.4 % of
# elongation, which is 0.2 pixels at a radius of 100.
_STEPS = np.array([0.2, 0.2, 0.004, 0.004])
_MAX_STEPS = 25
# Directions, of twelve over half a turn, that must tell the ellipse: the spots of one
# crystal lie in up to six, and distort like its lattice.
_FEWEST_DIRECTIONS = 7.0
# Pixels, of the mean over the azimuth.
_PROFILE_SMOOTHING = 1.5
# No projector distorts more; and where it is sought from.
_LARGEST = 0.15
_STARTS = [(0, 0), (0.04, 0), (-0.04, 0), (0, 0.04), (0, -0.04)]
# Ellipses this near each other are one.
_SAME = 2e-3
# The direct beam ends where the root of the profile is this part of its height, and is
# left out to so many times this radius: its edge is too sharp for pixels.
_BEAM_END, _BEAM_MARGIN = 0.3, 1.5
# A larger standard error of the ellipticity says nothing.
_LARGEST_ERROR = 0.01


def estimate_ellipse(patterns, excluded=None, center=None):
    """Find the elliptical distortion that patterns of rings have in common.

    The distortion is that which, undone, lets the pattern differ least from its mean
    over the azimuth. It needs intensity all around: amorphous halos, rings of many
    crystals, or patterns of crystals in many orientations. Of one crystal a distortion
    cannot be told from its lattice.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx) or (n_ky, n_kx)
        Intensities, NaN where there are none.
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx), optional
        Pixels not to be used.
    center : array_like of float, shape (2,), optional
        Row and column from which the centre is sought; by default that of
        `estimate_center`.

    Returns
    -------
    Estimate
        e cos(2 phi), e sin(2 phi): rings are longer by e (relative, of the diameter)
        along phi than across it, with phi from the columns' axis to the rows'.

    Raises
    ------
    ValueError
        If the patterns are no patterns.
    """
    checked, used, _ = prepare_images(patterns, excluded)
    if center is None:
        center = estimate_center(patterns, excluded).value
    # Together, crystals in many orientations make rings that each alone does not.
    share = used.mean(axis=0)
    mean = np.where(
        share > 0.5, checked.sum(axis=0) / np.maximum(used.sum(axis=0), 1), np.nan
    )
    _, used, roots = prepare_images(mean)
    image = _Rings(roots[0], used[0], np.asarray(center, dtype=float))
    fits = [_fit(image, np.array([*center, *start])) for start in _STARTS]
    best = min(fits, key=lambda fit: fit.misfit)
    parameters = best.parameters
    if not best.converged or np.abs(parameters[2:]).max() > _LARGEST:
        return _give_up(parameters, "the patterns show no rings")
    covariance, dof = sandwich(best.normal, best.scores)
    covariance = covariance[2:, 2:]
    if dof < FEWEST_DOF:
        return _give_up(parameters, "too few parts of the rings tell the ellipse")
    if best.directions < _FEWEST_DIRECTIONS:
        return _give_up(
            parameters,
            f"only about {best.directions:.0f} of 12 directions tell the ellipse, as "
            "spots of one crystal do, whose lattice may be what is distorted",
        )
    error = np.sqrt(np.diag(covariance).max())
    if error > _LARGEST_ERROR:
        return _give_up(parameters, f"the ellipticity is known to {error:.1%} only")
    apart = max(np.abs(fit.parameters[2:] - parameters[2:]).max() for fit in fits)
    if apart > max(error, _SAME):
        return _give_up(
            parameters, "another ellipse fits as well: the rings are of single spots"
        )
    return Estimate(parameters[2:], covariance, dof)


class _Fit(NamedTuple):
    parameters: np.ndarray
    normal: np.ndarray
    scores: np.ndarray
    directions: float
    misfit: float
    converged: bool


def _fit(image, parameters):
    """Follow the misfit down from a start."""
    for _ in range(_MAX_STEPS):
        normal, scores, directions, misfit = _accumulate(image, parameters)
        if np.linalg.eigvalsh(normal + normal.T).min() <= 0:
            break
        move = -np.linalg.solve(normal, scores.sum(axis=0))
        if np.all(np.abs(move) < 0.1 * _STEPS):
            return _Fit(parameters, normal, scores, directions, misfit, True)
        parameters = parameters + np.clip(move, -5 * _STEPS, 5 * _STEPS)
        if np.abs(parameters[2:]).max() > 2 * _LARGEST:
            break
    return _Fit(parameters, normal, scores, directions, misfit, False)


def _give_up(parameters, problem):
    return Estimate(parameters[2:], np.full((2, 2), np.nan), 0.0, problem)


def distortion_matrix(ellipse):
    """The matrix that distorts (column, row) offsets from the centre.

    Parameters
    ----------
    ellipse : array_like of float, shape (2,)
        e cos(2 phi), e sin(2 phi).

    Returns
    -------
    numpy.ndarray of shape (2, 2)
    """
    a, b = ellipse
    return np.eye(2) + np.array([[a, b], [b, -a]]) / 2


class _Rings:
    """A pattern beside its mean over the azimuth, for any centre and ellipse."""

    def __init__(self, root, used, center):
        self.n_bins = int(np.hypot(*root.shape)) + 2
        rows, columns = np.indices(root.shape)
        distance = np.hypot(rows - center[0], columns - center[1])
        near = used & (distance < 2)
        if near.any() and root[near].max() >= 0.9 * root[used].max():
            ring = distance.astype(int)[used]
            profile = np.bincount(ring, root[used]) / np.maximum(np.bincount(ring), 1)
            end = np.argmax(profile < _BEAM_END * profile[:3].max())
            used = used & (distance > _BEAM_MARGIN * end + 1)
        self.rows, self.columns = np.nonzero(used)
        self.values = root[used]

    def radii(self, parameters):
        """Radius of each pixel with the distortion undone, and its azimuth."""
        offsets = np.stack([self.columns - parameters[1], self.rows - parameters[0]])
        x, y = np.linalg.inv(distortion_matrix(parameters[2:])) @ offsets
        return np.hypot(x, y), np.arctan2(y, x)

    def profile(self, radius):
        """Mean over the azimuth at each radius in pixels, and pixels that make it."""
        low = radius.astype(int)
        part = radius - low
        shape = {"minlength": self.n_bins}
        weight = np.bincount(low, 1 - part, **shape)
        weight += np.bincount(low + 1, part, **shape)[: self.n_bins]
        total = np.bincount(low, (1 - part) * self.values, **shape)
        total += np.bincount(low + 1, part * self.values, **shape)[: self.n_bins]
        return total / np.maximum(weight, 1e-9), weight

    def rings(self, radius):
        """Number of the ring of each pixel, between minima of the mean."""
        profile, weight = self.profile(radius)
        total = ndimage.gaussian_filter1d(profile * weight, _PROFILE_SMOOTHING)
        smooth = total / np.maximum(
            ndimage.gaussian_filter1d(weight, _PROFILE_SMOOTHING), 1e-9
        )
        # Apart from the slope that all rings lie on.
        smooth -= ndimage.gaussian_filter1d(smooth, 6 * _PROFILE_SMOOTHING)
        low = (smooth[1:-1] < smooth[:-2]) & (smooth[1:-1] <= smooth[2:])
        edges = np.flatnonzero(low & (weight[1:-1] > 0)) + 1
        return np.searchsorted(edges, radius)

    def model(self, parameters, smoothing=_PROFILE_SMOOTHING):
        """What each pixel would be if the pattern were its own mean."""
        radius, _ = self.radii(parameters)
        profile, weight = self.profile(radius)
        if smoothing == 0:
            return np.interp(radius, np.arange(self.n_bins), profile)
        # The noise of the profile would pass for rings.
        total = ndimage.gaussian_filter1d(profile * weight, _PROFILE_SMOOTHING)
        weight = ndimage.gaussian_filter1d(weight, _PROFILE_SMOOTHING)
        profile = total / np.maximum(weight, 1e-9)
        return np.interp(radius, np.arange(self.n_bins), profile)


def _accumulate(image, parameters):
    """Add up over all pixels what a step of the fit needs.

    Returns
    -------
    normal : numpy.ndarray, shape (n_parameters, n_parameters)
        Matrix of the normal equations.
    scores : numpy.ndarray, shape (n_groups, n_parameters)
        Of groups of pixels.
    directions : float
        How many directions tell the ellipse.
    misfit : float
        Sum of the squared residuals.
    """
    radius, azimuth = image.radii(parameters)
    residual = image.values - image.model(parameters)
    slopes = _slopes(image, parameters, _PROFILE_SMOOTHING)
    # Rings of the pattern are sharper than those of the smoothed mean.
    normal = slopes @ _slopes(image, parameters, 0).T
    sector = ((azimuth / (2 * np.pi) + 1) * _N_SECTORS).astype(int) % _N_SECTORS
    # Brightness varies along each ring of a textured powder by itself, and alike at
    # opposite places (Friedel): these are one group, of one ring.
    n = _N_SECTORS // 2
    group = image.rings(radius) * n + sector % n
    scores = np.stack([-np.bincount(group, s * residual) for s in slopes], axis=1)
    told = np.maximum(_directions(image, radius, sector % (_N_SECTORS // 2)), 0)
    directions = told.sum() ** 2 / max((told**2).sum(), 1e-30)
    return normal, scores, float(directions), float(residual @ residual)


def _slopes(image, parameters, smoothing):
    """Derivatives of the model of each pixel."""
    return np.stack(
        [
            (
                image.model(parameters + step, smoothing)
                - image.model(parameters - step, smoothing)
            )
            / (2 * step.max())
            for step in np.diag(_STEPS)
        ]
    )


def _directions(image, radius, sector):
    """How far each direction has the rings that the mean has."""
    n = _N_SECTORS // 2
    profile, weight = image.profile(radius)
    smooth = np.convolve(profile, np.ones(9) / 9, mode="same")
    rings = np.where(weight > 0, profile - smooth, 0)
    expected = np.interp(radius, np.arange(image.n_bins), rings)
    count = np.bincount(sector, expected**2, n)
    values = np.bincount(sector, expected * image.values, n)
    offset = np.bincount(sector, expected, n) / np.maximum(
        np.bincount(sector, minlength=n), 1
    )
    mean = np.bincount(sector, image.values, n)
    agreement = values - offset * mean
    # A sector behind a beam stop is no evidence of either kind.
    typical = np.median(count)
    return (
        np.where(count > 0.2 * typical, agreement / np.maximum(count, 1e-30), 0)
        * typical
    )
