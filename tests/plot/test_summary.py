"""One page: map, confidence, doubts, sizes, names and patterns."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_phase_summary
from hyperspy_4dphase.plot._palette import domain_colors
from hyperspy_4dphase.plot._style import WIDEST
from hyperspy_4dphase.plot.phases import Spots

SHAPE = (12, 17)
EXTENT = (0.0, 34.0, 12.0, 0.0)


def make_labels(n=4, shape=SHAPE):
    found = np.random.default_rng(1).integers(0, n, shape)
    found.flat[:n] = np.arange(n)
    found.flat[-1] = -1
    return found


def full(n=4, shape=SHAPE, pattern=(9, 7)):
    rng = np.random.default_rng(2)
    spots = Spots(np.array([2.0]), np.array([3.0]), np.ones(1), np.array([[1, 0, 0]]))
    return {
        "patterns": rng.gamma(0.5, 40, (n, *pattern)),
        "names": [f"crystal {i}" for i in range(n)],
        "confidence": rng.random(shape),
        "doubts": {"noise": rng.random(shape), "boundary": rng.random(shape)},
        "mean_confidence": np.linspace(0.5, 0.9, n),
        "spots": [spots if len(pattern) == 2 else None] * n,
        "notes": ["nothing is certain"],
    }


def texts(figure):
    found = [text.get_text() for ax in figure.axes for text in ax.texts]
    for part in figure.subfigs:
        found += [text.get_text() for text in part.texts]
    return found


def titles(figure):
    return [ax.get_title() for ax in figure.axes if ax.get_title()]


def test_all_of_it():
    labels, options = make_labels(), full()
    figure = plot_phase_summary(
        labels, extent=EXTENT, units="nm", title="scan", **options
    )
    found = texts(figure)
    sizes = np.bincount(labels[labels >= 0])
    for k, size in enumerate(sizes):
        assert f"{size} ({100 * size / labels.size:.1f} %)" in found
        assert f"crystal {k}" in found
        assert f"{100 * options['mean_confidence'][k]:.1f} %" in found
    assert "nothing is certain" in found
    expected = ["domains", "confidence", "largest doubt"]
    expected += [f"domain {k}" for k in np.argsort(-sizes, kind="stable")]
    assert titles(figure) == expected
    maps = {ax.get_title(): ax.images[0].get_array() for ax in figure.axes if ax.images}
    np.testing.assert_array_equal(maps["domains"], labels)
    np.testing.assert_array_equal(maps["confidence"], options["confidence"])
    doubts = np.stack(list(options["doubts"].values()))
    np.testing.assert_array_equal(maps["largest doubt"], doubts.max(axis=0))
    np.testing.assert_array_equal(maps["domain 2"], options["patterns"][2])
    assert figure.get_suptitle() == "scan"
    assert figure.get_figwidth() <= WIDEST


def test_bars_are_as_long_as_domains_are_large():
    labels = make_labels()
    figure = plot_phase_summary(labels)
    sizes, lengths = np.bincount(labels[labels >= 0]), {}
    for ax in figure.axes:
        for bar in ax.patches:
            if bar.get_height() == 0.5:
                color = tuple(np.round(bar.get_facecolor()[:3], 6))
                lengths[color] = bar.get_width()
    colors = [tuple(np.round(color, 6)) for color in domain_colors(4)]
    found = np.array([lengths[color] for color in colors])
    np.testing.assert_allclose(found / found.max(), sizes / sizes.max())


def test_what_is_not_known_is_left_out():
    figure = plot_phase_summary(make_labels())
    assert titles(figure) == ["domains"]
    assert texts(figure).count("—") == 4
    assert "confidence" not in texts(figure)


def test_not_resolved():
    unknown = np.full(SHAPE, np.nan)
    figure = plot_phase_summary(make_labels(1), confidence=unknown)
    assert "confidence: not resolved" in texts(figure)
    # No map of nothing.
    assert titles(figure) == ["domains"]


def test_many_domains():
    labels = make_labels(40, (30, 31))
    patterns = np.random.default_rng(0).random((40, 9, 7))
    figure = plot_phase_summary(labels, patterns=patterns)
    rest = np.sort(np.bincount(labels[labels >= 0]))[:24].sum()
    assert f"… 24 smaller domains, {rest} positions" in texts(figure)
    assert sum(title.startswith("domain ") for title in titles(figure)) == 12
    # A page of a journal, and of a notebook.
    assert figure.get_figwidth() <= WIDEST
    assert figure.get_figheight() < 14


@pytest.mark.parametrize(
    ("shape", "pattern"), [((40,), (9, 7)), ((3, 5, 8), (9, 7)), (SHAPE, (30,))]
)
def test_other_dimensions(shape, pattern):
    labels = make_labels(shape=shape)
    figure = plot_phase_summary(labels, **full(4, shape, pattern))
    figure.canvas.draw()
    assert "confidence" in titles(figure)


def covered(figure):
    """The share of a page that its axes, titles and notes take."""
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    taken = np.zeros((100, 100), bool)
    parts = [ax.get_tightbbox() for ax in figure.axes if ax.axison or ax.texts]
    parts += [
        text.get_window_extent() for part in figure.subfigs for text in part.texts
    ]
    for box in parts:
        (x0, x1), (y0, y1) = (
            np.round(100 * np.array(ends) / size).astype(int)
            for ends, size in ((box.intervalx, width), (box.intervaly, height))
        )
        taken[max(y0, 0) : y1, max(x0, 0) : x1] = True
    return taken.mean()


@pytest.mark.parametrize("n", [2, 5, 8, 14])
@pytest.mark.parametrize("shape", [(26, 24), (14, 24), (6, 40), (40, 18), (60,)])
def test_no_page_is_empty(n, shape):
    options = full(n, shape, (8, 8))
    for name in ("confidence", "doubts", "mean_confidence", "notes"):
        del options[name]
    figure = plot_phase_summary(make_labels(n, shape), **options)
    assert covered(figure) > 0.66


@pytest.mark.parametrize("n", [3, 5, 14])
@pytest.mark.parametrize("shape", [(26, 24), (6, 40)])
def test_no_page_with_confidence_is_empty(n, shape):
    figure = plot_phase_summary(make_labels(n, shape), **full(n, shape, (8, 8)))
    assert covered(figure) > 0.75


def test_an_empty_page_is_seen():
    figure = plt.figure(figsize=(9, 7))
    figure.subplots(1, 3)[0].set_title("domains")
    for ax in figure.axes[1:]:
        ax.set_axis_off()
    assert covered(figure) < 0.4


def test_a_single_map_has_the_table_at_its_side():
    figure = plot_phase_summary(make_labels(5, (26, 24)), **only_patterns(5))
    figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in figure.axes]
    assert all(box.x0 > boxes[0].x1 for box in boxes[1:])
    figure = plot_phase_summary(make_labels(9, (26, 24)), **only_patterns(9))
    figure.canvas.draw()
    boxes = [ax.get_window_extent() for ax in figure.axes]
    assert boxes[1].x0 > boxes[0].x1
    assert all(box.y1 < boxes[0].y0 for box in boxes[2:])


def only_patterns(n):
    return {"patterns": np.random.default_rng(0).random((n, 8, 8))}


def test_in_a_figure_that_is_given():
    figure = plt.figure(figsize=(7, 8))
    assert plot_phase_summary(make_labels(), fig=figure) is figure
    assert plt.get_fignums() == [figure.number]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"patterns": np.ones((3, 9, 7))}, ValueError, "patterns must be 4"),
        ({"names": ["a"]}, ValueError, "names must be 4"),
        ({"confidence": np.ones((3, 4))}, ValueError, "confidence must have the shape"),
        ({"confidence": 3 * np.ones(SHAPE)}, ValueError, "from 0 to 1"),
        ({"mean_confidence": [0.5]}, ValueError, "mean_confidence must be 4"),
        ({"spots": [None]}, ValueError, "spots must be 4"),
        ({"extent": (0, 1)}, ValueError, "extent"),
    ],
)
def test_wrong_arguments(changes, error, message):
    with pytest.raises(error, match=message):
        plot_phase_summary(make_labels(), **full() | changes)


def test_no_domain():
    with pytest.raises(ValueError, match="no domain"):
        plot_phase_summary(np.full(SHAPE, -1))
