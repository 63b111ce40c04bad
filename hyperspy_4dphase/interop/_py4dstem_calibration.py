"""What py4DSTEM calls a calibration: pixel sizes, units, origin and all else."""

import numpy as np

from hyperspy_4dphase.interop._axes import make_axis, read_steps
from hyperspy_4dphase.interop._units import spell_length, spell_reciprocal

# Of the detector's axes; what follows from them is set by py4DSTEM itself.
_ORIGIN = ("qx0", "qy0", "qx0_mean", "qy0_mean", "qx0_shift", "qy0_shift")
# A ratio, angles and a flag, which do not depend on pixels.
_WITHOUT_PIXELS = ("a", "b", "theta", "QR_rotation", "QR_rotation_degrees", "QR_flip")
_WITHOUT_PIXELS += ("convergence_semiangle_mrad",)
_STEPS = ("R_pixel_size", "R_pixel_units", "Q_pixel_size", "Q_pixel_units")


def read_scan_step(axes):
    """R_pixel_size and R_pixel_units of navigation axes, as a dict."""
    step, units, _ = read_steps(axes, spell_length)
    return {"R_pixel_size": step, "R_pixel_units": units}


def read_detector_step(axes):
    """Q_pixel_size, Q_pixel_units and the origin of signal axes, as a dict.

    The origin is where both axes are 0, in pixels, rows first. There is none where both
    offsets are 0: the axes then begin at the corner since nobody has set them.
    """
    step, units, offsets = read_steps(axes, spell_reciprocal)
    found = {"Q_pixel_size": step, "Q_pixel_units": units}
    if any(offsets):
        qx0, qy0 = (-offset / step for offset in offsets)
        found |= {"qx0_mean": qx0, "qy0_mean": qy0}
    return found


def set_calibration(calibration, found, kept, scan_shape):
    """Set what was read from axes, and what an earlier calibration held besides.

    Parameters
    ----------
    calibration : py4DSTEM.Calibration
        New.
    found : dict
        As of the functions above.
    kept : dict
        Of an earlier calibration: its ellipse, rotation and such. What was measured at
        each probe position counts if there are as many, its origin where the mean of
        it is still that of the axes; what is in pixels, if these are as large.
    scan_shape : tuple of int
    """
    kept = {
        name: value
        for name, value in kept.items()
        if np.ndim(value) != 2 or np.shape(value) == scan_shape
    }
    if kept.get("Q_pixel_size") != found.get("Q_pixel_size"):
        kept = {name: kept[name] for name in _WITHOUT_PIXELS if name in kept}
    for name, value in kept.items():
        if name not in _ORIGIN + _STEPS:
            calibration[name] = value
    if "qx0_mean" in found:
        origin = found["qx0_mean"], found["qy0_mean"]
        before = [kept.get(name) for name in ("qx0", "qy0")]
        if all(value is not None for value in before):
            means = [float(np.mean(value)) for value in before]
            origin = before if np.allclose(means, origin, rtol=1e-9) else origin
        calibration.set_origin(origin)
    for name in _STEPS:
        if name in found:
            calibration[name] = found[name]


def read_calibration(calibration):
    """All parameters of a calibration, as a dict of numbers, texts and arrays."""
    names = [name for name in calibration.keys if not name.startswith("_")]
    return {name: calibration[name] for name in names}


def scan_axes_of(parameters, shape):
    """Axes y and x of a scan, from what `read_calibration` gives."""
    size, units = parameters["R_pixel_size"], parameters["R_pixel_units"]
    return [
        make_axis(name, n, size, units=units)
        for name, n in zip("yx", shape, strict=True)
    ]


def detector_axes_of(parameters, shape):
    """Axes ky and kx of a detector, from what `read_calibration` gives."""
    size, units = parameters["Q_pixel_size"], parameters["Q_pixel_units"]
    axes = []
    for name, n, key in zip(("ky", "kx"), shape, ("qx0_mean", "qy0_mean"), strict=True):
        origin = parameters.get(key)
        offset = 0.0 if origin is None else -float(origin) * size
        axes.append(make_axis(name, n, size, offset, units))
    return axes


def restore_axes(axes, recorded, read, parameters):
    """Take the axes that a signal had where py4DSTEM has not changed them.

    So what py4DSTEM does not know comes back as it was: where a scan begins, names,
    and other units than its own.

    Parameters
    ----------
    axes : list of dict
        As py4DSTEM's calibration says.
    recorded : list of dict
        As many, which the signal had; or none.
    read : callable
        What makes calibrations of `recorded`: one of the functions above.
    parameters : dict
        Of the calibration.

    Returns
    -------
    list of dict
    """
    sizes = [axis["size"] for axis in axes]
    if [axis.get("size") for axis in recorded] != sizes:
        return axes
    given = {"qx0_mean": None, "qy0_mean": None} if read is read_detector_step else {}
    given |= read(recorded)
    for name, value in given.items():
        now = parameters.get(name)
        if isinstance(value, float) and now is not None:
            if not np.isclose(now, value, rtol=1e-9, atol=1e-9):
                return axes
        elif now != value:
            return axes
    return recorded
