"""What goes from one environment to another: arrays by name, and files of them."""

import json
import zipfile

import numpy as np

from hyperspy_4dphase._archive import replace_file, with_suffix

# What there must be of each kind.
_NAMES = {
    "dataset": ("array", "sampling", "origin", "units"),
    "vector": ("rows", "counts", "fields", "units"),
}
_TEXTS = ("kind", "name", "hyperspy", "metadata")


def check_arrays(arrays):
    """Refuse arrays of which something is missing.

    Parameters
    ----------
    arrays : dict

    Returns
    -------
    dict
        With plain texts where they may be missing, or arrays of one text.

    Raises
    ------
    ValueError
        If the kind is unknown, if an array is missing, or if shapes do not fit.
    """
    arrays = dict(arrays)
    arrays |= {name: str(arrays.get(name, "")) for name in _TEXTS}
    kind = arrays["kind"]
    if kind not in _NAMES:
        raise ValueError(f"kind is {kind!r}; expected one of {', '.join(_NAMES)}.")
    missing = [name for name in _NAMES[kind] if name not in arrays]
    if missing:
        raise ValueError(f"Of a {kind}, {', '.join(missing)} is missing.")
    if kind == "dataset":
        found = {name: np.shape(arrays[name]) for name in _NAMES[kind][1:]}
        fits = all(shape == (arrays["array"].ndim,) for shape in found.values())
        whole = arrays["array"].shape
    else:
        found = {name: np.shape(arrays[name]) for name in _NAMES[kind][1:]}
        whole = np.shape(arrays["rows"])
        n_peaks = int(np.sum(arrays["counts"]))
        fits = len(whole) == 2 and whole[0] == n_peaks
        fits = fits and found["fields"] == found["units"] == whole[1:]
    if not fits:
        raise ValueError(f"Of a {kind} of the shape {whole}, others are {found}.")
    return arrays


def write_arrays(file, arrays):
    """Write arrays to an ``.npz`` file that NumPy reads without pickling.

    Lazy arrays are read block by block along their first axis, so that one that does
    not fit into memory can be written.

    Parameters
    ----------
    file : str or Path
        ``.npz`` is added if it has no such ending. One that exists is replaced, when
        all is written.
    arrays : dict

    Returns
    -------
    Path
    """
    file = with_suffix(file)
    with replace_file(file) as whole, zipfile.ZipFile(whole, "w") as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as stream:
                _write_array(stream, values)
    return file


def _write_array(stream, values):
    if not hasattr(values, "chunks"):
        np.lib.format.write_array(stream, np.asarray(values), allow_pickle=False)
        return
    header = {
        "descr": np.lib.format.dtype_to_descr(values.dtype),
        "fortran_order": False,
        "shape": values.shape,
    }
    np.lib.format.write_array_header_2_0(stream, header)
    start = 0
    for n in values.chunks[0]:
        block = np.ascontiguousarray(np.asarray(values[start : start + n]))
        stream.write(block.data.cast("B") if block.size else b"")
        start += n


def read_arrays(file):
    """Read what :func:`write_arrays` wrote.

    Parameters
    ----------
    file : str or Path

    Returns
    -------
    dict
    """
    with np.load(file, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def as_json(value):
    """JSON of dicts, lists and arrays; what it does not know becomes a text."""
    return json.dumps(value, default=_as_plain)


def _as_plain(value):
    return value.tolist() if hasattr(value, "tolist") else str(value)
