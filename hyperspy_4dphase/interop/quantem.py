"""Scans, maps and peaks to quantem and back, by arrays.

quantem 0.1 needs zarr 3, pyxem 0.21 an older one, so that they have no environment in
common: arrays go from one to the other, by files. Each environment needs this package,
but only one of the two others: of this module, what is not needed is not imported.
"""

import json
from pathlib import Path

import numpy as np

from hyperspy_4dphase.interop._arrays import (
    as_json,
    check_arrays,
    read_arrays,
    write_arrays,
)

_N_VECTOR_AXES = (1, 2)


def to_quantem(source):
    """Make an object of quantem.

    Parameters
    ----------
    source : str, Path, dict or BaseSignal
        A file that :func:`to_arrays` wrote, or its dictionary; or, where both packages
        are installed, a signal.

    Returns
    -------
    quantem.core.datastructures.Dataset or Vector
        Of scans a Dataset4dstem, of maps a Dataset2d, of stacks of patterns or maps a
        Dataset3d, of diffraction vectors a Vector. Values and types are as they were;
        NumPy arrays are not copied. ``metadata["hyperspy"]`` keeps what quantem has no
        place for.

    Raises
    ------
    ImportError
        If quantem is not installed.
    TypeError, ValueError
        If it is nothing of these.

    See Also
    --------
    to_arrays : What goes from one environment to the other, with an example.
    from_quantem : The way back.

    Examples
    --------
    In the environment of quantem, of a file that :func:`to_arrays` has written. Here it
    is of a dictionary, elsewhere of a scan:

    >>> import tempfile
    >>> import numpy as np
    >>> from hyperspy_4dphase.interop import to_arrays, to_quantem
    >>> arrays = {
    ...     "kind": "dataset",
    ...     "array": np.random.default_rng(0).poisson(40, (3, 4, 6, 5)),
    ...     "sampling": [0.5, 0.5, 0.03, 0.03],
    ...     "origin": [0, 0, -0.09, -0.075],
    ...     "units": ["nm", "nm", "A^-1", "A^-1"],
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     written = to_arrays(arrays, f"{folder}/scan.npz")
    ...     dataset = to_quantem(f"{folder}/scan.npz")
    >>> type(dataset).__name__, dataset.shape, dataset.units
    ('Dataset4dstem', (3, 4, 6, 5), ['nm', 'nm', 'A^-1', 'A^-1'])
    """
    arrays = check_arrays(_as_arrays(source))
    structures = _import_quantem()
    metadata = json.loads(arrays["metadata"] or "{}")
    if arrays["hyperspy"]:
        metadata["hyperspy"] = arrays["hyperspy"]
    name = arrays["name"] or None
    units = [str(text) for text in arrays["units"]]
    if arrays["kind"] == "vector":
        import torch

        rows = np.array(arrays["rows"])
        return structures.Vector.from_data(
            _nest(rows, np.asarray(arrays["counts"])),
            fields=[str(field) for field in arrays["fields"]],
            units=units,
            name=name,
            metadata=metadata,
            dtype=torch.from_numpy(rows[:0]).dtype,
        )
    array = np.asarray(arrays["array"])
    classes = {2: "Dataset2d", 3: "Dataset3d", 4: "Dataset4dstem"}
    made = getattr(structures, classes.get(array.ndim, "Dataset")).from_array(
        array,
        name=name,
        origin=np.asarray(arrays["origin"], float),
        sampling=np.asarray(arrays["sampling"], float),
        units=units,
    )
    made.metadata.update(metadata)
    return made


def from_quantem(source):
    """Make a signal of what quantem has.

    Parameters
    ----------
    source : str, Path, dict, Dataset or Vector
        A file that :func:`to_arrays` wrote, or its dictionary; or, where both packages
        are installed, a quantem object itself.

    Returns
    -------
    BaseSignal
        Of a Dataset4dstem an ``ElectronDiffraction2D``, of other datasets a
        ``Signal2D``, of a Vector pyxem's ``DiffractionVectors``; or what it was before
        :func:`to_arrays`. Axes are as they were, names, units and all, where quantem
        has changed neither shape nor calibration of them. What else quantem knows of
        it, rotation and ellipticity for instance, is in ``original_metadata.quantem``.

    Raises
    ------
    TypeError, ValueError
        If it is nothing of these.

    See Also
    --------
    to_quantem : The way there.
    hyperspy_4dphase.interop.bragg_features : Vectors as features to be clustered.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interop import from_quantem, to_arrays
    >>> s, truth = oxide_bilayer((4, 5), (32, 36), random_state=0)
    >>> from_quantem(to_arrays(s))
    <ElectronDiffraction2D, title: Oxide bilayer, dimensions: (5, 4|36, 32)>
    """
    arrays = check_arrays(_as_arrays(source))
    from hyperspy_4dphase.interop._quantem_signals import signal_from_arrays

    return signal_from_arrays(arrays)


