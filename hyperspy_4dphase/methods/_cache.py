"""Compressions of lazy scans, given again while it is certain that they still hold.

The name of a dask array proves little: readers of memory-mapped files derive it from
path and shape. So a compression belongs to one graph, the object, and holds as long as
all that the graph reads is as it was: the files by size and times, arrays by content.
"""

import os
import pickle
import weakref
from array import array as TypedArray
from collections import OrderedDict
from functools import cache

import dask.array as da
import numpy as np
from dask.base import tokenize

from hyperspy_4dphase._scan_files import GraphWalker, files_in, zarr_root

# Compressions that are kept. Historical: chosen by trial, not calibrated.
_N_CACHED = 4
_cache = OrderedDict()
# Their functions give the same for the same arguments and files.
_TRUSTED = {"builtins", "collections", "functools", "operator", "pathlib"}
_TRUSTED |= {"_functools", "_operator", "tlz", "toolz"}
_TRUSTED |= {"dask", "hyperspy", "numpy", "pyxem", "rsciio", "scipy"}


class UnknownContent(Exception):
    """What a graph reads cannot be told."""


def clear_cache():
    """Forget the compressions of lazy scans that are remembered.

    They are forgotten anyway when their scan is, and the oldest of them when there are
    more than four.

    Examples
    --------
    >>> import hyperspy_4dphase as h4p
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.methods.compress import clear_cache
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> lazy = s.as_lazy()
    >>> first = h4p.compress(lazy, random_state=0, print_info=False)
    >>> h4p.compress(lazy, random_state=0, print_info=False).Q is first.Q
    True
    >>> clear_cache()
    >>> h4p.compress(lazy, random_state=0, print_info=False).Q is first.Q
    False
    """
    _cache.clear()


def make_proof(signal):
    """Make what tells the patterns of a lazy scan from all others, at this moment.

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


def make_key(proof, scan, options):
    """Make the key of a compression, or None where nothing proves that it holds.

    Parameters
    ----------
    proof : tuple or None
        As of :func:`make_proof`.
    scan : Scan
    options : dict

    Returns
    -------
    tuple or None
    """
    if proof is None or isinstance(scan.random_state, np.random.RandomState):
        return None
    masks = scan.excluded_patterns, scan.excluded_pixels
    masks = (None if mask is None else mask.tobytes() for mask in masks)
    return (*proof, *masks, str(options), scan.random_state)


def recall(key):
    """Give what was kept under a key, or None.

    Parameters
    ----------
    key : tuple or None
        As of :func:`make_key`.
    """
    if key in _cache:
        _cache.move_to_end(key)
    return _cache.get(key)


def remember(key, item, signal):
    """Keep what was made of a lazy scan, as long as its graph is there.

    Parameters
    ----------
    key : tuple or None
        As of :func:`make_key`; nothing is kept without.
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


def content_of(graph):
    """Prove the arrays that a graph holds by hashes, and its files by their states.

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
    reader = _ContentReader()
    reader.dump(dict(graph))
    return tuple(reader.found)


class _ContentReader(GraphWalker):
    """Finds hashes of arrays and the state of files; refuses all that is unknown."""

    def __init__(self):
        super().__init__()
        self._exists = cache(os.path.exists)

    def see_name(self, value):
        if not self._exists(value):
            return None
        if not os.path.isfile(value):
            raise UnknownContent(value)
        return _state_of_file(value)

    def see_array(self, array):
        if isinstance(array, np.ma.MaskedArray):
            parts = np.ma.getdata(array), np.ma.getmaskarray(array)
            return tuple(map(self.see_array, parts))
        if isinstance(array, np.memmap) and array.filename is not None:
            # What is written through a mapping does not show in the times of the file.
            if array.mode != "r":
                raise UnknownContent(array.filename)
            return _state_of_file(array.filename)
        if array.dtype.kind not in "biufcmM":
            # Texts may be names of files.
            raise UnknownContent(array.dtype)
        return tokenize(np.asarray(array))

    def see_hdf5(self, dataset):
        if not dataset:
            raise UnknownContent("a file that is closed")
        plain = hasattr(dataset, "external") and not dataset.external
        if not plain or dataset.is_virtual or dataset.file.mode != "r":
            raise UnknownContent(dataset)
        return (*_state_of_file(dataset.file.filename), dataset.name)

    def see_zarr(self, array):
        root = zarr_root(array)
        if root is None or not os.path.exists(root):
            raise UnknownContent(array)
        if os.path.isfile(root):
            return (*_state_of_file(root), array.path)
        return tuple(map(_state_of_file, files_in(os.path.join(root, array.path))))

    def see_other(self, value, module):
        # These change where they are, and are no arrays.
        if isinstance(value, bytearray | memoryview | TypedArray):
            raise UnknownContent(type(value))
        # Generators of random numbers give others each time.
        if not _is_trusted(module) or module.startswith("numpy.random"):
            raise UnknownContent(value)
        # Functions that nobody knows, or that hold on to something, prove nothing.
        if callable(value):
            origin = getattr(value, "__module__", None) or "builtins"
            if not _is_trusted(origin) or getattr(value, "__closure__", None):
                raise UnknownContent(value)
        return None


def _is_trusted(module):
    return module.partition(".")[0] in _TRUSTED


def _state_of_file(path):
    """What tells a file from what it was before.

    Returns
    -------
    tuple
        Its path, number, size, and times of change.
    """
    state = os.stat(path)
    times = state.st_mtime_ns, state.st_ctime_ns
    return (os.path.realpath(path), state.st_ino, state.st_size, *times)
