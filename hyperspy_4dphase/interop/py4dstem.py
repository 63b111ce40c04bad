"""Scans, maps, peaks and reconstructions to py4DSTEM and back.

py4DSTEM is imported when something goes there, not before: it takes some ten seconds,
and needs NumPy older than 2.
"""

import dask.array as da
import numpy as np

from hyperspy_4dphase.interop import _py4dstem_calibration as _calibration
from hyperspy_4dphase.interop._peaks import is_peaks_of_py4dstem, read_peaks
from hyperspy_4dphase.interop._reconstructions import place_on_scan, read_reconstruction
from hyperspy_4dphase.interop._signals import (
    DIFFRACTION,
    make_signal,
    read_signal,
    read_text,
    scan_axes,
)

# Name of what py4DSTEM's objects keep of a signal.
_KEPT = "hyperspy"


def to_py4dstem(signal):
    """Hand a scan, a pattern or a map to py4DSTEM.

    Parameters
    ----------
    signal : BaseSignal
        A scan of two navigation axes, eager or lazy; one of a single axis, such as the
        mean patterns of domains, becomes one row. Or a single pattern. Or a value for
        each probe position ``(|x, y)`` or ``(x, y|)``: a
        :class:`~hyperspy_4dphase.DomainMap`, a
        :class:`~hyperspy_4dphase.DomainConfidence`, a virtual image.

    Returns
    -------
    py4DSTEM.DataCube, py4DSTEM.DiffractionSlice or py4DSTEM.RealSlice
        With the values and the type of the data. A DataCube shares them with the
        signal: what py4DSTEM does to them in place is done to the signal, too. Those of
        a lazy scan stay lazy. Values of a map are read.

    Raises
    ------
    ImportError
        If py4DSTEM is not installed.
    TypeError
        If it is no signal.
    ValueError
        If it is nothing of these; if an axis is not uniform; if the two axes of the
        scan, or of the detector, differ in step or units, of which py4DSTEM has one; if
        units of the detector are neither 1/length nor an angle.

    See Also
    --------
    from_py4dstem : The way back.

    Notes
    -----
    What HyperSpy shows as y (rows) is py4DSTEM's x: ``Rx, Ry, Qx, Qy`` are y, x, ky,
    kx. Lengths become A or nm, reciprocal ones ``A^-1``, and angles mrad. The origin,
    in pixels, is where kx and ky are 0; offsets of 0 are taken as not set. py4DSTEM
    0.14 subtracts the origin in pixels from `dims` in calibrated units: do not use
    these; vectors, virtual images and reconstructions do not.

    ``metadata["hyperspy"]`` keeps the axes, title, sample and instrument, for the way
    back, in files too. The tree of a DomainMap stays behind.

    HyperSpy still calls an image diffraction where patterns were summed and axes
    transposed: ``image.set_signal_type("")`` makes it a map.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interop import to_py4dstem
    >>> s, truth = oxide_bilayer((4, 5), (32, 36), random_state=0)
    >>> cube = to_py4dstem(s)
    >>> cube.shape
    (4, 5, 32, 36)
    """
    content = read_signal(signal)
    if content.kind == "vectors":
        raise ValueError(
            "Diffraction vectors have no way to py4DSTEM; bragg_features() takes them."
        )
    if content.kind == "map" and len(content.axes) != 2:
        raise ValueError(
            f"{signal!r} is a stack of maps; signal.inav[i] takes one of them."
        )
    found = {}
    if content.kind != "pattern":
        n_navigation = len(content.axes) - 2 if content.kind == "scan" else 2
        found |= _calibration.read_scan_step(content.axes[:n_navigation])
    if content.kind != "map":
        found |= _calibration.read_detector_step(content.axes[-2:])
    kept = signal.original_metadata.get_item("py4DSTEM.calibration", {})
    kept = kept.as_dictionary() if hasattr(kept, "as_dictionary") else kept

    py4dstem = _import_py4dstem()
    # Groups of HDF5 files are parted by strokes.
    name = content.title.replace("/", " ") or type(signal).__name__
    data = content.data
    if content.kind == "scan":
        data = data[np.newaxis] if data.ndim == 3 else data
        made = py4dstem.DataCube(data, name=name)
    elif content.kind == "pattern":
        made = py4dstem.DiffractionSlice(np.asarray(data), name=name)
    else:
        made = py4dstem.data.RealSlice(np.asarray(data), name=name)
    _calibration.set_calibration(made.calibration, found, kept, made.data.shape[:2])
    if content.kind == "scan":
        made.calibrate()
    made.metadata = _make_metadata(content)
    return made


