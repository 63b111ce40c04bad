"""How differences of patterns are shown: in percent of their totals, around 0."""

import matplotlib
import numpy as np

from hyperspy_4dphase.plot._style import DIVERGING

# Percentile of the differences at which their scale ends. The direct beam moves a
# little in every split: it is not to hide the spots. Historical: chosen by eye.
SCALE_END = 99.5


def difference_colormap():
    """Return the colours of differences, red above 0; excluded pixels are grey."""
    return matplotlib.colormaps[DIVERGING].with_extremes(bad="0.6")


def subtract_percent(parent, children):
    """Return child minus parent in percent of their totals; NaN where any is."""
    patterns = np.stack([parent, *children])
    patterns[:, ~np.isfinite(patterns).all(axis=0)] = np.nan
    totals = np.nansum(patterns, axis=tuple(range(1, patterns.ndim)), keepdims=True)
    patterns *= 100 / np.where(totals > 0, totals, 1)
    return patterns[1:] - patterns[0]


def scale_limit(values, percentile):
    """Return what that percentage of the values do not exceed, to two digits."""
    size = np.abs(values[np.isfinite(values)])
    if not size.any():
        return 1.0
    return float(f"{np.percentile(size, percentile) or size.max():.1e}")
