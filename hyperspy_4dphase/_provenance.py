"""What was done to a scan, as a record that is saved with the result."""

import importlib.metadata
from functools import cache

import dask.array as da
import numpy as np

_RECORDED = ("hyperspy-4dphase", "hyperspy", "pyxem", "numpy", "scikit-learn", "torch")


def provenance(method, parameters, random_state, outcome, compression=None):
    """What was done, in types that HyperSpy saves.

    Parameters
    ----------
    method : str
        Name of the method.
    parameters, outcome : dict
        What it was told, and what came of it.
    random_state : object
        The seed that reproduces it.
    compression : Compression, optional
        What it was made of; its own provenance is kept as `compression`.

    Returns
    -------
    dict
        With the keys `method`, `parameters`, `random_state`, `outcome`, `versions`.
    """
    record = {
        "method": method,
        "parameters": storable(parameters),
        "random_state": storable(random_state),
        "outcome": storable(outcome),
        "versions": {name: version_of(name) for name in _RECORDED},
    }
    if compression is not None:
        record["compression"] = compression.provenance
    return record


def storable(value):
    """`value` as None, bool, int, float, str, array, list or dict."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool | int | float | str | np.ndarray | da.Array | None):
        return value
    if isinstance(value, list | tuple):
        return [storable(item) for item in value]
    if isinstance(value, dict):
        return {str(key): storable(item) for key, item in value.items()}
    return str(value)


@cache
def version_of(name):
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"
