"""Counts split at random into two exposures that are independent of each other."""

import dask.array as da
import numpy as np
from sklearn.utils import check_random_state


def split_counts(data, random_state, n_axes=2):
    """Split each count at random between two halves.

    Each electron goes to either half by the toss of a coin. Halves of Poisson counts
    are Poisson counts of half the mean, and independent of each other.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array of int
        From 0 on; what is less counts as 0.
    random_state : int, numpy.random.RandomState or None
    n_axes : int, default 2
        How many of the leading axes are navigation axes. Each pattern is split by
        random numbers of its own, however the data are cut into chunks.

    Returns
    -------
    first, second : numpy.ndarray or dask.array.Array
        Of the type of `data`; their sum is `data`. Of a dask array they are not
        computed yet, and are the same each time they are.
    """
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    if isinstance(data, da.Array):
        whole = data.rechunk({axis: -1 for axis in range(n_axes, data.ndim)})
        meta = np.empty((0,) * data.ndim, data.dtype)
        first = whole.map_blocks(
            _draw_block, seed=seed, n_axes=n_axes, dtype=data.dtype, meta=meta
        )
        return first, whole - first
    data = np.ma.getdata(data)
    first = _draw_halves(data, seed, (0,) * n_axes)
    return first, data - first


def _draw_block(counts, seed, n_axes, block_info=None):
    places = block_info[0]["array-location"][:n_axes]
    return _draw_halves(counts, seed, [start for start, _ in places])


def _draw_halves(counts, seed, start):
    """Draw a half of each pattern; `start` is where the first one is in the scan."""
    first = np.empty_like(counts)
    for index in np.ndindex(counts.shape[: len(start)]):
        random = np.random.default_rng((seed, *np.add(start, index)))
        first[index] = random.binomial(np.maximum(counts[index], 0), 0.5)
    return first
