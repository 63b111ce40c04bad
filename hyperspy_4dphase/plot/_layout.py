"""What stands around a map or a diagram: figures, legends and panels below."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from hyperspy_4dphase.plot._pattern import format_count, proportion
from hyperspy_4dphase.plot._style import SMALL, WIDEST
from hyperspy_4dphase.plot._text import draw_as_typed

# Entries in a column of a legend.
ROWS = 20


def make_figure(figure, size):
    """Return the given figure, or a new one of that size in inches."""
    if figure is None:
        return plt.figure(figsize=size, layout="constrained")
    untouched = isinstance(figure, Figure) and not figure.axes
    if untouched and figure.get_layout_engine() is None:
        figure.set_layout_engine("constrained")
    return figure


def map_size(shape, extent, beside=0.0):
    """Return width and height in inches of a map of at most four, or of a strip.

    Parameters
    ----------
    shape : tuple of int
        The navigation shape, with one, two or three axes.
    extent : tuple of float or None
    beside : float, default 0
        Width of what stands beside it: both together are not to be too wide for a
        notebook, unless the map became less than two inches wide.
    """
    aspect = 1.5 / 4.4 if len(shape) == 1 else proportion(shape[-2:], extent)
    height = np.clip(4 * aspect, 1.5, 4)
    width = 4.4 if len(shape) == 1 else np.clip(height / aspect, 1.5, 4)
    shrink = min(1.0, max(WIDEST - beside, 2.0) / width)
    return float(shrink * width), float(shrink * height)


def legend_size(texts):
    """Return width and height in inches of what :func:`draw_legend` draws."""
    longest = max(map(len, texts), default=0)
    width = _n_columns(len(texts)) * (0.075 * longest + 0.4)
    return width, 0.2 * min(len(texts), ROWS) + 0.4


def make_map_axes(shape, extent, texts):
    """Make a figure of one map, with room for a legend of these texts beside it."""
    legend_width, legend_height = legend_size(texts)
    width, height = map_size(shape, extent, legend_width + 0.4)
    size = width + legend_width + 0.4, max(height + 0.5, legend_height)
    # A legend beside a map that floats in its place could be cut off.
    return make_figure(None, size).add_subplot(anchor="NW")


def draw_legend(ax, colors, texts, title, *, beside=True):
    """Draw patches of colours and texts on the right of the axes, or in them."""
    legend = ax.legend(
        [Patch(color=color) for color in colors],
        texts,
        title=title,
        alignment="left",
        loc="upper left",
        bbox_to_anchor=(1.02 if beside else 0, 1),
        borderaxespad=0,
        ncols=_n_columns(len(texts)),
        frameon=False,
        fontsize=SMALL,
        title_fontsize=SMALL,
        handlelength=1,
        handleheight=1,
        columnspacing=1.2,
    )
    draw_as_typed(legend.get_texts())


def add_panel_below(ax, height):
    """Give the lower part of axes to new ones, with the same abscissa.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    height : float
        Of the new axes, as a fraction of that of `ax`.

    Returns
    -------
    matplotlib.axes.Axes
    """
    place = ax.get_subplotspec()
    if place is None:
        left, bottom, right, top = ax.get_position().extents
        edges = {"left": left, "bottom": bottom, "right": right, "top": top}
        place = ax.figure.add_gridspec(1, 1, **edges)[0]
    grid = place.subgridspec(2, 1, height_ratios=[1 - height, height])
    ax.set_subplotspec(grid[0])
    below = ax.figure.add_subplot(grid[1], sharex=ax)
    ax.tick_params(labelbottom=False)
    return below


def format_percent(fraction):
    """Write a fraction as it stands beside the size of a domain."""
    if 0 < fraction < 0.0005:
        return "<0.1 %"
    return f"{100 * fraction:.1f} %"


def format_entry(name, size, n_positions):
    """Write a legend entry: how many probe positions something has."""
    return f"{name}: {format_count(size)} ({format_percent(size / n_positions)})"


def _n_columns(n_entries):
    return -(-n_entries // ROWS)
