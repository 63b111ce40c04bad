"""Values become whole electrons, and what a type does not hold is counted."""

import numpy as np

from hyperspy_4dphase.methods._counting import Clipped, Rounding


def test_values_are_rounded_to_electrons():
    rounding = Rounding(12.0, 50.0, np.dtype("uint8"))
    electrons = np.arange(40).reshape(5, 8)
    noise = np.random.default_rng(0).uniform(-5, 5, electrons.shape)
    found = rounding(50 + 12 * electrons + noise)
    np.testing.assert_array_equal(found, electrons)
    assert found.dtype == np.uint8


def test_what_does_not_fit_is_clipped():
    rounding = Rounding(2.0, 10.0, np.dtype("uint8"))
    values = np.array([-90.0, 8, 10, 12, np.nan, 520, 5000])
    np.testing.assert_array_equal(rounding(values), [0, 0, 0, 1, 0, 255, 255])


def test_parts_add_up():
    rounding = Rounding(2.0, 10.0, np.dtype("uint8"))
    values = np.array([[-90.0, 8, 10, 11.5], [10, 12, 522, 5000]])
    whole = rounding.find_clipped(values, np.arange(2))
    assert whole == Clipped(2495.0, 2, 2, 1, 2)
    parts = [rounding.find_clipped(part[None], np.arange(1)) for part in values]
    assert parts[0].merge(parts[1]) == whole
