"""The position that is clicked: where it is, its posterior and its pattern."""

import gc
import pickle
import weakref

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_posterior
from hyperspy_4dphase.plot._palette import UNASSIGNED, domain_colors
from tests.plot.mouse import EXTENT, ONE, TWO, send
from tests.plot.test_domains import colors_of

LEAST_SURE = (2, 6)


def posterior(navigation=TWO, n_domains=3):
    """Least sure at the position given above."""
    shares = np.random.default_rng(0).dirichlet(np.ones(n_domains), navigation)
    first = shares.argmax(axis=-1)[..., None] == np.arange(n_domains)
    shares = 0.5 * shares + 0.5 * first
    shares[LEAST_SURE[-len(navigation) :]] = 1 / n_domains
    return shares


def pattern_at(row, column):
    """A pattern that says of which position it is."""
    pattern = np.full((6, 4), 1.0)
    pattern[0, :2] = row, column
    return pattern


def view(shares, pattern_at=pattern_at, **options):
    return plot_posterior(
        shares.argmax(axis=-1), shares.max(axis=-1), shares, pattern_at, **options
    )


def click(figure, row, column, extent=(-0.5, 8.5, 6.5, -0.5), shape=TWO):
    left, right, bottom, top = extent
    x = left + (right - left) * (column + 0.5) / shape[1]
    y = top + (bottom - top) * (row + 0.5) / shape[0]
    figure.draw_without_rendering()
    send(figure.axes[0], "button_press_event", x, y)


def bars(figure):
    """Name, written share, length and colour of each bar from top to bottom."""
    ax = figure.axes[1]
    names, written = ax.texts[::2], ax.texts[1::2]
    lengths = ax.containers[1::2]
    heights = [ax.transData.transform((0, text.get_position()[1]))[1] for text in names]
    assert heights == sorted(heights, reverse=True)
    return [
        (name.get_text(), share.get_text(), bar[0].get_width(), bar[0].get_facecolor())
        for name, share, bar in zip(names, written, lengths, strict=True)
    ]


def position(figure):
    """What the pattern says, and where the ring is."""
    axes = figure.axes
    (ring,) = axes[0].lines
    return tuple(axes[2].images[0].get_array()[0, :2]), ring.get_xydata()[0]


def test_starts_where_it_is_least_sure():
    figure = view(posterior())
    found, ring = position(figure)
    assert found == LEAST_SURE
    np.testing.assert_allclose(ring, LEAST_SURE[::-1])


@pytest.mark.parametrize("extent", [None, EXTENT, (14.5, 10, 20, 34)])
def test_click(extent):
    shares = posterior()
    figure = view(shares, extent=extent)
    edges = extent or (-0.5, 8.5, 6.5, -0.5)
    for row, column in [(0, 0), (6, 8), (4, 1)]:
        click(figure, row, column, edges)
        found, ring = position(figure)
        assert found == (row, column)
        np.testing.assert_allclose(
            ring,
            [
                edges[0] + (edges[1] - edges[0]) * (column + 0.5) / 9,
                edges[3] + (edges[2] - edges[3]) * (row + 0.5) / 7,
            ],
        )
        here = shares[row, column]
        order = np.argsort(-here)
        names, _, lengths, colors = zip(*bars(figure), strict=True)
        assert names == tuple(f"domain {i}" for i in order)
        np.testing.assert_allclose(lengths, here[order])
        expected = domain_colors(3)[order]
        np.testing.assert_allclose(np.array(colors)[:, :3], expected)


def test_title_is_calibrated():
    shares = posterior()
    shares[4, 1] = [0.125, 0.25, 0.625]
    figure = view(shares, extent=EXTENT, units="nm", names=["a", "b", "c"])
    click(figure, 4, 1, EXTENT)
    title = figure.axes[1].get_title(loc="left")
    assert title == "x = 10.75 nm, y = 29 nm\nc, 62.5 % sure"


