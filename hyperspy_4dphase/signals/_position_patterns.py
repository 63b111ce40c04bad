"""The pattern of one probe position, from whatever has it."""

import numpy as np

from hyperspy_4dphase._scalars import check_integer


def check_plane(plane, n_planes):
    """Return the number of a plane.

    Parameters
    ----------
    plane : int
    n_planes : int

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If there is no such plane.
    """
    plane = check_integer("plane", plane, 0)
    if plane >= n_planes:
        there = f"are planes 0 to {n_planes - 1}" if n_planes > 1 else "is only plane 0"
        raise ValueError(f"plane={plane}; there {there}.")
    return plane


def pattern_of(source, position):
    """The pattern of a position.

    Parameters
    ----------
    source : BaseSignal or None
        A scan, or an embedding, which decodes it.
    position : tuple of int
        In array order.

    Returns
    -------
    numpy.ndarray or None
        NaN where masked. None without a source.
    """
    if source is None:
        return None
    part = source.inav[position[::-1]]
    if hasattr(source, "decode"):
        part = source.decode(part.data)
    if np.ma.is_masked(part.data):
        return np.ma.filled(part.data.astype(float), np.nan)
    return np.asarray(part.data)
