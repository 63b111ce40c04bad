"""Maps, as they come, checked before any work."""

import numpy as np

from hyperspy_4dphase.estimators._checks import whole_numbers


def check_labels(labels, what, n_positions):
    """Check the labels of a map.

    Parameters
    ----------
    labels : array_like, shape (n_positions,)
    what : str
        What the map is, for errors.
    n_positions : int

    Returns
    -------
    numpy.ndarray of int, shape (n_positions,)

    Raises
    ------
    ValueError
        If they have another shape, are no whole numbers, or none of them is from 0 on.
    """
    labels = np.asarray(labels)
    if labels.shape != (n_positions,):
        raise ValueError(
            f"{what} has shape {labels.shape}; expected {(n_positions,)}, a label for "
            "each position of the same scan."
        )
    labels = whole_numbers(labels, what)
    if (labels < 0).all():
        raise ValueError(
            f"{what} assigns no position; expected labels from 0 on: leave it out."
        )
    return labels


def check_maps(maps):
    """Check maps, and stack them to one array.

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
    if len(maps) < 2:
        raise ValueError(
            f"The number of maps is {len(maps)}; expected 2 at least, since a single "
            "map tells nothing about how sure it is."
        )
    n = len(maps[0])
    return np.stack([check_labels(m, f"Map {i}", n) for i, m in enumerate(maps)])


def check_second_labels(second, share, shape):
    """Check second labels and shares of the first; None for both stays.

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
    second, share = np.asarray(second), np.asarray(share)
    if second.shape != shape or share.shape != shape:
        raise ValueError(
            f"second has shape {second.shape} and share {share.shape}; expected that "
            f"of the maps, {shape}, for both, or none of them."
        )
    if not ((share >= 0) & (share <= 1)).all():
        raise ValueError(
            f"share goes from {share.min()} to {share.max()}; expected probabilities "
            "from 0 to 1."
        )
    return whole_numbers(second, "second"), share
