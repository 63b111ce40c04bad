"""Template libraries kept in files of the user's cache folder."""

import os
import sys
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from hyperspy_4dphase._archive import replace_file
from hyperspy_4dphase.estimators.orientation import (
    TemplateLibrary,
    build_library,
    library_key,
)


def cache_folder():
    """Return the folder of libraries, which need not exist.

    Returns
    -------
    pathlib.Path
        What the variable ``HYPERSPY_4DPHASE_CACHE`` says, else a folder of its own
        where the operating system has its users' caches.
    """
    own = os.environ.get("HYPERSPY_4DPHASE_CACHE")
    if own:
        return Path(own)
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "hyperspy_4dphase" / "templates"


def load_or_build_library(reflections, wavelength, symmetry, **options):
    """Return a library from its file, or build it and leave it there.

    Parameters
    ----------
    reflections, wavelength, symmetry, **options
        As :func:`hyperspy_4dphase.estimators.orientation.build_library` takes them.

    Returns
    -------
    TemplateLibrary

    Notes
    -----
    The file is named by a digest of all that the library depends on. One that is
    damaged is built anew. Where the folder cannot be written nothing is left there.
    """
    key = library_key(reflections, wavelength, symmetry, **options)
    file = cache_folder() / f"{key}.npz"
    library = _load(file)
    if library is None:
        library = build_library(reflections, wavelength, symmetry, **options)
        _save(file, library)
    return library


def _load(file):
    try:
        # numpy leaves a file open that it cannot read.
        with file.open("rb") as opened, np.load(opened) as stored:
            return TemplateLibrary.from_arrays(stored)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _save(file, library):
    """Write the file, or leave nothing where that is not allowed."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with replace_file(file) as stream:
            np.savez(stream, **library.to_arrays())
    except OSError:
        pass