def from_py4dstem(data, like=None, *, upsampling=None, padding=0):
    """Make a signal of what py4DSTEM has measured.

    Parameters
    ----------
    data : py4DSTEM object or numpy.ndarray
        A DataCube; a VirtualImage or another RealSlice; a DiffractionSlice;
        BraggVectors or a PointListArray; a phase reconstruction (differential phase
        contrast, parallax, ptychography) after its ``reconstruct()``; or any array of
        an image of the scan, complex too. A stack of images has them along its first
        axis.
    like : BaseSignal, optional
        A scan, or a map of it, whose probe positions the image has. Needed for arrays
        and reconstructions; of others it takes the place of what py4DSTEM knows of the
        scan.
    upsampling : float or pair of float, optional
        Of an image: its pixels for each step of the scan, rows first. By default 1, or
        as a reconstruction says.
    padding : float or pair of float, default 0
        Of an image: how many of its pixels come before the first probe position.

    Returns
    -------
    BaseSignal
        Of a DataCube an ``ElectronDiffraction2D``, lazy if its data are dask's or still
        in an HDF5 file, or what it was before :func:`to_py4dstem`. Of vectors pyxem's
        ``DiffractionVectors``, as they are: not calibrated. Of images a ``Signal2D``
        ``(|x, y)``, which lies on `like` as their axes say; of complex ones a
        ``ComplexSignal2D``. Data are not copied.

        ``original_metadata.py4DSTEM`` has all of py4DSTEM's calibration: ellipse,
        rotation, the origin of each probe position.

    Raises
    ------
    TypeError
        If it is nothing of these.
    ValueError
        If there is no `like`, but must be; if an image does not cover it; if a
        reconstruction has no image yet.

    See Also
    --------
    to_py4dstem : The way there.
    hyperspy_4dphase.interop.bragg_features : Vectors as features to be clustered.

    Notes
    -----
    Axes are as they were before :func:`to_py4dstem`, units and the beginning of the
    scan included, where py4DSTEM has changed neither shape nor calibration; else the
    scan begins at 0.

    Images of a ptychographic reconstruction are cut to whole pixels: they lie on the
    scan to within one of them. One that was rotated is rotated back by py4DSTEM.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> from hyperspy_4dphase.interop import from_py4dstem, to_py4dstem
    >>> s, truth = oxide_bilayer((4, 5), (32, 36), random_state=0)
    >>> from_py4dstem(to_py4dstem(s))
    <ElectronDiffraction2D, title: Oxide bilayer, dimensions: (5, 4|36, 32)>
    """
    if isinstance(data, np.ndarray):
        if like is None:
            raise ValueError(
                "An array does not know where it is: give the scan, or a map, as like."
            )
        return _make_image(data, scan_axes(like), upsampling, padding, {})
    kinds = {cls.__name__ for cls in type(data).__mro__ if _is_py4dstem(cls)}
    if not kinds:
        raise TypeError(
            "data must be of py4DSTEM or a numpy.ndarray, not "
            f"{type(data).__module__}.{type(data).__name__}."
        )
    modules = " ".join(cls.__module__ for cls in type(data).__mro__)
    is_image = "RealSlice" in kinds or "py4DSTEM.process.phase" in modules
    if not is_image and (upsampling is not None or np.any(padding)):
        raise ValueError("upsampling and padding are of images of the scan only.")
    if "DataCube" in kinds:
        return _read_datacube(data, like)
    if "DiffractionSlice" in kinds:
        return _read_pattern(data, like)
    if is_peaks_of_py4dstem(data):
        return read_peaks(data, like, calibrated=False).to_signal()
    if "RealSlice" in kinds:
        axes = _axes_of_slice(data) if like is None else scan_axes(like)
        return _make_image(np.asarray(data.data), axes, upsampling, padding, data)
    if not is_image:
        raise TypeError(f"data is a {type(data).__name__}, for which there is no way.")
    if like is None:
        raise ValueError(
            "A reconstruction does not know where it is: give the scan, or a map, as "
            "like."
        )
    axes = scan_axes(like)
    values, own = read_reconstruction(data, axes)
    upsampling = own if upsampling is None else upsampling
    return _make_image(values, axes, upsampling, padding, data)


