"""The centre of diffraction patterns: where they agree best with themselves turned."""

import numpy as np
from scipy import fft, ndimage

from hyperspy_4dphase.estimators.calibration._estimate import (
    FEWEST_DOF,
    Estimate,
    sandwich,
)
from hyperspy_4dphase.estimators.calibration._images import SMOOTHING, prepare_images

# Pixels between which the misfit is taken to be a parabola: well within the width that
# smoothing alone gives to everything in a pattern.
_STEP = 0.25
_MAX_STEPS = 30
# Groups of pixels whose residuals are taken to be independent are squares of so many
# pixels a side: as large as leaves enough degrees of freedom, since opposite edges of a
# spot that is brighter than its opposite pull in opposite directions.
_SIDES = 16, 12, 8, 4, 2
_ENOUGH_DOF = 6.0
# A larger standard error, in pixels, is that of a place and not of a centre.
_LARGEST_ERROR = 1.0
# Another centre is at least so far away, in pixels...
_OTHER = 2.0
# ... and may be the centre if it explains so much of what the best one explains.
_AS_GOOD = 0.75


def estimate_center(patterns, excluded=None):
    """Find the common centre of patterns, by their inversion symmetry.

    The patterns must agree with themselves turned by half a turn, as Friedel's law has
    it: the squared difference of square roots is made smallest. The intensities of
    opposite spots may differ, their places not.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx) or (n_ky, n_kx)
        Intensities, NaN where there are none (behind a beam stop).
    excluded : numpy.ndarray of bool, shape (n_ky, n_kx), optional
        Pixels not to be used.

    Returns
    -------
    Estimate
        Row and column in pixels, of the centre of all patterns. Standard errors are
        those of groups of pixels [1]_: how far these agree about the centre, with
        noise and whatever else moves them.

    Raises
    ------
    ValueError
        If the patterns are no patterns.

    References
    ----------
    .. [1] K.-Y. Liang and S. L. Zeger, Biometrika 73, 13 (1986),
       doi:10.1093/biomet/73.1.13
    """
    _, used, roots = prepare_images(patterns, excluded)
    # Square roots of square roots: a bright spot and the direct beam, which together
    # agree about the point between them, count for less than all that is weak.
    start, rival, part = _find_start(np.sqrt(roots), used)
    misfits = [_Misfit(*one) for one in zip(roots, used, strict=True)]
    center, hessian, scores = _minimize(misfits, start)
    if np.linalg.eigvalsh(hessian).min() <= 0:
        return _give_up(center, "the patterns agree as well about other centres")
    covariance, dof = _estimate_covariance(hessian, scores)
    if dof < FEWEST_DOF:
        return _give_up(center, "too few parts of the patterns tell the centre")
    error = np.sqrt(np.diag(covariance)).max()
    if error > _LARGEST_ERROR:
        return _give_up(center, f"the centre is known to {error:.2g} pixels only")
    if part > _AS_GOOD:
        place = ", ".join(f"{x:.1f}" for x in rival)
        return _give_up(center, f"({place}) may be the centre as well")
    return Estimate(center, covariance, dof)


def _estimate_covariance(hessian, scores):
    """Covariance and degrees of freedom, of groups as large as there are enough of."""
    for side, one in zip(_SIDES, scores, strict=True):
        covariance, dof = sandwich(hessian, one)
        covariance = covariance / _part_within(side)
        if dof >= _ENOUGH_DOF:
            break
    return covariance, dof


def _part_within(side):
    """Part of the covariance of smoothed noise that is within squares of a side."""
    apart = np.subtract.outer(np.arange(side), np.arange(side)) / SMOOTHING
    within = np.exp(-(apart**2) / 4).sum() / side
    return (within / (np.sqrt(4 * np.pi) * SMOOTHING)) ** 2


def _give_up(center, problem):
    return Estimate(center, np.full((2, 2), np.nan), 0.0, problem)


