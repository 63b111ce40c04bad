"""Patterns and maps of components."""

import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_components
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._style import WIDEST

rng = np.random.default_rng(0)
PATTERNS, MAPS = rng.random((5, 6, 7)), rng.random((5, 8, 9))


def titled(figure):
    return {ax.get_title(): ax for ax in figure.axes if ax.get_title()}


def shown(figure):
    return [np.asarray(ax.images[0].get_array()) for ax in figure.axes if ax.images]


def test_pattern_and_map_of_each():
    figure = plot_components(PATTERNS, MAPS, title="mine")
    assert list(titled(figure)) == [f"component {i}" for i in range(5)]
    images = shown(figure)
    for pattern, place in zip(PATTERNS, MAPS, strict=True):
        assert any(np.array_equal(image, pattern) for image in images)
        assert any(np.array_equal(image, place) for image in images)
    assert figure.get_suptitle() == "mine"
    assert figure.get_figwidth() <= WIDEST


def test_names_take_the_place_of_numbers():
    names = ["one", "$two", "three", "four", "five"]
    assert list(titled(plot_components(PATTERNS, MAPS, names=names))) == names
    with pytest.raises(ValueError, match="names must be 5"):
        plot_components(PATTERNS, MAPS, names=names[:2])


def test_groups_have_a_colour():
    figure = plot_components(PATTERNS, MAPS, groups=np.array([0, 1, 1, 2, 0]))
    axes = titled(figure)
    assert list(axes)[1] == "component 1, group 1"
    colors = [ax.spines["left"].get_edgecolor()[:3] for ax in axes.values()]
    np.testing.assert_allclose(colors, domain_colors(3)[[0, 1, 1, 2, 0]])


def test_some_of_them():
    figure = plot_components(PATTERNS, MAPS, components=[3, 0])
    assert list(titled(figure)) == ["component 3", "component 0"]
    many = plot_components(rng.random((20, 6, 7)), rng.random((20, 8, 9)))
    assert len(titled(many)) == 12


@pytest.mark.parametrize("navigation", [(30,), (3, 5, 7)])
@pytest.mark.parametrize("pattern", [(20,), (6, 7)])
def test_other_dimensions(navigation, pattern):
    maps = rng.random((2, *navigation))
    maps.flat[0] = np.nan
    figure = plot_components(rng.random((2, *pattern)), maps)
    figure.canvas.draw()
    assert len(titled(figure)) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"maps": MAPS[0, 0]}, "maps must have an axis"),
        ({"patterns": PATTERNS[:2]}, "patterns must be 5"),
        ({"components": [5]}, "components must be from 0 to 4"),
        ({"components": []}, "components must be from 0 to 4"),
        ({"groups": [0, 1]}, "groups must be 5"),
    ],
)
def test_wrong_arguments(changes, message):
    given = {"patterns": PATTERNS, "maps": MAPS} | changes
    with pytest.raises(ValueError, match=message):
        plot_components(**given)


@pytest.mark.parametrize(("components", "kind"), [("a", "str"), (5, "int")])
def test_components_that_are_no_sequence(components, kind):
    rng = np.random.default_rng(0)
    with pytest.raises(TypeError, match=f"components must be.*{kind}"):
        plot_components(
            rng.random((3, 4, 5)), rng.random((3, 6, 7)), components=components
        )
