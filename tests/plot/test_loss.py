"""Loss curves."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_loss

TRAINING, HELD_OUT = [90.0, 30, 9, 6], [95.0, 33, 8, 9]


def test_curves():
    axes = plot_loss(TRAINING, HELD_OUT, best=2)
    axes.figure.canvas.draw()
    training, held_out = axes.lines[:2]
    np.testing.assert_array_equal(training.get_xdata(), [1, 2, 3, 4])
    np.testing.assert_array_equal(training.get_ydata(), TRAINING)
    np.testing.assert_array_equal(held_out.get_ydata(), HELD_OUT)
    marked = axes.lines[-1]
    assert (marked.get_xdata()[0], marked.get_ydata()[0]) == (3, 8)
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["training", "held out", "kept: epoch 3"]


@pytest.mark.parametrize(
    ("factor", "shift", "scale"), [(1, 0, "log"), (-1, 0, "linear"), (1, 99, "linear")]
)
def test_scale(factor, shift, scale):
    loss = factor * np.array(TRAINING) + shift
    assert plot_loss(loss, loss).get_yscale() == scale


def test_given_axes():
    _, axes = plt.subplots()
    assert plot_loss([1.0], [np.nan], best=0, ax=axes) is axes
    axes.figure.canvas.draw()
    assert len(plt.get_fignums()) == 1


@pytest.mark.parametrize(
    ("training", "held_out", "best", "match"),
    [
        ([1, 2], [1, 2, 3], None, r"\(2,\) and \(3,\)"),
        ([], [], None, r"\(0,\)"),
        ([[1]], [[1]], None, r"\(1, 1\)"),
        ([1, 2], [1, 2], 2, "from 0 to 1, but is 2"),
        ([1, 2], [1, 2], -1, "from 0 to 1"),
    ],
)
def test_refused(training, held_out, best, match):
    with pytest.raises(ValueError, match=match):
        plot_loss(training, held_out, best=best)
    assert plt.get_fignums() == []
