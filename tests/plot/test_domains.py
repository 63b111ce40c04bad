"""The map of domains: colours, places, sizes and the scale bar."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.offsetbox import AnchoredOffsetbox
from matplotlib.patches import Rectangle

from hyperspy_4dphase.plot import plot_domains
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors

SCAN = (7, 9)
LABELS = np.arange(63).reshape(SCAN) % 6 - 1
EXTENT = (10.0, 28.0, 5.5, 2.0)


def palette(n_domains):
    """The last is for -1."""
    return np.vstack([domain_colors(n_domains), UNASSIGNED])


def pixel(ax, x, y):
    """What is drawn at a place in the units of the axes."""
    ax.figure.canvas.draw()
    shown = np.asarray(ax.figure.canvas.buffer_rgba()) / 255
    column, row = ax.transData.transform((x, y)).astype(int)
    return shown[shown.shape[0] - 1 - row, column, :3]


def colors_of(image):
    """Red, green, blue and opacity of what an image holds."""
    return image.to_rgba(image.get_array(), alpha=image.get_alpha())


def legend_texts(ax):
    return [text.get_text() for text in ax.get_legend().get_texts()]


def bars(ax):
    """Length in data units, as drawn, and text of each scale bar."""
    ax.figure.canvas.draw()
    found = []
    for box in ax.findobj(AnchoredOffsetbox):
        (line,), (text,) = box.findobj(Rectangle), box.findobj(plt.Text)
        corners = line.get_transform().transform([(0, 0), (1, 0)])
        (x0, _), (x1, _) = ax.transData.inverted().transform(corners)
        found.append((abs(x1 - x0), text.get_text()))
    return found


@pytest.mark.parametrize("extent", [None, EXTENT, (28, 10, 2, 5.5)])
def test_colors_and_places(extent):
    ax = plot_domains(LABELS, extent=extent)
    (image,) = ax.images
    expected = palette(5)[LABELS]
    np.testing.assert_array_equal(image.get_array(), LABELS)
    np.testing.assert_array_equal(colors_of(image)[..., :3], expected)
    left, right, bottom, top = extent or (-0.5, 8.5, 6.5, -0.5)
    for row, column in [(0, 0), (0, 8), (6, 0), (2, 7)]:
        x = left + (right - left) * (column + 0.5) / 9
        y = top + (bottom - top) * (row + 0.5) / 7
        drawn = pixel(ax, x, y)
        np.testing.assert_allclose(drawn, expected[row, column], atol=0.01)


def test_first_row_is_on_top():
    labels = np.zeros(SCAN, int)
    labels[0, 8] = 1
    ax = plot_domains(labels, extent=EXTENT)
    (x0, y0), (x1, y1) = ax.transData.transform([(10, 5.5), (28, 2)])
    assert x0 < x1
    assert y0 < y1
    np.testing.assert_allclose(pixel(ax, 27, 2.25), domain_colors(2)[1], atol=0.01)


def test_same_color_whatever_else_is_there():
    few = colors_of(plot_domains(np.array([[3, 3], [0, 3]])).images[0])
    many = colors_of(plot_domains(np.array([[3, 60], [0, -1]])).images[0])
    np.testing.assert_array_equal(few[:, 0], many[:, 0])


def test_no_colors_between_domains():
    labels = np.indices((300, 400)).sum(axis=0) % 3
    ax = plot_domains(labels, extent=(0, 1, 1, 0), legend=False)
    ax.figure.canvas.draw()
    x0, y0, x1, y1 = ax.get_window_extent().extents.astype(int)
    shown = np.asarray(ax.figure.canvas.buffer_rgba())[::-1][y0 + 3 : y1 - 3]
    seen = np.unique(shown[:, x0 + 3 : x1 - 3, :3].reshape(-1, 3), axis=0)
    expected = np.unique(np.round(255 * domain_colors(3)), axis=0)
    np.testing.assert_allclose(seen, expected, atol=1)


def test_legend():
    labels = np.zeros((50, 40), int)
    labels[:5], labels[5, :30], labels[6, 0] = -1, 4, 2
    ax = plot_domains(labels, title="flake")
    assert ax.get_title() == "flake"
    assert legend_texts(ax) == [
        "domain 0: 1 769 (88.4 %)",
        "domain 2: 1 (0.1 %)",
        "domain 4: 30 (1.5 %)",
        "unassigned: 200 (10.0 %)",
    ]
    patches = [patch.get_facecolor()[:3] for patch in ax.get_legend().get_patches()]
    np.testing.assert_allclose(patches, palette(5)[[0, 2, 4, -1]])


def test_names():
    names = ["vacuum", "WS2", "WSe2", "not there"]
    ax = plot_domains(np.array([[0, 0, 1], [0, 2, 1]]), names=names)
    assert legend_texts(ax) == [
        "vacuum: 3 (50.0 %)",
        "WS2: 2 (33.3 %)",
        "WSe2: 1 (16.7 %)",
    ]


def test_tiny_share_is_not_nothing():
    labels = np.zeros((50, 60), int)
    labels[0, 0] = 1
    assert legend_texts(plot_domains(labels))[1] == "domain 1: 1 (<0.1 %)"


@pytest.mark.parametrize("n_unassigned", [0, 3])
@pytest.mark.parametrize("n_domains", [20, 21, 39, 41, 300])
def test_many_domains(n_domains, n_unassigned):
    labels = np.append(np.arange(n_domains).repeat(2), np.full(n_unassigned, -1))
    ax = plot_domains(labels[None], extent=(0, 2, 1, 0), units="µm")
    texts = legend_texts(ax)
    assert len(texts) == min(40, n_domains + bool(n_unassigned))
    assert texts[-1].startswith("unassigned: 3") or not n_unassigned
    n_named = sum(text.startswith("domain") for text in texts)
    if n_named < n_domains:
        n_left = n_domains - n_named
        assert texts[n_named].startswith(f"… {n_left} more: {2 * n_left} (")
    ax.figure.canvas.draw()
    x0, y0, x1, y1 = ax.get_legend().get_window_extent().extents
    width, height = ax.figure.bbox.size
    assert 0 <= x0 < x1 <= width
    assert 0 <= y0 < y1 <= height


def test_all_unassigned():
    ax = plot_domains(np.full(SCAN, -1))
    assert legend_texts(ax) == ["unassigned: 63 (100.0 %)"]
    shown = colors_of(ax.images[0])[..., :3]
    np.testing.assert_array_equal(shown, np.tile(UNASSIGNED, (*SCAN, 1)))


@pytest.mark.parametrize("width", [0.0037, 1.0, 9.99, 287.0, 64000.0])
@pytest.mark.parametrize("mirrored", [False, True])
def test_scale_bar(width, mirrored):
    extent = (5 + width, 5, width, 0) if mirrored else (5, 5 + width, width, 0)
    ax = plot_domains(LABELS, extent=extent, units="nm")
    ((length, text),) = bars(ax)
    number, units = text.split()
    assert units == "nm"
    np.testing.assert_allclose(length, float(number))
    assert width / 8 <= length <= width / 3
    assert f"{length:e}"[0] in "125"
    assert not ax.get_xticks().size
    assert ax.get_xlabel() == ax.get_ylabel() == ""


@pytest.mark.parametrize(
    "options", [{}, {"units": ""}, {"units": "nm", "scalebar": False}]
)
def test_ticks_where_there_is_no_scale_bar(options):
    ax = plot_domains(LABELS, **options)
    assert bars(ax) == []
    assert ax.get_xticks().size
    units = options.get("units", "px")
    assert ax.get_xlabel() == (f"x ({units})" if units else "x")


def test_strip():
    labels = np.array([0, 0, 2, -1, 1])
    ax = plot_domains(labels, extent=(10, 20), units="nm")
    np.testing.assert_array_equal(
        colors_of(ax.images[0])[..., :3], palette(3)[labels][None]
    )
    assert ax.get_xlabel() == "x (nm)"
    assert ax.get_xlim() == (10, 20)
    assert not ax.get_yticks().size
    assert bars(ax) == []


def test_stack_shows_what_is_most_often_there():
    stack = np.stack([LABELS, LABELS, np.full(SCAN, 1)])
    stack[:, 3, 5], stack[:, 4, 6] = [-1, -1, 2], [3, -1, 2]
    expected = LABELS.copy()
    # Wherever two are unassigned, the third counts; of equals, the larger domain.
    expected[LABELS == -1] = 1
    expected[3, 5], expected[4, 6] = 2, 2
    ax = plot_domains(stack)
    np.testing.assert_array_equal(ax.images[0].get_array(), expected)
    n_first = (stack == 0).sum()
    assert legend_texts(ax)[0] == f"domain 0: {n_first} ({100 * n_first / 189:.1f} %)"


def test_given_axes_are_used():
    figure = plt.Figure()
    ax = figure.add_subplot()
    assert plot_domains(LABELS, ax=ax, legend=False) is ax
    assert ax.get_legend() is None
    assert plt.get_fignums() == []


def test_labels_are_not_changed():
    for dtype in (np.int8, np.uint16, np.int64):
        labels = np.abs(LABELS).astype(dtype)
        before = labels.copy()
        plot_domains(labels)
        np.testing.assert_array_equal(labels, before)


@pytest.mark.parametrize(
    ("labels", "options", "match"),
    [
        (LABELS - 1, {}, "hold -2"),
        (np.int64(3), {}, r"one to three.*\(\)"),
        (LABELS[None, None], {}, r"one to three.*\(1, 1, 7, 9\)"),
        (LABELS[:0], {}, r"positions.*\(0, 9\)"),
        (LABELS, {"names": ["a", "b"]}, "names must be 5.*are 2"),
        (LABELS, {"extent": (0, 1)}, r"extent must be \(left.*top\)"),
        (LABELS[0], {"extent": (0, 1, 2, 3)}, r"extent must be \(left, right\)"),
    ],
)
def test_refused(labels, options, match):
    with pytest.raises(ValueError, match=match):
        plot_domains(labels, **options)
    assert plt.get_fignums() == []


@pytest.mark.parametrize("dtype", [float, bool])
def test_labels_must_be_integers(dtype):
    with pytest.raises(TypeError, match="labels must be integers"):
        plot_domains(LABELS.astype(dtype))
    assert plt.get_fignums() == []


def test_given_colors():
    given = domain_colors(12)[7:]
    ax = plot_domains(LABELS, colors=given)
    expected = np.vstack([given[:5], UNASSIGNED])[LABELS]
    np.testing.assert_allclose(colors_of(ax.images[0])[..., :3], expected)
    patches = ax.get_legend().get_patches()
    np.testing.assert_allclose(
        [patch.get_facecolor()[:3] for patch in patches[:5]], given[:5]
    )


@pytest.mark.parametrize(
    ("colors", "error", "message"),
    [
        (["red"] * 5, TypeError, r"numbers of the shape \(5, 3\)"),
        (np.ones((4, 3)), ValueError, r"shape \(4, 3\); expected \(5, 3\)"),
        (np.ones((5, 4)), ValueError, r"shape \(5, 4\); expected \(5, 3\)"),
        (2 * np.ones((5, 3)), ValueError, "from 0 to 1"),
        (np.full((5, 3), np.nan), ValueError, "from 0 to 1"),
    ],
)
def test_wrong_colors(colors, error, message):
    with pytest.raises(error, match=message):
        plot_domains(LABELS, colors=colors)
