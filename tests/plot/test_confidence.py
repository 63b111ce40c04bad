"""Maps of confidence: numbers, colours, opacity, borders and keys."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_confidence, plot_domains, plot_sure_domains
from hyperspy_4dphase.plot._palette import UNASSIGNED
from tests.plot.eyes import as_seen
from tests.plot.test_domains import (
    EXTENT,
    SCAN,
    bars,
    colors_of,
    legend_texts,
    palette,
    pixel,
)

LABELS = np.arange(63).reshape(SCAN) % 6 - 1
CONFIDENCE = np.linspace(0, 1, 63).reshape(SCAN)


def shown(ax):
    return np.ma.filled(ax.images[0].get_array(), np.nan)


def color_bar(ax):
    (bar,) = [other for other in ax.figure.axes if other.get_label() == "<colorbar>"]
    return bar


@pytest.mark.parametrize("extent", [None, EXTENT, (28, 10, 2, 5.5)])
def test_numbers_and_places(extent):
    ax = plot_confidence(CONFIDENCE, extent=extent)
    np.testing.assert_array_equal(shown(ax), CONFIDENCE)
    assert ax.images[0].get_clim() == (0, 1)
    assert color_bar(ax).get_ylabel() == "confidence"
    left, right, bottom, top = extent or (-0.5, 8.5, 6.5, -0.5)
    x = left + (right - left) * 7.5 / 9
    y = top + (bottom - top) * 2.5 / 7
    expected = plt.colormaps["viridis"](CONFIDENCE[2, 7])[:3]
    np.testing.assert_allclose(pixel(ax, x, y), expected, atol=0.01)


def test_colors_are_even_for_all_eyes():
    image = plot_confidence(CONFIDENCE).images[0]
    lightness = as_seen(image.cmap(np.linspace(0, 1, 11))[:, :3])[..., 0]
    assert (np.diff(lightness) > 0.02).all()


def test_masked_is_grey():
    confidence = CONFIDENCE.copy()
    confidence[1, 3:5] = np.nan
    ax = plot_confidence(confidence)
    np.testing.assert_array_equal(shown(ax), confidence)
    np.testing.assert_allclose(pixel(ax, 3.5, 1), UNASSIGNED, atol=0.01)
    assert "masked" in color_bar(ax).get_xlabel()
    assert "masked" not in color_bar(plot_confidence(CONFIDENCE)).get_xlabel()


@pytest.mark.parametrize("plot", [plot_confidence, plot_sure_domains])
def test_scale_bar_as_of_domains(plot):
    given = (CONFIDENCE,) if plot is plot_confidence else (LABELS, CONFIDENCE)
    ax = plot(*given, extent=EXTENT, units="nm", title="flake")
    ((length, text),) = bars(ax)
    ((expected, _),) = bars(plot_domains(LABELS, extent=EXTENT, units="nm"))
    assert text.endswith("nm")
    np.testing.assert_allclose(length, expected)
    assert ax.get_title() == "flake"
    ax = plot(*given, extent=EXTENT, units="nm", scalebar=False)
    assert bars(ax) == []
    assert ax.get_xlabel() == "x (nm)"


def test_borders():
    labels = np.zeros(SCAN, int)
    labels[2:4, 5] = 1
    ax = plot_confidence(CONFIDENCE, labels=labels, extent=(0, 18, 14, 0))
    (lines,) = ax.collections
    found = {tuple(map(float, line.ravel())) for line in lines.get_segments()}
    beside = {(x, y, x, y + 2) for x in (10, 12) for y in (4, 6)}
    assert found == beside | {(10, y, 12, y) for y in (4, 8)}
    ax.figure.canvas.draw()


@pytest.mark.parametrize("plot", [plot_confidence, plot_sure_domains])
def test_strip(plot):
    confidence = np.array([0.9, 0.2, np.nan, 1.0])
    labels = np.array([0, 0, -1, 1])
    given = (confidence,) if plot is plot_confidence else (labels, confidence)
    ax = plot(*given, extent=(10, 20), units="nm")
    ax.figure.canvas.draw()
    assert ax.images[0].get_array().shape[:2] == (1, 4)
    assert ax.get_xlim() == (10, 20)
    assert ax.get_xlabel() == "x (nm)"
    plot_confidence(confidence, labels=labels)


def test_stack_shows_the_mean():
    stack = np.stack([CONFIDENCE, 1 - CONFIDENCE, np.full(SCAN, 0.2)])
    expected = np.full(SCAN, 0.4)
    stack[0, 3, 5], expected[3, 5] = np.nan, stack[1:, 3, 5].mean()
    stack[:, 4, 4], expected[4, 4] = np.nan, np.nan
    labels = np.ones(stack.shape, int)
    np.testing.assert_allclose(shown(plot_confidence(stack, labels=labels)), expected)
    image = colors_of(plot_sure_domains(labels, stack).images[0])
    np.testing.assert_array_equal(image[4, 4], [*UNASSIGNED, 1])
    assert image[0, 0, 3] == 0


def test_opacity():
    ax = plot_sure_domains(LABELS, CONFIDENCE)
    image = colors_of(ax.images[0])
    np.testing.assert_allclose(image[..., :3], palette(5)[LABELS])
    sure = np.clip((CONFIDENCE - 0.2) / 0.8, 0, 1)
    np.testing.assert_allclose(image[..., 3], np.where(LABELS < 0, 1, sure))
    assert (image[CONFIDENCE <= 0.2][:, 3] == (LABELS[CONFIDENCE <= 0.2] < 0)).all()
    # On a white ground, whatever the style.
    with plt.style.context("dark_background"):
        ax = plot_sure_domains(LABELS, CONFIDENCE)
        np.testing.assert_allclose(pixel(ax, 2, 0), [1, 1, 1], atol=0.01)
        np.testing.assert_allclose(pixel(ax, 8, 6), palette(5)[LABELS[6, 8]], atol=0.01)


def test_one_domain():
    ax = plot_sure_domains(np.zeros(SCAN, int), CONFIDENCE)
    np.testing.assert_allclose(colors_of(ax.images[0])[..., 3], CONFIDENCE)
    ticks = [text.get_text() for text in color_bar(ax).get_xticklabels()]
    assert ticks == ["0", "1"]


def test_none_assigned():
    ax = plot_sure_domains(np.full(SCAN, -1), CONFIDENCE * np.nan)
    expected = np.tile([*UNASSIGNED, 1], (*SCAN, 1))
    np.testing.assert_array_equal(colors_of(ax.images[0]), expected)


def test_legend_and_key():
    labels, confidence = np.zeros((20, 30), int), np.ones((20, 30))
    labels[:2], labels[2, :3] = 1, -1
    confidence[19, 20:] = np.nan
    before = labels.copy()
    ax = plot_sure_domains(labels, confidence, names=["oxide", "metal"])
    ax.figure.canvas.draw()
    assert legend_texts(ax) == [
        "oxide: 527 (87.8 %)",
        "metal: 60 (10.0 %)",
        "unassigned: 13 (2.2 %)",
    ]
    np.testing.assert_array_equal(labels, before)
    key = color_bar(ax)
    assert key.get_xlabel() == "confidence"
    assert [text.get_text() for text in key.get_xticklabels()] == ["≤ 0.5", "1"]
    assert not key.get_window_extent().overlaps(ax.get_window_extent())
    ax = plot_sure_domains(labels, confidence, legend=False)
    assert ax.get_legend() is None
    assert ax.figure.axes == [ax]


def test_given_axes_are_used():
    figure = plt.Figure()
    one, other = figure.subplots(1, 2)
    assert plot_confidence(CONFIDENCE, ax=one) is one
    assert plot_sure_domains(LABELS, CONFIDENCE, ax=other) is other
    assert plt.get_fignums() == []


def test_rounding_is_forgiven():
    confidence = np.full(SCAN, np.nextafter(np.float32(1), np.float32(2)))
    np.testing.assert_array_equal(shown(plot_confidence(confidence)), np.ones(SCAN))


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda c: c[:0], "confidence must have"),
        (lambda c: c + 0.5, "from 0 to 1.*but 31 of 63 are not: the first is 1.0"),
        (lambda c: c - 0.5, "the first is -0.5"),
        (lambda c: np.where(c > 0.5, np.inf, c), "the first is inf"),
        (lambda c: c[None, None], r"confidence must have.*\(1, 1, 7, 9\)"),
    ],
)
def test_refused_confidence(change, match):
    with pytest.raises(ValueError, match=match):
        plot_confidence(change(CONFIDENCE))
    with pytest.raises(ValueError, match="confidence"):
        plot_sure_domains(LABELS, change(CONFIDENCE))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("labels", "options", "match"),
    [
        (LABELS.T, {}, r"\((7, 9|9, 7)\).*\((9, 7|7, 9)\)"),
        (LABELS - 1, {}, "hold -2"),
        (LABELS, {"extent": (0, 1)}, r"extent must be \(left.*top\)"),
    ],
)
def test_refused_labels(labels, options, match):
    with pytest.raises(ValueError, match=match):
        plot_confidence(CONFIDENCE, labels=labels, **options)
    with pytest.raises(ValueError, match=match):
        plot_sure_domains(labels, CONFIDENCE, **options)
    assert plt.get_fignums() == []


def test_refused_types():
    for change in (lambda c: c + 1j, lambda c: c > 0):
        with pytest.raises(TypeError, match="confidence must hold real numbers"):
            plot_confidence(change(CONFIDENCE))
        with pytest.raises(TypeError, match="confidence must hold real numbers"):
            plot_sure_domains(LABELS, change(CONFIDENCE))
    with pytest.raises(TypeError, match="labels must be integers.*float64"):
        plot_confidence(CONFIDENCE, labels=LABELS.astype(float))
    assert plt.get_fignums() == []


@pytest.mark.parametrize("plot", [plot_confidence, plot_sure_domains])
def test_what_is_not_resolved_is_named(plot):
    """All grey would look like a mask; there is nothing to explain in a legend."""
    nothing = np.full(SCAN, np.nan)
    given = (nothing,) if plot is plot_confidence else (np.zeros(SCAN, int), nothing)
    ax = plot(*given)
    assert [text.get_text() for text in ax.texts] == ["not resolved"]
    assert ax.get_legend() is None
    if plot is plot_confidence:
        assert "masked" not in color_bar(ax).get_xlabel()
    assert not plot(*given[:-1], CONFIDENCE).texts
