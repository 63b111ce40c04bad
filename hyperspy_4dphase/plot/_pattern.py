"""How patterns are shown: spots beside a direct beam, in calibrated units."""

import matplotlib
import numpy as np
from matplotlib.colors import PowerNorm

from hyperspy_4dphase.plot._style import PATTERNS

# Historical: chosen by eye, so that spots are seen beside a direct beam.
_POWER = 0.3
POWER_LABEL = f"intensity$^{{{_POWER}}}$"


def draw_pattern(axes, pattern, extent, *, top=None, units=None):
    """Draw a pattern, an image or a curve, in place of the one that is there.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    pattern : numpy.ndarray, shape (nky, nkx) or (nk,)
        NaN where there is nothing.
    extent : tuple of float or None
        Left, right, bottom and top edge; for a curve, its first and last abscissa.
    top : float, optional
        Of the scale, which begins at 0. By default the largest value.
    units : str, optional
        Of the axes. Without them there are no ticks.
    """
    pattern = np.asarray(pattern, dtype=float)
    if pattern.ndim not in (1, 2):
        raise ValueError(
            "A pattern must have one or two axes, but an array of the shape "
            f"{pattern.shape} was given."
        )
    for artist in [*axes.images, *axes.lines]:
        artist.remove()
    top = top or highest(pattern)
    if pattern.ndim == 2:
        style = {"cmap": pattern_colormap(), "norm": power_norm(top)}
        draw_image(axes, pattern, extent, **style)
        x, y = "kx", with_units("ky", units)
    else:
        ends = (0, len(pattern) - 1) if extent is None else extent
        k = np.linspace(*ends, len(pattern))
        axes.plot(k, power(pattern), color="0.1", linewidth=0.9)
        axes.set_ylim(0, 1.05 * power(top))
        x, y = "k", POWER_LABEL
    if units is None:
        axes.set(xticks=[], yticks=[])
    else:
        axes.set(xlabel=with_units(x, units), ylabel=y)


def draw_image(axes, image, extent, **style):
    """Draw an image with its first row on top, in equal units if it is no line."""
    shown = axes.imshow(image, extent=extent, origin="upper", **style)
    left, right, bottom, top = shown.get_extent()
    ratio = abs(right - left) / abs(bottom - top)
    axes.set_aspect("equal" if 1 / 8 < ratio < 8 else "auto")
    return shown


def highest(patterns):
    """Return the largest value, or 1 where there is none above 0."""
    return np.nanmax(patterns, initial=0) or 1.0


def spots_top(pattern):
    """Return where the scale of a pattern ends so that its spots are seen.

    The brightest of 2000 pixels are those of the direct beam, which is brighter than
    what names a crystal.
    """
    beside = np.sort(pattern[np.isfinite(pattern)])
    top = beside[int(0.9995 * (beside.size - 1))] if beside.size else 0
    return top if top > 0 else highest(pattern)


def pattern_colormap():
    """Return the colours of patterns; excluded pixels are grey."""
    return matplotlib.colormaps[PATTERNS].with_extremes(bad="0.6")


def power_norm(top):
    """Return the scale of intensities that shows spots beside a direct beam."""
    return PowerNorm(_POWER, vmin=0, vmax=top, clip=True)


def power(values):
    """Scale the intensities of curves as :func:`power_norm` scales those of images."""
    return np.maximum(values, 0) ** _POWER


def proportion(shape, extent):
    """Return height by width of a pattern as it is shown; curves are rather wide."""
    if len(shape) == 1:
        return 0.75
    pixels = (0, shape[1], shape[0], 0)
    left, right, bottom, top = pixels if extent is None else extent
    return float(np.clip(abs(top - bottom) / abs(right - left), 0.4, 2.5))


def with_units(name, units):
    """Write the label of an axis."""
    return f"{name} ({units})" if units else name


def format_count(number):
    """Write a whole number with its digits in groups of three."""
    return f"{number:,}".replace(",", " ")
