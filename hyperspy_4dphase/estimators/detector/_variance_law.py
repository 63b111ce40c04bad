"""The straight line that variances of counted electrons follow, over their means."""

import numpy as np

from hyperspy_4dphase.estimators._reciprocals import inverse
from hyperspy_4dphase.estimators.detector._pixel_variance import measure_pixel_variance
from hyperspy_4dphase.estimators.detector._variance_line import VarianceLine

# Bins of pixels of like means. Historical: chosen by trial.
_N_BINS = 24
# Relative error of what is taken for structure, and what that can be of the gain at
# most: gains of simulated scans that bend or overlap are right within 3 %.
_OF_STRUCTURE, _MOST_OF_STRUCTURE = 0.3, 0.03
# Bins that the brightest of these is split into. Historical: chosen by trial.
_N_BRIGHTEST_BINS = 6
# One pixel in so many is taken for dim.
_DIM = 10
# Standard errors of a bin beyond which it is off the line.
_SURE = 4.0


class VarianceLaw(VarianceLine):
    """A straight line through the variances of pixels, and how far it holds.

    Parameters
    ----------
    pairs : PairNoise

    Attributes
    ----------
    gain_error : float
        What structure may add to variances is in it.
    reach, spread : float
        How far the least mean is from `centre`, and from the largest.
    misfit : float
        Largest relative deviation of a bin from it downwards, or upwards in the dim
        half, where structure adds nothing.
    scatter : float
        Relative scatter of the variances of dim pixels of the same mean, beyond chance.
    """

    def __init__(self, pairs):
        noise = measure_pixel_variance(pairs)
        # Sorted by the mean in the other half: else noise would choose which pixels of
        # the same mean are taken for dim ones, and their variances are low where values
        # are.
        bins = np.concatenate(
            [_bin_pixels(noise, half, noise.mean[1 - half]) for half in (0, 1)], axis=1
        )
        m, v, structure, size, excess = bins[:, np.argsort(bins[0])]
        # Bright pixels show structure beside noise.
        dim = np.cumsum(size) <= 0.8 * size.sum()
        scatter = np.average(excess[dim], weights=size[dim]) if dim.any() else 0.0
        n_values = noise.n_pairs * size
        readout = _measure_readout(pairs)
        super().__init__(m, v, n_values, readout)
        moved = abs(VarianceLine(m, v + structure, n_values, readout).gain - self.gain)
        missed = min(_OF_STRUCTURE * moved, _MOST_OF_STRUCTURE * abs(self.gain))
        self.gain_error = float(np.hypot(self.gain_error, missed))
        self.reach, self.spread = self.centre - m.min(), np.ptp(m)
        self.misfit = _measure_misfit(m, v, self)
        self.scatter = np.sqrt(max(scatter, 0.0))


def _measure_readout(pairs):
    """Variance of values without an electron, where most of dim pixels have none."""
    dim = np.argsort(pairs.mean)[: max(8, pairs.mean.size // _DIM)]
    values = pairs.patterns[:, dim]
    low, middle = np.quantile(values[:: max(1, len(values) // 256)], (0.16, 0.5))
    return float(middle - low) ** 2


def _measure_misfit(m, v, line):
    """Largest relative deviation that chance does not explain."""
    off = np.abs(v - line.fitted)
    larger = np.maximum(line.fitted, v)
    counted = larger > max(1e-3 * np.median(np.abs(v)), np.finfo(float).tiny)
    deviation = np.where(counted, off, 0) / np.where(counted, larger, 1)
    above = (v > line.fitted) & (m > np.median(m))
    deviation[(off < _SURE * line.error) | above] = 0
    return float(deviation.max())


def _bin_pixels(noise, half, sorted_by):
    """Mean, variance, structure and number of pixels in bins of like means, and how
    much variances scatter beyond chance, relative and squared.
    """
    mean, variance = noise.mean[half], noise.variance[half]
    structure, chance = noise.structure[half], noise.chance[half]
    order = np.argsort(sorted_by, kind="stable")
    n_bins = int(np.clip(mean.size // 8, 2, _N_BINS))
    # The brightest pixels are few and tell most of the slope.
    *parts, last = [part for part in np.array_split(order, n_bins) if part.size]
    parts += np.array_split(last, min(_N_BRIGHTEST_BINS, last.size))
    bins = []
    for part in parts:
        average = variance[part].mean()
        values = variance[part] + structure[part]
        excess = np.clip(values, None, np.quantile(values, 0.95)).var()
        excess -= chance[part].mean()
        excess *= float(inverse(np.float64(max(average, 0.0))) ** 2)
        columns = mean[part], variance[part], structure[part]
        bins.append((*(c.mean() for c in columns), part.size, excess))
    return np.array(bins).T
