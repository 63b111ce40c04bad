"""Progress over rounds: curves, their names and the round that was kept."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_rounds

ROUNDS = {
    "mean_confidence": [0.91, 0.95, 0.96, 0.95],
    "unassigned": [0.12, 0.07, 0.04, 0.05],
    "consistent": [0.85, 0.93, 0.965, 0.955],
    "held_out_loss": [1.35, 1.31, 1.29, 1.288],
}
TWO = {name: ROUNDS[name] for name in ("mean_confidence", "unassigned")}


def labels(ax):
    """Text and colour beside the axes, by name."""
    found = {}
    for text in ax.get_legend().get_texts():
        name, *rest = text.get_text().split("\n")
        found[name] = (rest, text.get_color())
    return found


def first(rounds, n):
    return {name: values[:n] for name, values in rounds.items()}


@pytest.mark.parametrize("rounds", [TWO, ROUNDS])
def test_curves(rounds):
    ax = plot_rounds(rounds)
    shown = [line for other in ax.figure.axes for line in other.lines]
    assert len(shown) == len(rounds)
    for values in rounds.values():
        (line,) = (one for one in shown if list(one.get_ydata()) == values)
        np.testing.assert_array_equal(line.get_xdata(), [1, 2, 3, 4])
    assert len(ax.figure.axes) == 1 + ("held_out_loss" in rounds)
    assert ax.figure.axes[-1].get_xlabel() == "round"


def test_names_beside_the_curves():
    ax = plot_rounds(ROUNDS, best=2)
    ax.figure.canvas.draw()
    found = labels(ax)
    assert found["mean confidence"][0] == ["91.0 % → 96.0 %"]
    assert found["consistent"][0] == ["85.0 % → 96.5 %"]
    assert found["unassigned"][0] == ["12.0 % → 4.0 %"]
    loss = labels(ax.figure.axes[1])
    assert loss["held-out loss"][0] == ["1.35 → 1.29"]
    colors = [line.get_color() for line in ax.lines[:3]]
    assert {color for _, color in found.values()} == {*colors}
    legends = [one.get_legend() for one in ax.figure.axes]
    drawn = [t.get_window_extent() for one in legends for t in one.get_texts()]
    for i, one in enumerate(drawn):
        assert not any(one.overlaps(other) for other in drawn[:i])
        assert ax.bbox.x1 < one.x0 < one.x1 <= ax.figure.bbox.x1
    # The higher name is that of the curve that ends higher.
    assert list(found) == ["consistent", "mean confidence", "unassigned"]


@pytest.mark.parametrize(("best", "last"), [(None, "95.0 %"), (1, "95.0 %")])
def test_values_of_the_best_or_last(best, last):
    ax = plot_rounds(TWO, best=best)
    assert labels(ax)["mean confidence"][0] == [f"91.0 % → {last}"]
    assert labels(plot_rounds(TWO, best=0))["unassigned"][0] == ["12.0 %"]


@pytest.mark.parametrize("best", [0, 2, 3])
def test_best_is_marked(best):
    ax = plot_rounds(ROUNDS, best=best)
    ax.figure.canvas.draw()
    for other in ax.figure.axes:
        marks = [line for line in other.lines if line.get_marker() == "o"]
        curves = [line for line in other.lines if line.get_marker() == "."]
        for mark, curve in zip(marks, curves, strict=True):
            np.testing.assert_array_equal(
                mark.get_xydata().ravel(), curve.get_xydata()[best]
            )
            assert mark.get_color() == curve.get_color()
    (note,) = ax.texts
    assert note.get_text() == f"kept: round {best + 1}"
    beside = ax.get_legend().get_window_extent()
    assert not note.get_window_extent().overlaps(beside)
    assert note.get_window_extent().x1 <= ax.figure.bbox.x1
    assert not plot_rounds(ROUNDS).texts


@pytest.mark.parametrize("n", [1, 2, 4])
def test_whole_rounds(n):
    ax = plot_rounds(first(ROUNDS, n))
    ax.figure.draw_without_rendering()
    low, high = ax.get_xlim()
    ticks = [tick for tick in ax.get_xticks() if low <= tick <= high]
    np.testing.assert_array_equal(ticks, np.arange(1, n + 1))


def test_unknown_values():
    rounds = {**ROUNDS, "consistent": [np.nan] * 4}
    rounds["held_out_loss"] = [np.nan, 1.3, 1.2, np.nan]
    ax = plot_rounds(rounds, best=1)
    ax.figure.canvas.draw()
    assert labels(ax)["consistent"][0] == [""]
    assert labels(ax.figure.axes[1])["held-out loss"][0] == ["1.3"]


def test_what_else_there_is_is_not_shown():
    ax = plot_rounds({**TWO, "seconds": [1, 2], "weights": None})
    assert len(ax.lines) == 2


def test_given_axes_are_used():
    figure = plt.Figure()
    place = figure.subplots(1, 2)[0]
    assert plot_rounds(ROUNDS, ax=place) is place
    assert len(figure.axes) == 3
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    ("rounds", "best", "match"),
    [
        ({}, None, "mean_confidence and unassigned, but hold nothing"),
        ({"unassigned": [0.1]}, None, "hold mean_confidence, but hold unassigned"),
        ({**TWO, "consistent": [0.5]}, None, r"'consistent'.*4 rounds.*\(1,\)"),
        (first(TWO, 0), None, r"one at least.*\(0,\)"),
        ({**TWO, "unassigned": [0, 1, 2, 0]}, None, "'unassigned'.*from 0 to 1"),
        (TWO, 4, "from 0 to 3, but is 4"),
        (TWO, -1, "from 0 to 3"),
    ],
)
def test_refused(rounds, best, match):
    with pytest.raises(ValueError, match=match):
        plot_rounds(rounds, best=best)
    assert plt.get_fignums() == []


def test_information_goes_before_the_loss():
    rounds = {
        "mean_confidence": [0.8, 0.9],
        "unassigned": [0.1, 0.0],
        "held_out_loss": [7.0, 8.0],
        "information": [1.5, 1.75],
    }
    figure = plot_rounds(rounds, best=1).figure
    below = figure.axes[1]
    assert below.get_ylabel() == "bits"
    np.testing.assert_array_equal(below.lines[0].get_ydata(), [1.5, 1.75])
