"""Patterns side by side."""

import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_patterns
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._style import WIDEST

PATTERNS = np.random.default_rng(0).random((7, 6, 9))


def named(figure):
    return {ax.get_title(): ax for ax in figure.axes if ax.get_title()}


def test_all_are_shown_in_order():
    figure = plot_patterns(PATTERNS, list("abcdefg"), title="mine")
    axes = named(figure)
    assert list(axes) == list("abcdefg")
    for ax, pattern in zip(axes.values(), PATTERNS, strict=True):
        np.testing.assert_array_equal(ax.images[0].get_array(), pattern)
    assert figure.get_suptitle() == "mine"
    assert figure.get_figwidth() <= WIDEST


def test_frames_have_the_colours_of_domains():
    labels = [3, 0, 1, 1, 2, 5, 4]
    axes = named(plot_patterns(PATTERNS, labels=labels))
    colors = [ax.spines["top"].get_edgecolor()[:3] for ax in axes.values()]
    np.testing.assert_allclose(colors, domain_colors(6)[labels])


def test_first_one_has_a_scale_bar_if_it_is_calibrated():
    extent = {"pattern_extent": (-9, 9, 6, -6)}
    first, second, *_ = plot_patterns(PATTERNS, pattern_units="1/nm", **extent).axes
    assert (len(first.artists), len(second.artists)) == (1, 0)
    assert not plot_patterns(PATTERNS, **extent).axes[0].artists


def test_curves():
    first = plot_patterns(PATTERNS[:, 0]).axes[0]
    assert len(first.lines[0].get_xdata()) == 9


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"titles": ["one"]}, ValueError, "titles must be 7"),
        ({"titles": 3}, TypeError, "titles must be a list of texts"),
        ({"labels": [0, 1]}, ValueError, "labels must be 7"),
        ({"labels": [-1] * 7}, ValueError, "labels must be 0 or more"),
        ({"labels": [0.5] * 7}, TypeError, "labels"),
        ({"pattern_extent": (0, 1)}, ValueError, "pattern_extent"),
    ],
)
def test_bad_input(options, error, message):
    with pytest.raises(error, match=message):
        plot_patterns(PATTERNS, **options)


@pytest.mark.parametrize("wrong", [np.zeros((0, 3, 3)), np.ones(4), np.ones((1,) * 4)])
def test_no_patterns(wrong):
    with pytest.raises(ValueError, match="patterns"):
        plot_patterns(wrong)
