"""What the parts of a domain have in common, and in what they differ."""

import numpy as np
from matplotlib.colors import to_rgb

from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_labels,
    check_length,
    check_names,
    check_patterns,
)
from hyperspy_4dphase.plot._differences import (
    SCALE_END,
    difference_colormap,
    scale_limit,
    subtract_percent,
)
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._maps import draw_domains, draw_scale_bar
from hyperspy_4dphase.plot._palette import PALE, domain_colors
from hyperspy_4dphase.plot._pattern import (
    POWER_LABEL,
    draw_image,
    draw_pattern,
    format_count,
    highest,
    power,
    proportion,
    with_units,
)
from hyperspy_4dphase.plot._style import SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST_IN_ROW = 4
_PANEL = 1.5


def plot_split(
    parent_pattern,
    child_patterns,
    *,
    labels_map=None,
    parent_name=None,
    child_names=None,
    colors=None,
    extent=None,
    units="px",
    map_extent=None,
    map_units="px",
    fig=None,
):
    """Show a domain and its parts: mean patterns, and in what each part differs.

    Mean patterns share one scale. The difference is that of part and whole when both
    have a total of 100 %, so that brightness does not count. All differences share one
    scale, which the largest 0.5 % of pixels exceed. Pixels that are NaN in any of the
    patterns are left out of it.

    Parameters
    ----------
    parent_pattern : numpy.ndarray, shape (nky, nkx) or (nk,)
        Mean pattern of the whole. 1-D patterns are drawn as curves.
    child_patterns : numpy.ndarray, shape (n_children, nky, nkx) or (n_children, nk)
        Mean patterns of its parts.
    labels_map : numpy.ndarray of int, optional
        Where in the scan the parts are: the number of the child at each probe position,
        -1 outside. With one to three axes, as in :func:`plot_domains`.
    parent_name : str, optional
        "parent" by default.
    child_names : sequence of str, optional
        One for each. "child 0" and so on by default.
    colors : sequence of colors, optional
        One for each child; those of the first domains by default.
    extent : tuple of float, optional
        Left, right, bottom and top edge of a pattern in `units`, as for
        :func:`matplotlib.pyplot.imshow`; for curves, the first and last abscissa.
        Pixels by default.
    units : str, default "px"
        Of `extent`.
    map_extent : tuple of float, optional
        As `extent`, for the map.
    map_units : str, default "px"
        Of `map_extent`.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ValueError
        If shapes do not fit, if there are no children, or if `labels_map` holds
        numbers that no child has.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_split
    >>> rng = np.random.default_rng(0)
    >>> whole, parts = rng.gamma(1, 1, (12, 14)), rng.gamma(1, 1, (2, 12, 14))
    >>> fig = plot_split(whole, parts, child_names=["core", "rim"])
    """
    parent = check_patterns(parent_pattern, "parent_pattern")
    n_children = np.shape(child_patterns)[0] if np.ndim(child_patterns) else 0
    children = check_patterns(child_patterns, "child_patterns", n_children)
    if children.shape[1:] != parent.shape:
        raise ValueError(
            f"child_patterns have the shape {children.shape[1:]} each, but "
            f"parent_pattern has {parent.shape}."
        )
    check_extent(extent, parent.ndim, "extent")
    names = check_names(child_names, n_children, "child {}", "child_names")
    titles = [parent_name or "parent", *names]
    colors = domain_colors(n_children) if colors is None else list(colors)
    check_length(colors, "colors", n_children)
    colors = np.array([to_rgb(color) for color in colors])
    if labels_map is not None:
        labels_map = _check_map(labels_map, map_extent, n_children)
        titles = _add_sizes(titles, labels_map)

    has_map = labels_map is not None
    panels = _Panels(n_children, proportion(parent.shape, extent), has_map, fig)
    panels.name(titles)
    draw = _draw_images if parent.ndim == 2 else _draw_curves
    draw(panels, parent, children, colors, extent, units)
    if has_map:
        palette = np.vstack([colors, PALE])
        draw_domains(panels.map, labels_map, palette, map_extent, map_units)
        panels.map.tick_params(labelsize=SMALLEST)
        for axis in (panels.map.xaxis, panels.map.yaxis):
            axis.label.set_size("small")
    return panels.figure


