"""The components of a decomposition: a pattern and a map of each."""

from collections.abc import Iterable

import numpy as np
from matplotlib.colors import Normalize

from hyperspy_4dphase.plot._checks import (
    check_extent,
    check_length,
    check_names,
    check_patterns,
    check_real,
)
from hyperspy_4dphase.plot._layout import make_figure
from hyperspy_4dphase.plot._maps import draw_numbers, draw_scale_bar
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._pattern import draw_pattern, proportion, spots_top
from hyperspy_4dphase.plot._style import AMOUNT, SMALL, SMALLEST, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_MOST, _MOST_IN_ROW = 12, 4


def plot_components(
    patterns,
    maps,
    *,
    components=None,
    groups=None,
    names=None,
    extent=None,
    units="px",
    pattern_extent=None,
    pattern_units="px",
    scalebar=True,
    title=None,
    fig=None,
):
    """Show the pattern of each component, and below it where it is.

    Each pattern and each map has a scale of its own, which begins at 0.

    Parameters
    ----------
    patterns : numpy.ndarray, shape (n, nky, nkx) or (n, nk)
        One for each component.
    maps : numpy.ndarray of float, shape (n, ...)
        With one to three navigation axes, as in :func:`plot_confidence`; NaN where
        masked.
    components : sequence of int, optional
        Which are shown. By default the first twelve.
    groups : numpy.ndarray of int, shape (n,), optional
        Components of one group have frames of one colour, and its number in the title.
    names : sequence of str, optional
        One for each component. "component 0" and so on by default.
    extent, units, pattern_extent, pattern_units, scalebar : optional
        As in :func:`plot_posterior`.
    title : str, optional
        Of the figure.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default, at most 9 inches wide.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `patterns` or `maps` hold no real numbers, `components` are no sequence, or
        `names` no texts.
    ValueError
        If shapes do not fit, or if there is no such component.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_components
    >>> rng = np.random.default_rng(0)
    >>> fig = plot_components(rng.random((3, 12, 14)), rng.random((3, 8, 10)))
    """
    maps = check_real(maps, "maps")
    n = len(maps) if maps.ndim else 0
    if maps.ndim not in (2, 3, 4) or not maps.size:
        raise ValueError(
            "maps must have an axis of components and one to three navigation axes, "
            f"but the shape is {maps.shape}."
        )
    patterns = check_patterns(patterns, "patterns", n)
    check_extent(extent, maps.ndim - 1, "extent")
    check_extent(pattern_extent, patterns.ndim - 1, "pattern_extent")
    if groups is not None:
        check_length(groups, "groups", n)
    if isinstance(components, str) or not (
        components is None or isinstance(components, Iterable)
    ):
        raise TypeError(
            "components must be a sequence of integers or None, not "
            f"{components!r} of the type {type(components).__name__}."
        )
    names = check_names(names, n, "component {}")
    shown = range(min(n, _MOST)) if components is None else list(components)
    wrong = [i for i in shown if i not in range(n)]
    if wrong or not len(shown):
        raise ValueError(
            f"components must be from 0 to {n - 1}, and one at least, but are "
            f"{components!r}."
        )
    ratios = [
        proportion(patterns.shape[1:], pattern_extent),
        0.45 if maps.ndim == 2 else proportion(maps.shape[-2:], extent),
    ]
    figure, axes = _add_panels(len(shown), ratios, fig)
    colors = domain_colors(n if groups is None else int(np.max(groups)) + 1)
    for number, (above, below) in zip(shown, axes, strict=True):
        pattern = patterns[number]
        draw_pattern(above, pattern, pattern_extent, top=spots_top(pattern))
        top = np.nanmax(maps[number], initial=0) or 1.0
        place = extent, units, scalebar
        image = draw_numbers(below, maps[number], AMOUNT, Normalize(0, top), *place)
        bar = figure.colorbar(image, ax=below, shrink=0.85, aspect=16)
        bar.ax.tick_params(labelsize=SMALLEST)
        bar.ax.locator_params(nbins=4)
        name = names[number]
        color = colors[number if groups is None else groups[number]]
        above.spines[:].set(color=color, linewidth=2.5)
        if groups is not None:
            name += f", group {groups[number]}"
        above.set_title(name, fontsize=SMALL, **AS_TYPED)
    if patterns.ndim == 3 and scalebar:
        draw_scale_bar(axes[0][0], pattern_units, SMALLEST)
    if title:
        figure.suptitle(title, **AS_TYPED)
    return figure


def _add_panels(n, ratios, figure):
    """The figure, and for each component axes of its pattern and of its map."""
    n_rows = -(-n // _MOST_IN_ROW)
    n_columns = -(-n // n_rows)
    panel = min(2.4, (WIDEST - 0.2) / _MOST_IN_ROW)
    # The rest of the width is that of colour bars.
    image = 0.72 * panel
    heights = [image * ratios[0] + 0.35, image * ratios[1] + 0.2] * n_rows
    figure = make_figure(figure, (n_columns * panel + 0.2, sum(heights) + 0.3))
    grid = figure.add_gridspec(2 * n_rows, n_columns, height_ratios=heights)
    places = [divmod(i, n_columns) for i in range(n)]
    return figure, [
        tuple(figure.add_subplot(grid[2 * row + i, column]) for i in range(2))
        for row, column in places
    ]
