"""Units as other packages spell them."""

import pytest

from hyperspy_4dphase.interop._units import show_units, spell_length, spell_reciprocal


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("nm", (1, "nm")),
        ("\u00b5m", (1e3, "nm")),
        ("\u03bcm", (1e3, "nm")),
        ("\u212b", (1, "A")),
        ("\u00c5", (1, "A")),
        ("px", (1, "pixels")),
        (None, (1, "pixels")),
        ("<undefined>", (1, "pixels")),
        ("s", (1, "s")),
    ],
)
def test_lengths(units, expected):
    assert spell_length(units) == expected


@pytest.mark.parametrize(
    ("units", "expected"),
    [
        ("1/nm", (0.1, "A^-1")),
        ("nm$^{-1}$", (0.1, "A^-1")),
        ("k_nm^-1", (0.1, "A^-1")),
        ("nm\u207b\u00b9", (0.1, "A^-1")),
        ("$A^{-1}$", (1, "A^-1")),
        ("$\\AA^{-1}$", (1, "A^-1")),
        ("1/\u00c5", (1, "A^-1")),
        ("\u212b^-1", (1, "A^-1")),
        ("k_A^-1", (1, "A^-1")),
        ("A^-1", (1, "A^-1")),
        ("rad", (1e3, "mrad")),
        ("mrad", (1, "mrad")),
        (None, (1, "pixels")),
        # A length is no reciprocal one.
        ("nm", (None, "nm")),
        ("eV", (None, "eV")),
    ],
)
def test_reciprocal_lengths_and_angles(units, expected):
    assert spell_reciprocal(units) == expected


@pytest.mark.parametrize("units", ["A^-1", "mrad", "pixels"])
def test_units_are_understood_again(units):
    assert spell_reciprocal(show_units(units)) == (1, units)