def test_unassigned_and_masked():
    shares = posterior()
    labels, confidence = shares.argmax(axis=-1), shares.max(axis=-1)
    labels[0, 0], confidence[0, 0] = -1, 0.5
    labels[0, 1], confidence[0, 1], shares[0, 1] = -1, np.nan, np.nan
    figure = plot_posterior(labels, confidence, shares, pattern_at)
    click(figure, 0, 0)
    title = figure.axes[1].get_title(loc="left")
    assert title == "x = 0 px, y = 0 px\nunassigned, 50.0 % sure"
    click(figure, 0, 1)
    assert figure.axes[1].get_title(loc="left") == "x = 1 px, y = 0 px\nmasked"
    assert [text.get_text() for text in figure.axes[1].texts] == ["no posterior"]
    click(figure, 0, 0)
    assert len(bars(figure)) == 3


def test_few_bars_and_the_rest():
    shares = np.full((*TWO, 20), 0.5 / 19)
    shares[..., 13] = 0.5
    shares[1, 1], shares[1, 1, [4, 7, 2]] = 0, [0.9, 0.096, 0.004]
    shares[1, 2], shares[1, 2, 7] = 0, 1
    figure = view(shares)
    names, written, lengths, colors = zip(*bars(figure), strict=True)
    assert names[:3] == ("domain 13", "domain 0", "domain 1")
    assert names[-1] == "others"
    assert len(names) == 11
    np.testing.assert_allclose(sum(lengths), 1)
    assert (written[0], written[-1]) == ("50.0 %", "26.3 %")
    np.testing.assert_allclose(colors[-1][:3], UNASSIGNED)
    click(figure, 1, 1)
    names, written, _, _ = zip(*bars(figure), strict=True)
    assert names == ("domain 4", "domain 7", "others")
    assert written == ("90.0 %", "9.6 %", "0.4 %")
    click(figure, 1, 2)
    assert [bar[:2] for bar in bars(figure)] == [("domain 7", "100.0 %")]


def test_map_is_that_of_sure_domains():
    shares = posterior()
    figure = view(shares, title="flake", extent=EXTENT, units="nm")
    image = colors_of(figure.axes[0].images[0])
    np.testing.assert_allclose(image[..., :3], domain_colors(3)[shares.argmax(axis=-1)])
    np.testing.assert_allclose(image[..., 3], (shares.max(axis=-1) - 1 / 3) * 1.5)
    assert figure.get_suptitle() == "flake"
    assert figure.axes[0].get_legend() is None


def test_long_names_are_cut():
    names = [f"{i} is a name that is much longer than any panel is wide" for i in "abc"]
    figure = view(posterior(), names=names)
    figure.canvas.draw()
    assert bars(figure)[0][0].endswith("…")
    texts = figure.axes[1].texts
    assert not texts[0].get_window_extent().overlaps(texts[1].get_window_extent())
    title = figure.axes[1].title.get_window_extent()
    assert not title.overlaps(figure.axes[2].title.get_window_extent())


def test_without_the_scan():
    here = {}
    figure = view(posterior(), lambda row, column: here.get((row, column)))
    (text,) = figure.axes[2].texts
    assert "signal" in text.get_text()
    here[1, 3] = pattern_at(1, 3)
    click(figure, 1, 3)
    assert not figure.axes[2].texts
    assert position(figure)[0] == (1, 3)
    click(figure, 1, 4)
    assert len(figure.axes[2].texts) == 1
    assert not figure.axes[2].images


def test_pattern_is_calibrated_and_may_be_a_curve():
    options = {"pattern_extent": (-2, 2, 3, -3), "pattern_units": "1/Å"}
    ax = view(posterior(), **options).axes[2]
    assert tuple(ax.images[0].get_extent()) == (-2, 2, 3, -3)
    assert ax.get_xlabel() == "kx (1/Å)"
    assert ax.images[0].norm.gamma == 0.3
    ax = view(posterior(), lambda *_: np.arange(11.0), pattern_extent=(2, 4)).axes[2]
    np.testing.assert_allclose(ax.lines[0].get_xdata(), np.linspace(2, 4, 11))


@pytest.mark.parametrize("navigation", [ONE, (1, 31)])
def test_strip(navigation):
    shares = posterior((31,)).reshape(*navigation, 3)
    figure = view(shares)
    assert position(figure)[0] == (0, LEAST_SURE[1])
    title = figure.axes[1].get_title(loc="left")
    assert title.startswith("x = 6 px" + (", y = 0 px\n" if navigation[1:] else "\n"))
    click(figure, 0, 20, (-0.5, 30.5, 0.5, -0.5), (1, 31))
    assert position(figure)[0] == (0, 20)


