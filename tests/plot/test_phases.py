"""The figure of a map of phases."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from orix.quaternion import symmetry

from hyperspy_4dphase.plot import plot_phases
from hyperspy_4dphase.plot._style import WIDEST
from hyperspy_4dphase.plot.phases import PatternPanel, Spots

IDS = np.array([[0, 0, 2, 2, -1], [0, 0, 2, 2, -1], [0, 0, 0, 2, 2]])
NAMES = ["layered", "spinel", "rock salt"]
COLORS = np.array([[0.9, 0.1, 0.1], [0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(figure):
    legends = [ax.get_legend() for ax in figure.axes if ax.get_legend()]
    return [text.get_text() for legend in legends for text in legend.get_texts()]


def maps(figure):
    return [ax for ax in figure.axes if ax.images]


def test_map_and_legend():
    fig = plot_phases(IDS, NAMES, COLORS)
    (ax,) = maps(fig.subfigs[0])
    shown = ax.images[0].get_array()
    np.testing.assert_array_equal(shown, IDS)
    assert [t.split(":")[0] for t in texts(fig.subfigs[0])] == [
        "layered",
        "rock salt",
        "not indexed",
    ]


def test_orientations_and_patterns():
    colors = np.full((*IDS.shape, 3), np.nan)
    colors[IDS >= 0] = 0.5
    pattern = np.random.default_rng(0).poisson(5.0, (20, 24)).astype(float)
    hkl = np.array([[1, -1, 0], [2, 0, 0]])
    spots = Spots(np.array([3.0, 10]), np.array([5.0, 20]), np.array([1, 0.5]), hkl)
    panels = [
        PatternPanel(pattern, "0: layered", COLORS[0], spots),
        PatternPanel(pattern, "1: vacuum", "0.5", None),
    ]
    fig = plot_phases(
        IDS,
        NAMES,
        COLORS,
        orientations=colors,
        panels=panels,
        pattern_extent=(-12, 12, 10, -10),
    )
    _, orientation = maps(fig.subfigs[0])
    image = orientation.images[0].get_array()
    np.testing.assert_allclose(image[0, 0, :3], 0.5)
    assert (np.abs(image[0, 4, :3] - 0.5) > 0.05).all()
    first, second, *rest = fig.subfigs[1].axes
    assert not rest
    places = first.collections[0].get_offsets()
    # A pixel's centre, in the units of the axes.
    np.testing.assert_allclose(places[0], (-12 + 5.5, -10 + 3.5))
    assert [t.get_text() for t in first.texts] == [r"$1\bar{1}0$", "$200$"]
    assert second.get_title() == "1: vacuum"
    assert not second.collections


def test_indices_do_not_cover_one_another():
    rng = np.random.default_rng(1)
    n = 60
    rows, columns = rng.uniform(0, 63, (2, n))
    hkl = rng.integers(-12, 13, (n, 3))
    spots = Spots(rows, columns, rng.uniform(0.2, 1, n), hkl)
    panel = PatternPanel(rng.poisson(5.0, (64, 64)), "0", "k", spots)
    fig = plot_phases(IDS, NAMES, COLORS, panels=[panel] * 3)
    fig.canvas.draw()
    for ax in fig.subfigs[1].axes:
        boxes = [text.get_window_extent() for text in ax.texts]
        assert 2 <= len(boxes) <= 6
        frame = ax.get_window_extent()
        for i, box in enumerate(boxes):
            assert not any(box.overlaps(other) for other in boxes[:i])
            assert (frame.min <= box.min + 1).all()
            assert (box.max <= frame.max + 1).all()


def test_opposite_spots_have_one_index():
    hkl = np.array([[2, 0, 0], [-2, 0, 0], [0, 2, 0]])
    place = np.array([10.0, 50.0, 30.0])
    spots = Spots(place, place[::-1], np.array([1.0, 0.9, 0.5]), hkl)
    panel = PatternPanel(np.ones((64, 64)), "0", "k", spots)
    fig = plot_phases(IDS, NAMES, COLORS, panels=[panel])
    (ax,) = fig.subfigs[1].axes
    assert [t.get_text() for t in ax.texts] == ["$200$", "$020$"]


@pytest.mark.parametrize("shape", [(15,), (3, 5), (2, 3, 5)])
def test_scans_of_all_dimensions(shape):
    ids = np.resize(IDS.ravel(), shape)
    fig = plot_phases(ids, NAMES, COLORS)
    fig.canvas.draw()
    assert len(maps(fig.subfigs[0])) == 1
    assert fig.get_figwidth() <= WIDEST


def test_orientations_have_a_key():
    colors = np.full((*IDS.shape, 3), 0.5)
    groups = {"layered": symmetry.D3d, "rock salt": symmetry.Oh}
    fig = plot_phases(IDS, NAMES, COLORS, orientations=colors, point_groups=groups)
    fig.canvas.draw()
    keys = [ax for ax in fig.subfigs[0].axes if ax.name == "ipf"]
    assert [key.get_title() for key in keys] == list(groups)
    assert [key._symmetry.name for key in keys] == ["-3m", "m-3m"]
    assert all(len(key.images) == 1 for key in keys)
    # Without a map of orientations there is nothing to explain.
    fig = plot_phases(IDS, NAMES, COLORS, point_groups=groups)
    assert not [ax for ax in fig.subfigs[0].axes if ax.name == "ipf"]


def test_fewer_names_than_phases():
    with pytest.raises(ValueError, match="2 names and 3 colors"):
        plot_phases(IDS, NAMES[:2], COLORS)
    with pytest.raises(TypeError, match="integers"):
        plot_phases(IDS.astype(float), NAMES, COLORS)
