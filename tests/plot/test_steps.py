"""The map of steps: numbers, colours, borders, colour bar and scale bar."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from hyperspy_4dphase.plot import plot_domains, plot_steps
from hyperspy_4dphase.plot._palette import UNASSIGNED
from tests.plot.eyes import as_seen
from tests.plot.test_confidence import color_bar, shown
from tests.plot.test_domains import EXTENT, SCAN, bars, pixel

STEPS = np.geomspace(0.9, 30, 63).reshape(SCAN)
LABELS = (np.arange(63).reshape(SCAN) // 27).clip(0, 1)


def test_numbers_and_places():
    ax = plot_steps(STEPS, extent=EXTENT, units="nm", title="flake")
    np.testing.assert_array_equal(shown(ax), STEPS)
    assert ax.get_title() == "flake"
    ((length, text),) = bars(ax)
    ((expected, _),) = bars(plot_domains(LABELS, extent=EXTENT, units="nm"))
    np.testing.assert_allclose(length, expected)
    assert text.endswith("nm")
    assert ax.images[0].get_extent() == list(EXTENT)


def test_color_bar():
    ax = plot_steps(STEPS, border=1.95)
    bar = color_bar(ax)
    assert bar.get_ylabel() == "step / usual change"
    ax.figure.canvas.draw()
    ticks = [text.get_text() for text in bar.get_yticklabels()]
    assert ticks == ["1", "2", "5", "10", "20"]
    marks = [line.get_ydata()[0] for line in bar.lines]
    assert marks == [1.95]
    assert not color_bar(plot_steps(STEPS)).lines


def test_colors_are_even_for_all_eyes():
    image = plot_steps(STEPS).images[0]
    lightness = as_seen(image.cmap(np.linspace(0, 1, 11))[:, :3])[..., 0]
    assert (np.diff(lightness) > 0.02).all()
    # As many colours for a factor of 2, wherever.
    low, high = image.get_clim()
    colors = image.norm([low, np.sqrt(low * high), high])
    np.testing.assert_allclose(colors, [0, 0.5, 1])


def test_unknown_is_grey():
    steps = STEPS.copy()
    steps[1, 3:5] = np.nan
    ax = plot_steps(steps)
    np.testing.assert_allclose(pixel(ax, 3.5, 1), UNASSIGNED, atol=0.01)
    assert "no value" in color_bar(ax).get_xlabel()
    assert "no value" not in color_bar(plot_steps(STEPS)).get_xlabel()


def test_borders_of_domains():
    ax = plot_steps(STEPS, labels=LABELS)
    (lines,) = ax.collections
    assert {tuple(line[:, 1]) for line in lines.get_segments()} == {(2.5, 2.5)}
    assert len(lines.get_segments()) == SCAN[1]
    assert not plot_steps(STEPS).collections
    # Seen on the darkest and on the brightest colour.
    image = ax.images[0]
    line = as_seen(np.array([to_rgb("#56b4e9")]))[..., 0]
    ends = as_seen(image.cmap([0.0, 1.0])[:, :3])[..., 0]
    assert (np.abs(ends - line) > 0.15).all()


def test_steps_all_alike():
    """As in noise: there is a scale still."""
    ax = plot_steps(np.ones(SCAN))
    low, high = ax.images[0].get_clim()
    assert low < high
    ax.figure.canvas.draw()


def test_strip_and_stack():
    strip = np.array([1.0, np.nan, 3, 1])
    ax = plot_steps(strip, labels=np.array([0, -1, 1, 1]), extent=(10, 20), units="nm")
    ax.figure.canvas.draw()
    assert ax.get_xlabel() == "x (nm)"
    stack = np.stack([STEPS, 3 * STEPS])
    stack[0, 2, 2] = np.nan
    found = shown(plot_steps(stack, labels=np.stack([LABELS, LABELS])))
    expected = 2 * STEPS
    expected[2, 2] = 3 * STEPS[2, 2]
    np.testing.assert_allclose(found, expected)


def test_given_axes():
    _, ax = plt.subplots()
    assert plot_steps(STEPS, ax=ax) is ax


@pytest.mark.parametrize(
    ("steps", "options", "error", "match"),
    [
        ([["a"]], {}, TypeError, "steps must hold real numbers"),
        (np.full(SCAN, np.nan), {}, ValueError, "steps must be from 0 on"),
        (-STEPS, {}, ValueError, "least is -30"),
        (STEPS * np.inf, {}, ValueError, "63 infinite"),
        (STEPS, {"labels": LABELS.T}, ValueError, r"\(7, 9\)"),
        (STEPS, {"labels": 1.0 * LABELS}, TypeError, "integers"),
        (STEPS, {"extent": (0, 1)}, ValueError, "extent must be"),
        (np.ones((2, 2, 2, 2)), {}, ValueError, "one to three"),
    ],
)
def test_bad_input(steps, options, error, match):
    with pytest.raises(error, match=match):
        plot_steps(steps, **options)
