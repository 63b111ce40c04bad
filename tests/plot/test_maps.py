"""What maps show of a stack, and which positions a rectangle touches."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot._maps import (
    ScanMap,
    draw_fractions,
    find_touched,
    is_calibrated,
    mean_known,
    most_frequent,
)


@pytest.fixture
def axes():
    return plt.figure().add_subplot()


def test_most_frequent_label():
    stack = np.array([[[0, 1, -1, 2]], [[0, 2, -1, 1]], [[1, 2, 3, 0]]])
    assert most_frequent(stack).tolist() == [[0, 2, 3, 0]]
    np.testing.assert_array_equal(most_frequent(stack[0]), stack[0])


def test_mean_of_what_is_known():
    stack = np.array([[[0.2, np.nan, np.nan]], [[0.6, 0.5, np.nan]]])
    np.testing.assert_allclose(mean_known(stack), [[0.4, 0.5, np.nan]])
    np.testing.assert_array_equal(mean_known(stack[0]), stack[0])


@pytest.mark.parametrize("extent", [None, (10, 18, 5, 2), (18, 10, 2, 5)])
def test_touched_positions(axes, extent):
    image = draw_fractions(axes, np.zeros((3, 4)), "viridis", extent, "px")
    left, right, bottom, top = image.get_extent()
    step_x, step_y = (right - left) / 4, (bottom - top) / 3
    corners = (left + 1.5 * step_x, top + 2.2 * step_y), (left + 3.9 * step_x, top - 99)
    for start, stop in (corners, corners[::-1]):
        (first_x, first_y), (last_x, last_y) = find_touched(image, start, stop)
        assert (first_x, last_x) == (1, 3)
        rows = (0, 2) if step_y > 0 else (2, 2)
        assert (first_y, last_y) == rows


def test_selection_is_dimmed_by_how_much_of_a_stack_is_selected(axes):
    valid = np.ones((2, 3, 4), bool)
    valid[:, 0, 0] = False
    colors = np.full((valid.sum(), 3), [1.0, 0, 0])
    scan = ScanMap(axes, valid, colors, None, "px")
    before = np.array(scan.image.get_array())
    assert before.shape == (3, 4, 4)
    assert before[0, 0, 3] == 0
    selected = np.zeros_like(valid)
    selected[:, 1, 1] = selected[0, 1, 2] = True
    scan.show(selected)
    after = np.array(scan.image.get_array())
    np.testing.assert_array_equal(after[1, 1], before[1, 1])
    assert after[1, 1, 1] < after[1, 2, 1] < after[2, 2, 1]


@pytest.mark.parametrize("units", [None, "", "px"])
def test_pixels_are_no_scale(units):
    assert not is_calibrated(units)
    assert is_calibrated("nm")
