"""What a detector makes of electrons: gain, offset and readout noise, from the data."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import lsq_linear

from hyperspy_4dphase.estimators._comb import comb_of
from hyperspy_4dphase.estimators._dark_level import dark_level
from hyperspy_4dphase.estimators._scaling import inverse

# How far the measured variance of an electron may be from what a comb says it is:
# structure adds to it, averaging takes from it.
_AGREES = 1.35
_MOST_RATIO = 3.0
_N_BINS = 24
# Relative error of a bin's variance beyond that of statistics.
_SYSTEMATIC = 0.02
# Relative scatter of the variance among pixels of the same mean that still is one law.
_ONE_LAW = 0.3
_FITS = 1.0
_STRUCTURE_FROM = 0.5
_N_LEADING = 10
_N_COMPARED = 128
_REUSED = 2
_SURE = 4.0
# Relative error of a gain that says nothing.
_UNSURE = 0.3
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
    comb = comb_of(pairs.patterns)
    law = _variance_law(pairs.mean[live], pairs.variance[live], pairs.n_pairs)
    if law.gain_error > _UNSURE * law.gain:
        law = _by_skewness(pairs, live, law)
    if comb is not None and _is_electron(comb.unit, law, pairs):
        return _of_comb(pairs, comb, law)
    if comb is None and not scaled and _is_structure(pairs.differences[:, live]):
        return Detector("uniform", measured_gain=law.gain)
    if law.gain < _SURE * law.gain_error:
        if scaled:
            return _without_measurement(pairs)
        if _scatter(pairs, live, np.full(live.sum(), law.intercept)) < _ONE_LAW:
            return Detector("uniform", measured_gain=law.gain)
        return _of_pixels(pairs, law)
    expected = np.maximum(law(pairs.mean[live]), 0)
    one_law = _scatter(pairs, live, expected) < _ONE_LAW and law.misfit < _FITS
    if not (scaled or one_law):
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


def _by_skewness(pairs, live, law):
    """The law where all pixels have about the same mean, so that there is no slope.

    The third cumulant of counted electrons over their variance is the gain; readout
    noise makes it less.
    """
    values = pairs.patterns[:, live].astype(np.float64)
    values -= values.mean(axis=0)
    third, second = (values**3).mean(axis=0), pairs.variance[live]
    gain = third.sum() / second.sum()
    scatter = (third - gain * second).std() * np.sqrt(live.sum()) / second.sum()
    drowned = gain < np.sqrt(np.median(second)) / 3
    if drowned or gain < _SURE * scatter or abs(gain - law.gain) < law.gain_error:
        return law
    intercept = float(second.mean() - gain * pairs.mean[live].mean())
    return replace(
        law,
        gain=float(gain),
        gain_error=float(scatter),
        intercept=intercept,
        structure=0.0,
    )


def _without_measurement(pairs):
    """Of too little to measure anything only the values themselves tell."""
    comb = comb_of(pairs.patterns)
    if comb is None:
        return Detector("uniform")
    return Detector("counts", gain=comb.unit)


def _is_electron(unit, law, pairs):
    """Whether the step between values is what one electron adds."""
    error = _SURE * law.gain_error
    dim = (pairs.mean <= np.median(pairs.mean)) & (pairs.mean > 0)
    # An offset makes variances smaller than means; only structure makes them larger.
    if np.median(pairs.variance[dim] * inverse(pairs.mean[dim])) > _MOST_RATIO * unit:
        return False
    return unit / _AGREES - error < law.gain < unit * _AGREES + error


def _of_comb(pairs, comb, law):
    offset = 0.0
    error = np.hypot(law.intercept_error, law.reach * law.gain_error) / comb.unit
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


def _scatter(pairs, live, expected):
    """How much variances scatter about what is expected, statistics taken out."""
    # Bright pixels show structure beside noise.
    dim = (pairs.mean[live] <= np.quantile(pairs.mean[live], 0.8)) & (expected > 0)
    if dim.sum() < 8:
        return 0.0
    squares = np.square(pairs.differences[:, live][:, dim], dtype=np.float64) / 2
    found = squares.mean(axis=0) / expected[dim]
    # A pattern is in more than one pair.
    chance = _REUSED * squares.var(axis=0) / len(squares) / expected[dim] ** 2
    inside = found <= np.quantile(found, 0.98)
    excess = found[inside].var() - chance[inside].mean()
    return float(np.sqrt(max(excess, 0)) / found[inside].mean())


@dataclass
class VarianceLaw:
    """A straight line through variances, with what structure adds to it.

    Attributes
    ----------
    intercept, gain : float
    intercept_error, gain_error : float
    structure : float
        Variance of structure over the square of what the mean is above the least.
    centre, variance_at_centre : float
        Where the line is surest, and its value there without structure.
    reach : float
        How far the least mean is from it.
    misfit : float
        Largest relative deviation of a bin from it downwards, or upwards in the dim
        half, where structure adds nothing.
    """

    intercept: float
    gain: float
    intercept_error: float
    gain_error: float
    structure: float
    centre: float
    variance_at_centre: float
    reach: float
    misfit: float

    def __call__(self, mean):
        """Variance at a mean."""
        above = np.maximum(mean - self.centre + self.reach, 0)
        return self.intercept + self.gain * mean + self.structure * above**2


def _variance_law(mean, variance, n_pairs):
    """Fit variance against mean over pixels, robustly."""
    m, v, size = _binned(mean, variance)
    spread = max(np.ptp(m), 1e-6 * np.abs(m).max(), np.finfo(float).tiny)
    statistical = np.sqrt(3 / (n_pairs * size))
    error = np.maximum(v, 1e-3 * np.median(v)) * np.hypot(statistical, _SYSTEMATIC)
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
    columns = [0, 1] if fit[2] <= 0 or len(x) < 4 else [0, 1, 2]
    normal = rows[:, columns].T @ rows[:, columns]
    scale = max(1.0, np.square(residual * weight * error).sum() / max(len(x) - 3, 1))
    errors = np.sqrt(np.diag(np.linalg.pinv(normal)) * scale)
    gain = fit[1] / spread
    law = np.maximum(np.maximum(design @ fit, 0.05 * v), np.finfo(float).tiny)
    # Few electrons scatter more than a Gaussian of the same variance.
    excess = np.abs(gain) ** 2 * inverse(np.maximum(law, 0))
    chance = _SURE * np.sqrt((2 + excess) / (n_pairs * size))
    deviation = np.abs(v - law) / law - chance
    deviation[(v > law) & (m > np.median(m))] = 0
    misfit = max(deviation.max(), 0.0)
    return VarianceLaw(
        intercept=float(fit[0] - gain * centre),
        gain=float(gain),
        intercept_error=float(errors[0]),
        gain_error=float(errors[1] / spread),
        structure=float(fit[2] / spread**2),
        centre=float(centre),
        variance_at_centre=float(fit[0]),
        reach=float(centre - m.min()),
        misfit=float(misfit),
    )


def _binned(mean, variance):
    """Mean, variance and number of pixels in bins of like means, outliers left out."""
    order = np.argsort(mean, kind="stable")
    n_bins = int(np.clip(mean.size // 8, 2, _N_BINS))
    # The brightest pixels are few and tell most of the slope.
    edges = [part for part in np.array_split(order, n_bins) if part.size]
    last = edges.pop()
    edges += [part for part in np.array_split(last, min(6, last.size)) if part.size]
    bins = []
    for part in edges:
        v = variance[part]
        middle = np.median(v)
        far = 6 * 1.4826 * np.median(np.abs(v - middle)) + 1e-12 * middle
        inside = part[np.abs(v - middle) <= far] if far > 0 else part
        bins.append((mean[inside].mean(), variance[inside].mean(), inside.size))
    return np.array(bins).T
