"""The panels of a latent view, which show a selection, and maps of domains."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.offsetbox import AnchoredOffsetbox, AuxTransformBox, TextArea, VPacker

from hyperspy_4dphase.plot._palette import dimmed
from hyperspy_4dphase.plot._pattern import aspect, with_units

# From so many points on, the plane shows their density.
MANY_POINTS = 5000

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
        _limit(axes, points)

    def show(self, selected):
        """Bring the selected points to the front, or all if `selected` is None."""
        chosen = np.zeros(len(self._points), bool) if selected is None else selected
        share = np.full(len(self._points), float(selected is None))
        self.collection.set_facecolor(dimmed(self._colors, share))
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
        low, high = _limit(axes, points)
        x, y = ((points - low) / (high - low) * _N_BINS).astype(int).T
        self._bins = y * _N_BINS + x
        self._counts = self._count(slice(None))
        self._colors = np.zeros((_N_BINS**2, 3))
        bins, firsts = _most_frequent(self._bins, groups)
        self._colors[bins] = colors[firsts]
        self.image = axes.imshow(
            self._rgba(np.ones(_N_BINS**2)),
            extent=np.column_stack([low, high]).ravel(),
            origin="lower",
            aspect="auto",
            interpolation="nearest",
        )

    def show(self, selected):
        """Dim the bins by what is not selected in them; show all if None."""
        share = np.ones(_N_BINS**2)
        if selected is not None:
            # As a root, so that a few of many points are seen.
            share = np.sqrt(self._count(selected) / np.maximum(self._counts, 1))
        self.image.set_data(self._rgba(share))

    def _count(self, chosen):
        return np.bincount(self._bins[chosen], minlength=_N_BINS**2)

    def _rgba(self, share):
        strength = 0.5 + 0.5 * np.log1p(self._counts) / np.log1p(self._counts.max())
        alpha = np.where(self._counts, strength, 0)
        rgba = np.column_stack([dimmed(self._colors, share), alpha])
        return rgba.reshape(_N_BINS, _N_BINS, 4)


class ScanMap:
    """The probe positions in the colours of their points; nothing where masked.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    valid : numpy.ndarray of bool
        Of the navigation shape, with 1, 2 or 3 axes. A single one becomes a strip, and
        the first of three is looked through: colours are mixed along it.
    colors : numpy.ndarray, shape (n_valid, 3)
    extent : tuple of float or None
        Left, right, bottom and top edge, or left and right for a strip.
    units : str
    """

    def __init__(self, axes, valid, colors, extent, units):
        self._shape = valid.shape
        self._stack = (-1, *(1, *valid.shape)[-2:])
        stack = valid.reshape(self._stack)
        n_valid = stack.sum(axis=0)
        total = np.zeros((*valid.shape, 3))
        total[valid] = colors
        total = total.reshape(*stack.shape, 3).sum(axis=0)
        self._colors = total / np.maximum(n_valid, 1)[..., None]
        self._alpha = (n_valid > 0).astype(float)
        self._draw(axes, extent, units)

    def _draw(self, axes, extent, units):
        n_rows, n_columns = self._alpha.shape
        strip = len(self._shape) == 1
        if extent is None:
            extent = (-0.5, n_columns - 0.5, n_rows - 0.5, -0.5)
        elif strip:
            extent = (*extent, 0.5, -0.5)
        self._extent = extent
        self.image = axes.imshow(self._rgba(1.0), extent=extent, origin="upper")
        axes.set_aspect("auto" if strip else aspect(extent))
        axes.set_xlabel(with_units("x", units))
        if strip:
            axes.set_yticks([])
            axes.set_box_aspect(0.35)
        else:
            axes.set_ylabel(with_units("y", units))

    def show(self, selected):
        """Dim the positions that are not selected, or none if `selected` is None."""
        share = 1.0
        if selected is not None:
            n_selected = selected.reshape(self._stack).sum(axis=0)
            share = n_selected / max(n_selected.max(), 1)
        self.image.set_data(self._rgba(share))

    def inside(self, start, stop):
        """The positions that a rectangle touches.

        Parameters
        ----------
        start, stop : tuple of float
            Two opposite corners, x and y in the units of the axes.

        Returns
        -------
        numpy.ndarray of bool, of the navigation shape
        """
        first, last = touched(self._alpha.shape, self._extent, start, stop)
        selected = np.zeros((*self._alpha.shape,), bool)
        selected[first[1] : last[1] + 1, first[0] : last[0] + 1] = True
        return np.broadcast_to(selected, (self._n_frames(), *selected.shape)).reshape(
            self._shape
        )

    def _n_frames(self):
        return self._shape[0] if len(self._shape) == 3 else 1

    def _rgba(self, share):
        share = np.broadcast_to(share, self._alpha.shape)
        return np.dstack([dimmed(self._colors, share), self._alpha])


def draw_domains(axes, labels, colors, extent, units, with_bar=True):
    """Draw the domains, with a scale bar in place of ticks where there is a scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    labels : numpy.ndarray of int
        Of the navigation shape, as in :class:`ScanMap`. The first of three axes is
        looked through: each position shows the domain that is most often there.
    colors : numpy.ndarray, shape (n_domains + 1, 3)
        The last is for -1.
    extent, units
        As in :class:`ScanMap`.
    with_bar : bool, default True
    """
    if labels.ndim == 3:
        labels = most_often(labels)
    draw_map(axes, colors[labels], extent, units, with_bar)


def draw_map(axes, colors, extent, units, with_bar=True):
    """Draw the probe positions in their colours, as :func:`draw_domains` does.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    colors : numpy.ndarray, shape (\\*navigation_shape, 3)
        With one or two navigation axes.
    extent, units
        As in :class:`ScanMap`.
    with_bar : bool, default True

    Returns
    -------
    matplotlib.image.AxesImage
    """
    valid = np.ones(colors.shape[:-1], bool)
    image = ScanMap(axes, valid, colors[valid], extent, units).image
    # Domains are not to blend where they meet.
    image.set_interpolation("nearest")
    if with_bar and valid.ndim == 2 and is_calibrated(units):
        axes.set(xticks=[], yticks=[], xlabel="", ylabel="")
        draw_scale_bar(axes, units)
    return image


def touched(shape, extent, start, stop):
    """The first and last row and column of an image that a rectangle touches.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns, with the first row on top.
    extent : tuple of float
        Left, right, bottom and top edge.
    start, stop : tuple of float
        Two opposite corners, x and y in the units of the axes.

    Returns
    -------
    first, last : numpy.ndarray of int, shape (2,)
        Of columns, then of rows. They are inside, wherever the corners are.
    """
    sizes = np.array(shape[::-1])
    left, right, bottom, top = extent
    corners = np.array([start, stop]) - [left, top]
    corners = np.sort(corners / [right - left, bottom - top] * sizes, axis=0)
    return np.clip(np.floor(corners).astype(int), 0, sizes - 1)


def is_calibrated(units):
    """Whether these are units of length, or of its inverse."""
    return units not in (None, "", "px")


def draw_scale_bar(axes, units, fontsize="small"):
    """Draw a bar of a round length, about a fifth of the width of the axes."""
    left, right = axes.get_xlim()
    length = _round_length(abs(right - left) / 5)
    bar = AuxTransformBox(axes.transData)
    style = {"color": "black", "linewidth": 2, "solid_capstyle": "butt"}
    bar.add_artist(plt.Line2D([0, length], [0, 0], **style))
    text = TextArea(f"{length:g} {units}", textprops={"fontsize": fontsize})
    box = AnchoredOffsetbox(
        "lower left",
        child=VPacker(children=[bar, text], align="center", pad=0, sep=2),
        pad=0.3,
        borderpad=0.4,
        prop={"size": fontsize},
    )
    box.patch.set(facecolor="white", edgecolor="none", alpha=0.8)
    axes.add_artist(box)


def _round_length(length):
    """The nearest of 1, 2, 5, 10, ... by ratio."""
    decade = np.floor(np.log10(length))
    lengths = np.outer(10 ** (decade + [0, 1]), [1, 2, 5]).ravel()
    return float(lengths[np.abs(np.log(lengths / length)).argmin()])


def most_often(labels):
    """The label most often along the first axis; -1 only where there is no other."""
    most, found = np.zeros(labels.shape[1:], int), np.full(labels.shape[1:], -1)
    for label in range(labels.max() + 1):
        n_here = (labels == label).sum(axis=0)
        found[n_here > most] = label
        most = np.maximum(most, n_here)
    return found


def _limit(axes, points):
    """Set and return limits with a rim that a lasso can pass."""
    low, high = points.min(axis=0), points.max(axis=0)
    rim = np.where(high > low, 0.05 * (high - low), 0.5)
    axes.locator_params(nbins=6)
    axes.set_xlim(low[0] - rim[0], high[0] + rim[0])
    axes.set_ylim(low[1] - rim[1], high[1] + rim[1])
    return low - rim, high + rim


def _most_frequent(bins, groups):
    """The bins that hold something, and a member of the group that is most in each."""
    n_groups = groups.max() + 1
    pairs, firsts, counts = np.unique(
        bins * n_groups + groups, return_index=True, return_counts=True
    )
    bins = pairs // n_groups
    order = np.lexsort((counts, bins))
    last = np.append(np.diff(bins) > 0, True)
    return bins[last], firsts[order][last]
