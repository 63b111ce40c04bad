"""Which files a lazy scan is read from, and whether they are as they were."""

import os
import pickle
from pathlib import Path
from types import FunctionType

import dask.array as da
import numpy as np


def files_of(data):
    """The files that a dask array is read from, with what tells whether they change.

    Parameters
    ----------
    data : array

    Returns
    -------
    dict of str to tuple
        Absolute path: size in bytes and time of the last change, in ns; of a folder the
        number of files, their size and the time of the newest. Empty for arrays in
        memory, and where nothing can be found out.
    """
    if not isinstance(data, da.Array):
        return {}
    finder = _Finder()
    try:
        finder.dump(dict(data.dask))
    except (pickle.PicklingError, TypeError, AttributeError, OSError, ValueError):
        # What is found before something that cannot be looked into still holds.
        pass
    return {path: state for path in finder.found if (state := state_of(path))}


def state_of(path):
    """Size and time of a file or a folder, or None if it is not there.

    Parameters
    ----------
    path : str

    Returns
    -------
    tuple of int, or None
    """
    try:
        if not os.path.isdir(path):
            status = os.stat(path)
            return status.st_size, status.st_mtime_ns
        folders = os.walk(path)
        names = [os.path.join(folder, n) for folder, _, own in folders for n in own]
        states = [os.stat(name) for name in names]
    except OSError:
        return None
    newest = max((state.st_mtime_ns for state in states), default=0)
    return len(states), sum(state.st_size for state in states), newest


class _Finder(pickle.Pickler):
    """Pickles a graph to nowhere, and notes the files that it meets."""

    def __init__(self):
        super().__init__(_Nowhere(), protocol=pickle.HIGHEST_PROTOCOL)
        self.found = {}
        self._seen = set()

    def persistent_id(self, value):
        """Note files; anything but None is not looked into further."""
        if value is None or isinstance(value, bool | int | float | complex | slice):
            return None
        if isinstance(value, str | bytes | Path):
            self._note(value)
            return True
        if isinstance(value, np.ndarray):
            self._note(getattr(value, "filename", None))
            return True
        if isinstance(value, FunctionType):
            # Those of the user cannot all be pickled.
            return True
        library = (value if isinstance(value, type) else type(value)).__module__
        library = library.partition(".")[0]
        if library == "h5py":
            file = getattr(value, "file", None)
            self._note(file.filename if file else None)
            return True
        if library == "zarr":
            store = getattr(value, "store", None)
            root = getattr(store, "root", None) or getattr(store, "path", None)
            self._note(root, may_be_folder=True)
            return True
        if library in ("_thread", "threading"):
            return True
        return None

    def _note(self, name, may_be_folder=False):
        if not isinstance(name, str | bytes | Path) or name in self._seen:
            return
        self._seen.add(name)
        name = os.fsdecode(name)
        # Names of chunks, types and methods are no files.
        if not (os.path.splitext(name)[1] or os.path.isabs(name)):
            return
        exists = os.path.exists if may_be_folder else os.path.isfile
        if "\0" not in name and exists(name):
            self.found[os.path.realpath(name)] = True


class _Nowhere:
    def write(self, content):
        """Pretend to have written it."""
        return len(content)
