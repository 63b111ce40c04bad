"""The pictures of a page, as small PNG files inside it."""

import base64
import io
from functools import partial

import matplotlib.style
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from hyperspy_4dphase.plot import (
    plot_confidence,
    plot_domains,
    plot_doubts,
)
from hyperspy_4dphase.plot._layout import map_size
from hyperspy_4dphase.plot._maps import draw_domains, draw_rgb, draw_scale_bar
from hyperspy_4dphase.plot._orientation_key import draw_orientation_key
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._pattern import draw_pattern, proportion, spots_top
from hyperspy_4dphase.plot._style import SMALLEST
from hyperspy_4dphase.plot.doubts import doubts_size
from hyperspy_4dphase.plot.phases import draw_spots
from hyperspy_4dphase.report._html import element

# A page with forty patterns of pure noise, and all maps, stays below 5 MB.
MOST_PATTERNS = 40
_MAP_DPI, _PATTERN_DPI = 180, 140
# Inches: pictures are shown smaller than they are, and text in them is to be read.
_MAP, _PATTERN = 0.72, 1.5


def image(draw, size, dpi, alt):
    """Draw a figure and write it as an image that is part of the page.

    Parameters
    ----------
    draw : callable
        Takes an empty figure.
    size : tuple of float
        In inches.
    dpi : float
    alt : str
        What is said to whoever does not see it.

    Returns
    -------
    str
    """
    # A page looks the same whatever style the session has chosen.
    with matplotlib.style.context("default"):
        figure = Figure(size, layout="constrained", dpi=dpi)
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        canvas.draw()
        width, height = canvas.get_width_height()
        pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    # 256 colours: a third of the size, and no difference that can be seen.
    palette = Image.fromarray(np.ascontiguousarray(pixels)).quantize(256)
    stream = io.BytesIO()
    palette.save(stream, "PNG", optimize=True)
    data = base64.b64encode(stream.getvalue()).decode("ascii")
    source = f"data:image/png;base64,{data}"
    closed = element("img", src=source, alt=alt, width=width, height=height)
    return closed.removesuffix("</img>")


def domain_image(summary):
    """The map of domains."""

    def draw(figure):
        ax = figure.add_subplot()
        plot_domains(summary.labels, legend=False, ax=ax, **summary.map_options)

    n = len(summary.rows)
    return _map(summary, draw, f"Map of {n} domains, each in a colour of its own")


def confidence_image(summary):
    """The map of confidence with the borders of domains."""

    def draw(figure):
        plot_confidence(
            summary.confidence,
            labels=summary.labels,
            ax=figure.add_subplot(),
            **summary.map_options,
        )

    return _map(summary, draw, "Map of the confidence of each position", 0.9)


def doubts_image(summary):
    """A map of each doubt, and of the largest."""
    alt = f"Maps of doubts by their source: {', '.join(summary.doubts)}"
    doubts, options = summary.doubts, summary.map_options
    size = doubts_size(len(doubts), summary.labels.shape, options["extent"])
    return image(lambda fig: plot_doubts(doubts, fig=fig, **options), size, 110, alt)


def phase_image(summary):
    """The map of phases."""
    colors = np.vstack([summary.phase_colors, UNASSIGNED])

    def draw(figure):
        place = summary.map_options["extent"], summary.map_options["units"]
        draw_domains(figure.add_subplot(), summary.phase_ids, colors, *place)

    present = np.unique(summary.phase_ids)
    shown = [summary.phase_names[i] for i in present if i >= 0]
    if present[0] < 0:
        shown.append("not indexed")
    return _map(summary, draw, f"Map of phases: {', '.join(shown)}")


def orientation_image(summary):
    """The map of orientations."""

    def draw(figure):
        place = summary.map_options["extent"], summary.map_options["units"]
        n_axes = summary.phase_ids.ndim
        draw_rgb(figure.add_subplot(), summary.orientations, n_axes, *place)

    return _map(summary, draw, "Map of orientations, coloured by inverse pole figures")


def key_image(phase, point_group):
    """The colours of directions in a crystal, by the inverse pole figure.

    Parameters
    ----------
    phase : str
    point_group : orix.quaternion.Symmetry
    """
    draw = partial(draw_orientation_key, place=(1, 1, 1), point_group=point_group)
    return image(draw, (1.9, 1.7), 120, f"Colours of directions in {phase}")


def pattern_image(summary, label):
    """The mean pattern of a domain, with the spots of its template."""
    pattern, spots = summary.patterns[label], summary.spots[label]
    extent, units = (summary.pattern_options[name] for name in ("extent", "units"))
    color = domain_colors(len(summary.rows))[label]

    def draw(figure):
        ax = figure.add_subplot()
        top = spots_top(pattern)
        is_curve = pattern.ndim == 1
        draw_pattern(ax, pattern, extent, top=top, units=units if is_curve else None)
        ax.spines[:].set(color=color, linewidth=3)
        if spots is not None and len(spots.rows):
            draw_spots(ax, spots, pattern.shape, extent, n_labels=0)
        if not is_curve:
            draw_scale_bar(ax, units, SMALLEST)

    size = _PATTERN, _PATTERN * proportion(pattern.shape, extent)
    return image(draw, size, _PATTERN_DPI, f"Mean pattern of domain {label}")


def _map(summary, draw, alt, more=0.0):
    width, height = map_size(summary.labels.shape, summary.map_options["extent"])
    size = _MAP * width + more + 0.2, _MAP * height + 0.2
    return image(draw, size, _MAP_DPI, alt)