def test_one_domain():
    figure = view(np.ones((*TWO, 1)))
    assert [bar[:3] for bar in bars(figure)] == [("domain 0", "100.0 %", 1.0)]


def test_clicks_that_are_not_meant():
    figure = view(posterior())
    before = position(figure)
    figure.draw_without_rendering()
    send(figure.axes[1], "button_press_event", 0.5, 1)
    figure.canvas.widgetlock(test_clicks_that_are_not_meant)
    click(figure, 0, 0)
    assert position(figure)[0] == before[0]
    figure.canvas.widgetlock.release(test_clicks_that_are_not_meant)
    click(figure, 0, 0)
    assert position(figure)[0] == (0, 0)


def test_link_lives_as_long_as_the_figure():
    figure = view(posterior())
    gc.collect()
    click(figure, 3, 3)
    assert position(figure)[0] == (3, 3)
    pickle.loads(pickle.dumps(figure)).canvas.draw()
    gone = weakref.ref(figure)
    plt.close(figure)
    del figure
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("masked", [False, True])
def test_nothing_resolved(masked):
    """There is a domain, and nothing to be sure of."""
    labels, nothing = np.zeros(TWO, int), np.full(TWO, np.nan)
    if masked:
        labels[:2] = -1
    figure = plot_posterior(labels, nothing, nothing[..., None], pattern_at)
    first = 2 * masked
    assert position(figure)[0] == (first, 0)
    title = figure.axes[1].get_title(loc="left")
    assert title == f"x = 0 px, y = {first} px\ndomain 0, not resolved"
    assert [text.get_text() for text in figure.axes[1].texts] == ["no posterior"]
    click(figure, 1, 4)
    title = figure.axes[1].get_title(loc="left")
    assert (
        title
        == f"x = 4 px, y = 1 px\n{'masked' if masked else 'domain 0, not resolved'}"
    )


def test_given_figure_is_used():
    figure = plt.Figure(figsize=(9, 4), layout="constrained")
    place = figure.subfigures(1, 2)[1]
    assert view(posterior(), fig=place) is place
    figure.draw_without_rendering()
    send(place.axes[0], "button_press_event", 5, 4)
    assert position(place)[0] == (4, 5)
    assert plt.get_fignums() == []


SHARES = posterior()
GIVEN = {
    "labels": SHARES.argmax(axis=-1),
    "confidence": SHARES.max(axis=-1),
    "posterior": SHARES,
    "pattern_at": pattern_at,
}


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        ({"labels": GIVEN["labels"][None]}, ValueError, r"a click.*\(1, 7, 9\)"),
        ({"labels": SHARES[..., 0]}, TypeError, "labels must be integers"),
        ({"confidence": GIVEN["confidence"].T}, ValueError, r"\(7, 9\).*\(9, 7\)"),
        ({"confidence": SHARES[..., 0] + 1}, ValueError, "confidence must be from 0"),
        (
            {"confidence": np.full(TWO, np.nan), "labels": np.full(TWO, -1)},
            ValueError,
            "NaN at every",
        ),
        ({"posterior": SHARES[..., :2]}, ValueError, r"with 3 domains.*\(7, 9, 2\)"),
        ({"posterior": SHARES[:6]}, ValueError, r"\(7, 9, 'n_domains'\).*\(6, 9, 3\)"),
        ({"posterior": 2 * SHARES}, ValueError, "posterior must be from 0"),
        ({"posterior": 1.0}, ValueError, r"posterior.*\(\)"),
        ({"posterior": None}, TypeError, "posterior must hold real numbers"),
        ({"pattern_at": np.ones((3, 4))}, TypeError, "callable.*ndarray"),
        ({"names": ["a"]}, ValueError, "names must be 3"),
        ({"extent": (0, 1)}, ValueError, "extent must be"),
    ],
)
def test_refused(change, error, match):
    with pytest.raises(error, match=match):
        plot_posterior(**{**GIVEN, **change})
    assert plt.get_fignums() == []
