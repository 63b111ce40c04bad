"""Compressions of lazy scans, given again while it is certain that they still hold.

The name of a dask array proves little: readers of memory-mapped files derive it from
path and shape. So a compression belongs to one graph, the object, and holds as long as
all that the graph reads is as it was: the files by size and times, arrays by content.
"""

import os
import pickle
import weakref
from collections import OrderedDict
from pathlib import Path

import dask.array as da
import numpy as np
from dask.base import tokenize

_N_CACHED = 4
_cache = OrderedDict()
# Their functions give the same for the same arguments and files.
_TRUSTED = {
    "_functools",
    "_operator",
    "builtins",
    "collections",
    "dask",
    "functools",
    "hyperspy",
    "numpy",
    "operator",
    "pathlib",
    "pyxem",
    "rsciio",
    "scipy",
    "tlz",
    "toolz",
}


class UnknownContent(Exception):
    """What a graph reads cannot be told."""


def clear_cache():
    """Forget the compressions of lazy scans that are remembered."""
    _cache.clear()


def scan_key(signal):
    """What tells the patterns of a lazy scan from all others, at this moment.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal

    Returns
    -------
    tuple or None
        None where nothing can: for arrays in memory that are not dask's, functions of
        the user, and files that are open for writing.
    """
    if not isinstance(signal.data, da.Array):
        return None
    graph = signal.data.dask
    try:
        content = content_of(graph)
        weakref.ref(graph)
    except (UnknownContent, pickle.PicklingError, TypeError, AttributeError, OSError):
        return None
    n_navigation = signal.axes_manager.navigation_dimension
    return (id(graph), signal.data.name, n_navigation, content)


def cache_key(proof, scan, options):
    """What makes a compression reusable, or None where nothing does.

    Parameters
    ----------
    proof : tuple or None
        As of :func:`scan_key`.
    scan : Scan
    options : dict

    Returns
    -------
    tuple or None
    """
    if proof is None or isinstance(scan.random_state, np.random.RandomState):
        return None
    masks = (
        None if mask is None else mask.tobytes()
        for mask in (scan.excluded_patterns, scan.excluded_pixels)
    )
    return (*proof, *masks, str(options), scan.random_state)


def recall(key):
    """What was kept under a key, or None.

    Parameters
    ----------
    key : tuple or None
        As of :func:`cache_key`.
    """
    if key in _cache:
        _cache.move_to_end(key)
    return _cache.get(key)


def remember(key, item, signal):
    """Keep what was made of a lazy scan, as long as its graph is there.

    Parameters
    ----------
    key : tuple or None
        As of :func:`cache_key`; nothing is kept without.
    item : object
    signal : hyperspy.signal.BaseSignal
        The scan.
    """
    if key is None:
        return
    _cache[key] = item
    weakref.finalize(signal.data.dask, _cache.pop, key, None).atexit = False
    while len(_cache) > _N_CACHED:
        _cache.popitem(last=False)


class _Reader(pickle.Pickler):
    """Pickles a graph to nowhere, and notes on the way all that it reads.

    Attributes
    ----------
    found : list
        Hashes of arrays, and the state of files.
    """

    def __init__(self):
        super().__init__(_Nowhere(), protocol=pickle.HIGHEST_PROTOCOL)
        self.found = []
        self._no_files = set()

    def persistent_id(self, value):
        """Note what is to be proven; anything but None is not looked into further."""
        if value is None or isinstance(value, bool | int | float | complex | slice):
            return None
        if isinstance(value, str | bytes | Path):
            return self._note_file(value)
        if isinstance(value, np.ndarray):
            return self._note(_array(value))
        kind = value if isinstance(value, type) else type(value)
        library = kind.__module__.partition(".")[0]
        if library == "h5py":
            return self._note(_hdf5(value))
        if library == "zarr":
            return self._note(_zarr(value))
        # Generators of random numbers give others each time.
        if library not in _TRUSTED or kind.__module__.startswith("numpy.random"):
            raise UnknownContent(kind)
        if callable(value):
            _check_function(value)
        return None

    def _note(self, content):
        self.found.append(content)
        return True

    def _note_file(self, name):
        if name not in self._no_files and os.path.exists(name):
            if not os.path.isfile(name):
                raise UnknownContent(name)
            return self._note(_file(name))
        self._no_files.add(name)
        return None


class _Nowhere:
    def write(self, content):
        """Pretend to have written it."""
        return len(content)


def content_of(graph):
    """Hashes of the arrays that a graph holds, and the state of the files it reads.

    Parameters
    ----------
    graph : Mapping

    Returns
    -------
    tuple

    Raises
    ------
    UnknownContent
        If anything in it is unknown.
    """
    reader = _Reader()
    reader.dump(dict(graph))
    return tuple(reader.found)


def _check_function(function):
    """Refuse functions that nobody knows, or that hold on to something."""
    module = getattr(function, "__module__", None) or "builtins"
    closure = getattr(function, "__closure__", None)
    if module.partition(".")[0] not in _TRUSTED or closure:
        raise UnknownContent(function)


def _array(array):
    if isinstance(array, np.ma.MaskedArray):
        return (*map(_array, (np.ma.getdata(array), np.ma.getmaskarray(array))),)
    if isinstance(array, np.memmap) and array.filename is not None:
        # What is written through a mapping does not show in the times of the file.
        if array.mode != "r":
            raise UnknownContent(array.filename)
        return _file(array.filename)
    if array.dtype.kind not in "biufcmM":
        # Texts may be names of files.
        raise UnknownContent(array.dtype)
    return tokenize(np.asarray(array))


def _file(path):
    state = os.stat(path)
    times = state.st_mtime_ns, state.st_ctime_ns
    return (os.path.realpath(path), state.st_ino, state.st_size, *times)


def _hdf5(dataset):
    plain = hasattr(dataset, "external") and not dataset.external
    if not plain or dataset.is_virtual or dataset.file.mode != "r":
        raise UnknownContent(dataset)
    return (*_file(dataset.file.filename), dataset.name)


def _zarr(array):
    store = getattr(array, "store", None)
    root = getattr(store, "root", None) or getattr(store, "path", None)
    if root is None or not os.path.exists(root):
        raise UnknownContent(store)
    if os.path.isfile(root):
        return (*_file(root), array.path)
    folders = os.walk(os.path.join(root, array.path))
    files = [
        os.path.join(folder, name) for folder, _, names in folders for name in names
    ]
    return tuple(_file(name) for name in sorted(files))