def to_arrays(data, file=None):
    """Take a signal, or an object of quantem, apart into arrays.

    Parameters
    ----------
    data : BaseSignal, Dataset or Vector
        A scan, eager or lazy, a pattern, a map or diffraction vectors. Uniform axes
        are needed.
    file : str or Path, optional
        An ``.npz`` file to write. Lazy data are written block by block. One that exists
        is replaced.

    Returns
    -------
    dict
        ``kind`` is ``"dataset"`` or ``"vector"``. Of a dataset: ``array``, and for each
        of its axes ``sampling`` (step), ``origin`` (value of the first element) and
        ``units``. Of a vector: ``rows``, one for each peak, ``counts``, how many there
        are at each probe position, ``fields`` and their ``units``. Both have a
        ``name``, and as JSON what quantem (``metadata``) and HyperSpy (``hyperspy``)
        know besides.

    Raises
    ------
    TypeError, ValueError
        If it is nothing of these, or if an axis is not uniform.

    See Also
    --------
    to_quantem, from_quantem : Make objects of them.

    Notes
    -----
    Lengths become A or nm, reciprocal ones ``A^-1``, angles mrad: what quantem knows.

    Examples
    --------
    A scan goes into a file, which :func:`to_quantem` reads where quantem is:

    >>> import tempfile
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interop import from_quantem, to_arrays
    >>> s, truth = oxide_bilayer((4, 5), (32, 36), random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     arrays = to_arrays(s, f"{folder}/scan.npz")
    ...     again = from_quantem(f"{folder}/scan.npz")
    >>> arrays["array"].shape, arrays["units"].tolist()
    ((4, 5, 32, 36), ['nm', 'nm', 'A^-1', 'A^-1'])
    >>> again
    <ElectronDiffraction2D, title: Oxide bilayer, dimensions: (5, 4|36, 32)>

    There, ``to_arrays(dataset.get_virtual_image(...), "image.npz")`` writes what
    :func:`from_quantem` reads here.
    """
    if file is not None and not isinstance(file, str | Path):
        raise TypeError(f"file must be a str or a Path, not {type(file).__name__}.")
    arrays = check_arrays(_as_arrays(data))
    if file is not None:
        write_arrays(file, arrays)
    return arrays


def _as_arrays(source):
    if isinstance(source, str | Path):
        return read_arrays(source)
    if isinstance(source, dict):
        return source
    if hasattr(source, "axes_manager"):
        from hyperspy_4dphase.interop._quantem_signals import arrays_from_signal

        return arrays_from_signal(source)
    classes = {c.__name__ for c in type(source).__mro__ if _is_quantem(c)}
    if "Vector" in classes:
        return _arrays_from_vector(source)
    if "Dataset" in classes:
        return _arrays_from_dataset(source)
    raise TypeError(
        "Expected a file or a dictionary of to_arrays(), a HyperSpy signal, or a "
        f"Dataset or Vector of quantem, not {type(source).__name__}."
    )


def _is_quantem(cls):
    return cls.__module__.split(".")[0] == "quantem"


def _import_quantem():
    try:
        from quantem.core import datastructures
    except ModuleNotFoundError as error:
        raise ImportError(
            "quantem is needed for this: pip install quantem, in an environment of its "
            "own, since it needs zarr 3 and pyxem an older one. to_arrays() writes "
            "files that go there."
        ) from error
    return datastructures


def _arrays_from_dataset(dataset):
    metadata, kept = _split_metadata(dataset.metadata)
    return {
        "kind": "dataset",
        "array": dataset.numpy(),
        "sampling": np.array(dataset.sampling, float),
        "origin": np.array(dataset.origin, float),
        "units": np.array(dataset.units),
        "name": dataset.name,
        "hyperspy": kept,
        "metadata": metadata,
    }


def _arrays_from_vector(vector):
    if len(vector.shape) not in _N_VECTOR_AXES:
        raise ValueError(
            f"The Vector has the shape {vector.shape}; expected one axis of probe "
            "positions or two."
        )
    metadata, kept = _split_metadata(vector.metadata)
    return {
        "kind": "vector",
        "rows": np.array(vector.numpy()),
        "counts": np.array(vector.row_counts(), dtype=int).reshape(vector.shape),
        "fields": np.array(vector.fields),
        "units": np.array(vector.units),
        "name": vector.name,
        "hyperspy": kept,
        "metadata": metadata,
    }


def _split_metadata(metadata):
    """As JSON what quantem knows, and what it has kept of a signal."""
    metadata = {name: value for name, value in metadata.items() if value is not None}
    kept = metadata.pop("hyperspy", "")
    return as_json(metadata), kept


def _nest(rows, counts):
    """Rows of each probe position, in lists nested as the scan is."""
    cells = np.split(rows, np.cumsum(counts.ravel())[:-1])
    if counts.ndim == 1:
        return cells
    n = counts.shape[1]
    return [cells[i : i + n] for i in range(0, len(cells), n)]
