"""Arrays and a JSON header in one .npz file, without pickle."""

import json
import os
import tempfile
from pathlib import Path

import numpy as np

_FORMAT = "hyperspy_4dphase compression"
_VERSION = 1


def to_json(value):
    """The `default` of :func:`json.dumps` for NumPy's types; others become text."""
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    return str(value)


def as_json(value):
    """`value` as it is after having been written and read."""
    return json.loads(json.dumps(value, default=to_json))


def write_arrays(path, header, arrays):
    """Write a file, and replace one of that name once the new one is complete.

    Parameters
    ----------
    path : path-like
        ``.npz`` is appended if it is not there.
    header : dict
        What JSON takes.
    arrays : dict of numpy.ndarray
        None of them named ``"header"``, none of objects.
    """
    path = _with_suffix(path)
    header = json.dumps(
        {"format": _FORMAT, "version": _VERSION, "content": header}, default=to_json
    )
    number, part = tempfile.mkstemp(dir=path.parent, prefix=path.stem, suffix=".part")
    try:
        with open(number, "wb") as stream:
            np.savez(stream, header=np.array(header), **arrays)
        os.replace(part, path)
    except BaseException:
        os.unlink(part)
        raise


def read_arrays(path):
    """Read what :func:`write_arrays` wrote.

    Parameters
    ----------
    path : path-like
        ``.npz`` is appended if it is not there.

    Returns
    -------
    header : dict
    arrays : dict of numpy.ndarray

    Raises
    ------
    ValueError
        If the file holds something else, or was written by a newer version.
    """
    path = _with_suffix(path)
    what = f"{path} is not a compression saved by hyperspy_4dphase"
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        header = json.loads(str(arrays.pop("header")))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{what}: {type(error).__name__}: {error}") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ValueError(f"{what}: its header says otherwise.")
    if header["version"] > _VERSION:
        raise ValueError(
            f"{path} has version {header['version']} of its format, but this "
            f"hyperspy_4dphase reads up to version {_VERSION}: update it."
        )
    return header["content"], arrays


def _with_suffix(path):
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be a path, not {path!r}.")
    path = Path(path)
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
