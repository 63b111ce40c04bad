"""Elements and their scattering factors."""

import numpy as np
import pytest

from hyperspy_4dphase.structures._scattering import atomic_factor, element_symbol


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("Mn3.5+", "Mn"),
        ("O2-", "O"),
        ("Li1", "Li"),
        ("OH2", "O"),
        ("CA1", "C"),
        ("Ca1", "Ca"),
        ("si", "Si"),
        ("Wat1", "W"),
        ("2-H", "H"),
        ("D1", "H"),
    ],
)
def test_element_of_a_site(text, symbol):
    assert element_symbol(text) == symbol


@pytest.mark.parametrize("text", ["", "Qx", "?", "12"])
def test_no_element(text):
    with pytest.raises(ValueError, match="no scattering factor is tabulated"):
        element_symbol(text)


def test_heavy_atoms_scatter_more():
    q = np.linspace(0, 2, 50)
    oxygen, tungsten = atomic_factor("O", q), atomic_factor("W", q)
    assert np.all(tungsten > oxygen)
    # Peng et al. (1996) tabulate 1.98 Å for oxygen in forward direction.
    assert oxygen[0] == pytest.approx(1.98, rel=0.05)
    with pytest.raises(ValueError, match="no scattering factor .* 'Xx'"):
        atomic_factor("Xx", q)
