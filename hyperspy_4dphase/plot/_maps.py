"""Maps of a scan: domains, numbers from 0 to 1, and positions in given colours."""

import matplotlib
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap, Normalize
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_4dphase.plot._palette import UNASSIGNED, dim
from hyperspy_4dphase.plot._pattern import draw_image, with_units


class ScanMap:
    """The probe positions in the colours of their points; nothing where masked.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    valid : numpy.ndarray of bool
        Of the navigation shape, with 1, 2 or 3 axes. A single one becomes a strip. Of
        three axes, colours are mixed along the first.
    colors : numpy.ndarray, shape (n_valid, 3)
    extent : tuple of float or None
        Left, right, bottom and top edge, or left and right for a strip.
    units : str
    """

    def __init__(self, axes, valid, colors, extent, units):
        self._shape = valid.shape
        frames = valid.reshape(-1, *(1, *valid.shape)[-2:])
        self._frames_shape = frames.shape
        n_valid = frames.sum(axis=0)
        total = np.zeros((*frames.shape, 3))
        total[frames] = colors
        self._colors = total.sum(axis=0) / np.maximum(n_valid, 1)[..., None]
        self._alpha = (n_valid > 0).astype(float)
        place = valid.ndim, extent, units, True
        self.image = _draw_scan(axes, self._rgba(1.0), *place)

    def show(self, selected):
        """Dim the positions that are not selected, or none if `selected` is None."""
        strength = 1.0
        if selected is not None:
            n_selected = selected.reshape(self._frames_shape).sum(axis=0)
            strength = n_selected / max(n_selected.max(), 1)
        self.image.set_data(self._rgba(strength))

    def inside(self, start, stop):
        """Return the positions that a rectangle touches.

        Parameters
        ----------
        start, stop : tuple of float
            Two opposite corners, x and y in the units of the axes.

        Returns
        -------
        numpy.ndarray of bool, of the navigation shape
        """
        first, last = find_touched(self.image, start, stop)
        selected = np.zeros(self._frames_shape, bool)
        selected[:, first[1] : last[1] + 1, first[0] : last[0] + 1] = True
        return selected.reshape(self._shape)

    def _rgba(self, strength):
        strength = np.broadcast_to(strength, self._alpha.shape)
        return np.dstack([dim(self._colors, strength), self._alpha])


def draw_domains(axes, labels, colors, extent, units, scalebar=True):
    """Draw the domains, with a scale bar in place of ticks where there is a scale.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    labels : numpy.ndarray of int
        Of the navigation shape, as in :class:`ScanMap`. Of three axes, each position
        shows the domain that is most often there along the first.
    colors : numpy.ndarray, shape (n_domains + 1, 3)
        The last is for -1.
    extent, units
        As in :class:`ScanMap`.
    scalebar : bool, default True

    Returns
    -------
    matplotlib.image.AxesImage
        It holds the labels.
    """
    image, place = most_frequent(labels), (labels.ndim, extent, units, scalebar)
    norm = BoundaryNorm(np.arange(len(colors) + 1) - 1.5, len(colors))
    cmap = ListedColormap(np.roll(colors, 1, axis=0))
    # Domains are not to blend where they meet.
    style = {"cmap": cmap, "norm": norm, "interpolation": "nearest"}
    return _draw_scan(axes, image, *place, **style)


def draw_fractions(axes, fractions, cmap, extent, units, scalebar=True):
    """Draw numbers from 0 to 1, with a scale bar as :func:`draw_domains` does.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    fractions : numpy.ndarray of float
        Of the navigation shape; NaN where masked, which is grey. Of three axes, the
        mean along the first is shown.
    cmap : str
    extent, units
        As in :class:`ScanMap`.
    scalebar : bool, default True

    Returns
    -------
    matplotlib.image.AxesImage
        It holds the numbers.
    """
    norm = Normalize(0, 1)
    return draw_numbers(axes, fractions, cmap, norm, extent, units, scalebar)


def draw_numbers(axes, numbers, cmap, norm, extent, units, scalebar=True):
    """Draw numbers of any range, with a scale bar as :func:`draw_domains` does.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    numbers : numpy.ndarray of float
        Of the navigation shape; NaN where there is none, which is grey. Of three axes,
        the mean along the first is shown.
    cmap : str
    norm : matplotlib.colors.Normalize
    extent, units
        As in :class:`ScanMap`.
    scalebar : bool, default True

    Returns
    -------
    matplotlib.image.AxesImage
        It holds the numbers.
    """
    image, place = mean_known(numbers), (numbers.ndim, extent, units, scalebar)
    cmap = matplotlib.colormaps[cmap].with_extremes(bad=UNASSIGNED)
    style = {"cmap": cmap, "norm": norm, "interpolation": "nearest"}
    return _draw_scan(axes, image, *place, **style)


