"""Arrays to HyperSpy: axes, calibration, metadata, and what masks left out."""

import dask.array as da
import numpy as np
from hyperspy.axes import create_axis
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._provenance import storable

# Other sections describe the values of the data, or hold whole signals.
_SECTIONS = ("General", "Sample", "Acquisition_instrument")


def fill_excluded(values, excluded, fill_value=np.nan):
    """Put rows back where a mask had taken some out.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_kept, ...)
        One row for each element that is not excluded.
    excluded : numpy.ndarray of bool, shape (n,), or None
        True where there is no row.
    fill_value : scalar, default NaN
        What masked rows become.

    Returns
    -------
    numpy.ndarray, shape (n, ...)
        A new array, in the type of `values`.
    """
    values = np.asarray(values)
    if excluded is None:
        return values.copy()
    rows = np.full((excluded.size, *values.shape[1:]), fill_value, dtype=values.dtype)
    rows[~excluded] = values
    return rows


def array_shapes(signal):
    """The navigation and the signal shape of a signal in array order."""
    manager = signal.axes_manager
    return manager.navigation_shape[::-1], manager.signal_shape[::-1]


def axes_dictionaries(signal):
    """HyperSpy's dictionaries of all axes of a signal, in array order."""
    manager = signal.axes_manager
    axes = (*manager.navigation_axes, *manager.signal_axes)
    axes = sorted(axes, key=lambda axis: axis.index_in_array)
    return [axis.get_axis_dictionary() for axis in axes]


def axis_values(axis):
    """The values of an axis, uniform or not, from HyperSpy's dictionary of it."""
    return np.asarray(create_axis(**axis).axis, dtype=float)


def axes_shape(axes):
    """The shape of an array with these axes, from HyperSpy's dictionaries of them."""
    return tuple(map(_axis_size, axes))


def _axis_size(axis):
    if "axis" in axis:
        return len(axis["axis"])
    if "expression" in axis:
        return int(create_axis(**axis).size)
    return int(axis.get("size", 1))


def axis_steps(axis):
    """The step of a uniform axis, as a number; all steps of one that is not uniform."""
    if not is_uniform(axis):
        return np.diff(axis_values(axis))
    return float(axis.get("scale", 1.0))


def axis_units(axis):
    """The units of an axis, from HyperSpy's dictionary of it; "px" if it has none."""
    units = axis.get("units")
    return units if isinstance(units, str) and units else "px"


def is_uniform(axis):
    """Whether a dictionary is of one of HyperSpy's axes with a scale and an offset."""
    return not {"axis", "expression"} & set(axis)


def as_uniform(axis, tolerance=0.5):
    """An axis as a uniform one from its first to its last value.

    Parameters
    ----------
    axis : dict
        HyperSpy's dictionary of it.
    tolerance : float, default 0.5
        How far its values may be from that, in mean steps.

    Returns
    -------
    dict or None
        As it is if it is uniform; None if values are farther off.
    """
    if is_uniform(axis):
        return axis
    values = axis_values(axis)
    line = np.linspace(values[0], values[-1], len(values))
    scale = (values[-1] - values[0]) / max(len(values) - 1, 1) or 1.0
    if np.abs(values - line).max() > tolerance * abs(scale):
        return None
    names = ("name", "units", "navigate")
    kept = {name: axis[name] for name in names if name in axis}
    size = {"size": len(values), "scale": float(scale), "offset": float(values[0])}
    return kept | size


def retitle(metadata, title, signal_type=""):
    """Give the metadata of a scan to a result of it.

    Parameters
    ----------
    metadata : dict
        As of :func:`scan_metadata`. It is not changed.
    title : str
        Of the result.
    signal_type : str, optional
        HyperSpy's name of what the result is.

    Returns
    -------
    dict
    """
    general = metadata.get("General", {}) | {"title": title}
    return metadata | {"General": general, "Signal": {"signal_type": signal_type}}