class _Panels:
    """The axes: parent and map on the left, each mean above its difference beside.

    Parameters
    ----------
    n_children : int
    proportion : float
        Height of a pattern by its width.
    has_map : bool
    figure : matplotlib.figure.Figure, SubFigure or None
    """

    def __init__(self, n_children, proportion, has_map, figure):
        n_blocks = -(-n_children // _MOST_IN_ROW)
        n_columns = -(-n_children // n_blocks)
        # Where there are more rows, there is room for a larger parent.
        wide = 1.0 if n_blocks == 1 else 1.6
        panel = min(_PANEL, (WIDEST - 1.1) / (n_columns + wide))
        width = panel * (n_columns + wide) + 1.1
        height = n_blocks * (2 * panel * proportion + 0.7)
        self.figure = make_figure(figure, (width, height))
        grid = self.figure.add_gridspec(
            2 * n_blocks, 1 + n_columns, width_ratios=[wide, *[1] * n_columns]
        )
        self.parent = self.figure.add_subplot(grid[:n_blocks, 0])
        if has_map:
            self.map = self.figure.add_subplot(grid[n_blocks:, 0])
        self.means, self.differences = [], []
        for child in range(n_children):
            block, column = divmod(child, n_columns)
            for row, kind in enumerate([self.means, self.differences]):
                place = grid[2 * block + row, 1 + column]
                kind.append(self.figure.add_subplot(place))
        self.n_columns = n_columns

    def name(self, titles):
        """Write the names of parent and children, and what is in which row."""
        for axes, title in zip([self.parent, *self.means], titles, strict=True):
            axes.set_title(title, fontsize="small", **AS_TYPED)
        for kind, text in [(self.means, "mean"), (self.differences, "child − parent")]:
            for axes in kind[:: self.n_columns]:
                axes.set_ylabel(text, fontsize="small")

    def draw_color_bar(self, kind, ticks, label, clipped=False):
        """Draw one for all, beside the last of the first row."""
        last = kind[self.n_columns - 1]
        bar = self.figure.colorbar(
            last.images[0],
            ax=last,
            extend="both" if clipped else "neither",
            aspect=14,
            shrink=0.9,
            pad=0.04,
            ticks=ticks,
            format="{x:g}",
        )
        bar.ax.tick_params(labelsize=SMALLEST)
        bar.minorticks_off()
        bar.set_label(label, fontsize=SMALLEST)


def _draw_images(panels, parent, children, colors, extent, units):
    patterns = np.stack([parent, *children])
    top = highest(patterns)
    for axes, pattern in zip([panels.parent, *panels.means], patterns, strict=True):
        draw_pattern(axes, pattern, extent, top=top)
    differences = subtract_percent(parent, children)
    limit = scale_limit(differences, SCALE_END)
    style = {"cmap": difference_colormap(), "vmin": -limit, "vmax": limit}
    children = zip(panels.means, panels.differences, differences, colors, strict=True)
    for mean, below, difference, color in children:
        draw_image(below, difference, extent, **style)
        below.set(xticks=[], yticks=[])
        for axes in (mean, below):
            axes.spines[:].set(color=color, linewidth=2.5)
    draw_scale_bar(panels.parent, units, SMALLEST)
    decades = 10.0 ** (np.floor(np.log10(top)) - [2, 1, 0])
    panels.draw_color_bar(panels.means, [0, *decades], "intensity")
    clipped = np.nanmax(np.abs(differences), initial=0) > limit
    ticks = [-limit, 0, limit]
    panels.draw_color_bar(panels.differences, ticks, "% of total", clipped)


def _draw_curves(panels, parent, children, colors, extent, units):
    n_k = len(parent)
    k = np.linspace(*((0, n_k - 1) if extent is None else extent), n_k)
    top = power(highest(np.stack([parent, *children])))
    differences = subtract_percent(parent, children)
    limit = 1.05 * scale_limit(differences, 100)
    panels.parent.plot(k, power(parent), color="0.2", linewidth=1)
    panels.parent.set_ylabel(POWER_LABEL, fontsize="small")
    axes = panels.means, panels.differences
    for mean, below, child, curve, color in zip(
        *axes, children, differences, colors, strict=True
    ):
        mean.plot(k, power(parent), color="0.6", linewidth=0.8)
        mean.plot(k, power(child), color=color, linewidth=1.2)
        mean.tick_params(labelbottom=False)
        below.axhline(0, color="0.6", linewidth=0.8)
        below.plot(k, curve, color=color, linewidth=1.2)
        below.set_ylim(-limit, limit)
    for axes in (panels.parent, *panels.means):
        axes.set_ylim(0, 1.05 * top)
    for axes in (panels.parent, *panels.differences):
        axes.set_xlabel(with_units("k", units), fontsize="small")
    for axes in (panels.parent, *panels.means, *panels.differences):
        axes.tick_params(labelsize=SMALLEST)
        axes.locator_params(nbins=4)
    for axes in (*panels.means, *panels.differences):
        axes.tick_params(labelleft=axes.get_subplotspec().colspan.start == 1)
    for axes in panels.differences[:: panels.n_columns]:
        axes.set_ylabel("difference (%)", fontsize="small")


def _check_map(labels_map, map_extent, n_children):
    labels_map = check_labels(labels_map, "labels_map")
    check_extent(map_extent, labels_map.ndim, "map_extent")
    if labels_map.max() >= n_children:
        raise ValueError(
            f"labels_map must hold children from 0 to {n_children - 1}, or -1, but "
            f"holds {labels_map.max()}."
        )
    return labels_map


def _add_sizes(names, labels_map):
    """Add to the names of parent and children how many positions they have."""
    sizes = np.bincount(labels_map[labels_map >= 0], minlength=len(names) - 1)
    sizes = [format_count(size) for size in (sizes.sum(), *sizes)]
    sizes[0] += " positions"
    return [f"{name}\n{size}" for name, size in zip(names, sizes, strict=True)]
