"""Along what domains change, and what changes."""

import numpy as np
from matplotlib.colors import CenteredNorm, to_rgb

from hyperspy_4dphase.plot._borders import draw_borders
from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_labels,
    check_length,
    check_names,
    check_patterns,
    check_scan_values,
)
from hyperspy_4dphase.plot._differences import (
    SCALE_END,
    difference_colormap,
    scale_limit,
    subtract_percent,
)
from hyperspy_4dphase.plot._layout import make_figure, map_size
from hyperspy_4dphase.plot._maps import draw_numbers, draw_scale_bar
from hyperspy_4dphase.plot._pattern import draw_image, proportion, with_units
from hyperspy_4dphase.plot._style import DIVERGING, SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_PANEL = 1.9
# Percentile of the distances from the median at which colours end. Historical: chosen
# by eye.
_FARTHEST = 98


def plot_continuum(
    along,
    labels_map,
    end_patterns,
    *,
    borders=None,
    names=None,
    colors=None,
    extent=None,
    units="px",
    map_extent=None,
    map_units="px",
    scalebar=True,
    fig=None,
):
    """Show along what domains change, beside what their two ends differ by.

    Places are shown from the median of each domain, all on one scale. The difference is
    that of the high and the low end when both have a total of 100 %, so that brightness
    does not count; all differences share one scale, which the largest 0.5 % of pixels
    exceed.

    Parameters
    ----------
    along : numpy.ndarray of float
        Place of each position in its domain, of the navigation shape, with one to three
        axes as in :func:`plot_confidence`.
    labels_map : numpy.ndarray of int
        Which of the domains that are shown each position is of, from 0 on; -1 for all
        else, which is grey. Of the same shape.
    end_patterns : numpy.ndarray, shape (n, 2, nky, nkx) or (n, 2, nk)
        Mean patterns of the low and the high end of each domain.
    borders : numpy.ndarray of int, optional
        Labels of the same shape: their borders are drawn.
    names : sequence of str, optional
        One for each domain. "domain 0" and so on by default.
    colors : sequence of colors, optional
        One for each domain: those of the frames of the differences.
    extent, units : optional
        Of a pattern, as in :func:`plot_split`.
    map_extent, map_units, scalebar : optional
        Of the map, as in :func:`plot_domains`.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `along` holds no real numbers, or `labels_map` no integers.
    ValueError
        If shapes do not fit, or there are no domains.

    Examples
    --------
    >>> import numpy as np
    >>> labels = np.repeat([0, 1, 2], [40, 24, 16]).reshape(8, 10)
    >>> from hyperspy_4dphase.plot import plot_continuum
    >>> along = np.linspace(-1, 1, 80).reshape(8, 10)
    >>> ends = np.random.default_rng(0).gamma(1, 1, (3, 2, 12, 14))
    >>> fig = plot_continuum(along, labels, ends)
    """
    along = check_scan_values(along, "along")
    labels_map = check_labels(labels_map, "labels_map", along.shape)
    n = labels_map.max() + 1
    if n < 1:
        raise ValueError("labels_map has no domain: it is -1 all over.")
    ends = _check_ends(end_patterns, n)
    check_extent(extent, ends.ndim - 2, "extent")
    check_extent(map_extent, along.ndim, "map_extent")
    names = check_names(names, n, "domain {}")
    colors = ["0.2"] * n if colors is None else list(colors)
    check_length(colors, "colors", n)
    figure, map_axes, panels = _add_panels(
        n, along.shape, map_extent, proportion(ends.shape[2:], extent), fig
    )
    _draw_map(map_axes, along, labels_map, borders, map_extent, map_units, scalebar)
    differences = np.concatenate([subtract_percent(low, [high]) for low, high in ends])
    draw = _draw_images if ends.ndim == 4 else _draw_curves
    draw(panels, differences, [to_rgb(color) for color in colors], extent, units)
    for axes, name in zip(panels, names, strict=True):
        axes.set_title(f"{name}: red − blue", fontsize="small", **AS_TYPED)
    return figure


