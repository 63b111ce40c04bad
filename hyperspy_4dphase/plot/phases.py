"""A map of named phases, their orientations, and the patterns that name them."""

from textwrap import fill
from typing import NamedTuple

import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.patheffects import withStroke

from hyperspy_4dphase.plot._checks import check_extent, check_labels
from hyperspy_4dphase.plot._layout import (
    draw_legend,
    format_entry,
    legend_size,
    make_figure,
    map_size,
)
from hyperspy_4dphase.plot._maps import draw_domains, draw_rgb
from hyperspy_4dphase.plot._orientation_key import draw_orientation_key
from hyperspy_4dphase.plot._palette import UNASSIGNED
from hyperspy_4dphase.plot._pattern import draw_pattern, spots_top
from hyperspy_4dphase.plot._style import SMALL, SMALLEST, TEMPLATE, WIDEST
from hyperspy_4dphase.plot._text import AS_TYPED

_PANEL = 1.75
_MOST_IN_ROW = 5
_MOST_KEYS = 3
# Characters in a line of the title of a pattern.
_TITLE = 26
# Reflections that have their indices written beside them, the strongest first.
_MOST_LABELS = 6
# Points from a spot to where its index begins.
_INDEX_SHIFT = 4


class Spots(NamedTuple):
    """Spots of a template on a pattern.

    Attributes
    ----------
    rows, columns : numpy.ndarray, shape (n,)
        In pixels.
    weight : numpy.ndarray, shape (n,)
        Relative to the strongest.
    hkl : numpy.ndarray of int, shape (n, 3)
    """

    rows: np.ndarray
    columns: np.ndarray
    weight: np.ndarray
    hkl: np.ndarray


class PatternPanel(NamedTuple):
    """One pattern, and what is said of it.

    Attributes
    ----------
    pattern : numpy.ndarray, shape (n_ky, n_kx)
    title : str
    color : color
        Of the frame.
    spots : Spots or None
    """

    pattern: np.ndarray
    title: str
    color: object
    spots: Spots | None


def plot_phases(
    phase_ids,
    names,
    colors,
    *,
    orientations=None,
    orientations_title="orientation",
    point_groups=None,
    panels=(),
    title=None,
    extent=None,
    units="px",
    pattern_extent=None,
    scalebar=True,
    fig=None,
):
    """Show where each phase is, how it is turned, and the patterns of domains.

    Parameters
    ----------
    phase_ids : numpy.ndarray of int
        Of the navigation shape with one, two or three axes; -1 where not indexed, which
        is grey.
    names : sequence of str
        Of the phases, by their numbers.
    colors : array_like of float, shape (n_phases, 3)
        Red, green and blue of each phase, in [0, 1].
    orientations : numpy.ndarray of float, optional
        Colours of orientations, of the navigation shape and 3 channels; NaN where there
        is none. Drawn for maps of one or two axes.
    orientations_title : str, optional
        Of the map of orientations.
    point_groups : dict of str to orix.quaternion.Symmetry, optional
        By the names of phases: what the colours of orientations mean is drawn for the
        first three.
    panels : sequence of PatternPanel, optional
        Patterns, with the spots of their templates.
    title : str, optional
        Of the figure.
    extent, units : optional
        As of :func:`plot_domains`.
    pattern_extent : tuple of float, optional
        Left, right, bottom and top edge of patterns.
    scalebar : bool, default True
        Draw scale bars in place of ticks.
    fig : matplotlib.figure.Figure or SubFigure, optional
        A new figure by default.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    TypeError
        If `phase_ids` are no integers.
    ValueError
        If there are fewer names or colours than phases.

    Examples
    --------
    >>> import numpy as np
    >>> from hyperspy_4dphase.plot import plot_phases
    >>> phase_ids = np.repeat([0, 1, -1], [40, 24, 16]).reshape(8, 10)
    >>> fig = plot_phases(phase_ids, ["Si", "Al"], [(0, 0.4, 0.7), (0.9, 0.6, 0)])
    """
    phase_ids = check_labels(phase_ids)
    check_extent(extent, phase_ids.ndim, "extent")
    colors = np.asarray(colors, dtype=float).reshape(-1, 3)
    n_phases = int(phase_ids.max()) + 1
    if min(len(names), len(colors)) < n_phases:
        raise ValueError(
            f"{len(names)} names and {len(colors)} colors were given for {n_phases} "
            "phases."
        )
    with_orientations = orientations is not None and phase_ids.ndim < 3
    patches, texts = _list_phases(phase_ids, names, colors)
    keys = list((point_groups or {}).items())[:_MOST_KEYS] if with_orientations else []
    n_maps = 1 + with_orientations
    widths, heights = _find_sizes(n_maps, phase_ids.shape, extent, texts, panels, keys)
    fig = make_figure(fig, (max(sum(widths), heights[2]), sum(heights[:2])))
    above, *below = fig.subfigures(
        1 + bool(panels), 1, height_ratios=heights[: 1 + bool(panels)], squeeze=False
    )[:, 0]
    grid = above.add_gridspec(1, n_maps + 1, width_ratios=widths)
    axes = [above.add_subplot(grid[0, i], anchor="NW") for i in range(n_maps)]
    place = extent, units, scalebar
    draw_domains(axes[0], phase_ids, np.vstack([colors, UNASSIGNED]), *place)
    axes[0].set_title("phase", fontsize="medium")
    if with_orientations:
        draw_rgb(axes[1], orientations, phase_ids.ndim, *place)
        axes[1].set_title(orientations_title, fontsize="medium", **AS_TYPED)
    _draw_keys(above, grid[0, -1], patches, texts, keys)
    if panels:
        _draw_panels(below[0], panels, pattern_extent)
    if title:
        fig.suptitle(title, **AS_TYPED)
    return fig


