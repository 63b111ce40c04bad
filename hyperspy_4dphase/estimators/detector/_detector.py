"""What a detector makes of electrons: gain, offset and readout noise, from the data."""

from dataclasses import dataclass

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._comb import find_comb
from hyperspy_4dphase.estimators.detector._dark_level import (
    find_dark_level,
    restore_clipped,
)

# How far the measured variance of an electron may be from what a comb says it is:
# structure adds to it, averaging takes from it.
_AGREES = 1.35
# Standard error of that of n electrons, times their root, in simulated scans of 1 to 8
# electrons a pattern.
_RATIO_ERROR = 1.8
_MOST_RATIO = 3.0
# Share of the values that have no electron, where these are a peak of their own.
_PEAK = 0.3
_ADDED_FROM = 0.05
# Relative scatter of the variance among pixels of the same mean that still is one law.
_ONE_LAW = 0.3
_FITS = 0.5
# Misfit of a line that is below zero where values vary.
_BELOW_ZERO = 1.0
_STRUCTURE_FROM = 0.5
_N_LEADING = 10
_N_COMPARED = 128
_SURE = 4.0
_MANY_EVENTS = 10
# Part of what putting back clipped values moves the gain by that may be wrong.
_GUESSED = 0.5
# In gains, or in units of a typical mean.
_NO_OFFSET = 0.03
# Values so many standard deviations of readout noise below the offset, which itself may
# be off by so many electrons, are rarer than this in counts: 3e-5 of a normal law.
_FAR_BELOW, _OFF_BY, _MOST_BELOW = 4.0, 1.5, 1e-3


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
    gain_error : float
        Standard error of `measured_gain`; 0 where no slope was needed.
    """

    kind: str
    gain: float = 1.0
    offset: float = 0.0
    readout_noise: float = 0.0
    measured_gain: float = np.nan
    apart: bool = False
    pixel_variance: np.ndarray | None = None
    misfit: float = 0.0
    gain_error: float = 0.0

    @property
    def scales_with_mean(self):
        """bool: Whether noise is that of counted electrons, at least in part."""
        return self.kind in ("counts", "gain")

    @property
    def dark_variance(self):
        """float: Variance of a value without an electron, in squared electrons."""
        return (self.readout_noise / self.gain) ** 2 if self.scales_with_mean else 0.0


def measure_detector(pairs, *, scaled):
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
    # A pattern and its copy tell nothing.
    differ = pairs.differences.any(axis=1)
    if differ.sum() < 16 or live.sum() < 8:
        return _guess_detector(pairs)
    # What dead pixels read is no level of the others.
    comb = find_comb(pairs.patterns if live.all() else pairs.patterns[:, live])
    if comb is not None and comb.share_of_least >= _PEAK:
        # Values without an electron are seen, and no slope is needed.
        ratio, error = _measure_ratio_above_least(comb, pairs, live)
        error *= _SURE
        if comb.unit / _AGREES - error < ratio < comb.unit * _AGREES + error:
            return Detector(
                "counts", gain=comb.unit, offset=comb.least, measured_gain=ratio
            )
    law = pairs.select(_find_counting(pairs, live)).law
    if (
        comb is not None
        and _is_electron(comb, law, pairs)
        and not _has_readout_noise(comb, law)
    ):
        return _build_from_comb(comb, law)
    whole, guessed = restore_clipped(pairs), 0.0
    if whole is not None:
        seen, law = law, whole.select(live).law
        guessed = _GUESSED * abs(law.gain - seen.gain)
    if comb is None and not scaled and _is_structure(pairs.differences[:, live]):
        return Detector("uniform", measured_gain=law.gain)
    # What electrons add to the variance of bright pixels, over that of all.
    least = _ADDED_FROM * law.variance
    if law.gain < _SURE * law.gain_error or law.gain * law.spread < least:
        if scaled and comb is not None:
            return Detector("counts", gain=comb.unit)
        if law.scatter < _ONE_LAW:
            return Detector("uniform", measured_gain=law.gain)
        return _build_from_pixels(pairs, law)
    holds = law.scatter < _ONE_LAW and law.misfit < _FITS
    if scaled:
        holds = comb is not None or law.misfit < _BELOW_ZERO
    if not holds:
        return _build_from_pixels(pairs, law)
    offset, readout_variance, apart = find_dark_level(pairs, law)
    if _is_below_zero(pairs.patterns[:, live], offset, law.gain, readout_variance):
        return _build_from_pixels(pairs, law)
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
        gain_error=float(np.hypot(law.gain_error, guessed)),
    )


def _is_below_zero(patterns, offset, gain, readout_variance):
    """Whether many values are far below the level without electrons.

    Where a share of the mean was subtracted, variances are in proportion to what is
    left of the means, as with a gain. But then values fall below 0.
    """
    lowest = offset - _FAR_BELOW * np.sqrt(readout_variance) - _OFF_BY * gain
    return (patterns < lowest).mean() > _MOST_BELOW


def _find_counting(pairs, live):
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


def _guess_detector(pairs):
    """Of too little to measure anything only the values themselves tell."""
    comb = find_comb(pairs.patterns)
    return Detector("uniform") if comb is None else Detector("counts", gain=comb.unit)


def _measure_ratio_above_least(comb, pairs, live):
    """Variance of dim pixels over what they are above the least level.

    Returns
    -------
    ratio, error : float
        NaN where dim pixels have no electron.
    """
    dim = live & (pairs.mean <= np.quantile(pairs.mean[live], 0.9))
    above = (pairs.mean[dim] - comb.least).sum()
    if not above > 0:
        return np.nan, np.nan
    n_electrons = above * len(pairs.patterns) / comb.unit
    ratio = pairs.variance[dim].sum() / above
    return float(ratio), _RATIO_ERROR * comb.unit / np.sqrt(n_electrons)


def _has_readout_noise(comb, law):
    """Whether values fall below the level that has no variance, as no counts do."""
    level = law.centre - law.variance / law.gain
    error = np.hypot(law.variance_error / law.gain, law.reach * law.gain_error)
    return comb.least > 0 and level - comb.least > max(comb.unit, _SURE * error)


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


def _build_from_comb(comb, law):
    offset = 0.0
    error = np.hypot(law.variance_error, law.reach * law.gain_error) / comb.unit**2
    # What the line says where it meets no variance, with the gain that is known.
    expected = (law.centre - law.variance / comb.unit) / comb.unit
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


def _build_from_pixels(pairs, law):
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
