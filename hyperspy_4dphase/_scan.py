"""A signal as the patterns that masks leave."""

from math import prod

import numpy as np

from hyperspy_4dphase._masks import (
    check_unmasked,
    excluded_patterns,
    excluded_pixels,
)
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._results import array_shapes


def pattern_blocks(
    signal,
    excluded_patterns,
    excluded_pixels,
    progress=None,
    *,
    allow_negative=True,
    correction=None,
):
    """The patterns of a signal, block by block.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks, see `hyperspy_4dphase._masks`.
    progress : callable, optional
    allow_negative : bool, default True
        Whether negative values are taken.
    correction : Correction, optional
        For what masks leave.

    Returns
    -------
    PatternBlocks

    Raises
    ------
    ValueError
        If the data are a masked array, and masked values are not excluded.
    """
    return PatternBlocks(
        _unmasked(signal, excluded_patterns, excluded_pixels),
        signal.axes_manager.navigation_dimension,
        kept_patterns=None if excluded_patterns is None else ~excluded_patterns,
        kept_pixels=None if excluded_pixels is None else ~excluded_pixels,
        progress=progress,
        allow_negative=allow_negative,
        correction=correction,
    )


def kept_shape(signal, navigation_mask, signal_mask):
    """(n_patterns, n_pixels) of what masks leave."""
    shape = []
    for sizes, excluded in zip(
        array_shapes(signal),
        (
            excluded_patterns(signal, navigation_mask),
            excluded_pixels(signal, signal_mask),
        ),
        strict=True,
    ):
        shape.append(prod(sizes) - (0 if excluded is None else int(excluded.sum())))
    return shape


def _unmasked(signal, excluded_patterns, excluded_pixels):
    """The data as a plain array."""
    data = signal.data
    if isinstance(data, np.ma.MaskedArray):
        shape = (prod(array_shapes(signal)[0]), -1)
        kept = np.ma.reshape(data, shape)
        if excluded_patterns is not None:
            kept = kept[~excluded_patterns]
        if excluded_pixels is not None:
            kept = kept[:, ~excluded_pixels]
        check_unmasked(kept)
        return np.ma.getdata(data)
    check_unmasked(data)
    return data
