"""A map of named phases, their orientations, and the patterns that name them."""

from typing import NamedTuple

import numpy as np
from matplotlib.patheffects import withStroke

from hyperspy_4dphase.plot._checks import check_extent, check_labels
from hyperspy_4dphase.plot._layout import draw_legend, format_entry, make_figure
from hyperspy_4dphase.plot._maps import draw_domains, draw_rgb
from hyperspy_4dphase.plot._palette import UNASSIGNED
from hyperspy_4dphase.plot._pattern import draw_pattern, highest

_PANEL = 2.1
_MOST_IN_ROW = 5
# Reflections that have their indices written beside them, the strongest first.
_MOST_LABELS = 6


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
    orientations : numpy.ndarray of float, optional
        Colours of orientations, of the navigation shape and 3 channels; NaN where there
        is none. Drawn for maps of one or two axes.
    orientations_title : str, optional
    panels : sequence of PatternPanel, optional
        Patterns, with the spots of their templates.
    title : str, optional
    extent, units
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
    n_rows = -(-len(panels) // _MOST_IN_ROW)
    n_columns = min(len(panels), _MOST_IN_ROW)
    height = 3.4 + n_rows * (_PANEL + 0.3)
    width = max(n_columns * _PANEL, 4.5 + 3.4 * with_orientations) + 1.2
    fig = make_figure(fig, (width, height))
    above, *below = fig.subfigures(
        1 + bool(n_rows),
        1,
        height_ratios=[3.4, n_rows * _PANEL][: 1 + bool(n_rows)],
        squeeze=False,
    )[:, 0]
    axes = above.subplots(1, 1 + with_orientations, squeeze=False)[0]
    place = extent, units, scalebar
    image = draw_domains(axes[0], phase_ids, np.vstack([colors, UNASSIGNED]), *place)
    image.axes.set_title("phase", fontsize="medium")
    _draw_phase_legend(axes[-1], phase_ids, names, colors)
    if with_orientations:
        draw_rgb(axes[1], orientations, phase_ids.ndim, *place)
        axes[1].set_title(orientations_title, fontsize="medium")
    if n_rows:
        _draw_panels(below[0], panels, (n_rows, n_columns), pattern_extent)
    if title:
        fig.suptitle(title)
    return fig


def _draw_phase_legend(ax, phase_ids, names, colors):
    """List the phases that are there, the largest first, then what is not indexed."""
    sizes = np.bincount(phase_ids[phase_ids >= 0].ravel(), minlength=1)
    shown = [i for i in np.argsort(-sizes, kind="stable") if sizes[i]]
    texts = [format_entry(names[i], int(sizes[i]), phase_ids.size) for i in shown]
    patches = [colors[i] for i in shown]
    n_without = int((phase_ids < 0).sum())
    if n_without:
        texts.append(format_entry("not indexed", n_without, phase_ids.size))
        patches.append(UNASSIGNED)
    draw_legend(ax, patches, texts, None)


def _draw_panels(figure, panels, shape, extent):
    axes = figure.subplots(*shape, squeeze=False).ravel()
    for ax in axes[len(panels) :]:
        ax.set_axis_off()
    for ax, panel in zip(axes, panels, strict=False):
        beside = np.sort(panel.pattern[np.isfinite(panel.pattern)])
        # A direct beam is brighter than what names a crystal.
        top = beside[int(0.9995 * (beside.size - 1))] if beside.size else None
        draw_pattern(ax, panel.pattern, extent, top=top or highest(panel.pattern))
        ax.set_title(panel.title, fontsize="small")
        for spine in ax.spines.values():
            spine.set(edgecolor=panel.color, linewidth=2.5)
        if panel.spots is not None and len(panel.spots.rows):
            draw_spots(ax, panel.spots, panel.pattern.shape, extent)


def draw_spots(ax, spots, shape, extent):
    """Draw the spots of a template as circles, with the indices of some.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    spots : Spots
    shape : tuple of int
        Of the pattern.
    extent : tuple of float or None
        Left, right, bottom and top edge.
    """
    n_rows, n_columns = shape
    edges = (-0.5, n_columns - 0.5, n_rows - 0.5, -0.5) if extent is None else extent
    left, right, bottom, top = edges
    x = left + (spots.columns + 0.5) / n_columns * (right - left)
    y = top + (spots.rows + 0.5) / n_rows * (bottom - top)
    size = 10 + 60 * np.sqrt(spots.weight / spots.weight.max())
    ax.scatter(x, y, s=size, facecolors="none", edgecolors="#7fe0ff", linewidths=0.8)
    outline = [withStroke(linewidth=1.5, foreground="black")]
    for i in np.argsort(-spots.weight)[:_MOST_LABELS]:
        ax.annotate(
            format_indices(spots.hkl[i]),
            (x[i], y[i]),
            xytext=(4, 4),
            textcoords="offset points",
            color="white",
            fontsize=6,
            path_effects=outline,
            annotation_clip=True,
        )
    ax.set(xlim=(left, right), ylim=(bottom, top))


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
