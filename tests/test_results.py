"""Arrays to HyperSpy: shapes, and what masks left out."""

import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase._results import array_shapes, fill_excluded

NAVIGATION, SIGNAL = (4, 3), (5, 6)


def test_array_shapes():
    scan = Diffraction2D(np.zeros(NAVIGATION + SIGNAL))
    assert array_shapes(scan) == (NAVIGATION, SIGNAL)


@pytest.mark.parametrize("fill_value", [np.nan, -1])
def test_filled(fill_value):
    excluded = np.array([False, True, False, False])
    values = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    rows = fill_excluded(values, excluded, fill_value)
    np.testing.assert_array_equal(rows[[0, 2, 3]], values)
    np.testing.assert_array_equal(rows[1], fill_value)
    assert fill_excluded(values, None) is not values
