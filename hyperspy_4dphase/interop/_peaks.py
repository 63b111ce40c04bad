"""Lists of peaks of each probe position, from whoever found them."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase.interop import _py4dstem_calibration as _calibration
from hyperspy_4dphase.interop._reconstructions import place_on_scan
from hyperspy_4dphase.interop._signals import make_signal, read_signal, scan_axes
from hyperspy_4dphase.interop._units import NO_UNITS, show_units

# What py4DSTEM's get_vectors() can apply.
_CALIBRATIONS = ("center", "ellipse", "pixel", "rotate")
# Names of the coordinate along the columns, where another one has that of the rows.
_ALONG_COLUMNS = {"kx": "ky", "q_col": "q_row"}


class Peaks(NamedTuple):
    """Peaks of all probe positions, one after the other, in C order of the scan.

    Attributes
    ----------
    rows : numpy.ndarray, shape (n_peaks, n_fields)
    counts : numpy.ndarray of int
        How many there are at each probe position; of the shape of the scan.
    fields, units : list of str
        Names and units of what there is of each peak.
    axes : list of dict
        Of the scan.
    metadata : dict
        As of a Content.
    detector : tuple of int, or None
        Shape of the detector that positions are pixels of; None if they are measured
        from the direct beam.
    """

    rows: np.ndarray
    counts: np.ndarray
    fields: list
    units: list
    axes: list
    metadata: dict
    detector: tuple | None = None

    @property
    def pattern(self):
        """Which pattern each peak is of, as a flat index."""
        return np.repeat(np.arange(self.counts.size), self.counts.ravel())

    @property
    def positions(self):
        """Positions of the peaks on the detector.

        Returns
        -------
        rows, columns : numpy.ndarray, shape (n_peaks,)
        units : str
        """
        first, second = 0, 1
        if _ALONG_COLUMNS.get(self.fields[0]) == self.fields[1]:
            first, second = 1, 0
        return self.rows[:, first], self.rows[:, second], self.units[first]

    @property
    def intensities(self):
        """Of each peak, or None if they were not measured."""
        if "intensity" not in self.fields:
            return None
        return self.rows[:, self.fields.index("intensity")]

    def to_signal(self):
        """pyxem's ``DiffractionVectors`` on the axes of the scan."""
        cells = np.empty(self.counts.size, dtype=object)
        ends = np.cumsum(self.counts.ravel())[:-1]
        for i, rows in enumerate(np.split(self.rows, ends)):
            cells[i] = rows
        made = make_signal(
            cells.reshape(self.counts.shape),
            self.axes,
            0,
            self.metadata,
            "diffraction_vectors",
        )
        made.column_names, made.units = list(self.fields), list(self.units)
        made.has_intensity = "intensity" in self.fields
        made.detector_shape = self.detector
        return made


def is_peaks_of_py4dstem(vectors):
    """Whether they are BraggVectors or a PointListArray."""
    names = {cls.__name__ for cls in type(vectors).__mro__}
    return bool(names & {"BraggVectors", "PointListArray"})


def read_peaks(vectors, like=None, calibrated=None, units=None):
    """Read peaks of any kind.

    Parameters
    ----------
    vectors : py4DSTEM.BraggVectors, PointListArray or DiffractionVectors
    like, calibrated, units : optional
        See :func:`hyperspy_4dphase.interop.bragg_features`.

    Returns
    -------
    Peaks

    Raises
    ------
    TypeError, ValueError
        If they are nothing of these, or have no fields of positions; if `calibrated` or
        `units` is not for them; if `like` is of another scan.
    """
    is_bragg_vectors = "BraggVectors" in {c.__name__ for c in type(vectors).__mro__}
    if calibrated is not None and not is_bragg_vectors:
        if is_peaks_of_py4dstem(vectors):
            calibrated = None
        else:
            raise ValueError(
                "calibrated is for BraggVectors, which know their calibration; other "
                "vectors are taken as they are."
            )
    if units is not None and is_bragg_vectors:
        raise ValueError("BraggVectors have units of their own: leave units out.")
    if is_bragg_vectors:
        found = _read_bragg_vectors(vectors, calibrated)
    elif is_peaks_of_py4dstem(vectors):
        found = _read_point_lists(vectors, units or "pixels")
    else:
        found = _read_diffraction_vectors(vectors, units)
    if like is not None:
        axes = place_on_scan(scan_axes(like), found.counts.shape)
        found = found._replace(axes=axes)
    return found


