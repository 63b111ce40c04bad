"""How patterns are shown: spots beside a direct beam, in calibrated units."""

import matplotlib
import numpy as np
from matplotlib.colors import PowerNorm

_POWER = 0.3
POWER_LABEL = f"intensity$^{{{_POWER}}}$"


class MeanPattern:
    """The mean pattern of the selection: an image, or a curve where it is 1-D.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    extent : tuple of float or None
        Left, right, bottom and top edge; for a curve, its first and last abscissa.
    units : str
    """

    def __init__(self, axes, extent, units):
        self._axes, self._extent, self._units = axes, extent, units
        self.image = self.line = None

    def show(self, pattern):
        """Show a pattern, with NaN where there is nothing."""
        pattern = np.asarray(pattern, dtype=float)
        if pattern.ndim not in (1, 2):
            raise ValueError(
                "mean_pattern must return a pattern with one or two axes, but returned "
                f"an array of the shape {pattern.shape}."
            )
        top = np.nanmax(pattern, initial=0) or 1.0
        if pattern.ndim == 2:
            self._show_image(pattern, top)
        else:
            self._show_curve(pattern, top)

    def _show_image(self, pattern, top):
        if self.image is None:
            self.image = self._axes.imshow(
                pattern,
                cmap=pattern_colormap(),
                extent=self._extent,
                origin="upper",
            )
            self._axes.set_aspect(aspect(self.image.get_extent()))
            self._axes.set_xlabel(with_units("kx", self._units))
            self._axes.set_ylabel(with_units("ky", self._units))
        self.image.set_data(pattern)
        self.image.set_norm(power_norm(top))

    def _show_curve(self, pattern, top):
        if self.line is None:
            start, stop = self._extent or (0, len(pattern) - 1)
            k = np.linspace(start, stop, len(pattern))
            (self.line,) = self._axes.plot(k, pattern, linewidth=1)
            self._axes.set_xlabel(with_units("k", self._units))
            self._axes.set_ylabel(POWER_LABEL)
        self.line.set_ydata(power(pattern))
        self._axes.set_ylim(0, 1.05 * power(top))


def draw_pattern(axes, pattern, top, extent):
    """Draw a pattern on the scale of 0 to `top`, without ticks."""
    if pattern.ndim == 2:
        style = {"cmap": pattern_colormap(), "norm": power_norm(top)}
        image = axes.imshow(pattern, extent=extent, origin="upper", **style)
        axes.set_aspect(aspect(image.get_extent()))
    else:
        axes.plot(power(pattern / top), color="0.1", linewidth=0.9)
        axes.set_ylim(0, 1.05)
    axes.set(xticks=[], yticks=[])


def pattern_colormap():
    """For patterns; excluded pixels are grey."""
    return matplotlib.colormaps["magma"].with_extremes(bad="0.6")


def difference_colormap():
    """For differences around zero, to which all eyes see two sides."""
    return matplotlib.colormaps["RdBu_r"].with_extremes(bad="0.6")


def power_norm(top):
    """Show spots beside a direct beam."""
    return PowerNorm(_POWER, vmin=0, vmax=top, clip=True)


def power(values):
    """The same for curves."""
    return np.maximum(values, 0) ** _POWER


def aspect(extent):
    """Equal units, unless that would leave a line."""
    width, height = abs(extent[1] - extent[0]), abs(extent[3] - extent[2])
    return "equal" if 1 / 8 < width / height < 8 else "auto"


def proportion(shape, extent):
    """Height of a pattern by its width as it is shown; curves are rather wide."""
    if len(shape) == 1:
        return 0.75
    n_rows, n_columns = shape
    pixels = (0, n_columns, n_rows, 0)
    left, right, bottom, top = pixels if extent is None else extent
    return float(np.clip(abs(top - bottom) / abs(right - left), 0.4, 2.5))


def with_units(name, units):
    """The label of an axis."""
    return f"{name} ({units})" if units else name


def grouped(number):
    """A whole number with its digits in groups of three."""
    return f"{number:,}".replace(",", " ")