def draw_rgb(axes, colors, n_axes, extent, units, scalebar=True):
    """Draw positions in given colours, with a scale bar as :func:`draw_domains` does.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    colors : numpy.ndarray of float, shape (n_y, n_x, 3) or (n_x, 3)
        From 0 to 1; NaN where there is none, which is grey.
    n_axes : int
        Of the scan: 1 or 2.
    extent, units
        As in :class:`ScanMap`.
    scalebar : bool, default True

    Returns
    -------
    matplotlib.image.AxesImage
    """
    nothing = np.isnan(colors).any(axis=-1, keepdims=True)
    image = np.where(nothing, UNASSIGNED, np.clip(np.nan_to_num(colors), 0, 1))
    image = image.reshape(-1, *image.shape[-2:])
    style = {"interpolation": "nearest"}
    return _draw_scan(axes, image, n_axes, extent, units, scalebar, **style)


def most_frequent(labels):
    """Return the label most often along the first of three axes.

    It is -1 only where there is no other, and the least of equally frequent ones. Maps
    of one or two axes are returned as they are.
    """
    if labels.ndim < 3:
        return labels
    found, most = np.full(labels.shape[1:], -1), np.zeros(labels.shape[1:], int)
    for label in range(labels.max() + 1):
        n_here = (labels == label).sum(axis=0)
        found[n_here > most] = label
        most = np.maximum(most, n_here)
    return found


def mean_known(fractions):
    """Return the mean along the first of three axes, of what is not NaN.

    Maps of one or two axes are returned as they are.
    """
    if fractions.ndim < 3:
        return fractions
    return np.ma.masked_invalid(fractions).mean(axis=0).filled(np.nan)


def find_touched(image, start, stop):
    """Return the first and last row and column of an image that a rectangle touches.

    Parameters
    ----------
    image : matplotlib.image.AxesImage
        With the first row on top.
    start, stop : tuple of float
        Two opposite corners, x and y in the units of the axes.

    Returns
    -------
    first, last : numpy.ndarray of int, shape (2,)
        Of columns, then of rows. They are inside, wherever the corners are.
    """
    sizes = np.array(image.get_size()[::-1])
    left, right, bottom, top = image.get_extent()
    corners = np.array([start, stop]) - [left, top]
    corners = np.sort(corners / [right - left, bottom - top] * sizes, axis=0)
    return np.clip(np.floor(corners).astype(int), 0, sizes - 1)


def is_calibrated(units):
    """Return whether these are units of length, or of its inverse."""
    return units not in (None, "", "px")


def draw_scale_bar(axes, units, fontsize="small"):
    """Draw a bar of a round length, about a fifth of the width, if there are units."""
    if not is_calibrated(units):
        return
    left, right = axes.get_xlim()
    length = _round_length(abs(right - left) / 5)
    bar = AnchoredSizeBar(
        axes.transData,
        length,
        f"{length:g} {units}",
        "lower left",
        pad=0.3,
        borderpad=0.4,
        sep=2,
        fontproperties={"size": fontsize},
    )
    bar.size_bar.get_children()[0].set_linewidth(2)
    bar.patch.set(facecolor="white", edgecolor="none", alpha=0.8)
    axes.add_artist(bar)


def _draw_scan(axes, image, n_axes, extent, units, scalebar=False, **style):
    """Draw a map, or a strip if there is one navigation axis."""
    is_strip = n_axes == 1
    if is_strip and extent is not None:
        extent = (*extent, 0.5, -0.5)
    shown = draw_image(axes, np.atleast_2d(image), extent, **style)
    if scalebar and not is_strip and is_calibrated(units):
        axes.set(xticks=[], yticks=[])
        draw_scale_bar(axes, units)
        return shown
    axes.set_xlabel(with_units("x", units))
    if is_strip:
        axes.set(aspect="auto", yticks=[], box_aspect=0.35)
    else:
        axes.set_ylabel(with_units("y", units))
    return shown


def _round_length(length):
    """Return the nearest of 1, 2, 5, 10, ... by ratio."""
    decade = np.floor(np.log10(length))
    lengths = np.outer(10 ** (decade + [0, 1]), [1, 2, 5]).ravel()
    return float(lengths[np.abs(np.log(lengths / length)).argmin()])
