"""What a pixel reads without an electron, where values stand on no comb."""

import numpy as np

_DARKEST = 0.2
_N_PIXELS = 2000
# Electrons are apart where readout noise is at most this part of a gain.
APART = 0.35
_CLIPPED_FROM = 0.15
_SOME = 0.7, 6.0
_FEWEST = 100
# That of Gaussians whose standard deviation is 0.38 of their distance.
_GATHERED = 0.06


def dark_level(pairs, law):
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
    live = np.flatnonzero(pairs.variance > 0)
    order = live[np.argsort(pairs.mean[live], kind="stable")]
    dark = order[: max(8, min(int(_DARKEST * order.size), _N_PIXELS))]
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
        offset, peak = _zero_peak(values, offset, gain)
        if not clipped:
            return offset, peak, _stand_apart(pairs, offset, gain)
    readout = max(variance - gain * max(mean - offset, 0), 0.0)
    return offset, readout, _stand_apart(pairs, offset, gain)


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


def _zero_peak(values, offset, gain):
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
