"""Where the doubts about a map of domains come from."""

import numpy as np

from hyperspy_4dphase.plot._checks import check_extent, checked_shares
from hyperspy_4dphase.plot._layout import (
    draw_legend,
    figure_for,
    legend_size,
    map_size,
    percent,
)
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._panels import draw_map
from hyperspy_4dphase.plot._pattern import grouped
from hyperspy_4dphase.plot._shares import DOUBTFUL, draw_shares, looked_through

# As large as it must be for one of the doubts to be called the largest.
_CLEAR = 0.05
_MOST_IN_ROW = 4
# Of the colours of domains, the strong ones first: single positions are to be seen.
_ORDER = [5, 4, 2, 3, 1, 0, 6]


def plot_doubts(
    doubts, *, extent=None, units="px", title=None, scalebar=True, fig=None
):
    """Show how much doubt each source of doubt casts, and where which is the largest.

    Parameters
    ----------
    doubts : dict of str to numpy.ndarray of float
        For each source a map in [0, 1], of the navigation shape, with one to three
        axes as in :func:`plot_confidence`; NaN where masked.
    extent, units, scalebar : optional
        As in :func:`plot_domains`.
    title : str, optional
        Of the figure.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
        A map for each source, all in the same colours, which end at the largest doubt
        of all; and one of the largest of each position, wherever it exceeds 0.05.

    Raises
    ------
    ValueError
        If there are no doubts, if their shapes differ, or if they hold what is not in
        [0, 1].
    """
    doubts = _checked_doubts(doubts)
    shape = next(iter(doubts.values())).shape
    check_extent(extent, len(shape), "extent")
    colors, texts = _kinds(doubts)
    legend = list(texts.values())
    figure, place, axes = _panels(len(doubts), shape, extent, legend, fig)
    highest = max(np.nanmax(doubt, initial=0) for doubt in doubts.values())
    top = max(np.ceil(10 * highest), 1) / 10
    for ax, (name, doubt) in zip(axes, doubts.items(), strict=False):
        image = draw_shares(ax, doubt, DOUBTFUL, extent, units, scalebar)
        image.set_clim(0, top)
        ax.set_title(name)
    bar = figure.colorbar(image, cax=place, ticklocation="left")
    bar.set_label("doubt")
    bar.locator.set_params(nbins=5)
    bar.update_ticks()
    draw_map(axes[-1], colors[_largest(doubts)], extent, units, scalebar)
    axes[-1].set_title("largest doubt")
    draw_legend(axes[-1], colors[list(texts)], legend, "probe positions")
    if title:
        figure.suptitle(title)
    return figure


def _checked_doubts(doubts):
    if not isinstance(doubts, dict) or not doubts:
        raise ValueError(
            "doubts must be a dict with a map for each source of doubt, but is "
            f"{doubts if isinstance(doubts, dict) else type(doubts).__name__}."
        )
    shape = np.shape(next(iter(doubts.values())))
    return {
        name: checked_shares(doubt, f"doubts[{name!r}]", shape)
        for name, doubt in doubts.items()
    }


def _largest(doubts):
    """The number of the largest doubt; -2 if there is none, -1 where masked."""
    stack = np.stack([looked_through(doubt) for doubt in doubts.values()])
    values = np.nan_to_num(stack, nan=-1)
    largest = np.where(values.max(axis=0) > _CLEAR, values.argmax(axis=0), -2)
    return np.where(np.isnan(stack).all(axis=0), -1, largest)


def _kinds(doubts):
    """Colours by number, and for each number that occurs the text of the legend."""
    n = len(doubts)
    colors = domain_colors(max(n, len(_ORDER)))
    colors = np.vstack([colors[_ORDER], colors[len(_ORDER) :]])[:n]
    largest = _largest(doubts)
    names = [*doubts, f"none above {_CLEAR:g}", "masked"]
    texts = {}
    for number, name in zip([*range(n), -2, -1], names, strict=True):
        size = (largest == number).sum()
        if size:
            share = percent(size / largest.size)
            texts[number] = f"{name}: {grouped(size)} ({share})"
    return np.vstack([colors, PALE, UNASSIGNED]), texts


def _panels(n, shape, extent, texts, figure):
    """The figure, axes for a colour bar, and for each doubt and the largest of them."""
    n_rows = -(-(n + 1) // _MOST_IN_ROW)
    n_columns = -(-(n + 1) // n_rows)
    width, height = 0.6 * np.array(map_size(shape, extent))
    # Where maps leave room on their sides, a legend beside them is cut off.
    size = (
        n_columns * (width + 0.5) + legend_size(texts)[0] + 0.9,
        n_rows * (height + 0.9) + 0.3,
    )
    figure = figure_for(figure, size)
    grid = figure.add_gridspec(
        n_rows, 1 + n_columns, width_ratios=[0.06, *[1] * n_columns]
    )
    places = [grid[i // n_columns, 1 + i % n_columns] for i in range(n)]
    axes = [figure.add_subplot(place) for place in [*places, grid[-1, -1]]]
    return figure, figure.add_subplot(grid[:, 0]), axes
