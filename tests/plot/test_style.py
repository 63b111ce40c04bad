"""One visual language: what holds for every figure of the package."""

from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import BoundaryNorm, ListedColormap, LogNorm, PowerNorm
from matplotlib.image import AxesImage
from matplotlib.text import Text
from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

from hyperspy_4dphase import plot
from hyperspy_4dphase.plot import _style
from hyperspy_4dphase.plot._palette import PALE, UNASSIGNED, domain_colors
from hyperspy_4dphase.plot._style import WIDEST
from hyperspy_4dphase.plot.phases import PatternPanel

SHAPE, PATTERN_SHAPE, N = (12, 17), (9, 8), 7
# In points: 10 pixels of a notebook.
SMALLEST = 6.9
rng = np.random.default_rng(0)
LABELS = rng.integers(0, N, SHAPE)
LABELS.flat[:N] = np.arange(N)
SURE = rng.random(SHAPE)
PATTERNS = rng.gamma(0.5, 30, (N, 9, 8))
PLACE = {"extent": (0.0, 34.0, 24.0, 0.0), "units": "nm"}
BOTH = PLACE | {"pattern_extent": (-1.0, 1.0, 1.1, -1.1), "pattern_units": "1/nm"}
POSTERIOR = rng.dirichlet(np.ones(N), SHAPE)
ROUNDS = {name: np.array([0.2, 0.4]) for name in ("mean_confidence", "unassigned")}


def pattern_at(row, column):
    return PATTERNS[0]


def orientation_groups():
    from orix.quaternion import symmetry

    return {"crystal 0": symmetry.Oh, "crystal 1": symmetry.D6h}


def names(n=N):
    return [f"crystal {i}" for i in range(n)]


MADE = {
    "plot_components": lambda: plot.plot_components(
        PATTERNS, rng.random((N, *SHAPE)), groups=np.arange(N), **BOTH
    ),
    "plot_confidence": lambda: plot.plot_confidence(SURE, labels=LABELS, **PLACE),
    "plot_continuum": lambda: plot.plot_continuum(
        SURE,
        np.minimum(LABELS, 3),
        rng.random((4, 2, 9, 8)),
        map_extent=PLACE["extent"],
        map_units="nm",
    ),
    "plot_domains": lambda: plot.plot_domains(LABELS, **PLACE),
    "plot_doubts": lambda: plot.plot_doubts(
        {name: rng.random(SHAPE) for name in "abcdefgh"}, **PLACE
    ),
    "plot_latent": lambda: plot.plot_latent(
        rng.random((*SHAPE, 2)),
        LABELS,
        mean_pattern=lambda chosen: PATTERNS[0],
        navigation_extent=PLACE["extent"],
        navigation_units="nm",
    ),
    "plot_linked": lambda: plot.plot_linked(LABELS, PATTERNS, pattern_at, **BOTH),
    "plot_loss": lambda: plot.plot_loss([3.0, 2.0], [4.0, 3.0], best=1),
    "plot_manifold": lambda: plot.plot_manifold(
        rng.random((6, 5, 9, 8)), np.arange(5.0), np.arange(6.0)
    ),
    "plot_patterns": lambda: plot.plot_patterns(
        PATTERNS,
        names(),
        labels=np.arange(N),
        pattern_extent=BOTH["pattern_extent"],
        pattern_units="1/nm",
    ),
    "plot_phase_summary": lambda: plot.plot_phase_summary(
        LABELS, patterns=PATTERNS, confidence=SURE, names=names(), notes="a", **BOTH
    ),
    "plot_phases": lambda: plot.plot_phases(
        LABELS % 3,
        names(3),
        plot._palette.domain_colors(3),
        orientations=rng.random((*SHAPE, 3)),
        point_groups=orientation_groups(),
        panels=[PatternPanel(PATTERNS[0], "0: crystal 0 (0.99)", "red", None)] * 7,
        **PLACE,
    ),
    "plot_posterior": lambda: plot.plot_posterior(
        LABELS, SURE, POSTERIOR, pattern_at, **BOTH
    ),
    "plot_refused": lambda: plot.plot_refused(1 + (SURE > 0.5), LABELS, **PLACE),
    "plot_reliability": lambda: plot.plot_reliability(SURE, SURE > 0.5),
    "plot_rounds": lambda: plot.plot_rounds(ROUNDS, best=1),
    "plot_scree": lambda: plot.plot_scree([9.0, 3.0, 2.0], 4.0, number=1),
    "plot_split": lambda: plot.plot_split(
        PATTERNS[0],
        PATTERNS[1:7],
        labels_map=LABELS % 6,
        map_extent=PLACE["extent"],
        map_units="nm",
    ),
    "plot_steps": lambda: plot.plot_steps(1 + SURE, labels=LABELS, **PLACE),
    "plot_sure_domains": lambda: plot.plot_sure_domains(LABELS, SURE, **PLACE),
    "plot_tree": lambda: plot.plot_tree(
        [-1, *[0] * N],
        [LABELS.size, *np.bincount(LABELS.ravel())],
        [-1, *range(N)],
        patterns=PATTERNS,
        pattern_extent=BOTH["pattern_extent"],
        pattern_units="1/nm",
    ),
}


@cache
def drawn(name):
    """A figure, drawn once for all tests, and how many were open then."""
    made = MADE[name]()
    made = getattr(made, "figure", made)
    figure = made.figure if hasattr(made, "get_subplotspec") else made
    figure.canvas.draw()
    return figure, len(plt.get_fignums())


@pytest.fixture(params=MADE)
def figure(request):
    return drawn(request.param)[0]


