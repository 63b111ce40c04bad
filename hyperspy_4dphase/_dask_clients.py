"""The dask client that the user has, if any, and what its workers hold.

Looked up only where ``distributed`` was imported already: importing it is slow.
"""

import sys

import dask
import dask.array as da
from dask.blockwise import Blockwise


def find_client():
    """Find the client whose workers are to compute.

    Returns
    -------
    distributed.Client or None
        None if there is none, or if another scheduler was chosen.
    """
    scheduler = dask.config.get("scheduler", None)
    is_wanted = scheduler in (None, "distributed", "dask.distributed")
    if "distributed" not in sys.modules or not is_wanted:
        return None
    from distributed import default_client

    try:
        return default_client()
    except ValueError:
        return None


def is_held(data):
    """Tell whether workers of a client have chunks, or what these are made of.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array

    Returns
    -------
    bool
    """
    if "distributed" not in sys.modules or not isinstance(data, da.Array):
        return False
    from distributed import futures_of

    layers = getattr(data.dask, "layers", None)
    if layers is None:
        return bool(futures_of(data))
    # Layers that are made of functions are not looked into: they have too many tasks.
    layers = (x for x in layers.values() if not isinstance(x, Blockwise))
    return any(futures_of(list(layer.values())) for layer in layers)
