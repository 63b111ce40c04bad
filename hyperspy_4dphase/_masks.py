"""Masks in any accepted form to flat boolean arrays, in one place.

True is excluded, everywhere. A mask's shape is that of the array (``s.data``), never
HyperSpy's display order: see :func:`excluded_patterns` for why. What the data mask
themselves, as masked arrays, is always excluded too.
"""

from math import prod

import dask.array as da
import numpy as np
from dask.array.utils import meta_from_array
from hyperspy.signal import BaseSignal

_WAY_OUT = (
    "Masks of a signal's own are used where they leave out whole patterns, or the same "
    "pixels of all patterns, and the data are in memory. Fill in the values with "
    "s.data = np.ma.filled(s.data, 0) (da.ma.filled for dask arrays), and give "
    "navigation_mask or signal_mask."
)


def excluded_patterns(signal, mask):
    """Find the patterns that a navigation mask excludes.

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
        0 and 1, or if it excludes everything. If the data are a masked array whose mask
        is not one of whole patterns and of the same pixels in all others.
    """
    return _resolve(signal, mask, "navigation")


def excluded_pixels(signal, mask):
    """Find the detector pixels that a signal mask excludes.

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
    return _resolve(signal, mask, "signal")


def same_mask(one, other):
    """Tell whether two resolved masks exclude the same (None excludes nothing)."""
    if one is None or other is None:
        return one is other
    return np.array_equal(one, other)


def either_mask(*masks):
    """Join resolved masks: what at least one excludes; None if there is nothing."""
    excluded = [mask for mask in masks if mask is not None and mask.any()]
    return np.logical_or.reduce(excluded) if excluded else None


def check_unmasked(data):
    """Refuse values that a masked array hides: nothing may be computed from them.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array

    Raises
    ------
    ValueError
    """
    if isinstance(data, da.Array):
        if isinstance(meta_from_array(data), np.ma.MaskedArray):
            raise ValueError(f"The data are masked arrays in a dask array. {_WAY_OUT}")
    elif np.ma.is_masked(data):
        raise ValueError(
            f"{np.ma.count_masked(data)} of the values are masked, but not by a mask "
            f"of whole patterns or of the same pixels in all patterns. {_WAY_OUT}"
        )


def _own_masks(signal):
    """Find the patterns and the pixels that the data mask, both flat, or None."""
    data = signal.data
    if isinstance(data, da.Array):
        check_unmasked(data)
    if not np.ma.is_masked(data):
        return None, None
    n_navigation = signal.axes_manager.navigation_dimension
    n_patterns = prod(data.shape[:n_navigation])
    masked = np.ma.getmaskarray(data).reshape(n_patterns, -1)
    patterns = masked.all(axis=1)
    if patterns.all():
        raise ValueError("All values of the data are masked.")
    pixels = masked[~patterns].all(axis=0)
    if (masked[~patterns] != pixels).any():
        check_unmasked(data)
    return patterns, pixels


def _resolve(signal, mask, space):
    """Find what a mask or the data exclude, flat, or None."""
    own = _own_masks(signal)[space == "signal"]
    axes = _in_array_order(getattr(signal.axes_manager, f"{space}_axes"))
    excluded = either_mask(None if mask is None else _flatten(mask, axes, space), own)
    if excluded is not None and excluded.all():
        n = f"{len(excluded)} {'patterns' if space == 'navigation' else 'pixels'}"
        cause = f"{space}_mask is True everywhere, which excludes all {n}"
        if own is not None and own.any():
            cause = f"The mask of the data and {space}_mask exclude all {n}"
        raise ValueError(f"{cause}. True means excluded: was ~mask meant?")
    return excluded


def _flatten(mask, axes, space):
    values = _values(mask, axes)
    shape = tuple(axis.size for axis in axes)
    if values.shape != shape:
        message = (
            f"{space}_mask has the shape {values.shape}, but the {space} axes of this "
            f"scan have the shape {shape} in array order, as in s.data.shape."
        )
        if values.shape == shape[::-1]:
            is_signal = isinstance(mask, BaseSignal)
            transposed = "mask.data.T" if is_signal else "mask.T"
            message += f" It is in the opposite order: {transposed} fits."
            if is_signal and space == "signal":
                message += (
                    " Not so if it comes from pyxem's get_direct_beam_mask(), whose "
                    "disc is then elsewhere: make a mask round the direct beam instead."
                )
        raise ValueError(message)
    return _as_bool(values, space).flatten()


def _in_array_order(axes):
    return sorted(axes, key=lambda axis: axis.index_in_array)


def _values(mask, axes):
    """Give the mask's values, its axes in the order of `axes` where names tell it."""
    if not isinstance(mask, BaseSignal):
        return np.asarray(mask)
    manager, values = mask.axes_manager, np.asarray(mask.data)
    own = _in_array_order((*manager.navigation_axes, *manager.signal_axes))
    if len(axes) == 1 and len(own) == 2 and own[0].size == 1:
        # A map of a line scan has one row.
        own, values = own[1:], values[0]
    names, own = ([str(axis.name) for axis in each] for each in (axes, own))
    if len(set(names)) < len(names) or sorted(names) != sorted(own):
        return values
    return values.transpose([own.index(name) for name in names])


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
