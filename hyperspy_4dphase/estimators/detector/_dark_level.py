"""What a pixel reads without an electron, where values stand on no comb."""

from dataclasses import replace

import numpy as np

# Part of the live pixels that are the darkest, and at most so many of them. Historical.
_DARKEST = 0.2
_N_PIXELS = 2000
# Electrons are apart where readout noise is at most this part of a gain.
APART = 0.35
# Part of the values of the darkest pixels that is equal where these were clipped.
_CLIPPED_FROM = 0.15
# Part of a Gaussian that is within its standard deviation.
_WITHIN = 0.6827
# Electrons in the mean of pixels whose values show peaks, and fewest values to tell.
_SOME = 0.7, 6.0
_FEWEST = 100
# That of Gaussians whose standard deviation is 0.38 of their distance.
_GATHERED = 0.06


def find_dark_level(pairs, law):
    """Offset and readout variance, of data without a comb.

    The variance law gives one relation between both. The zero peak of dark pixels gives
    the other where single electrons are apart in the histogram; elsewhere their third
    cumulant does, which counts electrons whatever the (Gaussian) readout noise is.

    Parameters
    ----------
    pairs : PairNoise
    law : VarianceLaw

    Returns
    -------
    offset, readout_variance : float
        In units of the data, and squared.
    apart : bool
        Whether values gather about multiples of the gain.
    """
    gain = law.gain
    dark = _find_darkest(pairs)
    values = pairs.patterns[:, dark].astype(np.float64)
    mean, variance = float(values.mean()), float(pairs.variance[dark].mean())
    highest = float(pairs.mean[dark[: max(4, dark.size // 4)]].mean())
    # All of the variance is then that of electrons.
    lowest = min(mean - variance / gain, highest)
    clipped = (values == values.min()).mean() > _CLIPPED_FROM
    if clipped:
        offset = float(values.min())
    else:
        offset = _by_cumulants(values, gain, lowest, highest)
    readout = max(variance - gain * (mean - offset), 0.0)
    if np.sqrt(readout) < APART * gain or clipped:
        offset, peak = _fit_zero_peak(values, offset, gain)
        if not clipped:
            return offset, peak, _stand_apart(pairs, offset, gain)
    readout = max(variance - gain * max(mean - offset, 0), 0.0)
    # Half of the zero peak moves its mean, but no peak of electrons.
    origin = float(values.min()) if clipped else offset
    return offset, readout, _stand_apart(pairs, origin, gain)


def restore_clipped(pairs):
    """Pairs with the lower half of the zero peak put back, where that was clipped.

    Without it the variance of dim pixels is too low for their mean, and the slope of
    the variance law too steep. The half that is left tells what the other one was.

    Parameters
    ----------
    pairs : PairNoise

    Returns
    -------
    PairNoise or None
        With other patterns; None where nothing was clipped.
    """
    values = pairs.patterns[:, _find_darkest(pairs)].astype(np.float64)
    least = values.min()
    levels, number = np.unique(values, return_counts=True)
    if number[0] <= _CLIPPED_FROM * values.size or levels.size < 4:
        return None
    whole = (levels == np.rint(levels)).all()
    # Rounded values reach half a unit beyond their own.
    edges = levels - least + whole / 2
    below = number[0] - number[1] / 2 if whole else float(number[0])
    total = np.cumsum(number)
    within = (1 + _WITHIN) * below
    width = float(np.interp(within, total, edges))
    # Of counts there are no levels between none and one.
    if total[3] > within or total[-1] < within:
        return None
    patterns = pairs.patterns.copy()
    rng = np.random.default_rng(0)
    clipped = np.flatnonzero(patterns == least)
    clipped = clipped[rng.random(clipped.size) < below / number[0]]
    patterns.flat[clipped] -= width * np.abs(rng.standard_normal(clipped.size))
    return replace(pairs, patterns=patterns)


def _find_darkest(pairs):
    """Numbers of the darkest pixels, from the darkest on."""
    live = np.flatnonzero(pairs.variance > 0)
    order = live[np.argsort(pairs.mean[live], kind="stable")]
    return order[: max(8, min(int(_DARKEST * order.size), _N_PIXELS))]


def _stand_apart(pairs, offset, gain):
    """Whether values with electrons gather about multiples of the gain."""
    electrons = (pairs.mean - offset) / gain
    # Where hardly an electron is counted, the foot of the zero peak hides them.
    some = np.flatnonzero((electrons > _SOME[0]) & (electrons < _SOME[1]))[:_N_PIXELS]
    values = (pairs.patterns[:, some].astype(np.float64) - offset) / gain
    counted = values[values > 0.5]
    if counted.size < _FEWEST:
        return False
    return bool(np.cos(2 * np.pi * counted).mean() > _GATHERED)


def _by_cumulants(values, gain, lowest, highest):
    """Mean less the electrons that the third cumulant counts, between two limits."""
    third = ((values - values.mean(axis=0)) ** 3).mean(axis=0)
    third = np.sort(third)[: max(1, int(0.95 * third.size))]
    error = third.std() / np.sqrt(third.size) / gain**2
    found = values.mean() - third.mean() / gain**2
    if error > 0.25 * max(highest - lowest, 0.1 * gain):
        # The darkest pixels are then taken to be dark.
        return highest
    return float(np.clip(found, min(lowest, highest), highest))


def _fit_zero_peak(values, offset, gain):
    """Mean of what is nearer to the offset than to one electron, and its variance."""
    variance = 0.0
    for _ in range(5):
        below = values[np.abs(values - offset) < gain / 2]
        if below.size < 16:
            break
        moved = float(below.mean())
        # The lower half of the peak has no electron in it.
        lower = values[values < moved]
        variance = float(np.square(moved - lower).mean()) if lower.size else 0.0
        if abs(moved - offset) < 1e-3 * gain:
            break
        offset = moved
    return offset, variance
