"""Where on a scan an image lies that was made from it."""

import numpy as np

from hyperspy_4dphase._results import axes_shape, is_uniform
from hyperspy_4dphase._scalars import check_number
from hyperspy_4dphase.interop._units import spell_length


def read_reconstruction(reconstruction, axes):
    """Read the image of a phase reconstruction of py4DSTEM, and how fine it is.

    Parameters
    ----------
    reconstruction : object
        Of :mod:`py4DSTEM.process.phase`, after its ``reconstruct()``.
    axes : list of dict
        Of the scan.

    Returns
    -------
    values : numpy.ndarray
    upsampling : tuple of float
        Pixels of it for each step of the scan, in array order.

    Raises
    ------
    ValueError
        If it has no image yet, or if its pixels cannot be told from the scan's units.
    """
    name = type(reconstruction).__name__
    values = getattr(reconstruction, "object_phase", None)
    if values is not None:
        return np.asarray(values), (1.0, 1.0)
    try:
        values = np.asarray(reconstruction.object_cropped)
    except AttributeError:
        raise ValueError(
            f"The {name} has no image yet: reconstruct() makes it. Other images are "
            "given as arrays, with upsampling and padding."
        ) from None
    sampling = getattr(reconstruction, "sampling", None)
    if sampling is None:
        # Parallax says how fine it is nowhere else; where the factor is not set, its
        # pixels are those of the scan.
        factor = float(getattr(reconstruction, "_kde_upsample_factor", 1.0))
        return values, (factor, factor)
    upsampling = []
    for axis, pixel in zip(axes, sampling, strict=True):
        factor, units = spell_length(axis.get("units"))
        step = factor * axis.get("scale", 1.0) * {"nm": 10.0, "A": 1.0}.get(units, 0.0)
        if step <= 0:
            raise ValueError(
                f"The axis {axis.get('name')!s} has the units {axis.get('units')!r}, "
                f"but the {name} has pixels in A. Set the units, or give its "
                "object_cropped, with upsampling."
            )
        upsampling.append(step / float(pixel))
    return values, tuple(upsampling)


def place_on_scan(axes, shape, upsampling=None, padding=0):
    """Find the axes of an image that covers a scan.

    Parameters
    ----------
    axes : list of dict
        Of the scan, in array order; one of a line.
    shape : tuple of int
        Of the image, in array order.
    upsampling : float or pair of float, optional
        Pixels of the image for each step of the scan, in array order. By default 1.
    padding : float or pair of float, default 0
        Pixels of the image before the first probe position.

    Returns
    -------
    list of dict

    Raises
    ------
    TypeError, ValueError
        If these are no numbers, or if the image does not cover the scan.
    """
    scan_shape = axes_shape(axes)
    if upsampling is None and not np.any(padding):
        if shape == scan_shape or (len(axes) == 1 and shape == (1, *scan_shape)):
            return [{"name": "y", "size": 1}, *axes][-len(shape) :]
        ratios = [f"{n / m:.4g}" for n, m in zip(shape, scan_shape, strict=False)]
        raise ValueError(
            f"The image has the shape {shape}, the scan {scan_shape}. If it covers the "
            f"scan with finer pixels, give upsampling ({' and '.join(ratios)}, if "
            "nothing is padded) and padding, the number of its pixels before the first "
            "probe position."
        )
    if len(axes) != 2:
        raise ValueError("A line has images of its own shape only.")
    factors = _check_pair("upsampling", 1.0 if upsampling is None else upsampling, True)
    paddings = _check_pair("padding", padding, False)
    placed = []
    for axis, n, factor, before in zip(axes, shape, factors, paddings, strict=True):
        if not is_uniform(axis):
            raise ValueError(f"The axis {axis.get('name')!s} is not uniform.")
        # py4DSTEM cuts images to whole pixels: one may be missing at the end.
        last = before + (axis["size"] - 1) * factor
        if last > n:
            raise ValueError(
                f"The image has {n} pixels along {axis.get('name')!s}, but with "
                f"upsampling={factor:g} and padding={before:g} the last of "
                f"{axis['size']} probe positions is at pixel {last:g}."
            )
        scale = axis.get("scale", 1.0) / factor
        offset = axis.get("offset", 0.0) - before * scale
        placed.append({**axis, "size": n, "scale": scale, "offset": offset})
    return placed


def _check_pair(name, value, above):
    values = (value, value) if np.ndim(value) == 0 else tuple(value)
    if len(values) != 2:
        raise ValueError(f"{name} must be one number or two, not {value!r}.")
    return [check_number(name, v, 0.0, above=above) for v in values]
