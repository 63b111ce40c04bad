"""Counts split at random into two exposures that are independent of each other."""

import dask.array as da
import numpy as np
from sklearn.utils import check_random_state


def split_counts(data, random_state):
    """Split each count at random between two halves.

    Each electron goes to either half by the toss of a coin. Halves of Poisson counts
    are Poisson counts of half the mean, and independent of each other.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array of int
        From 0 on; what is less counts as 0.
    random_state : int, numpy.random.RandomState or None

    Returns
    -------
    first, second : numpy.ndarray or dask.array.Array
        Of the type of `data`; their sum is `data`. Of a dask array they are not
        computed yet, and are the same each time they are.
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    if isinstance(data, da.Array):
        first = data.map_blocks(
            _draw_half, seed=seed, dtype=data.dtype, meta=np.empty(0, data.dtype)
        )
        return first, data - first
    data = np.ma.getdata(data)
    first = np.empty_like(data)
    for index, line in enumerate(data):
        first[index] = _draw_half(line, seed, place=(index,))
    return first, data - first


def _draw_half(counts, seed, place=None, block_info=None):
    if place is None:
        place = block_info[0]["chunk-location"]
    random = np.random.default_rng((seed, *place))
    return random.binomial(np.maximum(counts, 0), 0.5).astype(counts.dtype)