def _check_ends(end_patterns, n):
    ends = np.asarray(end_patterns)
    if ends.ndim not in (3, 4) or ends.shape[:2] != (n, 2):
        raise ValueError(
            f"end_patterns must have the shape ({n}, 2, nky, nkx) or ({n}, 2, nk), but "
            f"the shape is {ends.shape}."
        )
    flat = check_patterns(ends.reshape(2 * n, *ends.shape[2:]), "end_patterns", 2 * n)
    return flat.reshape(ends.shape)


def _add_panels(n, shape, extent, ratio, figure):
    """Add axes of a map and of differences to a figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
    map_axes : matplotlib.axes.Axes
    panels : list of matplotlib.axes.Axes
    """
    n_rows = int(np.ceil(np.sqrt(n / 2)))
    n_columns = -(-n // n_rows)
    width, height = map_size(shape, extent)
    scale = max(1.0, min(2.0, (height - 0.3) / (n_rows * (_PANEL * ratio + 0.3))))
    panel = scale * _PANEL
    beside = width + 1.3 + n_columns * panel + 0.9
    shrink = min(1.0, (WIDEST - 2.2) / (beside - 2.2))
    width, height, panel = shrink * width, shrink * height, shrink * panel
    # The colour bar of a strip is below it.
    below = 1.2 if len(shape) == 1 else 0.4
    size = (
        width + 1.3 + n_columns * panel + 0.9,
        max(height + below, n_rows * (panel * ratio + 0.35)),
    )
    figure = make_figure(figure, size)
    widths = [width + 1.3, *[panel] * n_columns]
    grid = figure.add_gridspec(n_rows, 1 + n_columns, width_ratios=widths)
    places = [divmod(i, n_columns) for i in range(n)]
    panels = [figure.add_subplot(grid[row, 1 + column]) for row, column in places]
    return figure, figure.add_subplot(grid[:, 0]), panels


def _draw_map(axes, along, labels_map, borders, extent, units, scalebar):
    """Draw places from the median of each domain."""
    shown = np.full(along.shape, np.nan)
    for label in range(labels_map.max() + 1):
        own = along[labels_map == label]
        shown[labels_map == label] = own - np.nanmedian(own)
    apart = np.abs(shown[np.isfinite(shown)])
    far = np.percentile(apart, _FARTHEST) if apart.size else 0
    norm = CenteredNorm(0, far or 1.0)
    image = draw_numbers(axes, shown, DIVERGING, norm, extent, units, scalebar)
    if borders is not None:
        borders = check_labels(borders, "borders", along.shape)
        draw_borders(image, borders, "0.2")
    image.figure.colorbar(
        image,
        ax=axes,
        extend="both",
        label="place from the median (noise σ)",
        # Beside a strip there is no room for the label.
        location="bottom" if along.ndim == 1 else "right",
    )


def _draw_images(panels, differences, colors, extent, units):
    limit = scale_limit(differences, SCALE_END)
    style = {"cmap": difference_colormap(), "vmin": -limit, "vmax": limit}
    for axes, difference, color in zip(panels, differences, colors, strict=True):
        image = draw_image(axes, difference, extent, **style)
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set(color=color, linewidth=2.5)
    draw_scale_bar(panels[0], units, SMALLEST)
    clipped = np.nanmax(np.abs(differences), initial=0) > limit
    bar = image.figure.colorbar(
        image,
        ax=panels,
        extend="both" if clipped else "neither",
        ticks=[-limit, 0, limit],
        format="{x:g}",
        shrink=0.8,
        label="% of total",
    )
    bar.ax.tick_params(labelsize=SMALLEST)


def _draw_curves(panels, differences, colors, extent, units):
    n_k = differences.shape[1]
    k = np.linspace(*((0, n_k - 1) if extent is None else extent), n_k)
    limit = 1.05 * scale_limit(differences, 100)
    for axes, curve, color in zip(panels, differences, colors, strict=True):
        axes.axhline(0, color="0.6", linewidth=0.8)
        axes.plot(k, curve, color=color, linewidth=1.2)
        axes.set_ylim(-limit, limit)
        axes.set_xlabel(with_units("k", units), fontsize="small")
        axes.tick_params(labelsize=SMALLEST)
    panels[0].set_ylabel("difference (%)", fontsize="small")
