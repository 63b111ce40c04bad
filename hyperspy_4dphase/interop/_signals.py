"""What other packages need of a signal, and signals from what they give."""

import json
from typing import NamedTuple

import dask.array as da
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal2D, Signal2D
from pyxem.signals import Diffraction2D, DiffractionVectors

from hyperspy_4dphase._provenance import storable
from hyperspy_4dphase._results import (
    axes_dictionaries,
    is_uniform,
    plain,
    scan_metadata,
)
from hyperspy_4dphase.interop._arrays import as_json

DIFFRACTION = "electron_diffraction"


class Content(NamedTuple):
    """A signal, as arrays and dictionaries.

    Attributes
    ----------
    kind : {"scan", "pattern", "map", "vectors"}
        Patterns of one or two navigation axes; one pattern; a value, or a stack of
        them, for each probe position; lists of peaks.
    data : numpy.ndarray or dask.array.Array
        Not a copy.
    axes : list of dict
        HyperSpy's dictionaries of them, in array order.
    metadata : dict
        Title, sample and instrument, and the signal type.
    """

    kind: str
    data: object
    axes: list
    metadata: dict

    @property
    def title(self):
        return self.metadata.get("General", {}).get("title", "")

    def as_text(self):
        """Kind, axes and metadata as JSON, which every file format can hold."""
        kept = {"kind": self.kind, "axes": self.axes, "metadata": self.metadata}
        return as_json(storable(plain(kept)))


def read_signal(signal):
    """Take a signal apart.

    Parameters
    ----------
    signal : BaseSignal

    Returns
    -------
    Content

    Raises
    ------
    TypeError
        If it is no signal.
    ValueError
        If it is neither a scan of one or two navigation axes, nor a pattern, a map or
        vectors; or if navigation axes are not the first ones of the array.
    """
    if not isinstance(signal, BaseSignal):
        raise TypeError(f"A HyperSpy signal is needed, not {type(signal).__name__}.")
    manager = signal.axes_manager
    leading = sorted(manager.navigation_indices_in_array)
    if leading != list(range(manager.navigation_dimension)):
        raise ValueError(
            f"The navigation axes of {signal!r} are the axes {leading} of its array, "
            "not the first ones. signal.transpose() puts them there."
        )
    kind = _find_kind(signal)
    if kind is None:
        raise ValueError(
            f"{signal!r} is neither a scan of one or two navigation axes, nor a single "
            "pattern, a map (|x, y) or a stack of maps: set_signal_type() makes it "
            "patterns, inav and isig take a part, and transpose() moves axes."
        )
    axes, metadata = axes_dictionaries(signal), scan_metadata(signal)
    return Content(kind, signal.data, axes, metadata)


def _find_kind(signal):
    manager = signal.axes_manager
    dimensions = manager.navigation_dimension, manager.signal_dimension
    if isinstance(signal, DiffractionVectors):
        return "vectors" if signal.ragged and dimensions[0] in (1, 2) else None
    if isinstance(signal, Diffraction2D):
        kinds = {(0, 2): "pattern", (1, 2): "scan", (2, 2): "scan"}
    else:
        kinds = {(0, 2): "map", (2, 0): "map", (1, 2): "map", (2, 2): "scan"}
    return kinds.get(dimensions)


def scan_axes(like):
    """The axes of the probe positions of a scan, or of a map of it, in array order.

    Parameters
    ----------
    like : BaseSignal

    Returns
    -------
    list of dict

    Raises
    ------
    TypeError, ValueError
        As of :func:`read_signal`; a single pattern has none.
    """
    content = read_signal(like)
    if content.kind == "pattern":
        raise ValueError(f"{like!r} is a single pattern, without probe positions.")
    if content.kind == "map" and like.axes_manager.signal_dimension:
        return content.axes[-2:]
    return content.axes[: like.axes_manager.navigation_dimension]


def make_signal(data, axes, n_signal, metadata, signal_type, title=""):
    """Make a signal, lazy if its data are.

    Parameters
    ----------
    data : numpy.ndarray or dask.array.Array
        Not copied.
    axes : list of dict
        In array order; of these, the last `n_signal` become signal axes.
    n_signal : int
    metadata : dict
        As of a :class:`Content`, or empty.
    signal_type : str
        HyperSpy's name of the class.
    title : str, optional
        Where `metadata` have none.

    Returns
    -------
    BaseSignal
    """
    n_navigation = data.ndim - n_signal
    axes = [
        {**axis, "navigate": i < n_navigation}
        | ({"size": size} if is_uniform(axis) else {})
        for i, (axis, size) in enumerate(zip(axes, data.shape, strict=True))
    ]
    general = dict(metadata.get("General", {}))
    general["title"] = general.get("title") or title
    metadata = {**metadata, "General": general, "Signal": {"signal_type": ""}}
    if signal_type == "diffraction_vectors":
        signal = BaseSignal(data, axes=axes, ragged=True, metadata=metadata)
    else:
        cls = LazySignal2D if isinstance(data, da.Array) else Signal2D
        signal = cls(data, axes=axes, metadata=metadata)
    signal.set_signal_type(signal_type)
    return signal


def read_text(text):
    """What :meth:`Content.as_text` gave as a dict, or one that says nothing."""
    if not text:
        return {"kind": "", "axes": [], "metadata": {}}
    return json.loads(text)
