"""How far spots and rings are from the centre."""

import numpy as np
from scipy import ndimage, signal
from scipy.spatial import cKDTree
from skimage.feature import peak_local_max

from hyperspy_4dphase.estimators.calibration._ellipse import distortion_matrix

# Spots and rings rise above what is around by so many standard deviations of that.
_SIGNIFICANCE = 5.0
# Pixels on either side of a radius whose least values are the background of a ring.
_AROUND = 7
# Pixels from the top of a spot that are still of it.
_SPOT_REACH = 8.0


def find_radii(root, used, center, ellipse=(0.0, 0.0)):
    """Find the radii of spots and rings in a pattern.

    Parameters
    ----------
    root : numpy.ndarray, shape (n_ky, n_kx)
        Square root of a smoothed pattern.
    used : numpy.ndarray of bool, shape (n_ky, n_kx)
    center : numpy.ndarray, shape (2,)
        Row and column.
    ellipse : sequence of float
        e cos(2 phi), e sin(2 phi), which is undone.

    Returns
    -------
    spots, rings : numpy.ndarray
        Radii in pixels.
    """
    rows, columns = np.indices(root.shape)
    undo = np.linalg.inv(distortion_matrix(ellipse))

    def radius_of(row, column):
        x, y = np.tensordot(undo, [column - center[1], row - center[0]], axes=1)
        return np.hypot(x, y)

    ring = np.round(radius_of(rows, columns)).astype(int)
    n = ring.max() + 1
    index = np.arange(n)
    median = np.nan_to_num(
        ndimage.median(np.where(used, root, 0), np.where(used, ring, -1), index)
    )
    residual = np.where(used, root - median[ring], 0)
    spread = 1.48 * np.nan_to_num(
        ndimage.median(np.abs(residual), np.where(used, ring, -1), index)
    )
    # Where most pixels count nothing their median deviation is 0.
    spread[spread == 0] = np.sqrt(np.mean(residual[used] ** 2))
    count = np.bincount(ring[used], minlength=n)
    inner = _beam_end(median, count)
    spots = _find_spots(residual, used & (ring > inner), spread[ring], radius_of)
    rings = _find_rings(median, spread, count, inner)
    return spots, rings


def _beam_end(median, count):
    """Radius that the direct beam reaches, 0 where it is masked."""
    if not count[:2].all() or median[:3].max() < 0.9 * median.max():
        return 0
    below = np.flatnonzero(median < 0.3 * median[:3].max())
    return int(1.5 * below[0]) + 2 if len(below) else 0


def _find_spots(residual, used, spread, radius_of):
    typical = np.median(spread[used]) if used.any() else 0.0
    needed = _SIGNIFICANCE * np.maximum(spread, typical)
    peaks = peak_local_max(
        ndimage.gaussian_filter(np.where(used, residual, 0), 1.0),
        min_distance=2,
        labels=(used & (residual > needed)).astype(int),
        exclude_border=2,
    )
    if not len(peaks):
        return np.zeros(0)
    # A pixel is of the nearest spot; what is less than half as high as its top is of
    # its surroundings, which would move its centre.
    pixels = np.argwhere(used)
    distance, nearest = cKDTree(peaks).query(pixels, distance_upper_bound=_SPOT_REACH)
    pixels, nearest = pixels[np.isfinite(distance)], nearest[np.isfinite(distance)]
    values = residual[tuple(pixels.T)]
    top = residual[tuple(peaks.T)]
    weight = np.maximum(values - 0.5 * top[nearest], 0)
    total = np.bincount(nearest, weight, len(peaks))
    places = np.stack(
        [np.bincount(nearest, weight * one, len(peaks)) for one in pixels.T], axis=1
    )
    places = places[total > 0] / total[total > 0, None]
    return radius_of(*places.T)


def _find_rings(median, spread, count, inner):
    seen = np.flatnonzero((count > 8) & (np.arange(len(count)) > inner))
    if len(seen) < 3 * _AROUND:
        return np.zeros(0)
    profile = ndimage.gaussian_filter1d(median[seen], 1.0)
    base = ndimage.minimum_filter1d(profile, 2 * _AROUND + 1, mode="nearest")
    base = ndimage.uniform_filter1d(base, 2 * _AROUND + 1, mode="nearest")
    # A median of smoothed pixels, of which about one in twelve is independent.
    noise = 1.25 * spread[seen] * np.sqrt(12 / count[seen])
    height = profile - base
    peaks, _ = signal.find_peaks(height, prominence=_SIGNIFICANCE * noise)
    peaks = peaks[(peaks > 0) & (peaks < len(seen) - 1)]
    before, here, after = (height[peaks + k] for k in (-1, 0, 1))
    offset = (before - after) / (2 * (before - 2 * here + after))
    return seen[peaks] + offset