def test_every_plot_is_looked_at():
    public = {name for name in plot.__all__ if name.startswith("plot_")}
    assert public == set(MADE)


@pytest.mark.parametrize("name", MADE)
def test_a_notebook_shows_it_without_shrinking(name):
    figure, n_open = drawn(name)
    assert figure.get_figwidth() <= WIDEST + 1e-6
    assert n_open == 1


def test_texts_can_be_read(figure):
    shown = [text for text in figure.findobj(Text) if text.get_visible()]
    written = [text for text in shown if text.get_text().strip()]
    assert written
    small = [t.get_text() for t in written if t.get_fontsize() < SMALLEST]
    assert not small


def test_texts_lie_inside(figure):
    page = figure.bbox
    for text in figure.findobj(Text):
        axes = text.axes
        if not text.get_text().strip() or not text.get_visible() or axes is None:
            continue
        if not axes.axison and text.get_transform() == axes.transData:
            continue
        box = text.get_window_extent()
        if box.width and text in [axes.title, axes.xaxis.label, axes.yaxis.label]:
            assert box.x0 >= page.x0 - 1
            assert box.x1 <= page.x1 + 1


# Colours of numbers, and those around 0.
NUMBERS = {getattr(_style, name) for name in ("SURE", "DOUBTFUL", "STEPS", "AMOUNT")}
DIVERGING = {_style.DIVERGING}
OWN_COLORS = np.vstack([domain_colors(120), UNASSIGNED, PALE])
# Figures that have no map; one that is all patterns has its own way to show them.
NO_MAP = {"plot_loss", "plot_manifold", "plot_reliability", "plot_rounds", "plot_scree"}
NO_MAP |= {"plot_patterns", "plot_tree"}
WITH_PATTERNS = {"plot_components", "plot_latent", "plot_linked", "plot_manifold"}
WITH_PATTERNS |= {"plot_phase_summary", "plot_phases", "plot_posterior", "plot_split"}
WITH_PATTERNS |= {"plot_patterns", "plot_tree"}
ALL_PATTERNS = "plot_manifold"


def images(figure, shape):
    """Images of an array of this shape, in whatever axes: insets have some, too."""
    found = figure.findobj(AxesImage)
    return [i for i in found if np.shape(i.get_array())[:2] == shape]


def is_map_of_numbers(image):
    return np.ndim(image.get_array()) == 2 and not isinstance(image.norm, BoundaryNorm)


@pytest.mark.parametrize("name", MADE)
def test_maps_with_units_have_a_scale_bar(name):
    maps = images(drawn(name)[0], SHAPE)
    assert bool(maps) is (name not in NO_MAP)
    for image in maps:
        (bar,) = (a for a in image.axes.artists if isinstance(a, AnchoredSizeBar))
        assert bar.txt_label.get_text() == "5 nm"
        # It stands in place of ticks.
        assert not len(image.axes.get_xticks())
        assert not len(image.axes.get_yticks())


@pytest.mark.parametrize("name", MADE)
def test_maps_and_patterns_have_the_colours_of_the_package(name):
    figure = drawn(name)[0]
    for image in images(figure, SHAPE):
        cmap = image.get_cmap()
        if is_map_of_numbers(image):
            assert cmap.name in NUMBERS | DIVERGING
            np.testing.assert_allclose(cmap.get_bad()[:3], UNASSIGNED)
        elif np.ndim(image.get_array()) == 2:
            assert isinstance(cmap, ListedColormap)
            used = np.array(cmap(np.arange(cmap.N)))[:, :3]
            away = np.abs(used[:, np.newaxis] - OWN_COLORS).max(axis=2).min(axis=1)
            assert (away < 1e-6).all()
    for image in images(figure, PATTERN_SHAPE):
        assert image.get_cmap().name in {_style.PATTERNS} | DIVERGING
    keys = figure.findobj(QuadMesh)
    assert {key.get_cmap().name for key in keys} <= NUMBERS | DIVERGING | {"opacity"}


@pytest.mark.parametrize("name", MADE)
def test_patterns_are_on_a_scale_that_shows_spots_beside_the_beam(name):
    figure = drawn(name)[0]
    shape = (6 * 9, 5 * 8) if name == ALL_PATTERNS else PATTERN_SHAPE
    patterns = [
        i for i in images(figure, shape) if i.get_cmap().name == _style.PATTERNS
    ]
    assert bool(patterns) is (name in WITH_PATTERNS)
    for image in patterns:
        assert isinstance(image.norm, PowerNorm | LogNorm)
        if isinstance(image.norm, PowerNorm):
            assert image.norm.gamma < 0.6
            assert image.norm.vmin == 0


@pytest.mark.parametrize("name", ["plot_continuum", "plot_split"])
def test_differences_are_alike_for_less_and_more(name):
    shown = images(drawn(name)[0], PATTERN_SHAPE)
    differences = [i for i in shown if i.get_cmap().name in DIVERGING]
    assert differences
    for image in differences:
        assert image.norm.vmin == -image.norm.vmax < 0


def test_curves_are_scaled_as_images_are():
    curves = rng.gamma(0.5, 30, (N, 40))
    view = plot.plot_linked(LABELS, curves, lambda row, column: curves[0])
    (line,) = view.axes["pattern"].lines
    norm = next(
        i.norm
        for i in images(drawn("plot_linked")[0], PATTERN_SHAPE)
        if isinstance(i.norm, PowerNorm)
    )
    np.testing.assert_allclose(line.get_ydata(), curves[0] ** norm.gamma)