def _import_py4dstem():
    try:
        import py4DSTEM
    except ModuleNotFoundError as error:
        raise ImportError(
            "py4DSTEM is needed for this: pip install 'hyperspy-4dphase[py4dstem]', in "
            "an environment of its own, since py4DSTEM 0.14 needs NumPy older than 2."
        ) from error
    return py4DSTEM


def _is_py4dstem(cls):
    return cls.__module__.split(".")[0] in ("py4DSTEM", "emdfile")


def _make_metadata(content):
    from emdfile import Metadata

    return Metadata(_KEPT, {"json": content.as_text()})


def _read_kept(data):
    """What an object of py4DSTEM has kept of a signal: its axes and metadata."""
    kept = data.metadata.get(_KEPT)
    return read_text(None if kept is None else kept["json"])


def _read_datacube(datacube, like):
    data = datacube.data
    if not isinstance(data, np.ndarray | da.Array):
        # As HDF5 files have it.
        data = da.from_array(data)
    if data.ndim != 4:
        raise ValueError(f"The DataCube has {data.ndim} dimensions, expected 4.")
    kept = _read_kept(datacube)
    parameters = _calibration.read_calibration(datacube.calibration)
    before = kept["axes"]
    is_row = len(before) == 3 and data.shape[0] == 1
    data = data[0] if is_row else data
    axes = _calibration.scan_axes_of(parameters, datacube.shape[:2])
    axes = axes[1:] if is_row else axes
    read_step = _calibration.read_scan_step
    axes = _calibration.restore_axes(axes, before[:-2], read_step, parameters)
    if like is not None:
        axes = place_on_scan(scan_axes(like), data.shape[:-2])
    detector = _restore_detector(parameters, data.shape[-2:], before)
    recorded = kept["metadata"].get("Signal", {}).get("signal_type")
    made = make_signal(
        data, axes + detector, 2, kept["metadata"], recorded or DIFFRACTION
    )
    return _describe(made, datacube, parameters)


def _read_pattern(pattern, like):
    if like is not None:
        raise ValueError("A single pattern has no probe positions: leave like out.")
    data, kept = np.asarray(pattern.data), _read_kept(pattern)
    parameters = _calibration.read_calibration(pattern.calibration)
    axes = _restore_detector(parameters, data.shape[-2:], kept["axes"])
    stack = [{"name": "slice"}] * (data.ndim - 2)
    recorded = kept["metadata"].get("Signal", {}).get("signal_type")
    made = make_signal(data, stack + axes, 2, kept["metadata"], recorded or DIFFRACTION)
    return _describe(made, pattern, parameters)


def _restore_detector(parameters, shape, before):
    axes = _calibration.detector_axes_of(parameters, shape)
    read = _calibration.read_detector_step
    return _calibration.restore_axes(axes, before[-2:], read, parameters)


def _axes_of_slice(image):
    parameters = _calibration.read_calibration(image.calibration)
    axes = _calibration.scan_axes_of(parameters, image.data.shape[-2:])
    read = _calibration.read_scan_step
    return _calibration.restore_axes(axes, _read_kept(image)["axes"], read, parameters)


def _make_image(values, axes, upsampling, padding, source):
    if values.ndim not in (2, 3) and not (values.ndim == 1 and len(axes) == 1):
        raise ValueError(
            f"The image has the shape {values.shape}; expected two axes of the scan, "
            "and one more for a stack of images."
        )
    n_axes = min(values.ndim, 2)
    placed = place_on_scan(axes, values.shape[-n_axes:], upsampling, padding)
    if values.ndim == 1:
        values, placed = values[np.newaxis], [{"name": "y", "size": 1}, *placed]
    metadata = {}
    if hasattr(source, "metadata") and isinstance(source.metadata, dict):
        metadata = _read_kept(source)["metadata"]
    stack = [{"name": "slice"}] * (values.ndim - 2)
    made = make_signal(values, stack + placed, 2, metadata, "")
    return _describe(made, source)


def _describe(signal, source, parameters=None):
    """Say what a signal was, where py4DSTEM knows it."""
    name = getattr(source, "name", "")
    if not signal.metadata.General.title:
        signal.metadata.General.title = str(name)
    described = {"class": type(source).__name__, "name": str(name)}
    if parameters:
        described["calibration"] = parameters
    labels = getattr(source, "slicelabels", None)
    if labels is not None:
        described["slices"] = [str(label) for label in labels]
    if not isinstance(source, dict):
        signal.original_metadata.add_dictionary({"py4DSTEM": described})
    return signal
