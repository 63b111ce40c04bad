"""What is selected by mouse in the latent plane or in the map of the scan."""

import gc
import pickle
import weakref

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.backend_bases import CloseEvent

from hyperspy_4dphase.plot import plot_latent
from hyperspy_4dphase.plot._palette import PALE
from tests.plot.mouse import (
    EXTENT,
    MANY,
    ONE,
    THREE,
    TWO,
    MeanPattern,
    drag,
    lasso,
    map_of,
    scan,
)


@pytest.mark.parametrize("labelled", [False, True])
@pytest.mark.parametrize("navigation", [ONE, TWO, MANY])
def test_lasso(navigation, labelled):
    latent, inside = scan(navigation)
    labels = inside.astype(int) if labelled else None
    mean_pattern = MeanPattern()
    view = plot_latent(latent, labels, mean_pattern=mean_pattern)
    before = map_of(view.axes)
    assert not view.selected.any()
    assert mean_pattern.asked[-1].all()

    lasso(view)
    np.testing.assert_array_equal(view.selected, inside)
    same = (map_of(view.axes) == before).all(axis=-1)
    np.testing.assert_array_equal(same.reshape(navigation), inside)
    np.testing.assert_array_equal(mean_pattern.asked[-1], inside)
    shown = view.axes["pattern"].images[0].get_array()
    np.testing.assert_array_equal(shown.filled(np.nan), mean_pattern(inside))
    assert f"{inside.sum()} of {inside.size}" in view.axes["map"].get_title()


def test_lasso_is_not_its_bounding_box():
    latent = np.array([[[0.0, 0], [4, 4], [3, 1]], [[2, 1], [0, 3], [9, 9]]])
    view = plot_latent(latent)
    drag(view.axes["latent"], (-0.4, -0.3), (4.3, -0.3), (4.3, 5))
    np.testing.assert_array_equal(view.selected, [[1, 1, 1], [1, 0, 0]])


@pytest.mark.parametrize("extent", [None, EXTENT, (14.5, 10, 20, 34)])
def test_rectangle_in_the_map(extent):
    latent, _ = scan(TWO)
    mean_pattern = MeanPattern()
    view = plot_latent(latent, navigation_extent=extent, mean_pattern=mean_pattern)
    rows, columns = slice(1, 4), slice(5, 7)
    left, right, bottom, top = extent or (-0.5, 8.5, 6.5, -0.5)
    step_x, step_y = (right - left) / 9, (bottom - top) / 7
    # From the middle of one probe position to that of another.
    start = left + 5.5 * step_x, top + 1.5 * step_y
    stop = left + 6.5 * step_x, top + 3.5 * step_y
    drag(view.axes["map"], start, stop)
    expected = np.zeros(TWO, bool)
    expected[rows, columns] = True
    np.testing.assert_array_equal(view.selected, expected)
    np.testing.assert_array_equal(mean_pattern.asked[-1], expected)
    base, highlight = view.axes["latent"].collections
    np.testing.assert_array_equal(highlight.get_offsets(), latent[expected])
    dim = np.abs(base.get_facecolors()[:, :3] - PALE).max(axis=1)
    assert dim.max() < 0.12


def test_rectangle_lights_up_the_density():
    latent, inside = scan(MANY)
    latent[10:20, 30:50] = [-6, 3]
    view = plot_latent(latent)
    (image,) = view.axes["latent"].images
    before = np.array(image.get_array())
    drag(view.axes["map"], (30, 10), (49, 19))
    assert view.selected.sum() == 200
    same = (np.array(image.get_array()) == before).all(axis=-1)
    lit = same & (before[..., 3] > 0)
    assert lit.sum() == 1
    left, right, bottom, top = image.get_extent()
    row, column = np.argwhere(lit)[0]
    assert left + (column + 0.5) / lit.shape[1] * (right - left) == pytest.approx(
        -6, abs=0.1
    )
    assert bottom + (row + 0.5) / lit.shape[0] * (top - bottom) == pytest.approx(
        3, abs=0.1
    )


