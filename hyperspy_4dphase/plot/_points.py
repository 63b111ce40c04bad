"""The latent plane, point by point or as a density, with a selection."""

import numpy as np

from hyperspy_4dphase.plot._palette import dim

# From so many points on, the plane shows their density. Historical: chosen by eye.
MANY_POINTS = 5000
# Bins of the density in each direction.
_N_BINS = 120


class PointCloud:
    """The latent plane, point by point.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    points : numpy.ndarray, shape (n_points, 2)
    colors : numpy.ndarray, shape (n_points, 3)
    """

    def __init__(self, axes, points, colors):
        self._points, self._colors = points, colors
        size = np.clip(6000 / len(points), 5, 40)
        style = {"s": size, "linewidths": 0}
        self.collection = axes.scatter(*points.T, c=colors, **style)
        # What is selected lies on top of the rest.
        self.highlight = axes.scatter([], [], **style)
        _set_limits(axes, points)

    def show(self, selected):
        """Bring the selected points to the front, or all if `selected` is None."""
        chosen = np.zeros(len(self._points), bool) if selected is None else selected
        strength = np.full(len(self._points), float(selected is None))
        self.collection.set_facecolor(dim(self._colors, strength))
        self.highlight.set_offsets(self._points[chosen])
        self.highlight.set_facecolor(self._colors[chosen])


class PointDensity:
    """The latent plane as a histogram: stronger where more points lie, in logarithm.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    points : numpy.ndarray, shape (n_points, 2)
    colors : numpy.ndarray, shape (n_points, 3)
    groups : numpy.ndarray of int, shape (n_points,)
        From 0 on: points of one colour. A bin has that of the group most in it.
    """

    def __init__(self, axes, points, colors, groups):
        low, high = _set_limits(axes, points)
        x, y = ((points - low) / (high - low) * _N_BINS).astype(int).T
        self._bins = y * _N_BINS + x
        self._counts = self._count(slice(None))
        self._colors = np.zeros((_N_BINS**2, 3))
        # Of each pair of bin and group one member, the most frequent pairs last.
        pairs = self._bins * (groups.max() + 1) + groups
        _, firsts, counts = np.unique(pairs, return_index=True, return_counts=True)
        firsts = firsts[np.argsort(counts, kind="stable")]
        self._colors[self._bins[firsts]] = colors[firsts]
        self.image = axes.imshow(
            self._rgba(np.ones(_N_BINS**2)),
            extent=np.column_stack([low, high]).ravel(),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
        )

    def show(self, selected):
        """Dim the bins by what is not selected in them; show all if None."""
        strength = np.ones(_N_BINS**2)
        if selected is not None:
            # As a root, so that a few of many points are seen.
            strength = np.sqrt(self._count(selected) / np.maximum(self._counts, 1))
        self.image.set_data(self._rgba(strength))

    def _count(self, chosen):
        return np.bincount(self._bins[chosen], minlength=_N_BINS**2)

    def _rgba(self, strength):
        alpha = 0.5 + 0.5 * np.log1p(self._counts) / np.log1p(self._counts.max())
        alpha[self._counts == 0] = 0
        rgba = np.column_stack([dim(self._colors, strength), alpha])
        return rgba.reshape(_N_BINS, _N_BINS, 4)


def _set_limits(axes, points):
    """Set and return limits with a rim that a lasso can pass."""
    low, high = points.min(axis=0), points.max(axis=0)
    rim = np.where(high > low, 0.05 * (high - low), 0.5)
    low, high = low - rim, high + rim
    axes.locator_params(nbins=6)
    axes.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]))
    return low, high
