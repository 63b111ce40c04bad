"""Singular values, the edge of noise, and the choice."""

import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_scree

VALUES = np.array([90.0, 40.0, 12.0, 3.0, 2.5, 2.0])


def test_structure_and_noise():
    ax = plot_scree(VALUES, 5.0, number=2, title="mine")
    lines = {line.get_label(): line for line in ax.lines}
    np.testing.assert_array_equal(lines["structure"].get_ydata(), VALUES[:3])
    np.testing.assert_array_equal(lines["noise"].get_xdata(), [4, 5, 6])
    assert lines["2 components"].get_xdata()[0] == 2.5
    assert ax.get_yscale() == "log"
    assert ax.get_title() == "mine"


def test_without_an_edge():
    ax = plot_scree([3.0, 0.0])
    assert [len(line.get_xdata()) for line in ax.lines] == [1, 1]
    assert ax.get_yscale() == "linear"


@pytest.mark.parametrize(
    ("values", "options"),
    [([], {}), ([[1.0]], {}), ([-1.0], {}), (VALUES, {"number": 7})],
)
def test_wrong_values(values, options):
    with pytest.raises(ValueError, match="singular_values must be|number - 1 must be"):
        plot_scree(values, **options)