def scan_metadata(signal):
    """Title, sample, instrument and signal type of a scan, as a dict.

    In types that HyperSpy saves: pyxem puts quantities of pint there.
    """
    tree = signal.metadata
    # One by one: what a result keeps in other sections would be copied, too.
    sections = {n: tree.get_item(n) for n in _SECTIONS if tree.has_item(n)}
    metadata = {
        name: storable(item.as_dictionary() if hasattr(item, "as_dictionary") else item)
        for name, item in sections.items()
    }
    return metadata | {"Signal": {"signal_type": tree.Signal.signal_type}}


def image_extent(axes):
    """Edges and units of an image or a line, for matplotlib.

    Parameters
    ----------
    axes : list of dict
        HyperSpy's axes dictionaries in array order; the last two count.

    Returns
    -------
    extent : tuple of float
        (left, right, bottom, top), or (left, right) where there is one axis.
    units : str
        Those of the last axis; ``"px"`` where it has none, and where an axis is so far
        from uniform that half a step and more would be wrong: edges are in pixels then.
    """
    axes = shown_axes(axes)
    units = axis_units(axes[-1])
    edges = []
    for axis in axes[:-3:-1]:
        scale, offset = axis.get("scale", 1.0), axis.get("offset", 0.0)
        edges.append((offset - scale / 2, offset + scale * (axis["size"] - 0.5)))
    if len(edges) == 1:
        return edges[0], units
    (left, right), (top, bottom) = edges
    return (left, right, bottom, top), units


def shown_axes(axes):
    """Axes as an image can show them: all uniform, or else all in pixels.

    Parameters
    ----------
    axes : list of dict
        HyperSpy's axes dictionaries in array order; the last two count.

    Returns
    -------
    list of dict
        One or two.
    """
    axes = axes[-2:]
    uniform = [as_uniform(axis) for axis in axes]
    if None not in uniform:
        return uniform
    return [{"size": size, "units": "px"} for size in axes_shape(axes)]


def plain(value):
    """Metadata as HyperSpy gives them back, as plain dicts, arrays and scalars.

    After a lazy load arrays are dask's, and branches are trees.
    """
    if hasattr(value, "as_dictionary"):
        value = value.as_dictionary()
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.compute() if isinstance(value, da.Array) else value


def map_values(values, navigation_shape):
    """What a signal or an array holds for each probe position.

    Parameters
    ----------
    values : BaseSignal or array-like
        A map of this package, or anything else.
    navigation_shape : tuple of int
        Of the scan.

    Returns
    -------
    numpy.ndarray
        In array order. Of that shape, if a signal holds a map of that scan: one of a
        line has one row, which goes.
    """
    if not isinstance(values, BaseSignal):
        return _as_array(values)
    found = _as_array(values.data)
    return found[0] if found.shape == (1, *navigation_shape) else found


def _as_array(values):
    """An array; of integers that are masked, -1 where they are."""
    values = plain(values)
    if np.ma.is_masked(values) and values.dtype.kind in "iu":
        return np.ma.filled(values.astype(np.int64), -1)
    return np.asarray(values)


def check_map(name, values, navigation_shape, *, integers=False):
    """Return a map that is given for a scan: one value for each probe position.

    Parameters
    ----------
    name : str
        Of the argument.
    values : BaseSignal or array-like
    navigation_shape : tuple of int
        Of the scan, in array order.
    integers : bool, default False
        Whether only integers are allowed: labels, of which those of a confidence are
        the labels of its domains.

    Returns
    -------
    numpy.ndarray
        Of that shape.

    Raises
    ------
    TypeError
        If it holds no integers, but must.
    ValueError
        If it has another shape.
    """
    if integers:
        values = getattr(values, "domains", values)
    values = map_values(values, navigation_shape)
    if integers and values.dtype.kind not in "biu":
        raise TypeError(
            f"{name} must hold integers, but its type is {values.dtype}. If NaN stands "
            "for no label, -1 does here: np.nan_to_num(values, nan=-1).astype(int)."
        )
    if values.shape != navigation_shape:
        raise ValueError(
            f"{name} has the shape {values.shape}; expected the navigation shape "
            f"{navigation_shape} in array order: is it of another scan?"
        )
    return values
