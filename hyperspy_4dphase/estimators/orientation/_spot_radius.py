"""How large the spots of patterns are, from what patterns share with themselves."""

import numpy as np
from scipy import fft, ndimage

# Pixels: spots are not sharper than a pixel, nor larger than this part of the detector.
_SHARPEST, _LARGEST = 0.7, 1 / 10
# Pixels about the direct beam that hold its flanks, as a part of the detector.
_BEAM = 1 / 12


def measure_spot_radius(patterns, center, excluded=None):
    """Measure the radius of the spots of crystalline patterns.

    The autocorrelation of a pattern of equal discs falls from its peak as the area that
    two discs have in common. Counting noise adds to the peak itself only, which is not
    looked at, and a smooth background is taken off.

    Parameters
    ----------
    patterns : array_like, shape (n, n_ky, n_kx)
        NaN is not used.
    center : array_like, shape (2,)
        Row and column of the direct beam, which is not used.
    excluded : array_like of bool, shape (n_ky, n_kx), optional
        True for pixels not to be used.

    Returns
    -------
    float
        In pixels. Of Gaussian spots it is twice the standard deviation: that of a disc
        of the same width.

    Examples
    --------
    >>> from orix.quaternion import Rotation
    >>> from hyperspy_4dphase import data
    >>> from hyperspy_4dphase.estimators import orientation
    >>> camera = data.Camera(signal_shape=(72, 80), scale=0.025)
    >>> turned = Rotation.from_euler((20, 45, 0), degrees=True)
    >>> counts = 1e5 * data.crystal_pattern("Si", turned, camera)
    >>> radius = orientation.measure_spot_radius(counts[None], camera.center)
    >>> round(radius * camera.scale / camera.disc_radius, 1)
    1.2
    """
    patterns = np.asarray(patterns, dtype=float)
    shape = patterns.shape[1:]
    rows, columns = np.indices(shape)
    distance = np.hypot(rows - center[0], columns - center[1])
    used = distance > _BEAM * min(shape)
    if excluded is not None:
        used &= ~np.asarray(excluded, dtype=bool)
    size = [fft.next_fast_len(2 * n) for n in shape]
    total = np.zeros(size)
    width = max(3, int(2 * _LARGEST * min(shape)))
    for pattern in patterns:
        kept = used & np.isfinite(pattern)
        values = np.where(kept, pattern, 0.0)
        smooth = ndimage.uniform_filter(values, width)
        smooth /= np.maximum(ndimage.uniform_filter(kept.astype(float), width), 1e-9)
        net = np.where(kept, np.maximum(values - smooth, 0) ** 0.5, 0.0)
        net -= np.where(kept, net.sum() / max(kept.sum(), 1), 0)
        own = fft.irfft2(np.abs(fft.rfft2(net, size)) ** 2, size)
        total += own / max(own[0, 0], np.finfo(float).tiny)
    lag = np.hypot(*np.meshgrid(*(fft.fftfreq(n, 1 / n) for n in size), indexing="ij"))
    most = int(2 * _LARGEST * min(shape)) + 2
    near = (lag > 0) & (lag <= most + 0.5)
    number = np.rint(2 * lag[near]).astype(int)
    n = np.bincount(number)
    lags = np.bincount(number, lag[near]) / np.maximum(n, 1)
    curve = np.bincount(number, total[near]) / np.maximum(n, 1)
    lags, curve = lags[n > 0], curve[n > 0]
    low = np.flatnonzero((curve[1:-1] <= curve[:-2]) & (curve[1:-1] < curve[2:]))
    end = low[0] + 2 if low.size else len(curve)
    return _fit_discs(lags[: max(end, 3)], curve[: max(end, 3)], most / 2)


def _fit_discs(lags, curve, largest):
    """Radius of discs whose common area falls off as a curve does."""
    radii = np.geomspace(_SHARPEST, max(largest, 1.0), 80)
    misfits = []
    for radius in radii:
        t = np.minimum(lags / (2 * radius), 1)
        area = 2 / np.pi * (np.arccos(t) - t * np.sqrt(1 - t**2))
        design = np.stack([area, np.ones_like(area)], axis=1)
        fit = np.linalg.lstsq(design, curve, rcond=None)[0]
        misfits.append(((design @ fit - curve) ** 2).sum() + 1e9 * (fit[0] <= 0))
    return float(radii[np.argmin(misfits)])
