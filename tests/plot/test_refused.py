"""Refused splits: both sides in colours of their own, all else grey."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_refused
from hyperspy_4dphase.plot._palette import PALE, domain_colors
from tests.plot.test_domains import EXTENT, SCAN, bars, colors_of, legend_texts

LABELS = np.zeros(SCAN, int)
LABELS[:, 6:] = 1
LABELS[0, 0] = -1
SIDES = np.where(LABELS == 1, 1 + (np.indices(SCAN)[0] > 4), 0)


def test_colors_and_legend():
    ax = plot_refused(SIDES, LABELS, scores=[np.nan, -6.25], title="mine")
    image = colors_of(ax.images[0])[..., :3]
    np.testing.assert_array_equal(image[SIDES == 1], np.tile(domain_colors(1), (15, 1)))
    np.testing.assert_allclose(image[SIDES == 2], np.tile(domain_colors(2)[1], (6, 1)))
    np.testing.assert_allclose(image[SIDES == 0], np.tile(PALE, (42, 1)))
    assert legend_texts(ax) == [
        "domain 1, side 1: 15 (23.8 %)",
        "domain 1, side 2: 6 (9.5 %)\nlog p = -6.2",
    ]
    assert ax.get_title() == "mine"
    (borders,) = ax.collections
    assert len(borders.get_segments()) == SCAN[0] + 2


def test_two_of_them():
    sides = np.where(LABELS == 0, 1 + (np.indices(SCAN)[1] > 3), SIDES)
    ax = plot_refused(sides, LABELS, names=["core", "shell"])
    found = legend_texts(ax)
    assert [text.split(":")[0] for text in found] == [
        "core, side 1",
        "core, side 2",
        "shell, side 1",
        "shell, side 2",
    ]
    assert len(np.unique(ax.images[0].get_array())) == 5


def test_unassigned_positions_have_no_side():
    sides = np.ones(SCAN, int)
    ax = plot_refused(sides, LABELS)
    assert ax.images[0].get_array()[0, 0] == -1


def test_scale_bar_strip_and_stack():
    assert len(bars(plot_refused(SIDES, LABELS, extent=EXTENT, units="nm"))) == 1
    plot_refused(SIDES[:, 7], LABELS[:, 7]).figure.canvas.draw()
    stack = plot_refused(np.stack([SIDES, SIDES]), np.stack([LABELS, LABELS]))
    assert stack.images[0].get_array().shape == SCAN
    _, ax = plt.subplots()
    assert plot_refused(SIDES, LABELS, ax=ax) is ax


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"sides": SIDES.T}, ValueError, r"\(7, 9\), as labels.*\(9, 7\)"),
        ({"sides": 0 * SIDES}, ValueError, r"are \[0\]"),
        ({"sides": 2 * SIDES}, ValueError, r"are \[0, 2, 4\]"),
        ({"sides": 0.5 * SIDES}, TypeError, "sides must be integers"),
        ({"labels": 0.5 * LABELS}, TypeError, "labels must be integers"),
        ({"names": ["a"]}, ValueError, "names must be 2"),
        ({"scores": [1.0]}, ValueError, "scores must be 2"),
        ({"extent": (0, 1)}, ValueError, "extent"),
    ],
)
def test_bad_input(change, error, match):
    arguments = {"sides": SIDES, "labels": LABELS} | change
    with pytest.raises(error, match=match):
        plot_refused(**arguments)
