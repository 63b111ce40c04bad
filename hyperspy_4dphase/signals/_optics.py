"""Beam energy and calibration of patterns, as metadata and axes give them."""

import re
import warnings

import numpy as np

from hyperspy_4dphase._results import as_uniform, axis_units
from hyperspy_4dphase._scalars import check_number

_VOLTAGE = "Acquisition_instrument.TEM.beam_energy"
# In 1/Å, for units of a reciprocal length as HyperSpy and pyxem write them.
_PER_ANGSTROM = {"a": 1.0, "aa": 1.0, "å": 1.0, "angstrom": 1.0, "nm": 0.1, "pm": 100.0}
_ANGLES = {"mrad": 1e-3, "rad": 1.0}
# Nominal voltages are rounded: 1 % changes the wavelength by 0.5 %.
_SAME_VOLTAGE = 0.01


def find_voltage(metadata, accelerating_voltage=None):
    """Find the accelerating voltage.

    Parameters
    ----------
    metadata : hyperspy.misc.utils.DictionaryTreeBrowser
    accelerating_voltage : float, optional
        In kV, as the user gave it.

    Returns
    -------
    float
        In kV.

    Raises
    ------
    TypeError, ValueError
        If it is given but no voltage of a microscope, or neither given nor known.
    """
    name = "accelerating_voltage"
    if accelerating_voltage is None:
        accelerating_voltage = metadata.get_item(_VOLTAGE)
        if accelerating_voltage is None:
            raise ValueError(
                "The beam energy is not known: give accelerating_voltage in kV, or set "
                f"metadata.{_VOLTAGE}."
            )
        name = f"metadata.{_VOLTAGE}"
    voltage = check_number(name, accelerating_voltage, 0, above=True)
    if not 1 <= voltage <= 3000:
        raise ValueError(
            f"{name}={voltage:g} is no accelerating voltage in kV: expected 1 to 3000."
        )
    return voltage


def compare_voltage(metadata, voltage):
    """Warn where a voltage that a user gave is not the one of the metadata.

    Parameters
    ----------
    metadata : hyperspy.misc.utils.DictionaryTreeBrowser
    voltage : float
        In kV: the one that is used.

    Warns
    -----
    UserWarning
        If the metadata have another, or a value that is no number.
    """
    own = metadata.get_item(_VOLTAGE)
    if own is None:
        return
    try:
        agrees = np.isclose(float(own), voltage, rtol=_SAME_VOLTAGE)
    except (TypeError, ValueError):
        agrees = False
    if not agrees:
        shown = f"{own:g}" if isinstance(own, float) else own
        warnings.warn(
            f"accelerating_voltage={voltage:g} kV is used, but metadata.{_VOLTAGE} is "
            f"{shown} kV. Correct whichever is wrong: templates and angles depend on "
            "it.",
            UserWarning,
            stacklevel=4,
        )


def find_scale(axes, wavelength):
    """Find the size of a pixel in reciprocal space.

    Parameters
    ----------
    axes : list of dict
        Of a pattern, with square pixels.
    wavelength : float
        In Å, for axes in angles.

    Returns
    -------
    float
        In 1/Å.

    Raises
    ------
    ValueError
        If the axes have no units of a reciprocal length or an angle, or two that make
        pixels of other sizes along x and y.
    """
    factors = [_read_unit(axis_units(axis), wavelength) for axis in axes]
    if None in factors:
        units = axis_units(axes[factors.index(None)])
        raise ValueError(
            f"The patterns are not calibrated: their axes are in {units!r}, and a "
            "reciprocal length is needed, '1/Å' or '1/nm', or an angle, 'mrad'. Set "
            "s.calibration.scale and s.calibration.units of the scan, or the units of "
            "its signal axes, and map it again."
        )
    uniform = [as_uniform(axis) for axis in axes]
    scales = [
        factor * abs(axis.get("scale", 1.0))
        for factor, axis in zip(factors, uniform, strict=True)
    ]
    if not np.allclose(scales, scales[0], rtol=0.01):
        # Axes in array order: y first.
        shown = [
            f"{name}: {axis.get('scale', 1.0):.6g} {axis_units(axis)}"
            for name, axis in zip("xy", uniform[::-1], strict=True)
        ]
        raise ValueError(
            "The units of the signal axes contradict each other, if pixels are square "
            f"({', '.join(shown)}). Set s.calibration.units of the scan, or the units "
            "of its signal axes, and map it again."
        )
    return float(np.mean(scales))


def find_zero(axes):
    """Find the pixel that the axes of a pattern call zero.

    Parameters
    ----------
    axes : list of dict
        In array order.

    Returns
    -------
    tuple of float, or None
        Row and column. None if it is off the detector or its very corner, which is
        where zero is before anybody calibrates it.
    """
    zero = []
    for axis in axes:
        axis = as_uniform(axis)
        zero.append(-axis.get("offset", 0.0) / axis.get("scale", 1.0))
    inside = all(0 < z < axis["size"] - 1 for z, axis in zip(zero, axes, strict=True))
    return tuple(zero) if inside else None


def _read_unit(units, wavelength):
    """Value in 1/Å of a unit, or None."""
    text = re.sub(r"[\s${}\\]|^k_|mathrm", "", str(units)).lower()
    text = text.replace("\u212b", "\u00e5").replace("\u207b\u00b9", "^-1")
    if text in _ANGLES:
        return 2 * np.sin(_ANGLES[text] / 2) / wavelength
    found = re.fullmatch(r"1/(\w+)|(\w+?)\^?-1", text)
    if found is None:
        return None
    return _PER_ANGSTROM.get(found[1] or found[2])
