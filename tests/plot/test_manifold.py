"""Decoded patterns over the latent plane."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_manifold

PATTERNS = np.arange(3 * 4 * 5 * 6, dtype=float).reshape(3, 4, 5, 6)
X, Y = [-2.0, -1, 0, 1], [0.5, 1.5, 2.5]


def tile(image, row, column):
    """That of a latent row, counted upwards."""
    top = image.shape[0] - 5 * (row + 1)
    return image[top : top + 5, 6 * column : 6 * (column + 1)]


def test_tiles():
    figure = plot_manifold(PATTERNS, X, Y, title="decoded")
    (axes,) = figure.axes
    (image,) = axes.images
    for row, column in np.ndindex(3, 4):
        shown = tile(image.get_array(), row, column)
        np.testing.assert_array_equal(shown, PATTERNS[row, column])
    figure.canvas.draw()
    assert [label.get_text() for label in axes.get_xticklabels()][::3] == [
        "-2.0",
        "1.0",
    ]
    assert [label.get_text() for label in axes.get_yticklabels()][0] == "0.5"
    assert image.norm.gamma == 0.3
    assert axes.get_title() == "decoded"
    # What is drawn where: the upper left of the screen is the last row.
    left, right, bottom, top = image.get_extent()
    assert image.origin == "upper"
    assert (left, right, bottom, top) == (-0.5, 3.5, -0.5, 2.5)
    assert axes.get_ylim() == (-0.5, 2.5)


def test_coordinates_in_any_order():
    one = plot_manifold(PATTERNS, X, Y).axes[0]
    two = plot_manifold(PATTERNS[::-1, ::-1], X[::-1], Y[::-1]).axes[0]
    np.testing.assert_array_equal(one.images[0].get_array(), two.images[0].get_array())
    assert [t.get_text() for t in one.get_xticklabels()] == [
        t.get_text() for t in two.get_xticklabels()
    ]


@pytest.mark.parametrize(("extent", "aspect"), [(None, 5 / 6), ((-1, 1, 2, -2), 2)])
def test_proportions(extent, aspect):
    figure = plot_manifold(PATTERNS, X, Y, pattern_extent=extent)
    assert figure.axes[0].get_aspect() == aspect


def test_density():
    density = np.zeros((3, 4))
    density[0, 1], density[2, 3] = 100, 1
    (image,) = plot_manifold(PATTERNS, X, Y, density=density).axes[0].images
    alpha = image.get_alpha()
    assert (tile(alpha, 0, 1) == 1).all()
    assert (tile(alpha, 1, 0) < 0.2).all()
    assert (tile(alpha, 2, 3) > 0.4).all()


@pytest.mark.parametrize("rows", [1, 3])
def test_curves(rows):
    patterns = np.random.default_rng(0).random((rows, 4, 11))
    patterns[0, 1, 2] = np.nan
    figure = plot_manifold(patterns, X, Y[:rows], density=np.ones((rows, 4)))
    figure.canvas.draw()
    curves = figure.axes[0].collections[0].get_segments()
    assert len(curves) == rows * 4
    x, y = curves[3].T
    assert 2.5 < x.min() < x.max() < 3.5
    assert np.argmax(y) == np.argmax(patterns[0, 3])


@pytest.mark.parametrize("value", [0.0, np.nan])
def test_nothing_to_see(value):
    plot_manifold(np.full((2, 1, 3, 4), value), [0], [1, 2]).canvas.draw()


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"x": Y}, ValueError, r"x has the shape \(3,\).*4 columns.*\(4,\)"),
        ({"y": X}, ValueError, r"y has the shape \(4,\).*\(3,\)"),
        ({"density": np.ones((4, 3))}, ValueError, r"density.*\(4, 3\).*\(3, 4\)"),
        ({"density": -np.ones((3, 4))}, ValueError, "negative"),
        ({"density": np.full((3, 4), np.nan)}, ValueError, "NaN"),
        ({"patterns": PATTERNS[0, 0]}, ValueError, r"n_rows.*\(5, 6\)"),
        ({"patterns": PATTERNS + 1j}, TypeError, "complex"),
        ({"x": list("abcd")}, TypeError, "x must hold real numbers"),
        ({"pattern_extent": (0, 1)}, ValueError, "pattern_extent"),
    ],
)
def test_refused(options, error, match):
    with pytest.raises(error, match=match):
        plot_manifold(**{"patterns": PATTERNS, "x": X, "y": Y, **options})
    assert plt.get_fignums() == []