class _Misfit:
    """Squared differences of a pattern and itself turned about any point."""

    def __init__(self, root, used):
        self.root = root
        self.spline = ndimage.spline_filter(root, order=3, mode="mirror")
        self.used = ndimage.binary_erosion(used, iterations=2, border_value=0)
        self.rows, self.columns = np.nonzero(self.used)

    def common(self, center, margin):
        """Pixels whose opposites are used too, wherever near the centre that is."""
        rows, columns = 2 * center[0] - self.rows, 2 * center[1] - self.columns
        both = np.ones(len(rows), dtype=bool)
        for down in (-margin, margin):
            for across in (-margin, margin):
                turned = np.stack([rows + down, columns + across])
                use = ndimage.map_coordinates(
                    self.used * 1.0, turned, order=1, mode="constant"
                )
                both &= use > 0.99
        return self.rows[both], self.columns[both]

    def squares(self, pixels, center):
        """The squared difference of each pixel and its opposite."""
        turned = np.stack([2 * center[0] - pixels[0], 2 * center[1] - pixels[1]])
        opposite = ndimage.map_coordinates(
            self.spline, turned, order=3, mode="mirror", prefilter=False
        )
        return (self.root[pixels] - opposite) ** 2


def _groups(pixels, center, side, shape):
    """Numbers of squares, the same for pixels opposite each other."""
    down, across = pixels[0] - center[0], pixels[1] - center[1]
    back = (down < 0) | ((down == 0) & (across < 0))
    down, across = np.where(back, -down, down), np.where(back, -across, across)
    size = 2 * (max(shape) // side + 2)
    square = (down // side).astype(int) * size + np.floor(across / side).astype(int)
    return square + size // 2, size**2


def _minimize(misfits, center):
    """Minimize a misfit over the centre.

    Returns
    -------
    center : numpy.ndarray, shape (2,)
    hessian : numpy.ndarray, shape (2, 2)
        Second derivative of the misfit there.
    scores : list of numpy.ndarray, shape (n_groups, 2)
        Of groups of pixels, of each size of `_SIDES`.
    """
    for _ in range(_MAX_STEPS):
        hessian, slopes = np.zeros((2, 2)), []
        for misfit in misfits:
            pixels = misfit.common(center, 2 * _STEP)
            values = {
                (i, j): misfit.squares(pixels, center + _STEP * np.array([i, j]))
                for i in (-1, 0, 1)
                for j in (-1, 0, 1)
            }
            slope = [values[1, 0] - values[-1, 0], values[0, 1] - values[0, -1]]
            slopes.append((pixels, np.array(slope) / (2 * _STEP)))
            hessian += _second_derivative({k: v.sum() for k, v in values.items()})
        if np.linalg.eigvalsh(hessian).min() <= 0:
            break
        total = sum(slope.sum(axis=1) for _, slope in slopes)
        move = -np.linalg.solve(hessian, total)
        if np.abs(move).max() < 1e-3:
            break
        center = center + np.clip(move, -0.5, 0.5)
    shape = misfits[0].root.shape
    return center, hessian, [_sum(slopes, center, side, shape) for side in _SIDES]


def _sum(slopes, center, side, shape):
    """Scores of groups, of all patterns."""
    sums = []
    for pixels, slope in slopes:
        group, n = _groups(pixels, center, side, shape)
        sums.append(np.stack([np.bincount(group, one, n) for one in slope], axis=1))
    sums = np.concatenate(sums)
    return sums[np.any(sums != 0, axis=1)]


def _second_derivative(values):
    down = values[1, 0] - 2 * values[0, 0] + values[-1, 0]
    across = values[0, 1] - 2 * values[0, 0] + values[0, -1]
    mixed = values[1, 1] - values[1, -1] - values[-1, 1] + values[-1, -1]
    return np.array([[down, mixed / 4], [mixed / 4, across]]) / _STEP**2


def _find_start(roots, used):
    """Where patterns agree most with themselves turned, in steps of half a pixel.

    Returns
    -------
    best, next : numpy.ndarray of shape (2,)
        Row and column.
    part : float
        What the next explains of what the best does.
    """
    shape = [fft.next_fast_len(2 * n - 1, real=True) for n in roots.shape[1:]]
    agreement = 0.0
    for root, use in zip(roots, used, strict=True):
        centred = np.where(use, root - root[use].mean(), 0)
        agreement = agreement + fft.irfft2(fft.rfft2(centred, shape) ** 2, shape)
    rows, columns = (2 * n - 1 for n in roots.shape[1:])
    agreement = agreement[:rows, :columns]
    peaks = ndimage.maximum_filter(agreement, size=5) == agreement
    places = np.argwhere(peaks) / 2
    values = agreement[peaks]
    order = np.argsort(-values)
    best = places[order[0]]
    for k in order[1:]:
        if np.linalg.norm(places[k] - best) > _OTHER:
            return best, places[k], max(values[k] / values[order[0]], 0.0)
    return best, best, 0.0
