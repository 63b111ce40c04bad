"""What the latent plane and the map of the scan show, and what they refuse."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_4dphase.plot import LatentView, plot_latent
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._points import MANY_POINTS
from tests.plot.mouse import (
    EXTENT,
    MANY,
    TWO,
    MeanPattern,
    lasso,
    map_of,
    scan,
)


def test_same_colors_without_labels():
    latent, _ = scan(TWO)
    axes = plot_latent(latent).axes
    points, colors = axes["latent"].collections[0], map_of(axes)[..., :3]
    np.testing.assert_array_equal(points.get_offsets(), latent.reshape(-1, 2))
    np.testing.assert_allclose(points.get_facecolors()[:, :3], colors.reshape(-1, 3))
    assert len(np.unique(colors.reshape(-1, 3), axis=0)) > 50


@pytest.mark.parametrize("n_domains", [1, 13, 25])
@pytest.mark.parametrize("navigation", [TWO, MANY])
def test_same_colors_with_labels(navigation, n_domains):
    latent, _ = scan(navigation)
    labels = np.arange(latent[..., 0].size).reshape(navigation) % (n_domains + 1) - 1
    # One point for each domain, far from all others.
    latent[:] = np.stack([labels, labels**2], axis=-1)
    view = plot_latent(latent, labels)
    expected = np.vstack([domain_colors(n_domains), UNASSIGNED])[labels]
    np.testing.assert_allclose(map_of(view.axes)[..., :3], expected)
    plane = view.axes["latent"]
    if labels.size < MANY_POINTS:
        shown = plane.collections[0].get_facecolors()[:, :3]
        np.testing.assert_allclose(shown, expected.reshape(-1, 3))
    else:
        image = np.array(plane.images[0].get_array())
        shown = np.unique(image[image[..., 3] > 0][:, :3], axis=0)
        np.testing.assert_allclose(shown, np.unique(expected.reshape(-1, 3), axis=0))
    assert len(view.figure.legends) == (n_domains < 16)


def test_bin_has_the_color_of_the_domain_most_in_it():
    latent = np.zeros((*MANY, 2))
    latent[0, 0] = 1
    labels = np.ones(MANY, int)
    labels[:30] = 0
    (image,) = plot_latent(latent, labels).axes["latent"].images
    image = np.array(image.get_array())
    strongest = image.reshape(-1, 4)[image[..., 3].argmax()]
    np.testing.assert_allclose(strongest, [*domain_colors(2)[1], 1])


def test_legend():
    labels = np.zeros(TWO, int)
    labels[0], labels[1, :2] = -1, 4
    latent, _ = scan(TWO)
    latent[6, 0] = np.nan
    (legend,) = plot_latent(latent, labels).figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == ["unassigned: 9", "domain 0: 51", "domain 4: 2"]


def test_all_unassigned():
    latent, inside = scan(TWO)
    view = plot_latent(latent, np.full(TWO, -1))
    np.testing.assert_allclose(
        map_of(view.axes)[..., :3], np.tile(UNASSIGNED, (*TWO, 1))
    )
    lasso(view)
    np.testing.assert_array_equal(view.selected, inside)


def test_dimensions():
    latent, inside = scan(TWO, latent_dim=5)
    view = plot_latent(latent, dimensions=(4, 1))
    assert view.axes["latent"].get_xlabel() == "latent dimension 4"
    assert view.axes["latent"].get_ylabel() == "latent dimension 1"
    offsets = view.axes["latent"].collections[0].get_offsets()
    np.testing.assert_array_equal(offsets, latent[..., [4, 1]].reshape(-1, 2))


@pytest.mark.parametrize("n", [1, 2])
def test_hardly_any_points(n):
    view = plot_latent(np.zeros((n, 2)), mean_pattern=MeanPattern())
    view.figure.canvas.draw()
    lasso(view, 0, 0, 0.2)
    assert view.selected.all()


def test_curve_as_pattern():
    latent, inside = scan(TWO)
    view = plot_latent(latent, mean_pattern=MeanPattern((11,)), pattern_extent=(2, 4))
    view.select(inside)
    (line,) = view.axes["pattern"].lines
    np.testing.assert_allclose(line.get_xdata(), np.linspace(2, 4, 11))
    np.testing.assert_allclose(line.get_ydata()[1:], inside.sum() ** 0.3)


def test_units_and_extent():
    latent, _ = scan(TWO)
    view = plot_latent(
        latent,
        navigation_extent=EXTENT,
        navigation_units="nm",
        mean_pattern=MeanPattern(),
        pattern_extent=(-2, 2, 3, -3),
        pattern_units="1/Å",
        title="flake",
    )
    assert [text.get_text() for text in view.figure.texts] == ["flake"]
    # A fifth of the 4.5 nm that the map is wide, rounded.
    (bar,) = view.axes["map"].findobj(AnchoredSizeBar)
    assert bar.txt_label.get_text() == "1 nm"
    assert not len(view.axes["map"].get_xticks())
    assert view.axes["pattern"].get_ylabel() == "ky (1/Å)"
    assert tuple(view.axes["map"].images[0].get_extent()) == EXTENT
    assert view.axes["pattern"].get_aspect() == 1
    assert view.axes["pattern"].images[0].norm.gamma == 0.3


def test_pattern_without_any_counts():
    latent, _ = scan(TWO)
    for value in (0.0, -1.0, np.nan):
        pattern = np.full((3, 4), value)
        view = plot_latent(latent, mean_pattern=lambda _, pattern=pattern: pattern)
        view.figure.canvas.draw()


def test_arguments_are_not_changed_nor_shared():
    latent, inside = scan(TWO)
    labels = inside.astype(int)
    before = latent.copy(), labels.copy()

    def spoil(selected):
        selected[:] = False
        return np.ones((3, 4))

    view = plot_latent(latent, labels, mean_pattern=spoil)
    view.select(inside)
    inside_before = inside.copy()
    inside[:] = True
    np.testing.assert_array_equal(view.selected, inside_before)
    np.testing.assert_array_equal(latent, before[0])
    np.testing.assert_array_equal(labels, before[1])
    with pytest.raises(ValueError, match="read-only"):
        view.selected[0] = True


LATENT = np.zeros((*TWO, 2))


@pytest.mark.parametrize(
    ("latent", "options", "error", "match"),
    [
        (LATENT[0, 0], {}, ValueError, r"navigation axes.*\(2,\)"),
        (LATENT[..., :1], {}, ValueError, r"latent dimensions.*\(7, 9, 1\)"),
        (LATENT[None, None], {}, ValueError, r"\(1, 1, 7, 9, 2\)"),
        (LATENT + 1j, {}, TypeError, "complex"),
        (LATENT * np.nan, {}, ValueError, "NaN at every probe position"),
        (np.full((4, 2), np.inf), {}, ValueError, "8 infinite"),
        (LATENT, {"labels": np.zeros((9, 7), int)}, ValueError, r"\(7, 9\).*\(9, 7\)"),
        (LATENT, {"labels": np.zeros(TWO)}, TypeError, "integers.*float64"),
        (LATENT, {"labels": np.zeros(TWO, bool)}, TypeError, "integers.*bool"),
        (LATENT, {"labels": np.full(TWO, -2)}, ValueError, "hold -2"),
        (LATENT, {"dimensions": (0, 2)}, ValueError, r"0 to 1, but are \[0 2\]"),
        (LATENT, {"dimensions": (1, 1)}, ValueError, "different"),
        (LATENT, {"dimensions": 1}, ValueError, "different"),
        (LATENT, {"navigation_extent": (0, 1)}, ValueError, r"left.*top.*\(0, 1\)"),
        (LATENT, {"navigation_extent": (0, 0, 1, 2)}, ValueError, "empty"),
        (LATENT[0], {"navigation_extent": (0, 1, 2, 3)}, ValueError, "left, right"),
        (LATENT, {"mean_pattern": np.ones((3, 4))}, TypeError, "callable.*ndarray"),
        (LATENT, {"mean_pattern": np.sum}, ValueError, r"one or two axes.*\(\)"),
    ],
)
def test_refused(latent, options, error, match):
    with pytest.raises(error, match=match):
        plot_latent(latent, **options)
    assert plt.get_fignums() == [] or "mean_pattern" in options


@pytest.mark.parametrize(
    ("mask", "error", "match"),
    [
        (np.zeros((9, 7), bool), ValueError, r"\(9, 7\).*\(7, 9\)"),
        (np.zeros(TWO), TypeError, "float64"),
    ],
)
def test_refused_selection(mask, error, match):
    view = plot_latent(scan(TWO)[0])
    assert isinstance(view, LatentView)
    with pytest.raises(error, match=match):
        view.select(mask)
