"""A domain and its parts: mean patterns, differences, and where the parts are."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_split
from hyperspy_4dphase.plot._palette import PALE, domain_colors
from tests.plot.test_domains import colors_of

PATTERN = (8, 11)
SCAN = (5, 7)


def patterns(n_children, shape=PATTERN, seed=0):
    """A parent and children that are weaker and stronger by up to a factor of ten."""
    generator = np.random.default_rng(seed)
    children = generator.gamma(1.0, 5.0, (n_children, *shape))
    brightness = np.geomspace(0.3, 3, n_children)
    children *= brightness.reshape(-1, *[1] * len(shape))
    return children.mean(axis=0), children


def panels(figure, n_children, with_map=False):
    """Parent, map, means and differences in the order of the children."""
    axes = [ax for ax in figure.axes if ax.get_label() != "<colorbar>"]
    parent, *rest = axes
    scan = rest.pop(0) if with_map else None
    assert len(rest) == 2 * n_children
    return parent, scan, rest[::2], rest[1::2]


def shown(axes):
    return np.array([ax.images[0].get_array() for ax in axes])


def differences(parent, children, **options):
    figure = plot_split(parent, children, **options)
    return shown(panels(figure, len(children))[3])


@pytest.mark.parametrize("n_children", [1, 2, 3, 5, 8, 9])
def test_what_is_shown_where(n_children):
    parent, children = patterns(n_children)
    extent = (-1, 1.2, 0.8, -0.8)
    figure = plot_split(parent, children, extent=extent, units="1/Å")
    whole, _, means, contrasts = panels(figure, n_children)
    np.testing.assert_array_equal(whole.images[0].get_array(), parent)
    np.testing.assert_array_equal(shown(means), children)
    assert [ax.get_title() for ax in means] == [f"child {i}" for i in range(n_children)]
    figure.canvas.draw()
    for mean, contrast in zip(means, contrasts, strict=True):
        assert mean.images[0].origin == contrast.images[0].origin == "upper"
        assert tuple(contrast.images[0].get_extent()) == extent
        above, below = mean.get_window_extent(), contrast.get_window_extent()
        np.testing.assert_allclose([above.x0, above.x1], [below.x0, below.x1], atol=1)
        assert above.y0 > below.y1
    drawn = [ax.get_window_extent().padded(-1) for ax in figure.axes]
    for i, one in enumerate(drawn):
        assert not any(one.overlaps(other) for other in drawn[:i])


def test_differences_cancel():
    parent, children = patterns(4)
    found = differences(parent, children)
    np.testing.assert_allclose(found.sum(axis=(1, 2)), 0, atol=1e-9)
    expected = 100 * (children[2] / children[2].sum() - parent / parent.sum())
    np.testing.assert_allclose(found[2], expected)
    # A child like the whole differs in nothing, however bright it is.
    same = differences(parent, [7 * parent, children[0]])
    np.testing.assert_allclose(same[0], 0, atol=1e-12)


def test_brightness_does_not_count():
    parent, children = patterns(3)
    expected = differences(parent, children)
    brighter = children * np.array([1, 50, 0.01])[:, None, None]
    np.testing.assert_allclose(differences(30 * parent, brighter), expected)


def test_excluded_pixels():
    parent, children = patterns(3)
    expected = differences(np.delete(parent, 4, 0), np.delete(children, 4, 1))
    parent[4, :6], children[1, 4, 6:] = np.nan, np.nan
    figure = plot_split(parent, children)
    _, _, _, contrasts = panels(figure, 3)
    found = np.array(
        [np.ma.filled(ax.images[0].get_array(), np.nan) for ax in contrasts]
    )
    assert np.isnan(found[:, 4]).all()
    np.testing.assert_allclose(np.delete(found, 4, 1), expected)


def test_one_robust_scale_around_zero():
    parent, children = patterns(3, (60, 70))
    children[0, 30, 35] *= 1000
    _, _, means, contrasts = panels(plot_split(parent, children), 3)
    limits = {ax.images[0].get_clim() for ax in contrasts}
    assert len(limits) == 1
    low, high = limits.pop()
    assert low == -high
    sizes = np.abs(shown(contrasts))
    assert 0.002 < (sizes > high).mean() < 0.008
    assert sizes.max() > 10 * high
    assert {ax.images[0].get_clim() for ax in means} == {(0, children.max())}
    assert means[0].images[0].norm.gamma == 0.3


@pytest.mark.parametrize("value", [0.0, -1.0, np.nan])
@pytest.mark.parametrize("shape", [PATTERN, PATTERN[:1]])
def test_nothing_to_see(shape, value):
    children = np.full((2, *shape), value)
    plot_split(children[0], children).canvas.draw()
    children[1] = 1.0
    plot_split(children[1], children).canvas.draw()


def test_map():
    parent, children = patterns(3)
    labels = np.arange(35).reshape(SCAN) % 4 - 1
    labels[0, 0] = 2
    colors = ["#101010", (0.5, 0.2, 0.1), "C1"]
    figure = plot_split(
        parent,
        children,
        labels_map=labels,
        colors=colors,
        map_extent=(0, 70, 50, 0),
        map_units="nm",
        parent_name="flake",
        child_names=["core", "rim", "edge"],
    )
    whole, scan, means, contrasts = panels(figure, 3, with_map=True)
    expected = np.vstack([[plt.matplotlib.colors.to_rgb(c) for c in colors], PALE])
    np.testing.assert_allclose(
        colors_of(scan.images[0])[..., :3], expected[labels], atol=1e-9
    )
    assert scan.images[0].origin == "upper"
    assert whole.get_title() == f"flake\n{(labels >= 0).sum()} positions"
    assert means[2].get_title() == f"edge\n{(labels == 2).sum()}"
    for kind in (means, contrasts):
        frames = [ax.spines.left.get_edgecolor()[:3] for ax in kind]
        np.testing.assert_allclose(frames, expected[:3])


def test_default_colors():
    parent, children = patterns(2)
    _, _, means, _ = panels(plot_split(parent, children), 2)
    frames = [ax.spines.top.get_edgecolor()[:3] for ax in means]
    np.testing.assert_allclose(frames, domain_colors(2))


@pytest.mark.parametrize("n_children", [2, 6])
def test_curves(n_children):
    parent, children = patterns(n_children, (40,))
    options = {"extent": (2, 4), "units": "1/nm"}
    figure = plot_split(parent, children, labels_map=np.zeros(SCAN, int), **options)
    figure.canvas.draw()
    whole, _, means, contrasts = panels(figure, n_children, with_map=True)
    np.testing.assert_allclose(whole.lines[0].get_ydata(), parent**0.3)
    assert contrasts[0].get_xlabel() == "k (1/nm)"
    for i, (mean, contrast) in enumerate(zip(means, contrasts, strict=True)):
        np.testing.assert_allclose(mean.lines[-1].get_ydata(), children[i] ** 0.3)
        curve = contrast.lines[-1]
        np.testing.assert_allclose(curve.get_xdata(), np.linspace(2, 4, 40))
        np.testing.assert_allclose(curve.get_ydata().sum(), 0, atol=1e-9)
        low, high = contrast.get_ylim()
        assert low == -high == contrasts[0].get_ylim()[0]
        assert np.abs(curve.get_ydata()).max() < high


@pytest.mark.parametrize("sub", [False, True])
def test_given_figure_is_used(sub):
    figure = plt.Figure(figsize=(9, 4), layout="constrained")
    place = figure.subfigures(1, 2)[0] if sub else figure
    assert plot_split(*patterns(3), fig=place) is place
    assert len(place.axes) == 9
    assert tuple(figure.get_size_inches()) == (9, 4)
    assert plt.get_fignums() == []


def test_arguments_are_not_changed():
    parent, children = patterns(3)
    labels = np.arange(35).reshape(SCAN) % 4 - 1
    before = [array.copy() for array in (parent, children, labels)]
    plot_split(parent, children, labels_map=labels)
    for array, old in zip((parent, children, labels), before, strict=True):
        np.testing.assert_array_equal(array, old)


PARENT, CHILDREN = patterns(3)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"parent_pattern": PARENT[:, :9]}, r"\(8, 11\) each.*\(8, 9\)"),
        ({"parent_pattern": CHILDREN}, r"parent_pattern must have.*\(3, 8, 11\)"),
        ({"child_patterns": PARENT}, r"\(11,\) each.*\(8, 11\)"),
        ({"child_patterns": CHILDREN[:0]}, r"child_patterns must.*\(0, 8, 11\)"),
        ({"child_patterns": 3.0}, r"child_patterns must have.*\(\)"),
        ({"child_patterns": CHILDREN * np.inf}, "child_patterns holds 264 infinite"),
        ({"labels_map": np.full(SCAN, 3)}, "from 0 to 2.*holds 3"),
        ({"labels_map": np.full(SCAN, -3)}, "hold -3"),
        ({"colors": ["r", "g"]}, "colors must be 3.*are 2"),
        ({"colors": ["r", "g", "no color"]}, "no color"),
        ({"child_names": ["a", "b"]}, "child_names must be 3.*are 2"),
        ({"child_names": list("abcd")}, "child_names must be 3.*are 4"),
        ({"extent": (0, 1)}, "extent must be"),
        (
            {"labels_map": np.zeros(SCAN, int), "map_extent": (0, 1)},
            "map_extent must be",
        ),
    ],
)
def test_refused(options, match):
    arguments = {"parent_pattern": PARENT, "child_patterns": CHILDREN, **options}
    with pytest.raises(ValueError, match=match):
        plot_split(**arguments)
    assert plt.get_fignums() == []


def test_refused_types():
    with pytest.raises(TypeError, match="parent_pattern must hold real.*complex"):
        plot_split(PARENT + 1j, CHILDREN)
    with pytest.raises(TypeError, match="labels_map must be integers.*float64"):
        plot_split(PARENT, CHILDREN, labels_map=np.zeros(SCAN))
    assert plt.get_fignums() == []
