"""A signal as the patterns that masks leave."""

from math import prod

from hyperspy_4dphase._masks import excluded_patterns, excluded_pixels
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._results import array_shapes


def pattern_blocks(signal, excluded_patterns, excluded_pixels, progress=None):
    """The patterns of a signal, block by block.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks, see `hyperspy_4dphase._masks`.
    progress : callable, optional

    Returns
    -------
    PatternBlocks
    """
    return PatternBlocks(
        signal.data,
        signal.axes_manager.navigation_dimension,
        kept_patterns=None if excluded_patterns is None else ~excluded_patterns,
        kept_pixels=None if excluded_pixels is None else ~excluded_pixels,
        progress=progress,
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
