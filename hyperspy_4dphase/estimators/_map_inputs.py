"""Maps, as they come, checked before any work."""

import numbers
from math import prod

import numpy as np

_LARGEST_GRID = 2**31


def check_maps(maps):
    """Maps as one array of whole numbers.

    Parameters
    ----------
    maps : array_like, shape (n_maps, n_positions)

    Returns
    -------
    numpy.ndarray of int, shape (n_maps, n_positions)

    Raises
    ------
    ValueError
        If there are fewer than two, they differ in length, are no whole numbers, or one
        of them has no label from 0 on.
    """
    maps = [np.asarray(labels) for labels in maps]
    if len(maps) < 2:
        raise ValueError(
            f"The number of maps is {len(maps)}; expected 2 at least, since a single "
            "map tells nothing about how sure it is."
        )
    shapes = [labels.shape for labels in maps]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(
            f"The maps have the shapes {sorted(set(shapes))}; expected one-dimensional "
            "maps of the same length."
        )
    maps = np.stack([_whole(m, f"Map {index}") for index, m in enumerate(maps)])
    empty = np.flatnonzero((maps < 0).all(axis=1))
    if empty.size:
        raise ValueError(
            f"No position is assigned in map {', '.join(map(str, empty))}; expected "
            "labels from 0 on. Leave such maps out."
        )
    return maps


def check_reference(reference, n_positions):
    """The map whose domains are asked for.

    Parameters
    ----------
    reference : array_like, shape (n_positions,)
    n_positions : int

    Returns
    -------
    numpy.ndarray of int, shape (n_positions,)

    Raises
    ------
    ValueError
        If it has another shape, is no whole numbers, or none of them is from 0 on.
    """
    reference = np.asarray(reference)
    if reference.shape != (n_positions,):
        raise ValueError(
            f"The reference has shape {reference.shape}; expected {(n_positions,)}, as "
            "the maps have: is it of another scan?"
        )
    reference = _whole(reference, "The reference")
    if (reference < 0).all():
        raise ValueError(
            "No position is assigned in the reference; expected labels from 0 on."
        )
    return reference


def check_beside(second, share, shape):
    """Second labels and shares of the first, or None for both.

    Parameters
    ----------
    second, share : array_like or None
    shape : tuple of int
        Of the maps.

    Returns
    -------
    second : numpy.ndarray of int, shape (n_maps, n_positions), or None
    share : numpy.ndarray of float, shape (n_maps, n_positions), or None

    Raises
    ------
    ValueError
        If only one of them is given, one has another shape, or a share is outside
        [0, 1].
    """
    if second is None and share is None:
        return None, None
    if second is None or share is None:
        raise ValueError(
            f"{'share' if second is None else 'second'} was given without "
            f"{'second' if second is None else 'share'}; expected both, or none."
        )
    second, share = np.asarray(second), np.asarray(share)
    for name, array in (("second", second), ("share", share)):
        if array.shape != shape:
            raise ValueError(
                f"{name} has shape {array.shape}; expected that of the maps, {shape}."
            )
    second = _whole(second, "second")
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(
            f"share goes from {share.min()} to {share.max()}; expected probabilities "
            "from 0 to 1."
        )
    return second, share


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
    positions = _whole(positions, "positions")
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


def check_number(name, value, low, high=np.inf, *, open_low=False):
    """Raise a ValueError unless a number is in range.

    Parameters
    ----------
    name : str
    value : object
    low, high : float
        Both are in range.
    open_low : bool, optional
        `low` is not.
    """
    real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not real or not low <= value <= high or (open_low and value == low):
        above = "above" if open_low else "from"
        end = "" if high == np.inf else f" to {high}"
        raise ValueError(f"{name}={value!r}; expected a number {above} {low}{end}.")


def _whole(array, what):
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
