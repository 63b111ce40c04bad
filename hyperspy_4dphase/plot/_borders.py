"""Lines between and round the domains of a map."""

import numpy as np
from matplotlib.collections import LineCollection

from hyperspy_4dphase.plot._maps import most_frequent


def draw_borders(image, labels, color, width=0.6):
    """Draw lines between neighbouring positions of different domains over a map.

    Parameters
    ----------
    image : matplotlib.image.AxesImage
        Of the same positions.
    labels : numpy.ndarray of int
        Of the navigation shape. Of three axes, the borders of what is most often there
        along the first are drawn.
    color : color
    width : float, default 0.6
        Of the lines, in points.

    Returns
    -------
    matplotlib.collections.LineCollection
    """
    borders = _find_borders(np.atleast_2d(most_frequent(labels)), image)
    lines = LineCollection(borders, colors=color, linewidths=width)
    image.axes.add_collection(lines)
    return lines


def draw_outline(image, inside):
    """Draw a line round positions of a map, seen on bright and on dark ground.

    Parameters
    ----------
    image : matplotlib.image.AxesImage
    inside : numpy.ndarray of bool
        Of the shape of the image.

    Returns
    -------
    list of matplotlib.collections.LineCollection
        The white rim, and the black line on it.
    """
    outline = find_outline(inside, image)
    # What lies at the edge of the map is not cut in half.
    style = {"capstyle": "projecting", "clip_on": False, "zorder": 3}
    rim = LineCollection(outline, colors="white", linewidths=4.2, **style)
    line = LineCollection(outline, colors="black", linewidths=1.6, **style)
    for collection in (rim, line):
        image.axes.add_collection(collection, autolim=False)
    return [rim, line]


def find_outline(inside, image):
    """Return lines round positions, those along the edge too, shape (n_lines, 2, 2).

    Parameters
    ----------
    inside : numpy.ndarray of bool
        Of the shape of the image.
    image : matplotlib.image.AxesImage
    """
    left, right, bottom, top = image.get_extent()
    n_rows, n_columns = inside.shape
    dx, dy = (right - left) / n_columns, (bottom - top) / n_rows
    extent = left - dx, right + dx, bottom + dy, top - dy
    return _lines_between(np.pad(inside, 1), extent)


def _find_borders(labels, image):
    """Return lines between neighbours of different domains, shape (n_lines, 2, 2)."""
    return _lines_between(labels, image.get_extent())


def _lines_between(labels, extent):
    left, right, bottom, top = extent
    n_rows, n_columns = labels.shape
    x = np.linspace(left, right, n_columns + 1)
    y = np.linspace(top, bottom, n_rows + 1)
    row, column = np.nonzero(labels[:, 1:] != labels[:, :-1])
    upright = np.stack([x[column + 1], y[row], x[column + 1], y[row + 1]], axis=-1)
    row, column = np.nonzero(labels[1:] != labels[:-1])
    level = np.stack([x[column], y[row + 1], x[column + 1], y[row + 1]], axis=-1)
    return np.concatenate([upright, level]).reshape(-1, 2, 2)