def _find_sizes(n_maps, shape, extent, texts, panels, keys):
    """Widths of maps and of what is beside them; heights of maps and of panels.

    The third of the heights is the width of the panels.
    """
    beside = max(legend_size(texts)[0], 1.3 * len(keys)) + 0.2
    width, height = map_size(shape, extent)
    scale = min(1.0, (WIDEST - beside) / (n_maps * width))
    above = max(scale * height, 1.0 + 1.2 * bool(keys)) + 0.6
    rows, columns = -(-len(panels) // _MOST_IN_ROW), min(len(panels), _MOST_IN_ROW)
    below = rows * (_PANEL + 0.3)
    return [*[scale * width] * n_maps, beside], (above, below, columns * _PANEL)


def _draw_keys(figure, place, colors, texts, keys):
    """Draw what colours of phases mean, and below it those of orientations."""
    side = place.subgridspec(1 + bool(keys), max(len(keys), 1))
    legend = figure.add_subplot(side[0, :])
    legend.set_axis_off()
    draw_legend(legend, colors, texts, None, beside=False)
    for i, (name, point_group) in enumerate(keys):
        draw_orientation_key(figure, side[1, i], point_group, name)


def _list_phases(phase_ids, names, colors):
    """List the phases that are there, the largest first, then what is not indexed."""
    sizes = np.bincount(phase_ids[phase_ids >= 0].ravel(), minlength=1)
    shown = [i for i in np.argsort(-sizes, kind="stable") if sizes[i]]
    texts = [format_entry(names[i], int(sizes[i]), phase_ids.size) for i in shown]
    patches = [colors[i] for i in shown]
    n_without = int((phase_ids < 0).sum())
    if n_without:
        texts.append(format_entry("not indexed", n_without, phase_ids.size))
        patches.append(UNASSIGNED)
    return patches, texts


def _draw_panels(figure, panels, extent):
    n_columns = min(len(panels), _MOST_IN_ROW)
    n_rows = -(-len(panels) // n_columns)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    for ax, panel in zip(axes, panels, strict=False):
        draw_pattern(ax, panel.pattern, extent, top=spots_top(panel.pattern))
        ax.set_title(fill(panel.title, _TITLE), fontsize=SMALL, **AS_TYPED)
        for spine in ax.spines.values():
            spine.set(edgecolor=panel.color, linewidth=2.5)
        if panel.spots is not None and len(panel.spots.rows):
            draw_spots(ax, panel.spots, panel.pattern.shape, extent)


def draw_spots(ax, spots, shape, extent, n_labels=_MOST_LABELS):
    """Draw the spots of a template as circles, with the indices of some.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    spots : Spots
    shape : tuple of int
        Of the pattern.
    extent : tuple of float or None
        Left, right, bottom and top edge.
    n_labels : int, default 6
        How many have their indices beside them, the strongest first.
    """
    n_rows, n_columns = shape
    edges = (-0.5, n_columns - 0.5, n_rows - 0.5, -0.5) if extent is None else extent
    left, right, bottom, top = edges
    x = left + (spots.columns + 0.5) / n_columns * (right - left)
    y = top + (spots.rows + 0.5) / n_rows * (bottom - top)
    size = 10 + 60 * np.sqrt(spots.weight / spots.weight.max())
    ax.scatter(x, y, s=size, facecolors="none", edgecolors=TEMPLATE, linewidths=0.8)
    outline = [withStroke(linewidth=1.5, foreground="black")]
    ax.set(xlim=(left, right), ylim=(bottom, top))
    for i in choose_labels(ax, x, y, spots, n_labels):
        ax.annotate(
            format_indices(spots.hkl[i]),
            (x[i], y[i]),
            xytext=(_INDEX_SHIFT,) * 2,
            textcoords="offset points",
            color="white",
            fontsize=SMALLEST,
            path_effects=outline,
            annotation_clip=True,
        )


def choose_labels(ax, x, y, spots, n_labels=_MOST_LABELS):
    """Choose the spots whose indices have room, the strongest first.

    Opposite spots say the same: only one of each pair has its indices written.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        With its limits set.
    x, y : numpy.ndarray, shape (n,)
        Of the spots.
    spots : Spots
    n_labels : int, optional
        How many at most.

    Returns
    -------
    list of int
        No index covers another one, its spot, or the frame.
    """
    letter = FontProperties(size=SMALLEST).get_size_in_points()
    # Layouts that are solved when a figure is drawn make axes a little smaller.
    size = 0.85 * ax.get_window_extent().size * 72 / ax.get_figure(root=True).dpi
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across = (x - left) / (right - left) * size[0]
    up = (y - bottom) / (top - bottom) * size[1]
    chosen, boxes, said = [], [], set()
    for i in np.argsort(-spots.weight, kind="stable"):
        if len(chosen) == n_labels:
            break
        hkl = tuple(int(h) for h in spots.hkl[i])
        if tuple(-h for h in hkl) in said:
            continue
        n = sum(len(str(abs(h))) for h in hkl) + (max(map(abs, hkl)) > 9)
        start = np.array([across[i], up[i]]) + _INDEX_SHIFT
        box = np.concatenate([start, start + letter * np.array([0.65 * n, 1.3])])
        inside = (box[:2] >= 0).all() and (box[2:] <= size).all()
        if inside and not any(_overlap(box, other) for other in boxes):
            chosen.append(int(i))
            boxes.append(box)
            said.add(hkl)
    return chosen


def _overlap(first, second):
    """Whether two boxes (left, bottom, right, top) have points in common."""
    return bool((first[:2] < second[2:]).all() and (second[:2] < first[2:]).all())


def format_indices(hkl):
    """Write the indices of a reflection, with bars over negative ones.

    Examples
    --------
    >>> format_indices([1, -1, 2])
    '$1\\\\bar{1}2$'
    """
    parts = [str(int(i)) if i >= 0 else rf"\bar{{{-int(i)}}}" for i in hkl]
    space = r"\," if any(abs(int(i)) > 9 for i in hkl) else ""
    return f"${space.join(parts)}$"
