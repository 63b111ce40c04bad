"""Checks of the arguments of estimators."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators._checks import check_integer, check_number


@pytest.mark.parametrize("value", [0, 0.0, 1, np.float32(0.5), np.int16(1)])
def test_numbers_in_range(value):
    check_number("tol", value, 0, 1)


@pytest.mark.parametrize(
    "value", [-0.1, 1.1, np.nan, np.inf, -np.inf, None, True, "0.5", 1j]
)
def test_numbers_out_of_range(value):
    with pytest.raises(ValueError, match="tol=.*; expected a number from 0 to 1"):
        check_number("tol", value, 0, 1)


def test_open_ends():
    check_number("share", 0.5, 0, 1, open_low=True, open_high=True)
    for value in (0, 1):
        with pytest.raises(ValueError, match="a number above 0 below 1"):
            check_number("share", value, 0, 1, open_low=True, open_high=True)
    with pytest.raises(ValueError, match="rate=inf; expected a number above 0"):
        check_number("rate", np.inf, 0, open_low=True)


def test_integers():
    check_integer("n", np.int64(3), 3)
    check_integer("n", None, optional=True)
    with pytest.raises(ValueError, match="n=2; expected at least 3"):
        check_integer("n", 2, 3)


@pytest.mark.parametrize("value", [1.0, True, None, "1", np.nan])
def test_no_integers(value):
    with pytest.raises(TypeError, match="n=.*; expected an integer"):
        check_integer("n", value)
