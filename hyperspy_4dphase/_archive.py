"""Arrays and a JSON header in one .npz file, without pickle, written whole or not."""

import json
import os
import secrets
import zipfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np

COMPRESSION = "compression"
_VERSION = 1
# Where the name of a format stands in a file, at the latest, damaged or not.
_HEAD_BYTES = 4096
# The signature of a zip file, and where the name of its first member stands.
_ZIP, _NAME_AT, _FIRST = b"PK\x03\x04", 30, b"header.npy"


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


@contextmanager
def replace_file(path):
    """Write a file, which takes the place of one of that name once it is complete.

    Parameters
    ----------
    path : pathlib.Path

    Yields
    ------
    stream
        Of bytes.

    Raises
    ------
    OSError
        If it cannot be written, as on a full disk. Then all is as it was.
    """
    # A name that nobody else writes to. Who may read it is as of any new file, which
    # it is not of those that `tempfile` makes.
    part = path.with_name(f"{path.stem}{secrets.token_hex(4)}.part")
    try:
        with open(part, "xb") as stream:
            yield stream
            stream.flush()
            # A file that is complete in memory only is none after a loss of power.
            os.fsync(stream.fileno())
        os.replace(part, path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None:
            kept = "The file that was there is unchanged" if path.exists() else ""
            raise OSError(
                error.errno,
                f"{error.strerror}: nothing was written. {kept}".strip(),
                str(path),
            ) from error
        raise


def write_arrays(path, header, arrays, *, kind=COMPRESSION, kept=None):
    """Write a file, and replace one of that name once the new one is complete.

    Parameters
    ----------
    path : pathlib.Path
    header : dict
        What JSON takes.
    arrays : dict of numpy.ndarray
        None of them named ``"header"``, none of objects.
    kind : str, optional
        What it is.
    kept : list of str, optional
        Arrays of the file that is there, which the new one has as well.
    """
    header = {"format": _name(kind), "version": _VERSION, "content": header}
    header = np.array(json.dumps(header, default=to_json))
    with replace_file(path) as stream:
        with zipfile.ZipFile(stream, "w", allowZip64=True) as archive:
            # First, so that a file of which the end is missing can be told.
            for name, array in {"header": header, **arrays}.items():
                with _member(archive, name, "w") as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
            if kept:
                with zipfile.ZipFile(path) as old:
                    for name in kept:
                        _copy(old, archive, name)


def read_arrays(path, *, kind=COMPRESSION, names=None):
    """Read what :func:`write_arrays` wrote.

    Parameters
    ----------
    path : pathlib.Path
    kind : str, optional
        What it is expected to be.
    names : list of str, optional
        Which arrays; by default all.

    Returns
    -------
    header : dict
    arrays : dict of numpy.ndarray

    Raises
    ------
    ValueError
        If the file holds something else, is damaged, or was written by a newer version.
    """
    what = f"{path} is not a {kind} saved by hyperspy_4dphase"
    try:
        # NumPy leaves a file open that it cannot read.
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            header = json.loads(str(file["header"]))
            names = set(file.files) - {"header"} if names is None else names
            arrays = {name: file[name] for name in names}
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{what}: {type(error).__name__}: {error}") from error
    if not isinstance(header, dict) or header.get("format") != _name(kind):
        raise ValueError(f"{what}: its header says otherwise.")
    if header["version"] > _VERSION:
        raise ValueError(
            f"{path} has version {header['version']} of its format, but this "
            f"hyperspy_4dphase reads up to version {_VERSION}: update it."
        )
    return header["content"], arrays


def is_of_kind(path, kind=COMPRESSION):
    """Tell what a file is, even if most of it is missing.

    Parameters
    ----------
    path : pathlib.Path
    kind : str, optional
        What it is.

    Returns
    -------
    bool
    """
    with open(path, "rb") as stream:
        head = stream.read(_HEAD_BYTES)
    return _FIRST in head and _header_start(kind) in head


def is_cut_short(path, kinds):
    """Tell whether a file ends before it says what it is, but may have been of a kind.

    Nothing is lost with such a file: no array had been written yet.

    Parameters
    ----------
    path : pathlib.Path
    kinds : sequence of str

    Returns
    -------
    bool
    """
    with open(path, "rb") as stream:
        head = stream.read(_HEAD_BYTES + 1)
    signature, name = head[: len(_ZIP)], head[_NAME_AT : _NAME_AT + len(_FIRST)]
    if not (_ZIP.startswith(signature) and _FIRST.startswith(name)):
        return False
    # The array's own header ends with its first line.
    _, _, text = head[_NAME_AT + len(_FIRST) :].partition(b"\n")
    return len(head) <= _HEAD_BYTES and any(
        _header_start(kind).startswith(text) for kind in kinds
    )


def _header_start(kind):
    """The first bytes of a header, as an array of text has them."""
    return json.dumps({"format": _name(kind)}).removesuffix("}").encode("utf-32-le")


def _name(kind):
    return f"hyperspy_4dphase {kind}"


def _member(archive, name, mode):
    options = {"force_zip64": True} if mode == "w" else {}
    return archive.open(f"{name}.npy", mode, **options)


def _copy(old, new, name):
    with _member(old, name, "r") as source, _member(new, name, "w") as target:
        while content := source.read(2**22):
            target.write(content)


def as_path(name, path):
    """Check that an argument is a path.

    Parameters
    ----------
    name : str
        Of the argument.
    path : path-like

    Returns
    -------
    pathlib.Path
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"{name} must be a path, not {path!r}.")
    return Path(path)


def with_suffix(path):
    """Append ``.npz`` to a path if it is not there.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    pathlib.Path
    """
    path = as_path("path", path)
    return path if path.suffix == ".npz" else path.with_name(path.name + ".npz")