def test_click_selects_a_position_and_takes_it_back():
    latent, _ = scan(TWO)
    view = plot_latent(latent, navigation_extent=EXTENT)
    whole = map_of(view.axes)
    drag(view.axes["map"], (12.2, 33), (12.2, 33))
    assert np.argwhere(view.selected).tolist() == [[6, 4]]
    drag(view.axes["latent"], (3, 3))
    assert not view.selected.any()
    np.testing.assert_array_equal(map_of(view.axes), whole)


def test_rectangle_in_a_strip():
    latent, _ = scan(ONE)
    view = plot_latent(latent, navigation_extent=(0, 62))
    drag(view.axes["map"], (9, 0.1), (15, 0.2))
    np.testing.assert_array_equal(np.flatnonzero(view.selected), [4, 5, 6, 7])


def test_three_navigation_axes():
    latent, inside = scan(THREE)
    view = plot_latent(latent)
    before = map_of(view.axes)
    assert before.shape == (5, 8, 4)
    lasso(view)
    np.testing.assert_array_equal(view.selected, inside)
    count = inside.sum(axis=0)
    changed = np.abs(map_of(view.axes) - before).max(axis=-1)
    np.testing.assert_array_equal(changed == 0, count == count.max())
    drag(view.axes["map"], (2, 1), (6, 3))
    expected = np.zeros(THREE, bool)
    expected[:, 1:4, 2:7] = True
    np.testing.assert_array_equal(view.selected, expected)


@pytest.mark.parametrize("navigation", [ONE, TWO, THREE, MANY])
def test_masked_positions(navigation):
    latent, inside = scan(navigation)
    masked = np.zeros(navigation, bool)
    masked[..., -3:] = True
    latent[masked, 0] = np.nan
    labels = np.where(masked, 7, 0)
    for given in (None, labels):
        view = plot_latent(latent, given)
        blank = map_of(view.axes)[..., 3] == 0
        expected = masked[0] if len(navigation) == 3 else masked
        np.testing.assert_array_equal(blank.reshape(expected.shape), expected)
        lasso(view)
        np.testing.assert_array_equal(view.selected, inside & ~masked)
        view.select(np.ones(navigation, bool))
        np.testing.assert_array_equal(view.selected, ~masked)


def test_nothing_selected():
    latent, inside = scan(TWO)
    mean_pattern = MeanPattern()
    view = plot_latent(latent, mean_pattern=mean_pattern)
    whole = map_of(view.axes)
    view.select(inside)
    lasso(view, 2.5, 2.5, 0.3)
    assert not view.selected.any()
    assert "nothing selected" in view.axes["map"].get_title()
    np.testing.assert_array_equal(map_of(view.axes), whole)
    assert mean_pattern.asked[-1].all()
    view.select(None)
    assert "nothing" not in view.axes["map"].get_title()


def test_lives_as_long_as_its_figure():
    latent, inside = scan(TWO)
    mean_pattern = MeanPattern()
    figure = plot_latent(latent, mean_pattern=mean_pattern).figure
    gc.collect()
    axes = dict(zip(["latent", "map", "pattern"], figure.axes, strict=True))
    before = map_of(axes)
    figure.canvas.draw()
    corners = [(4, 4), (6, 4), (6, 6), (4, 6), (4, 4)]
    drag(axes["latent"], *corners)
    np.testing.assert_array_equal(mean_pattern.asked[-1], inside)
    assert (map_of(axes) != before).any()

    gone = weakref.ref(mean_pattern)
    plt.close(figure)
    del figure, axes, mean_pattern
    gc.collect()
    assert gone() is None


def test_closed_window():
    latent, inside = scan(TWO)
    view = plot_latent(latent)
    lasso(view)
    canvas = view.figure.canvas
    canvas.callbacks.process("close_event", CloseEvent("close_event", canvas))
    drag(view.axes["map"], (1, 1), (3, 3))
    np.testing.assert_array_equal(view.selected, inside)
    gone = weakref.ref(view)
    del view
    gc.collect()
    assert gone() is None


def test_pickled_figure():
    latent, inside = scan(TWO)
    view = plot_latent(latent)
    view.select(inside)
    again = pickle.loads(pickle.dumps(view.figure))
    np.testing.assert_array_equal(map_of({"map": again.axes[1]}), map_of(view.axes))
