"""Maps, as they come, checked before any work."""

import numpy as np

from hyperspy_4dphase.estimators._checks import whole_numbers


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
    maps = np.stack([whole_numbers(m, f"Map {index}") for index, m in enumerate(maps)])
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
    reference = whole_numbers(reference, "The reference")
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
    second = whole_numbers(second, "second")
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(
            f"share goes from {share.min()} to {share.max()}; expected probabilities "
            "from 0 to 1."
        )
    return second, share
