"""Along what domains change: a map from the median, and differences of both ends."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_continuum
from hyperspy_4dphase.plot._palette import UNASSIGNED
from tests.plot.test_domains import EXTENT, SCAN, bars, pixel

ALONG = np.random.default_rng(0).normal(5, 3, SCAN)
PARTS = np.zeros(SCAN, int)
PARTS[:, 5:] = 1
PARTS[0, :2] = -1
ENDS = np.random.default_rng(1).gamma(1, 10, (2, 2, 11, 13))


def panels(figure):
    return [ax for ax in figure.axes if "red − blue" in ax.get_title()]


def image_of(figure):
    (ax,) = [a for a in figure.axes if a.images and a not in panels(figure)]
    return ax.images[0]


def percent(pattern):
    return 100 * pattern / np.nansum(pattern)


def test_places_are_from_the_median_of_each_domain():
    figure = plot_continuum(ALONG, PARTS, ENDS)
    image = image_of(figure)
    found = np.ma.filled(image.get_array(), np.nan)
    for part in (0, 1):
        own = PARTS == part
        np.testing.assert_allclose(found[own], ALONG[own] - np.median(ALONG[own]))
    assert np.isnan(found[PARTS < 0]).all()
    low, high = image.get_clim()
    assert low == -high
    np.testing.assert_allclose(pixel(image.axes, 0.5, 0), UNASSIGNED, atol=0.01)


@pytest.mark.parametrize("n", [1, 2, 5])
def test_differences(n):
    parts = np.arange(63).reshape(SCAN) % n
    rng = np.random.default_rng(2)
    ends = rng.gamma(1, 10, (n, 2, 11, 13))
    ends[0, 1, 3, 4] = np.nan
    names = [f"grain {i}" for i in range(n)]
    figure = plot_continuum(ALONG, parts, ends, names=names, colors=["C1"] * n)
    found = panels(figure)
    titles = [ax.get_title().split(":")[0] for ax in found]
    assert titles == names
    for ax, (low, high) in zip(found, ends, strict=True):
        low[np.isnan(high)] = np.nan
        expected = percent(high) - percent(low)
        shown = np.ma.filled(ax.images[0].get_array(), np.nan)
        np.testing.assert_allclose(shown, expected)
    limits = {ax.images[0].get_clim() for ax in found}
    assert len(limits) == 1
    figure.canvas.draw()


def test_brightness_does_not_count():
    ends = np.stack([ENDS[:, 0], 3 * ENDS[:, 0]], axis=1)
    for ax in panels(plot_continuum(ALONG, PARTS, ends)):
        np.testing.assert_allclose(ax.images[0].get_array(), 0, atol=1e-12)


def test_curves():
    curves = ENDS[..., 0]
    figure = plot_continuum(ALONG, PARTS, curves, extent=(0, 5), units="1/A")
    for ax, (low, high) in zip(panels(figure), curves, strict=True):
        line = ax.lines[-1]
        np.testing.assert_allclose(line.get_ydata(), percent(high) - percent(low))
        assert (line.get_xdata()[0], line.get_xdata()[-1]) == (0, 5)
        assert ax.get_xlabel() == "k (1/A)"


def test_map_as_of_domains():
    figure = plot_continuum(
        ALONG, PARTS, ENDS, map_extent=EXTENT, map_units="nm", borders=PARTS
    )
    ax = image_of(figure).axes
    assert ax.images[0].get_extent() == list(EXTENT)
    assert len(bars(ax)) == 1
    (borders,) = ax.collections
    assert len(borders.get_segments()) == SCAN[0] + 3
    labels = " ".join(other.get_ylabel() for other in figure.axes)
    assert "place from the median (noise σ)" in labels
    assert "% of total" in labels


def test_strip_stack_and_figure():
    plot_continuum(ALONG[:, 7], PARTS[:, 7] - 1, ENDS[:1]).canvas.draw()
    stack = plot_continuum(np.stack([ALONG] * 3), np.stack([PARTS] * 3), ENDS)
    assert image_of(stack).get_array().shape == SCAN
    figure = plt.figure()
    assert plot_continuum(ALONG, PARTS, ENDS, fig=figure) is figure


def test_input_is_unchanged():
    along, ends = ALONG.copy(), ENDS.copy()
    plot_continuum(along, PARTS, ends)
    np.testing.assert_array_equal(along, ALONG)
    np.testing.assert_array_equal(ends, ENDS)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"labels_map": PARTS.T}, ValueError, r"labels_map.*\(7, 9\)"),
        ({"labels_map": 0 * PARTS - 1}, ValueError, "no domain"),
        ({"along": ALONG * np.inf}, ValueError, "infinite"),
        ({"along": ALONG.astype(str)}, TypeError, "along must hold real"),
        ({"end_patterns": ENDS[:1]}, ValueError, r"\(2, 2, nky, nkx\).*\(1, 2, 11"),
        ({"end_patterns": ENDS[:, :, 0, 0]}, ValueError, "end_patterns"),
        ({"names": ["a"]}, ValueError, "names must be 2"),
        ({"colors": ["red"]}, ValueError, "colors must be 2"),
        ({"borders": PARTS.T}, ValueError, "borders"),
        ({"extent": (0, 1)}, ValueError, "extent"),
        ({"map_extent": (0, 1)}, ValueError, "map_extent"),
    ],
)
def test_bad_input(change, error, match):
    arguments = {"along": ALONG, "labels_map": PARTS, "end_patterns": ENDS} | change
    with pytest.raises(error, match=match):
        plot_continuum(**arguments)
