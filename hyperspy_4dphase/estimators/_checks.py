"""Arguments of estimators, checked before any work."""

from math import prod

import numpy as np

_LARGEST_GRID = 2**31


def check_positions(positions, n_patterns):
    """Where patterns are in a scan, as whole numbers from 0 on.

    Parameters
    ----------
    positions : array_like of int, shape (n_patterns, n_axes)
    n_patterns : int

    Returns
    -------
    numpy.ndarray of int, shape (n_patterns, n_axes)

    Raises
    ------
    ValueError
        If they have another shape, are no whole numbers, two are the same, or they are
        too far apart for a grid.
    """
    positions = np.asarray(positions)
    shape = positions.shape
    if len(shape) != 2 or shape[0] != n_patterns or not shape[1]:
        raise ValueError(
            f"positions have shape {shape}; expected ({n_patterns}, n_axes), the place "
            "of each pattern on the axes of the scan."
        )
    positions = whole_numbers(positions, "positions")
    positions = positions - positions.min(axis=0)
    grid = positions.max(axis=0) + 1
    if prod(map(int, grid)) > _LARGEST_GRID:
        raise ValueError(
            f"positions span a grid of {' x '.join(map(str, grid))} places; expected "
            f"{_LARGEST_GRID} at most. Are they counted in steps of the scan?"
        )
    if len(np.unique(np.ravel_multi_index(positions.T, grid))) < n_patterns:
        raise ValueError("positions hold the same place twice; expected a grid.")
    return positions


def whole_numbers(array, what):
    """Labels or places as integers.

    Parameters
    ----------
    array : numpy.ndarray
    what : str
        What they are, for the error.

    Returns
    -------
    numpy.ndarray of int

    Raises
    ------
    ValueError
        If the values are of another type, or not whole.
    """
    if array.dtype == bool or np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64, copy=False)
    if np.issubdtype(array.dtype, np.floating):
        wrong = np.count_nonzero(array != np.round(array)) if array.size else 0
        wrong += np.count_nonzero(np.isinf(array))
        if not wrong:
            return array.astype(np.int64)
        raise ValueError(
            f"{what} has {wrong} values that are no whole numbers (NaN, say); expected "
            "integer labels, with -1 for unassigned."
        )
    raise ValueError(
        f"{what} is of type {array.dtype}; expected integer labels, with -1 for "
        "unassigned."
    )
