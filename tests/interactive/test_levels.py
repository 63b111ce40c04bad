"""The level of the tree, or the number of domains: with and without the widget."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.interactive import LevelOfDomains
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors

from ..signals.domains import mapped


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture
def choice():
    return LevelOfDomains(mapped()[0])


def map_in(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


def test_levels():
    domains, _, labels = mapped()
    choice = LevelOfDomains(domains)
    assert (choice.n_levels, choice.n_domains) == (2, 4)
    np.testing.assert_array_equal(choice.selected.labels, labels)
    figure = choice.plot()
    for level in (0, 1, 2):
        choice.level = level
        expected = domains.at_level(level)
        np.testing.assert_array_equal(choice.selected.labels, expected.labels)
        np.testing.assert_array_equal(map_in(figure), expected.labels)
        n = expected.n_domains
        told = "1 domain of 4" if n == 1 else f"{n} domains of 4"
        assert choice.message == figure.axes[0].get_title() == told
    np.testing.assert_array_equal(domains.labels, labels)
    assert len(figure.axes) == 1


def test_numbers(choice):
    domains, _, _ = mapped()
    choice.number = 3
    # Levels decide, until numbers are to.
    assert choice.selected.n_domains == 4
    choice.by = "number"
    np.testing.assert_array_equal(choice.selected.labels, domains.cut(3).labels)
    choice.level = 0
    assert choice.selected.n_domains == 3
    choice.by = "level"
    assert choice.selected.n_domains == 1


def test_wrong_values_change_nothing(choice):
    for name, wrong in (("level", 3), ("level", -1), ("number", 0), ("number", 5)):
        before = getattr(choice, name)
        with pytest.raises(ValueError, match=f"{name} must be from"):
            setattr(choice, name, wrong)
        assert getattr(choice, name) == before
    with pytest.raises(TypeError, match="domains must be a DomainMap"):
        LevelOfDomains(mapped()[1])


def shown_colors(figure):
    """The colours that the positions of a map are drawn in."""
    image = figure.axes[0].images[0]
    return image.to_rgba(image.get_array())[..., :3]


def test_a_domain_keeps_its_colour(choice):
    domains, _, labels = mapped()
    own, figure = domain_colors(4), choice.plot()
    # Of the first level 0 and 2 are one domain, 1 and 3 the other; the larger lead.
    expected = {2: [0, 1, 2, 3], 1: [0, 1, 0, 1], 0: [0, 0, 0, 0]}
    for level in (2, 1, 0, 1, 2):
        choice.level = level
        wanted = np.vstack([own[expected[level]], UNASSIGNED])[labels]
        np.testing.assert_allclose(shown_colors(figure), wanted, atol=1 / 255)
        assert choice.colors.shape == (choice.selected.n_domains, 3)
    patches = figure.axes[0].get_legend().get_patches()
    np.testing.assert_allclose([p.get_facecolor()[:3] for p in patches[:4]], own)
    choice.by = "number"
    choice.number = 3
    wanted = np.vstack([own[[0, 1, 2, 1]], UNASSIGNED])[labels]
    np.testing.assert_allclose(shown_colors(figure), wanted, atol=1 / 255)


def test_widget(choice):
    pytest.importorskip("hyperspy_gui_ipywidgets", reason="it has the widgets")
    figure = choice.plot()
    widgets = choice.gui(display=False, toolkit="ipywidgets")["ipywidgets"]["wdict"]
    level, number = widgets["level"], widgets["number"]
    assert (level.min, level.max, level.value, level.disabled) == (0, 2, 2, False)
    assert (number.min, number.max, number.value, number.disabled) == (1, 4, 4, True)
    level.value = 1
    np.testing.assert_array_equal(map_in(figure), choice.selected.labels)
    assert choice.level == 1
    widgets["by"].value = "number"
    assert level.disabled
    assert not number.disabled
    number.value = 3
    assert choice.selected.n_domains == 3
    assert widgets["message"].value == "3 domains of 4"
    choice.by, choice.level = "level", 0
    assert level.value == 0
    assert widgets["message"].value == "1 domain of 4"
