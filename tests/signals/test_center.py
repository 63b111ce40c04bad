import warnings

import numpy as np
import pytest
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase.calibration import find_center
from hyperspy_4dphase.data import Camera, crystal_pattern, structure
from hyperspy_4dphase.signals._center import compare_center, read_center

AXES = [{"size": 60}, {"size": 84}]
CAMERA = Camera(signal_shape=(60, 84))


@pytest.fixture(scope="module")
def patterns():
    rng = np.random.default_rng(0)
    names = ("Al", "Si")
    images = [crystal_pattern(structure(name), camera=CAMERA) for name in names]
    return rng.poisson(2e5 * np.stack(images)).astype(float)


def test_column_comes_first():
    assert read_center((50, 20), AXES).tolist() == [20, 50]
    both = read_center([(50, 20), (51, 21)], AXES, 2)
    assert both.tolist() == [[20, 50], [21, 51]]
    assert read_center(None, AXES) is None


@pytest.mark.parametrize("center", [(20, 70), (-1, 3), (3,), "middle", [(1, 2)] * 3])
def test_what_is_no_centre_is_refused(center):
    with pytest.raises(ValueError, match=r"column and a row \(x, y\)"):
        read_center(center, AXES, 2)


def test_what_find_center_returns_is_taken(patterns):
    found = find_center(ElectronDiffraction2D(patterns))
    row, column = read_center(found, AXES)
    assert (row, column) == pytest.approx(CAMERA.center, abs=0.3)


def test_centre_that_is_not_known_is_refused():
    blank = ElectronDiffraction2D(np.random.default_rng(0).poisson(1.0, (60, 84)))
    found = find_center(blank)
    assert not found.resolved
    with pytest.raises(ValueError, match="not resolved"):
        read_center(found, AXES)


def test_right_centre_is_silent(patterns):
    excluded = np.zeros((60, 84), bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_center(CAMERA.center, patterns, excluded)
        compare_center(np.add(CAMERA.center, 0.2), patterns, excluded)


def test_other_centre_is_told(patterns):
    excluded = np.zeros((60, 84), bool)
    with pytest.warns(UserWarning, match="pixels off the centre of inversion"):
        compare_center(np.add(CAMERA.center, (0, 2.0)), patterns, excluded)


def test_row_before_column_is_told(patterns):
    excluded = np.zeros((60, 84), bool)
    with pytest.warns(UserWarning, match="give the column first"):
        compare_center(CAMERA.center[::-1], patterns, excluded)


def test_axes_are_asked_where_patterns_do_not_tell():
    blank = np.random.default_rng(0).poisson(1.0, (1, 60, 84)).astype(float)
    excluded = np.zeros((60, 84), bool)
    message = r"center=\(50\.0, 20\.0\) is used, .* zero at \(42\.0, 30\.0\)"
    with pytest.warns(UserWarning, match=message):
        compare_center((20, 50), blank, excluded, (30, 42))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_center((29.5, 41.5), blank, excluded, (30, 42))
        compare_center((20, 50), blank, excluded)


def test_patterns_are_believed_rather_than_axes(patterns):
    excluded = np.zeros((60, 84), bool)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare_center(CAMERA.center, patterns, excluded, (10, 20))
