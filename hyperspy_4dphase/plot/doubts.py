"""Where the doubts about a map of domains come from."""

import numpy as np

from hyperspy_4dphase.plot._checks import check_extent, check_fractions
from hyperspy_4dphase.plot._layout import (
    draw_legend,
    format_entry,
    legend_size,
    make_figure,
    map_size,
)
from hyperspy_4dphase.plot._maps import draw_domains, draw_fractions, mean_known
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._style import DOUBTFUL, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

# A doubt below it is called none. Historical: chosen by eye.
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
    extent, units : optional
        As in :func:`plot_domains`.
    title : str, optional
        Of the figure.
    scalebar : bool, default True
        As in :func:`plot_domains`.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure
        A map for each source, all in the same colours, which end at the largest doubt
        of all, with axes labelled on the left and below; and one of the largest of each
        position, wherever it exceeds 0.05.

    Raises
    ------
    ValueError
        If there are no doubts, if their shapes differ, or if they hold what is not in
        [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> confidence = np.linspace(0.6, 1, 80).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_doubts
    >>> fig = plot_doubts({"noise": 1 - confidence, "boundary": 0.5 * (1 - confidence)})
    """
    if not isinstance(doubts, dict) or not doubts:
        raise ValueError(
            f"doubts must be a dict with a map for each source, but are {doubts!r}."
        )
    shape = np.shape(next(iter(doubts.values())))
    doubts = {
        name: check_fractions(doubt, f"doubts[{name!r}]", shape)
        for name, doubt in doubts.items()
    }
    check_extent(extent, len(shape), "extent")
    largest, n = _find_largest(doubts), len(doubts)
    names = [*doubts, f"none above {_CLEAR:g}", "masked"]
    kinds = [kind for kind in [*range(n + 1), -1] if (largest == kind).any()]
    texts = [
        format_entry(names[kind], (largest == kind).sum(), largest.size)
        for kind in kinds
    ]
    figure, bar_axes, axes = _add_panels(n, shape, extent, texts, fig)
    highest = max(np.nanmax(doubt, initial=0) for doubt in doubts.values())
    top = max(np.ceil(10 * highest), 1) / 10
    for ax, (name, doubt) in zip(axes, doubts.items(), strict=False):
        image = draw_fractions(ax, doubt, DOUBTFUL, extent, units, scalebar)
        image.set_clim(0, top)
        ax.set_title(name, **AS_TYPED)
    bar = figure.colorbar(image, cax=bar_axes, ticklocation="left", label="doubt")
    bar.locator.set_params(nbins=5)
    bar.update_ticks()
    order = [*_ORDER, *range(len(_ORDER), n)]
    colors = np.vstack([domain_colors(len(order))[order][:n], PALE, UNASSIGNED])
    draw_domains(axes[-1], largest, colors, extent, units, scalebar)
    axes[-1].set_title("largest doubt")
    _hide_inner_labels(axes)
    draw_legend(axes[-1], colors[kinds], texts, "probe positions")
    if title:
        figure.suptitle(title, **AS_TYPED)
    return figure


def doubts_size(n, shape, extent, texts=("unresolved: 10 000 (10.0 %)",)):
    """Return width and height in inches of maps of `n` doubts, and of the largest.

    Parameters
    ----------
    n : int
    shape : tuple of int
        The navigation shape.
    extent : tuple of float or None
    texts : sequence of str, optional
        Of the legend.
    """
    n_rows, n_columns = _arrange(n)
    # Where maps leave room on their sides, a legend beside them is cut off.
    beside = legend_size(texts)[0] + 0.9
    width, height = 0.6 * np.array(map_size(shape, extent))
    fits = (WIDEST - beside) / n_columns - 0.3
    scale = min(1.0, fits / width)
    return (
        float(n_columns * (scale * width + 0.3) + beside),
        float(n_rows * (scale * height + 0.6) + 0.3),
    )


def _arrange(n):
    """Return rows and columns of panels, one more than `n`."""
    n_rows = -(-(n + 1) // _MOST_IN_ROW)
    return n_rows, -(-(n + 1) // n_rows)


def _find_largest(doubts):
    """Return which doubt is the largest; `len(doubts)` where none is, -1 if masked."""
    stack = np.stack([mean_known(doubt) for doubt in doubts.values()])
    values = np.nan_to_num(stack, nan=-1)
    largest = np.where(values.max(axis=0) > _CLEAR, values.argmax(axis=0), len(stack))
    return np.where(np.isnan(stack).all(axis=0), -1, largest)


def _hide_inner_labels(axes):
    """Leave labels of axes to the first panel of each row and the last of a column."""
    places = [ax.get_subplotspec() for ax in axes]
    columns = [place.colspan.start for place in places]
    for i, ax in enumerate(axes):
        if columns[i] > min(columns):
            ax.set_ylabel("")
            ax.tick_params(labelleft=False)
        if columns[i] in columns[i + 1 :]:
            ax.set_xlabel("")
            ax.tick_params(labelbottom=False)


def _add_panels(n, shape, extent, texts, figure):
    """Add axes of a colour bar and of maps to a figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
    bar_axes : matplotlib.axes.Axes
    panels : list of matplotlib.axes.Axes
        Of each doubt and of the largest.
    """
    n_rows, n_columns = _arrange(n)
    size = doubts_size(n, shape, extent, texts)
    figure = make_figure(figure, size)
    grid = figure.add_gridspec(
        n_rows, 1 + n_columns, width_ratios=[0.06, *[1] * n_columns]
    )
    places = [grid[i // n_columns, 1 + i % n_columns] for i in range(n)]
    axes = [figure.add_subplot(place) for place in [*places, grid[-1, -1]]]
    return figure, figure.add_subplot(grid[:, 0]), axes
