"""Beam energy and calibration of patterns, from metadata and axes."""

import warnings

import numpy as np
import pytest
from hyperspy.misc.utils import DictionaryTreeBrowser

from hyperspy_4dphase.signals._optics import (
    compare_voltage,
    find_scale,
    find_voltage,
    find_zero,
)

WAVELENGTH = 0.0251


def axes(units, scale=0.02, offset=(0.0, 0.0), sizes=(30, 40)):
    return [
        {"size": n, "scale": scale, "units": units, "offset": start}
        for n, start in zip(sizes, offset, strict=True)
    ]


@pytest.mark.parametrize(
    ("units", "factor"),
    [
        ("1/Å", 1.0),
        ("1 / \u212b", 1.0),
        ("1/A", 1.0),
        ("Å^-1", 1.0),
        ("Å⁻¹", 1.0),
        ("$A^{-1}$", 1.0),
        ("k_A^{-1}", 1.0),
        ("1/angstrom", 1.0),
        ("1/nm", 0.1),
        ("nm^-1", 0.1),
        ("nm⁻¹", 0.1),
        ("k_nm^-1", 0.1),
        (r"$\AA^{-1}$", 1.0),
        ("mrad", 1e-3 / WAVELENGTH),
        ("rad", 2 * np.sin(0.5) / WAVELENGTH),
    ],
)
def test_units(units, factor):
    assert find_scale(axes(units), WAVELENGTH) == pytest.approx(0.02 * factor)


@pytest.mark.parametrize("units", ["px", "", None, "nm", "um", "<undefined>", "1/s"])
def test_no_reciprocal_length(units):
    with pytest.raises(ValueError, match="not calibrated"):
        find_scale(axes(units), WAVELENGTH)


def test_units_that_contradict_each_other():
    both = axes("1/Å")
    both[1]["units"] = "1/nm"
    with pytest.raises(ValueError, match=r"x: 0\.02 1/nm, y: 0\.02 1/Å"):
        find_scale(both, WAVELENGTH)
    both[1]["scale"] = 0.2
    assert find_scale(both, WAVELENGTH) == pytest.approx(0.02)


def test_zero():
    assert find_zero(axes("1/Å", offset=(-0.3, -0.5))) == pytest.approx((15, 25))
    assert find_zero(axes("1/Å")) is None
    assert find_zero(axes("1/Å", offset=(-0.3, 0.5))) is None


def test_voltage():
    metadata = DictionaryTreeBrowser({})
    with pytest.raises(ValueError, match="accelerating_voltage in kV"):
        find_voltage(metadata)
    assert find_voltage(metadata, 200) == 200
    metadata.set_item("Acquisition_instrument.TEM.beam_energy", 300.0)
    assert find_voltage(metadata) == 300
    assert find_voltage(metadata, 80) == 80
    with pytest.raises(ValueError, match="no accelerating voltage in kV"):
        find_voltage(metadata, 200_000)
    with pytest.raises(TypeError, match="accelerating_voltage"):
        find_voltage(metadata, "200 kV")


@pytest.mark.parametrize("own", [300.0, 300, 200_000.0, "high", np.nan])
def test_another_voltage_is_told(own):
    metadata = DictionaryTreeBrowser({})
    metadata.set_item("Acquisition_instrument.TEM.beam_energy", own)
    shown = str(own).removesuffix(".0")
    message = rf"voltage=200 kV is used, but metadata\.\S+ is {shown} kV"
    with pytest.warns(UserWarning, match=message):
        compare_voltage(metadata, 200.0)


@pytest.mark.parametrize("own", [None, 200, 200.0, "200", 199.5])
def test_the_same_voltage_is_silent(own):
    metadata = DictionaryTreeBrowser({})
    if own is not None:
        metadata.set_item("Acquisition_instrument.TEM.beam_energy", own)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_voltage(metadata, 200.0)
