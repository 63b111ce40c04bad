"""HyperSpy's axes as steps, offsets and units of other packages, and back."""

import numpy as np

from hyperspy_4dphase._results import is_uniform
from hyperspy_4dphase.interop._units import show_units

# How far two steps may differ, relative to their size, to be taken as one: the last of
# 4096 pixels is then wrong by less than half a pixel.
STEP_TOLERANCE = 1e-4


def read_axis(axis, spell):
    """Read a uniform axis in units that other packages know.

    Parameters
    ----------
    axis : dict
        HyperSpy's dictionary of it.
    spell : callable
        Of :mod:`hyperspy_4dphase.interop._units`.

    Returns
    -------
    step, offset : float
    units : str

    Raises
    ------
    ValueError
        If it is not uniform, or its units are unknown.
    """
    name = axis.get("name")
    if not is_uniform(axis):
        raise ValueError(
            f"The axis {name!s} is not uniform, but py4DSTEM and quantem have uniform "
            "axes only."
        )
    factor, units = spell(axis.get("units"))
    if factor is None:
        raise ValueError(
            f"The axis {name!s} has the units {axis.get('units')!r}; expected "
            "1/length, an angle such as mrad, or none."
        )
    # A factor of 1 must not change a digit.
    step, offset = float(axis.get("scale", 1.0)), float(axis.get("offset", 0.0))
    return factor * step, factor * offset, units


def read_steps(axes, spell):
    """Read axes that share one step and its units, as py4DSTEM has it.

    Parameters
    ----------
    axes : list of dict
        One or two.
    spell : callable

    Returns
    -------
    step : float
    units : str
    offsets : tuple of float
        In `units`.

    Raises
    ------
    ValueError
        If steps or units differ, or a step is not above 0.
    """
    steps, offsets, units = zip(*(read_axis(axis, spell) for axis in axes), strict=True)
    names = " and ".join(str(axis.get("name")) for axis in axes)
    if len(set(units)) > 1:
        raise ValueError(
            f"The axes {names} have the units {' and '.join(units)}, but py4DSTEM has "
            "one unit for both. Set the units of both axes."
        )
    if not np.isfinite(steps).all() or min(steps) <= 0:
        raise ValueError(
            f"The axes {names} have the steps {steps}, but py4DSTEM needs steps above "
            "0. signal.inav[::-1] or signal.isig[::-1] turns an axis round."
        )
    if max(steps) - min(steps) > STEP_TOLERANCE * max(steps):
        raise ValueError(
            f"The axes {names} have the steps {steps} ({units[0]}), but py4DSTEM has "
            "one pixel size for both. Rebin or interpolate one of the axes first."
        )
    return steps[-1], units[0], offsets


def make_axis(name, size, step=1.0, offset=0.0, units="pixels"):
    """HyperSpy's dictionary of an axis, from how other packages spell it."""
    return {
        "name": name,
        "size": int(size),
        "scale": float(step),
        "offset": float(offset),
        "units": show_units(units),
    }
