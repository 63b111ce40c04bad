"""Signals as the arrays that go to quantem, and back: where HyperSpy is."""

import json

import numpy as np

from hyperspy_4dphase._results import axes_shape
from hyperspy_4dphase.interop._axes import make_axis, read_axis
from hyperspy_4dphase.interop._peaks import Peaks, read_peaks
from hyperspy_4dphase.interop._signals import (
    DIFFRACTION,
    make_signal,
    read_signal,
    read_text,
)
from hyperspy_4dphase.interop._units import show_units, spell_length, spell_reciprocal

# How many of the last axes are the signal's.
_N_SIGNAL = {"scan": 2, "pattern": 2, "map": 0, "vectors": 0}


def arrays_from_signal(signal):
    """See :func:`hyperspy_4dphase.interop.quantem.to_arrays`."""
    content = read_signal(signal)
    arrays = {"name": content.title, "hyperspy": content.as_text(), "metadata": ""}
    if content.kind == "vectors":
        peaks = read_peaks(signal)
        units = [_spell_any(text) for text in peaks.units]
        return arrays | {
            "kind": "vector",
            "rows": peaks.rows,
            "counts": peaks.counts,
            "fields": np.array(peaks.fields),
            "units": np.array(units),
        }
    steps, origins, units = zip(*_read_axes(content.axes, content.kind), strict=True)
    return arrays | {
        "kind": "dataset",
        "array": content.data,
        "sampling": np.array(steps),
        "origin": np.array(origins),
        "units": np.array(units),
    }


def _read_axes(axes, kind):
    n_navigation = len(axes) - _N_SIGNAL[kind]
    spells = [spell_length] * n_navigation + [spell_reciprocal] * _N_SIGNAL[kind]
    return [read_axis(axis, spell) for axis, spell in zip(axes, spells, strict=True)]


def _spell_any(units):
    """Of positions; what is no reciprocal length or angle stays."""
    factor, spelled = spell_reciprocal(units)
    return spelled if factor == 1 else str(units)


def signal_from_arrays(arrays):
    """See :func:`hyperspy_4dphase.interop.quantem.from_quantem`."""
    kept = read_text(arrays["hyperspy"])
    known = json.loads(arrays["metadata"] or "{}")
    made = (_make_vectors if arrays["kind"] == "vector" else _make_dataset)(
        arrays, kept, known
    )
    if not made.metadata.General.title:
        made.metadata.General.title = arrays["name"]
    made.original_metadata.add_dictionary({"quantem": known})
    return made


def _make_dataset(arrays, kept, _):
    array = arrays["array"]
    n_axes = array.ndim
    # Of something with other axes it does not hold: that was computed there.
    is_same = len(kept["axes"]) == n_axes
    before = kept["axes"] if is_same else [None] * n_axes
    kind = kept["kind"] if is_same else "scan" if n_axes == 4 else "map"
    n_signal = _N_SIGNAL[kind]
    names = ("y", "x", "ky", "kx") if n_signal else ("y", "x")
    names = ("slice", *names)[-n_axes:] if n_axes < 4 else names
    spells = [spell_length] * (n_axes - n_signal) + [spell_reciprocal] * n_signal
    axes = []
    for i, (name, axis, spell) in enumerate(zip(names, before, spells, strict=True)):
        now = (
            float(arrays["sampling"][i]),
            float(arrays["origin"][i]),
            str(arrays["units"][i]),
        )
        axes.append(_restore_axis(name, array.shape[i], now, axis, spell))
    recorded = kept["metadata"].get("Signal", {}).get("signal_type", "")
    signal_type = (recorded or DIFFRACTION) if n_signal else ""
    return make_signal(array, axes, 2, kept["metadata"], signal_type)


def _restore_axis(name, size, now, before, spell):
    """The axis that a signal had, where it is as it was."""
    if before is not None and before.get("size") == size:
        step, offset, units = read_axis(before, spell)
        same = np.allclose([step, offset], now[:2], rtol=1e-9, atol=1e-12)
        if same and units == now[2]:
            return before
    return make_axis(name, size, *now)


def _make_vectors(arrays, kept, known):
    counts = np.asarray(arrays["counts"])
    before = kept["axes"]
    if axes_shape(before) == counts.shape:
        axes = before
    else:
        axes = _scan_axes(counts.shape, known)
    peaks = Peaks(
        np.asarray(arrays["rows"]),
        counts,
        [str(field) for field in arrays["fields"]],
        [show_units(str(units)) for units in arrays["units"]],
        axes,
        kept["metadata"],
    )
    return peaks.to_signal()


def _scan_axes(shape, known):
    """Axes of a scan, as far as quantem's peaks know them."""
    steps = known.get("scan_sampling") or [1.0] * len(shape)
    units = known.get("scan_units") or ["pixels"] * len(shape)
    return [
        make_axis(name, n, step, units=unit)
        for name, n, step, unit in zip(
            ("y", "x")[-len(shape) :], shape, steps, units, strict=True
        )
    ]
