"""Checks of single numbers and flags."""

import numpy as np
import pytest

from hyperspy_4dphase._scalars import (
    check_choice,
    check_flags,
    check_integer,
    check_number,
)


@pytest.mark.parametrize("value", [0, 0.0, 1, np.float32(0.5), np.int16(1)])
def test_numbers_in_range(value):
    found = check_number("tol", value, 0, 1)
    assert found == value
    assert type(found) is float


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan, np.inf, -np.inf])
def test_numbers_out_of_range(value):
    match = f"tol must be finite and at least 0 and at most 1, not {value}"
    with pytest.raises(ValueError, match=match):
        check_number("tol", value, 0, 1)


@pytest.mark.parametrize("value", [None, True, np.True_, "0.5", 1j])
def test_no_numbers(value):
    with pytest.raises(TypeError, match="tol must be a number, not "):
        check_number("tol", value, 0, 1)


def test_open_ends():
    check_number("fraction", 0.5, 0, 1, above=True, below=True)
    for value in (0, 1):
        with pytest.raises(ValueError, match="above 0 and below 1"):
            check_number("fraction", value, 0, 1, above=True, below=True)
    with pytest.raises(ValueError, match="rate must be finite and above 0, not inf"):
        check_number("rate", np.inf, 0, above=True)


def test_integers():
    assert type(check_integer("n", np.int64(3), 3)) is int
    assert check_integer("n", None, 1, optional=True) is None
    with pytest.raises(ValueError, match="n must be at least 3, not 2"):
        check_integer("n", 2, 3)


@pytest.mark.parametrize("value", [1.0, True, None, "1", np.nan])
def test_no_integers(value):
    with pytest.raises(TypeError, match="n must be an integer, not "):
        check_integer("n", value, 1)


def test_flags():
    check_flags(one=True, other=np.False_)
    check_flags(optional=True, one=None)
    for value in (None, 1, "yes"):
        with pytest.raises(TypeError, match="other must be True or False, not "):
            check_flags(one=True, other=value)


@pytest.mark.parametrize("value", ["deep", 1, True, ["fit"], np.arange(2), {}], ids=str)
def test_choices(value):
    assert check_choice("descan", "fit", ("fit", None)) == "fit"
    assert check_choice("descan", None, ("fit", None)) is None
    match = r"descan=.*; expected one of \('fit', None\)"
    with pytest.raises(ValueError, match=match):
        check_choice("descan", value, ("fit", None))
    with pytest.raises(ValueError, match="descan=None"):
        check_choice("descan", None, ("fit", "auto"))
