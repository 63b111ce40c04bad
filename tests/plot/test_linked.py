"""Map and mean patterns, linked: what clicks show."""

import gc
import weakref

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_linked
from hyperspy_4dphase.plot._borders import find_outline
from hyperspy_4dphase.plot._style import WIDEST

from .mouse import EXTENT, send

SHAPE = (7, 9)
LABELS = np.repeat([0, 0, 0, 1, 1, 2, -1], 9).reshape(SHAPE)
LABELS[2, 4] = 2
MEANS = np.random.default_rng(0).gamma(0.5, 30, (3, 6, 5))


class PatternAt:
    """Takes notes of what it is asked for."""

    def __init__(self, shape=(6, 5)):
        self.shape, self.asked = shape, []

    def __call__(self, row, column):
        self.asked.append((row, column))
        return np.full(self.shape, 10.0 * row + column)


def linked(labels=LABELS, means=MEANS, **options):
    pattern_at = PatternAt(means.shape[1:])
    view = plot_linked(labels, means, pattern_at, **options)
    view.figure.canvas.draw()
    return view, pattern_at


def shown(ax):
    return np.asarray(ax.images[-1].get_array())


def click(ax, x, y):
    send(ax, "button_press_event", x, y)


def outline(view):
    found = [c for c in view.axes["map"].collections if len(c.get_segments())]
    # Each black line lies on a white one.
    assert [c.get_linewidth()[0] > 2 for c in found] == [True, False] * (
        len(found) // 2
    )
    return found[1::2]


def test_a_click_into_the_map():
    view, pattern_at = linked(extent=EXTENT, units="nm")
    assert view.position == (0, 0)
    # The third row, and the fifth column.
    click(view.axes["map"], 10 + 0.5 * 4.5, 20 + 2 * 2.5)
    assert view.position == (2, 4)
    assert pattern_at.asked == [(0, 0), (2, 4)]
    np.testing.assert_array_equal(shown(view.axes["pattern"]), 24)
    np.testing.assert_array_equal(shown(view.axes["mean"]), MEANS[2])
    assert view.axes["pattern"].get_title() == "pattern at x = 12.25 nm, y = 25 nm"
    assert view.axes["mean"].get_title() == "mean of domain 2"
    (ring,) = view.axes["map"].lines
    np.testing.assert_allclose(ring.get_xydata(), [[12.25, 25]])


def test_a_click_where_there_is_no_domain():
    view, _ = linked()
    click(view.axes["map"], 3, 6)
    assert view.position == (6, 3)
    assert np.isnan(shown(view.axes["mean"])).all()
    assert view.axes["mean"].get_title() == "no domain"
    np.testing.assert_array_equal(shown(view.axes["pattern"]), 63)


def test_a_click_on_a_mean_pattern():
    view, pattern_at = linked()
    for label in (1, 2):
        click(view.axes[label], 2, 3)
        assert view.outlined == label
        (lines,) = outline(view)
        assert view.axes["map"].get_title() == f"outlined: domain {label}"
    # The line goes round all its positions, and only these.
    inside = np.zeros(SHAPE, bool)
    for segment in lines.get_segments():
        (x0, y0), (x1, y1) = segment
        for row, column in np.argwhere(LABELS == 2):
            near = abs((x0 + x1) / 2 - column) + abs((y0 + y1) / 2 - row) < 0.51
            inside[row, column] |= near
    np.testing.assert_array_equal(inside, LABELS == 2)
    # Nine in a row, and one alone: 20 and 4 sides.
    assert len(lines.get_segments()) == 24
    click(view.axes[2], 2, 3)
    assert view.outlined is None
    assert outline(view) == []
    assert view.axes["map"].get_title() == ""
    assert pattern_at.asked == [(0, 0)]


def test_the_outline_is_closed_at_the_edge():
    ax = plt.figure().add_subplot()
    image = ax.imshow(np.zeros((3, 4)), extent=(0, 8, 3, 0))
    lines = find_outline(np.ones((3, 4), bool), image)
    assert len(lines) == 14
    np.testing.assert_allclose(lines.reshape(-1, 2).min(axis=0), [0, 0])
    np.testing.assert_allclose(lines.reshape(-1, 2).max(axis=0), [8, 3])


def test_who_asked_is_told():
    told = []
    view, _ = linked(on_position=lambda *place: told.append(place))
    click(view.axes["map"], 4, 2)
    click(view.axes[1], 2, 3)
    view.select(3, 3)
    assert told == [(2, 4)]
    assert view.position == (3, 3)


def test_nothing_happens_elsewhere_or_while_the_toolbar_zooms():
    view, pattern_at = linked()
    click(view.axes["pattern"], 2, 3)
    click(view.axes["mean"], 2, 3)
    view.figure.canvas.widgetlock(view)
    click(view.axes["map"], 4, 2)
    click(view.axes[1], 2, 3)
    assert view.position == (0, 0)
    assert view.outlined is None
    assert pattern_at.asked == [(0, 0)]


def test_it_lives_as_long_as_its_figure():
    view, pattern_at = linked()
    axes, held = view.axes["map"], weakref.ref(view)
    del view
    gc.collect()
    click(axes, 4, 2)
    assert pattern_at.asked[-1] == (2, 4)
    plt.close("all")
    del axes
    gc.collect()
    assert held() is None


def test_many_domains():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 40, (30, 31))
    view, _ = linked(labels, rng.random((40, 6, 5)))
    sizes = np.bincount(labels.ravel())
    panels = [name for name in view.axes if isinstance(name, int)]
    assert panels == np.argsort(-sizes, kind="stable")[:16].tolist()
    assert view.figure.get_figwidth() <= WIDEST
    view.select(0, 0)
    view.outline(39)
    assert len(outline(view)) == 1


@pytest.mark.parametrize("pattern", [(6, 5), (20,)])
def test_lines_and_curves(pattern):
    means = np.random.default_rng(0).random((3, *pattern))
    view, pattern_at = linked(LABELS[:, 0], means)
    click(view.axes["map"], 4, 0)
    assert view.position == (0, 4)
    assert view.axes["mean"].get_title() == "mean of domain 1"
    view.outline(1)
    assert len(outline(view)[0].get_segments()) == 6


def test_no_pattern_to_be_had():
    view = plot_linked(LABELS, MEANS, lambda row, column: None)
    assert "not in memory" in view.axes["pattern"].texts[0].get_text()


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"labels": np.full(SHAPE, -1)}, ValueError, "no domain"),
        ({"labels": np.zeros((2, 3, 4), int)}, ValueError, "one or two navigation"),
        ({"means": MEANS[:2]}, ValueError, "means must be 3"),
        ({"on_position": 3}, TypeError, "on_position must be callable"),
        ({"names": ["a"]}, ValueError, "names must be 3"),
    ],
)
def test_wrong_arguments(changes, error, message):
    with pytest.raises(error, match=message):
        linked(**changes)


def test_wrong_places():
    view, _ = linked()
    with pytest.raises(ValueError, match="no position"):
        view.select(7, 0)
    with pytest.raises(ValueError, match="no domain 3"):
        view.outline(3)
