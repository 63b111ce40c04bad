"""Maps of doubts: one scale, which is the largest, and how much room there is."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_doubts
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED
from tests.plot.test_domains import EXTENT, SCAN, bars, colors_of, legend_texts

NAMES = ["boundary", "noise", "distortion", "resampling", "kinds", "seeds", "other"]


def doubts(n, shape=SCAN):
    generator = np.random.default_rng(n)
    return {name: generator.uniform(0.06, 0.34, shape) for name in NAMES[:n]}


def panels(figure):
    """Those of the doubts, of the largest, and the colour bar."""
    *maps, bar = figure.axes
    return maps[:-1], maps[-1], bar


@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_numbers_on_one_scale(n):
    given = doubts(n)
    figure = plot_doubts(given, extent=EXTENT, units="nm", title="flake")
    maps, largest, bar = panels(figure)
    assert [ax.get_title() for ax in maps] == list(given)
    for ax, doubt in zip(maps, given.values(), strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), doubt)
        assert ax.images[0].get_clim() == (0, 0.4)
        assert len(bars(ax)) == 1
    assert bar.get_ylabel() == "doubt"
    assert len(bars(largest)) == 1
    assert figure.get_suptitle() == "flake"
    figure.canvas.draw()
    drawn = [ax.get_window_extent().padded(-1) for ax in figure.axes]
    drawn.append(largest.get_legend().get_window_extent())
    for i, one in enumerate(drawn):
        assert not any(one.overlaps(other) for other in drawn[:i])
    width, height = figure.bbox.size
    assert all(0 <= box.x0 and box.x1 <= width and box.y1 <= height for box in drawn)


def test_largest():
    given = {name: np.full(SCAN, 0.02) for name in NAMES[:3]}
    given["boundary"][0], given["noise"][0] = 0.3, 0.2
    given["noise"][1, 4:] = 0.0501
    # What is no larger than 0.05 is none.
    given["distortion"][2] = 0.05
    for doubt in given.values():
        doubt[3, :2] = np.nan
    # Nor is it masked where only one of them is.
    given["boundary"][1] = np.nan
    _, ax, _ = panels(plot_doubts(given))
    texts = legend_texts(ax)
    assert texts == [
        "boundary: 9 (14.3 %)",
        "noise: 5 (7.9 %)",
        "none above 0.05: 47 (74.6 %)",
        "masked: 2 (3.2 %)",
    ]
    colors = [patch.get_facecolor()[:3] for patch in ax.get_legend().get_patches()]
    np.testing.assert_allclose(colors[2:], [PALE, UNASSIGNED])
    kinds = np.full(SCAN, 2)
    kinds[0], kinds[1, 4:], kinds[3, :2] = 0, 1, 3
    image = colors_of(ax.images[0])[..., :3]
    np.testing.assert_allclose(image, np.array(colors)[kinds])


def test_each_doubt_has_its_color():
    given = {name: np.zeros(SCAN) for name in NAMES}
    for row, doubt in enumerate(given.values()):
        doubt[row] = 1
    _, ax, _ = panels(plot_doubts(given))
    colors = colors_of(ax.images[0])[:, 0, :3]
    assert len(np.unique(colors, axis=0)) == len(NAMES)


def test_one_by_one():
    figure = plot_doubts({"noise": np.zeros((1, 1))})
    figure.canvas.draw()
    assert legend_texts(panels(figure)[1]) == ["none above 0.05: 1 (100.0 %)"]
    assert panels(figure)[0][0].images[0].get_clim() == (0, 0.1)


def test_strip_and_stack():
    figure = plot_doubts(doubts(2, (9,)), extent=(0, 3), units="nm")
    maps, largest, _ = panels(figure)
    assert largest.images[0].get_array().shape[:2] == (1, 9)
    assert maps[0].get_xlabel() == "x (nm)"
    given = doubts(2, (3, *SCAN))
    maps, _, _ = panels(plot_doubts(given))
    expected = given["noise"].mean(axis=0)
    np.testing.assert_allclose(maps[1].images[0].get_array(), expected)


def test_all_masked():
    plot_doubts({"noise": np.full(SCAN, np.nan)}).canvas.draw()


def test_given_figure_is_used():
    figure = plt.Figure(figsize=(9, 4), layout="constrained")
    place = figure.subfigures(1, 2)[1]
    assert plot_doubts(doubts(2), fig=place) is place
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({}, "a dict with a map for each.*{}"),
        ([np.zeros(SCAN)], "dict with a map for each.*array"),
        ({"a": np.zeros(SCAN), "b": np.zeros((9, 7))}, r"'b'.*\(7, 9\).*\(9, 7\)"),
        ({"a": np.full(SCAN, 1.5)}, r"doubts\['a'\] must be from 0 to 1"),
        ({"a": 0.5}, r"doubts\['a'\].*\(\)"),
    ],
)
def test_refused(given, match):
    with pytest.raises(ValueError, match=match):
        plot_doubts(given)
    with pytest.raises(ValueError, match="extent must be"):
        plot_doubts(doubts(2), extent=(0, 1))
    assert plt.get_fignums() == []


def test_axes_are_labelled_on_the_left_and_below():
    """Three rows of three panels, with a place left free in none of them."""
    maps, largest, _ = panels(plot_doubts(doubts(7) | {"misfit": np.zeros(SCAN)}))
    axes = [*maps, largest]
    assert [bool(ax.get_ylabel()) for ax in axes] == 3 * [True, False, False]
    assert [bool(ax.get_xlabel()) for ax in axes] == 6 * [False] + 3 * [True]