def _read_bragg_vectors(vectors, calibrated):
    parameters = _calibration.read_calibration(vectors.calibration)
    flags = _find_calibrations(vectors, calibrated)
    n_rows, n_columns = vectors.Rshape
    cells = [
        vectors.get_vectors(i, j, **flags).data
        for i in range(n_rows)
        for j in range(n_columns)
    ]
    units = parameters["Q_pixel_units"] if flags["pixel"] else "pixels"
    detector = None if flags["center"] else tuple(int(n) for n in vectors.Qshape)
    axes = _calibration.scan_axes_of(parameters, vectors.Rshape)
    return _join_cells(cells, (n_rows, n_columns), units, axes, detector)


def _find_calibrations(vectors, calibrated):
    """What is to be applied: what was set, else all that was measured."""
    flags = dict.fromkeys(_CALIBRATIONS, False)
    if calibrated is False:
        return flags
    if any(vectors.calstate.values()):
        flags |= {name: bool(vectors.calstate[name]) for name in _CALIBRATIONS}
    else:
        known = vectors.calibration
        measured = {
            "center": known.get_origin(),
            "ellipse": known.get_ellipse(),
            "rotate": known.get_QR_rotation(),
        }
        flags |= {name: value is not None for name, value in measured.items()}
        flags["pixel"] = known.get_Q_pixel_size() != 1
    if calibrated is None and not flags["center"]:
        return dict.fromkeys(_CALIBRATIONS, False)
    if not flags["center"]:
        raise ValueError(
            "The BraggVectors have no calibrated origin, from which positions are "
            "measured: braggvectors.measure_origin() and fit_origin() find it, "
            "calibration.set_origin() sets it. calibrated=False takes pixels of the "
            "detector."
        )
    return flags


def _read_point_lists(lists, units):
    n_rows, n_columns = lists.shape
    cells = [lists[i, j].data for i in range(n_rows) for j in range(n_columns)]
    parameters = {"R_pixel_size": 1.0, "R_pixel_units": "pixels"}
    axes = _calibration.scan_axes_of(parameters, lists.shape)
    missing = {"qx", "qy"} - set(lists.dtype.names or ())
    if missing:
        raise ValueError(
            f"The point lists have the fields {lists.dtype.names}; expected qx and qy."
        )
    return _join_cells(cells, (n_rows, n_columns), units, axes, None)


def _join_cells(cells, shape, units, axes, detector):
    # py4DSTEM's qx runs along the rows of the detector, HyperSpy's kx along columns.
    names = {"qx": "ky", "qy": "kx", "intensity": "intensity"}
    joined = np.concatenate(cells)
    names = {name: field for name, field in names.items() if name in joined.dtype.names}
    rows = np.stack([joined[name] for name in names], axis=1).astype(float)
    counts = np.array([len(cell) for cell in cells]).reshape(shape)
    units = [show_units(units)] * 2 + ["a.u."] * (len(names) - 2)
    title = {"General": {"title": "Bragg peaks"}}
    return Peaks(rows, counts, list(names.values()), units, axes, title, detector)


def _read_diffraction_vectors(vectors, units):
    content = read_signal(vectors)
    if content.kind != "vectors":
        raise TypeError(
            "vectors must be py4DSTEM's BraggVectors or PointListArray, or pyxem's "
            f"DiffractionVectors, not {vectors!r}."
        )
    cells = np.asarray(content.data)
    flat = [np.asarray(cell, float) for cell in cells.ravel()]
    widths = {cell.shape[1] for cell in flat if cell.ndim == 2 and cell.size}
    n_fields = max(widths, default=2)
    if len(widths) > 1 or n_fields < 2:
        raise ValueError(
            f"vectors have {sorted(widths)} columns; expected two or more, and the "
            "same at each probe position."
        )
    fields = list(vectors.column_names or [])[:n_fields]
    if len(fields) < n_fields:
        fields = ["ky", "kx", "intensity", *(f"field {i}" for i in range(3, n_fields))]
    own = list(vectors.units or [])[:n_fields]
    own = own if len(own) == n_fields else ["px"] * 2 + ["a.u."] * (n_fields - 2)
    if units is not None:
        own[:2] = [show_units(units)] * 2
    rows = np.concatenate([cell.reshape(-1, n_fields) for cell in flat])
    counts = np.array([len(cell) for cell in flat]).reshape(cells.shape)
    detector = vectors.detector_shape
    if detector is None and own[0] in NO_UNITS and len(rows) and rows.min() >= 0:
        # Pixels of a detector, of which nothing else is known.
        detector = np.floor(rows[:, :2].max(axis=0)) + 1
    detector = None if detector is None else tuple(int(n) for n in detector)
    return Peaks(rows, counts, fields, own, content.axes, content.metadata, detector)
