"""Maps of numbers from 0 to 1."""

import matplotlib
import numpy as np

from hyperspy_4dphase.plot._palette import UNASSIGNED
from hyperspy_4dphase.plot._panels import draw_map

# The surer the brighter.
SURE = "viridis"
DOUBTFUL = "viridis_r"


def draw_shares(ax, shares, cmap, extent, units, scalebar):
    """Draw a map as :func:`hyperspy_4dphase.plot._panels.draw_domains` does.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    shares : numpy.ndarray of float
        In [0, 1], of the navigation shape; NaN where masked, which is grey.
    cmap : str
    extent, units, scalebar
        As there.

    Returns
    -------
    matplotlib.image.AxesImage
        It holds the numbers, so that windows say them at the pointer.
    """
    shares = looked_through(shares)
    image = draw_map(ax, np.zeros((*shares.shape, 3)), extent, units, scalebar)
    image.set_data(np.atleast_2d(shares))
    image.set_cmap(matplotlib.colormaps[cmap].with_extremes(bad=UNASSIGNED))
    image.set_clim(0, 1)
    return image


def looked_through(shares):
    """The mean along the first of three axes, of what is not NaN."""
    if shares.ndim < 3:
        return shares
    found = ~np.isnan(shares)
    n_found = found.sum(axis=0)
    total = np.where(found, shares, 0).sum(axis=0)
    return np.where(n_found, total / np.maximum(n_found, 1), np.nan)
