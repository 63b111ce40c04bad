"""A line through variances of bins of pixels, over their means."""

import numpy as np

# Relative error of a bin's variance beyond that of statistics.
_SYSTEMATIC = 0.01
# Standard errors from which a bin counts less.
_FAR = 3.0
_STEPS = 4
_LEAST_OF_MEASURED = 0.3


def fit_median_line(m, v, number=None):
    """Line from dim values to brighter ones, with the median of their slopes.

    Each slope counts by its information, which is most where values are bright, be
    these as few as they like; half of it may be wrong.

    Parameters
    ----------
    m, v : numpy.ndarray, shape (n,)
        Means and variances, not all of the same mean.
    number : numpy.ndarray, shape (n,), optional
        Of the values that each one is of.

    Returns
    -------
    slope : float
    fitted : numpy.ndarray, shape (n,)
        The line at all means.
    """
    number = np.ones_like(m) if number is None else number
    order = np.argsort(m)
    total = np.cumsum(number[order])
    dim, bright = np.split(order, [max(1, np.searchsorted(total, total[-1] / 2))])
    centre, dark = (np.average(each[dim], weights=number[dim]) for each in (m, v))
    bright = bright[m[bright] > centre]
    if not bright.size:
        return 0.0, np.full_like(v, dark)
    reach = m[bright] - centre
    slopes = (v[bright] - dark) / reach
    rising = np.argsort(slopes)
    slope, information = 0.0, number[bright] * reach
    for _ in range(_STEPS):
        share = np.cumsum(information[rising])
        slope = slopes[rising[np.searchsorted(share, share[-1] / 2)]]
        line = max(dark, 0.0) + max(slope, 0.0) * reach
        if not (line > 0).all():
            break
        information = number[bright] * np.square(reach / line)
    return float(slope), dark + slope * (m - centre)


class VarianceLine:
    """A line through bins of so many values each.

    Attributes
    ----------
    gain, gain_error : float
    centre, variance, variance_error : float
        Where it is surest, and its value there.
    fitted, error : numpy.ndarray, shape (n_bins,)
        The line, and the standard errors of what it goes through.
    """

    def __init__(self, m, v, n_values, readout):
        # Where most pixels have no count, the median is none.
        typical = np.median(np.abs(v)) or np.abs(v).mean()
        least = max(1e-3 * typical, np.finfo(float).tiny)
        spread = max(np.ptp(m), 1e-6 * np.abs(m).max(), np.finfo(float).tiny)
        # Errors of what was measured would let those that are too low count most.
        self.gain, fitted = fit_median_line(m, v, n_values)
        for _ in range(12):
            # What a single electron adds to variances that are next to nothing.
            alone = max(self.gain, 0.0) ** 2 / n_values
            # A line that is far too low must not rule by what it meets at zero.
            at = np.max([fitted, _LEAST_OF_MEASURED * v, alone], axis=0).clip(least)
            self.error = at * np.hypot(np.sqrt(2.5 / n_values), _SYSTEMATIC)
            residual = (v - fitted) / self.error
            weight = self.error**-2 / (1 + np.square(residual / _FAR))
            self.centre = weight @ m / weight.sum()
            self.variance = weight @ v / weight.sum()
            x = (m - self.centre) / spread
            squares = weight @ np.square(x)
            # Readout noise blurs the means, which makes a slope too flat; that of
            # electrons moves variances along with them.
            blur = min(readout, at[0]) / (2 * n_values * spread**2)
            slope = (weight * x) @ v / max(squares - weight @ blur, squares / 2)
            self.gain = float(slope / spread)
            fitted = self.variance + self.gain * (m - self.centre)
        self.fitted = fitted
        scale = weight @ np.square(v - fitted) / max(len(m) - 2, 1)
        scale = np.sqrt(max(1.0, scale))
        self.variance_error = scale / np.sqrt(weight.sum())
        self.gain_error = scale / np.sqrt(max(squares, 1e-300)) / spread
