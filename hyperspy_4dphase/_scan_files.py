"""Which files a lazy scan is read from, and whether they are as they were."""

import os
import pickle
from pathlib import Path
from types import FunctionType

import dask.array as da
import numpy as np

# Modules of objects that cannot be pickled.
_OPAQUE = "_thread", "threading"


def files_of(data):
    """Find the files that a dask array is read from, and what tells if they change.

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
    found = _FileFinder().walk(data.dask)
    paths = (os.path.realpath(name) for name, exists in found if exists(name))
    return {path: state for path in paths if (state := state_of(path))}


def state_of(path):
    """Give the size and the time of a file or a folder, or None if it is not there.

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
        states = [os.stat(name) for name in files_in(path)]
    except OSError:
        return None
    newest = max((state.st_mtime_ns for state in states), default=0)
    return len(states), sum(state.st_size for state in states), newest


def files_in(folder):
    """List all files in a folder and those below it, in order.

    Parameters
    ----------
    folder : str

    Returns
    -------
    list of str
    """
    return sorted(
        os.path.join(place, name)
        for place, _, names in os.walk(folder)
        for name in names
    )


def zarr_root(value):
    """Give the file or folder that an object of zarr reads, or None without one."""
    store = getattr(value, "store", None)
    return getattr(store, "root", None) or getattr(store, "path", None)


class GraphWalker(pickle.Pickler):
    """Pickles a graph to nowhere, and looks on the way at all that it holds.

    What is found at an object is what a method of a child class returns for it. Where
    this is None, the parts of the object are looked at, too. The methods are
    ``see_name``, ``see_array``, ``see_hdf5``, ``see_zarr`` and, for all other objects
    but numbers, ``see_other``, which also gets the name of the module it is of.

    Attributes
    ----------
    NOTHING : object
        What stands for nothing that was found.
    found : dict
        What was found, in order, as keys.
    """

    NOTHING = None

    def __init__(self):
        super().__init__(_Nowhere(), protocol=pickle.HIGHEST_PROTOCOL)
        self.found = {}

    def walk(self, graph):
        """Look at all that a graph holds.

        Parameters
        ----------
        graph : mapping

        Returns
        -------
        dict
            What was found, as keys.
        """
        try:
            self.dump(dict(graph))
        except (pickle.PicklingError, TypeError, AttributeError, OSError, ValueError):
            # What is found before something that cannot be looked into still holds.
            pass
        return self.found

    def persistent_id(self, value):
        """Look at a value; anything but None is not looked into further."""
        content = self._look(value)
        if content is None:
            return None
        self.found[content] = True
        return True

    def _look(self, value):
        if value is None or isinstance(value, bool | int | float | complex | slice):
            return None
        if isinstance(value, str | bytes | Path):
            return self.see_name(value)
        if isinstance(value, np.ndarray):
            return self.see_array(value)
        module = (value if isinstance(value, type) else type(value)).__module__
        library = module.partition(".")[0]
        if library == "h5py":
            return self.see_hdf5(value)
        if library == "zarr":
            return self.see_zarr(value)
        return self.see_other(value, module)

    def see_name(self, value):
        return self.NOTHING

    see_array = see_hdf5 = see_zarr = see_name

    def see_other(self, value, module):
        # Functions of the user cannot all be pickled.
        is_opaque = isinstance(value, FunctionType) or module in _OPAQUE
        return self.NOTHING if is_opaque else None


class _FileFinder(GraphWalker):
    """Finds names that may be those of files, and what tells whether there is one."""

    NOTHING = "", os.path.isfile

    def see_name(self, value):
        name = os.fsdecode(value)
        # Names of chunks, types and methods are no files.
        is_path = os.path.splitext(name)[1] or os.path.isabs(name)
        return (name, os.path.isfile) if is_path and "\0" not in name else self.NOTHING

    def see_array(self, value):
        name = getattr(value, "filename", None)
        return self.NOTHING if name is None else self.see_name(name)

    def see_hdf5(self, value):
        file = getattr(value, "file", None)
        return self.see_name(file.filename) if file else self.NOTHING

    def see_zarr(self, value):
        return str(zarr_root(value) or ""), os.path.exists


class _Nowhere:
    def write(self, content):
        """Pretend to have written it."""
        return len(content)
