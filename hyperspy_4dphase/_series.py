"""Series of scans: whose positions are neighbours, and whose are not."""

from math import prod

import numpy as np

from hyperspy_4dphase._results import axis_units

# Columns without positions between one scan and the next: nothing that looks at
# neighbours looks so far.
_N_BETWEEN = 16


def is_series(navigation_axes):
    """Tell whether a scan is a series of scans, rather than a volume.

    Parameters
    ----------
    navigation_axes : list of dict
        HyperSpy's dictionaries of them, in array order.

    Returns
    -------
    bool
        True of three axes, unless all have the same units, and of more. Scans that were
        stacked, or recorded one after the other, have no length along the first axis.
    """
    n_axes = len(navigation_axes)
    if n_axes < 3:
        return False
    units = {axis_units(axis) for axis in navigation_axes}
    return n_axes > 3 or len(units) > 1 or units == {"px"}


def place_apart(positions, navigation_shape):
    """Give the scans of a series places beside one another, with space between.

    Parameters
    ----------
    positions : numpy.ndarray of int, shape (n, n_axes)
        On three navigation axes, or more.
    navigation_shape : tuple of int

    Returns
    -------
    numpy.ndarray of int, shape (n, 2)
    """
    number = np.ravel_multi_index(positions[:, :-2].T, navigation_shape[:-2])
    columns = positions[:, -1] + number * (navigation_shape[-1] + _N_BETWEEN)
    return np.column_stack([positions[:, -2], columns])


def apply_apart(function, maps):
    """Apply a function of one map to those of a series, beside one another.

    Between them, the outer positions are repeated, so that they are the neighbours of
    themselves.

    Parameters
    ----------
    function : callable
        Of an array of two axes, which gives one of the same shape.
    maps : numpy.ndarray, shape (..., ny, nx)

    Returns
    -------
    numpy.ndarray, of that shape
    """
    ny, nx = maps.shape[-2:]
    n, half = prod(maps.shape[:-2]), _N_BETWEEN // 2
    padded = np.pad(maps.reshape(n, ny, nx), ((0, 0), (0, 0), (half, half)), "edge")
    image = function(padded.swapaxes(0, 1).reshape(ny, -1))
    cut = image.reshape(ny, n, -1).swapaxes(0, 1)[..., half : half + nx]
    return cut.reshape(maps.shape)
