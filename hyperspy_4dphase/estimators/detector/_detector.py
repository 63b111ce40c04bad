"""What a detector makes of electrons: gain, offset and readout noise, from the data."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import lsq_linear

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._comb import comb_of
from hyperspy_4dphase.estimators.detector._dark_level import dark_level

# How far the measured variance of an electron may be from what a comb says it is:
# structure adds to it, averaging takes from it.
_AGREES = 1.35
_MOST_RATIO = 3.0
# Share of the values that have no electron, where these are a peak of their own.
_PEAK = 0.3
_ADDED_FROM = 0.05
_N_BINS = 24
_OUTLYING = 10.0
# Relative error of a bin's variance beyond that of statistics.
_SYSTEMATIC = 0.02
# Relative scatter of the variance among pixels of the same mean that still is one law.
_ONE_LAW = 0.3
_FITS = 0.5
_STRUCTURE_FROM = 0.5
_N_LEADING = 10
_N_COMPARED = 128
_REUSED = 2
_SURE = 4.0
_MANY_EVENTS = 10
# In gains, or in units of a typical mean.
_NO_OFFSET = 0.03


@dataclass(frozen=True)
class Detector:
    """How the variance of a value follows from its mean.

    Attributes
    ----------
    kind : {"counts", "gain", "pixels", "uniform"}
        ``"counts"``: whole electrons, or their multiples (`gain`), perhaps with an
        offset. ``"gain"``: the variance is ``readout_noise**2 + gain * (mean -
        offset)``. ``"pixels"``: each pixel has a variance of its own, whatever it
        reads. ``"uniform"``: all have the same.
    gain : float
        Units of the data an electron.
    offset : float
        Units of the data without an electron.
    readout_noise : float
        Standard deviation of a value without an electron, in units of the data.
    measured_gain : float
        Variance over mean as measured, whatever is assumed; NaN if it was not.
    apart : bool
        Whether single electrons stand apart in the histogram of values.
    pixel_variance : numpy.ndarray, shape (n_pixels,), or None
        With ``"pixels"``.
    misfit : float
        Largest relative deviation of measured variances from this law.
    """

    kind: str
    gain: float = 1.0
    offset: float = 0.0
    readout_noise: float = 0.0
    measured_gain: float = np.nan
    apart: bool = False
    pixel_variance: np.ndarray | None = None
    misfit: float = 0.0

    @property
    def scales_with_mean(self):
        """bool: Whether noise is that of counted electrons, at least in part."""
        return self.kind in ("counts", "gain")

    @property
    def dark_variance(self):
        """float: Variance of a value without an electron, in squared electrons."""
        return (self.readout_noise / self.gain) ** 2 if self.scales_with_mean else 0.0


def measured_detector(pairs, *, scaled):
    """Gain, offset and readout noise from pairs of like patterns.

    Parameters
    ----------
    pairs : PairNoise
        Without faulty pixels.
    scaled : bool
        Whether the noise is that of counts in any case.

    Returns
    -------
    Detector
    """
    live = pairs.variance > 0
    if pairs.n_pairs < 16 or live.sum() < 8:
        return _without_measurement(pairs)
    # What dead pixels read is no level of the others.
    comb = comb_of(pairs.patterns if live.all() else pairs.patterns[:, live])
    ratio = np.nan if comb is None else _ratio_above_least(comb, pairs, live)
    if ratio == ratio and comb.unit / _AGREES < ratio < comb.unit * _AGREES:
        # Values without an electron are seen, and no slope is needed.
        return Detector(
            "counts", gain=comb.unit, offset=comb.least, measured_gain=ratio
        )
    law = _variance_law(pairs.taken(_used(pairs, live)))
    if comb is not None and _is_electron(comb, law, pairs):
        return _of_comb(pairs, comb, law)
    if comb is None and not scaled and _is_structure(pairs.differences[:, live]):
        return Detector("uniform", measured_gain=law.gain)
    # What electrons add to the variance of bright pixels, over that of all.
    least = _ADDED_FROM * law.variance_at_centre
    if law.gain < _SURE * law.gain_error or law.gain * law.spread < least:
        if scaled and comb is not None:
            return Detector("counts", gain=comb.unit)
        if law.scatter < _ONE_LAW:
            return Detector("uniform", measured_gain=law.gain)
        return _of_pixels(pairs, law)
    if not (scaled or (law.scatter < _ONE_LAW and law.misfit < _FITS)):
        return _of_pixels(pairs, law)
    offset, readout_variance, apart = dark_level(pairs, law)
    if abs(offset) < _NO_OFFSET * max(law.gain, np.median(pairs.mean[live])):
        offset = 0.0
    return Detector(
        "gain",
        gain=law.gain,
        offset=offset,
        readout_noise=float(np.sqrt(readout_variance)),
        measured_gain=law.gain,
        apart=apart,
        misfit=law.misfit,
    )


def _used(pairs, live):
    """Live pixels, and those that would count if there were more electrons."""
    least = pairs.patterns[:, live].min()
    dark = np.flatnonzero(live)[
        np.argsort(pairs.mean[live])[: max(8, live.sum() // 10)]
    ]
    n_above = (pairs.patterns[:, dark] > least).sum(axis=0)
    # Where dark pixels see something all the time, one that never does is dead.
    if np.median(n_above) > _MANY_EVENTS:
        return live
    return live | (pairs.mean == least)


def _without_measurement(pairs):
    """Of too little to measure anything only the values themselves tell."""
    comb = comb_of(pairs.patterns)
    if comb is None:
        return Detector("uniform")
    return Detector("counts", gain=comb.unit)


def _ratio_above_least(comb, pairs, live):
    """Variance of dim pixels over what they are above the least level, NaN where that
    is no peak.
    """
    if comb.share_of_least < _PEAK:
        return np.nan
    dim = live & (pairs.mean <= np.quantile(pairs.mean, 0.9))
    above = (pairs.mean[dim] - comb.least).sum()
    return float(pairs.variance[dim].sum() / above) if above > 0 else np.nan


def _is_electron(comb, law, pairs):
    """Whether the step between values is what one electron adds."""
    unit, error = comb.unit, _SURE * law.gain_error
    dim = (pairs.mean <= np.median(pairs.mean)) & (pairs.mean > 0)
    if not dim.any():
        return False
    # An offset makes variances smaller than means; only structure makes them larger.
    if np.median(pairs.variance[dim] * inverse(pairs.mean[dim])) > _MOST_RATIO * unit:
        return False
    return unit / _AGREES - error < law.gain < unit * _AGREES + error


def _of_comb(pairs, comb, law):
    offset = 0.0
    error = np.hypot(law.intercept_error, law.reach * law.gain_error) / comb.unit**2
    # What the line says where it meets no variance, with the gain that is known.
    expected = (law.centre - law.variance_at_centre / comb.unit) / comb.unit
    least = (comb.least - comb.phase) / comb.unit
    if least > 0 and expected > max(_SURE * error, 0.5 * least):
        offset = min(round(expected), round(least))
        if comb.share_of_least > 0.05:
            offset = round(least)
    return Detector(
        "counts",
        gain=comb.unit,
        offset=comb.phase + offset * comb.unit,
        measured_gain=law.gain,
        misfit=law.misfit,
    )


def _of_pixels(pairs, law):
    variance = pairs.variance
    typical = np.median(variance[variance > 0])
    return Detector(
        "pixels",
        measured_gain=law.gain,
        pixel_variance=np.where(variance > 0, np.maximum(variance, 0.05 * typical), 0),
    )


def _is_structure(differences):
    """Whether like patterns differ by what they show rather than by noise."""
    values = differences[:_N_COMPARED]
    values = values * inverse(np.sqrt(np.square(values).mean(axis=0)))
    squares = np.linalg.eigvalsh((values @ values.T).astype(np.float64))
    return squares[-_N_LEADING:].sum() > _STRUCTURE_FROM * squares.sum()


@dataclass
class VarianceLaw:
    """A straight line through variances, beside what structure adds to them.

    Attributes
    ----------
    intercept, gain : float
    intercept_error, gain_error : float
    structure : float
        Variance of structure over the square of what the mean is above the least.
    centre, variance_at_centre : float
        Where the line is surest, and its value there without structure.
    reach, spread : float
        How far the least mean is from it, and from the largest.
    misfit : float
        Largest relative deviation of a bin from it downwards, or upwards in the dim
        half, where structure adds nothing.
    scatter : float
        Relative scatter of the variances of dim pixels of the same mean, beyond chance.
    """

    intercept: float
    gain: float
    intercept_error: float
    gain_error: float
    structure: float
    centre: float
    variance_at_centre: float
    reach: float
    spread: float
    misfit: float
    scatter: float


def _variance_law(pairs):
    """Fit variance against mean over pixels, robustly."""
    n_pairs = pairs.n_pairs // 2
    halves = []
    for half in (slice(0, None, 2), slice(1, None, 2)):
        squares = np.square(pairs.differences[half], dtype=np.float64) / 2
        # A pattern is in more than one pair.
        chance = _REUSED * squares.var(axis=0) / len(squares)
        mean = pairs.patterns[half].mean(axis=0, dtype=np.float64)
        halves.append((mean, squares.mean(axis=0), chance))
    # Sorted by the mean in the other half: else noise would choose which pixels of the
    # same mean are taken for dim ones, and their variances are low where values are.
    bins = [
        _binned(*own, other[0])
        for own, other in zip(halves, reversed(halves), strict=True)
    ]
    m, v, size, excess = np.concatenate(bins, axis=1)
    order = np.argsort(m)
    m, v, size, excess = m[order], v[order], size[order], excess[order]
    # Bright pixels show structure beside noise.
    dim = np.cumsum(size) <= 0.8 * size.sum()
    scatter = np.average(excess[dim], weights=size[dim]) if dim.any() else 0.0
    spread = max(np.ptp(m), 1e-6 * np.abs(m).max(), np.finfo(float).tiny)
    n_values = n_pairs * size
    error = np.maximum(v, 1e-3 * np.median(v))
    error = error * np.hypot(np.sqrt(3 / n_values), _SYSTEMATIC)
    for _ in range(2):
        fit, weight, design, centre = _robust_line(m, v, error, spread)
        line, gain = design @ fit, fit[1] / spread
        error = _error_of(line, v, max(gain, 0.0), n_values)
    residual = (v - line) / error
    rows = design * weight[:, None]
    columns = [0, 1] if fit[2] <= 0 or len(m) < 4 else [0, 1, 2]
    normal = rows[:, columns].T @ rows[:, columns]
    scale = max(1.0, np.square(residual * weight * error).sum() / max(len(m) - 3, 1))
    errors = np.sqrt(np.diag(np.linalg.pinv(normal)) * scale)
    off = np.abs(v - line)
    deviation = off / np.maximum(np.maximum(line, v), np.finfo(float).tiny)
    counted = np.maximum(line, v) > 1e-3 * np.median(v)
    above = (v > line) & (m > np.median(m))
    deviation[(off < _SURE * error) | above | ~counted] = 0
    misfit = deviation.max()
    return VarianceLaw(
        intercept=float(fit[0] - gain * centre),
        gain=float(gain),
        intercept_error=float(errors[0]),
        gain_error=float(errors[1] / spread),
        structure=float(fit[2] / spread**2),
        centre=float(centre),
        variance_at_centre=float(fit[0]),
        reach=float(centre - m.min()),
        spread=float(np.ptp(m)),
        misfit=float(misfit),
        scatter=float(np.sqrt(max(scatter, 0.0))),
    )


def _robust_line(m, v, error, spread):
    """Line and structure through bins, their weights, and what they were fitted by."""
    centre = np.average(m, weights=(1 / error) ** 2)
    x = (m - centre) / spread
    design = np.stack([np.ones_like(x), x, np.square(m - m.min()) / spread**2], axis=1)
    weight = 1 / error
    for _ in range(8):
        rows = design * weight[:, None]
        fit = lsq_linear(rows, v * weight, bounds=([-np.inf] * 2 + [0], np.inf)).x
        residual = (v - design @ fit) / error
        # Structure only adds: what lies above the line says less about noise.
        weight = 1 / error / np.sqrt(1 + np.square(np.maximum(residual, 0) / 2))
    return fit, weight, design, centre


def _error_of(line, v, gain, n_values):
    """Standard errors of variances of so many values each."""
    law = np.maximum(line, gain**2 / n_values)
    law = np.maximum(law, np.finfo(float).tiny)
    # The few electrons of dark pixels scatter more than a Gaussian of their variance.
    statistical = law * np.sqrt((3 + gain**2 / law) / n_values)
    return np.hypot(statistical, _SYSTEMATIC * np.maximum(law, v))


def _binned(mean, variance, chance, sorted_by):
    """Mean, variance and number of pixels in bins of like means, outliers left out, and
    how much variances scatter beyond chance, relative and squared.
    """
    order = np.argsort(sorted_by, kind="stable")
    n_bins = int(np.clip(mean.size // 8, 2, _N_BINS))
    # The brightest pixels are few and tell most of the slope.
    edges = [part for part in np.array_split(order, n_bins) if part.size]
    last = edges.pop()
    edges += [part for part in np.array_split(last, min(6, last.size)) if part.size]
    bins = []
    for part in edges:
        # A few that flicker do not speak for all; those of few electrons differ, too.
        for _ in range(3):
            average = variance[part].mean()
            part = part[variance[part] <= _OUTLYING * average]
        excess = np.clip(variance[part], None, np.quantile(variance[part], 0.95)).var()
        excess -= chance[part].mean()
        excess *= float(inverse(np.float64(average)) ** 2)
        bins.append((mean[part].mean(), variance[part].mean(), part.size, excess))
    return np.array(bins).T
