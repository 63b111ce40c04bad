"""Masks in any accepted form to flat boolean arrays, in one place.

True is excluded, everywhere. A mask's shape is that of the array (``s.data``), never
HyperSpy's display order: see :func:`excluded_patterns` for why.
"""

from math import prod

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal


def excluded_patterns(signal, mask):
    """The patterns that a navigation mask excludes.

    HyperSpy takes a NumPy `navigation_mask` in display order in one method and in
    array order in another. Here array order is the only one, and a mask of any other
    shape is refused. Where a transposed array would fit as well (a square scan),
    nothing can be checked.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        The scan.
    mask : None, hyperspy.signal.BaseSignal or array-like
        True, or 1, where a pattern is left out. An array, NumPy or dask, has the shape
        of the navigation axes in array order: ``s.data.shape`` without the signal axes.
        A signal may hold them as navigation or as signal axes; axes of the same names
        as those of the scan are matched by name.

    Returns
    -------
    numpy.ndarray of bool, shape (n_positions,), or None
        In C order of the navigation axes; None if nothing is excluded.

    Raises
    ------
    TypeError
        If `mask` does not hold numbers.
    ValueError
        If its shape is not that of the navigation axes, if it holds other numbers than
        0 and 1, or if it excludes everything.
    """
    return _excluded(signal.axes_manager.navigation_axes, mask, "navigation")


def excluded_pixels(signal, mask):
    """The detector pixels that a signal mask excludes.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        The scan.
    mask : None, hyperspy.signal.BaseSignal or array-like
        As in :func:`excluded_patterns`, with the signal axes in the place of the
        navigation axes.

    Returns
    -------
    numpy.ndarray of bool, shape (n_pixels,), or None
        In C order of the signal axes; None if nothing is excluded.

    Raises
    ------
    TypeError, ValueError
        As :func:`excluded_patterns`.
    """
    return _excluded(signal.axes_manager.signal_axes, mask, "signal")


def same_mask(one, other):
    """Tell whether two resolved masks exclude the same (None excludes nothing)."""
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def _excluded(axes, mask, space):
    if mask is None:
        return None
    axes = _in_array_order(axes)
    shape = tuple(axis.size for axis in axes)
    values = _values(axes, mask)
    if values.shape != shape:
        way_out = "mask.data.T" if isinstance(mask, BaseSignal) else "mask.T"
        raise ValueError(_describe_shapes(values.shape, shape, space, way_out))
    excluded = _as_bool(values, space).flatten()
    if excluded.all():
        raise ValueError(
            f"{space}_mask is True everywhere, which excludes all {prod(shape)} "
            f"{'patterns' if space == 'navigation' else 'pixels'}. True means "
            "excluded: was ~mask meant?"
        )
    return excluded if excluded.any() else None


def _in_array_order(axes):
    return sorted(axes, key=lambda axis: axis.index_in_array)


def _values(axes, mask):
    """The mask's values with its axes in the order of `axes`, if that can be told."""
    values, order = mask, None
    if isinstance(mask, BaseSignal):
        values = mask.data
        manager = mask.axes_manager
        own = _in_array_order((*manager.navigation_axes, *manager.signal_axes))
        order = _order_by_name([axis.name for axis in axes], [a.name for a in own])
    if isinstance(values, da.Array):
        values = values.compute()
    values = np.asarray(values)
    if order is not None and values.ndim == len(order):
        values = values.transpose(order)
    return values


def _order_by_name(names, own):
    """Where each of `names` stands in `own`, or None if names cannot tell."""
    names, own = [str(name) for name in names], [str(name) for name in own]
    if len(set(names)) < len(names) or sorted(names) != sorted(own):
        return None
    return [own.index(name) for name in names]


def _as_bool(values, space):
    if values.dtype.kind == "b":
        return values
    if values.dtype.kind not in "iuf":
        raise TypeError(
            f"{space}_mask must hold booleans, but its type is {values.dtype}."
        )
    other = ~np.isin(values, (0, 1))
    if other.any():
        raise ValueError(
            f"{space}_mask must hold booleans (True is excluded), or 0 and 1, but "
            f"holds {values[other].flat[0]!s}. Compare with a threshold first: "
            "image < 10, say."
        )
    return values.astype(bool)


def _describe_shapes(found, expected, space, transposed):
    message = (
        f"{space}_mask has the shape {found}, but the {space} axes of this scan have "
        f"the shape {expected} in array order, as in s.data.shape."
    )
    if found == expected[::-1]:
        message += f" It is in the opposite order: {transposed} fits."
    return message
