"""Wrong arguments of results are refused by name, before anything is drawn or read."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import Compression, compress

from .confidences import confident
from .domains import described

NAN = float("nan")
NAMES = "names must be a list of texts, not 3"
FOUR = "names must be 4, one for each, but are 1"

OF_MAPS = {
    "slice of a tree": (lambda d: d.tree[0:2], TypeError, r"integer, not slice\(0, 2"),
    "node of text": (lambda d: d.tree["a"], TypeError, "integer, not 'a'"),
    "flag as node": (lambda d: d.tree[True], TypeError, "integer, not True"),
    "no such node": (lambda d: d.tree[7], IndexError, "Node 7: the tree has 7 nodes"),
    "lists to merge": (lambda d: d.merge([0, [1]]), TypeError, "labels must be a list"),
    "NaN to merge": (lambda d: d.merge([0, NAN]), TypeError, "labels must be a list"),
    "depth": (lambda d: d.at_level(NAN), TypeError, "depth must be an integer"),
    "one name": (lambda d: d.plot(names=["a"]), ValueError, FOUR),
    "numbers": (
        lambda d: d.plot(names=[1, 2, 3, 4]),
        TypeError,
        "names must be a list",
    ),
    "a number": (lambda d: d.plot(names=3), TypeError, NAMES),
    "title": (
        lambda d: d.plot(title=3),
        TypeError,
        "title must be text or None, not 3",
    ),
    "scalebar": (lambda d: d.plot(scalebar="a"), TypeError, "scalebar must be True or"),
    "legend": (lambda d: d.plot(legend=3), TypeError, "legend must be True or False"),
    "axes": (lambda d: d.plot(ax=3), TypeError, "ax must be axes or None, not 3"),
    "tree, names": (lambda d: d.plot_tree(names=3), TypeError, NAMES),
    "tree, figure": (
        lambda d: d.plot_tree(fig=3),
        TypeError,
        "fig must be a figure or",
    ),
    "split, name": (lambda d: d.plot_split(names=["a"]), ValueError, FOUR),
    "split, names": (lambda d: d.plot_split(names=3), TypeError, NAMES),
    "split, figure": (lambda d: d.plot_split(fig=3), TypeError, "fig must be a figure"),
    "steps": (lambda d: d.plot_steps(ax=3), TypeError, "ax must be axes or None"),
    "refused": (
        lambda d: d.plot_refused(scalebar=3),
        TypeError,
        "scalebar must be True",
    ),
    "continuum, name": (lambda d: d.plot_continuum(names=["a"]), ValueError, FOUR),
    "continuum, names": (lambda d: d.plot_continuum(names=3), TypeError, NAMES),
    "continuum, figure": (
        lambda d: d.plot_continuum(fig=3),
        TypeError,
        "fig must be a",
    ),
    "orix, names": (lambda d: d.to_crystal_map(names=3), TypeError, NAMES),
    "orix, colours": (
        lambda d: d.to_crystal_map(colors=3),
        TypeError,
        "colors must be",
    ),
    "orix, colour": (
        lambda d: d.to_crystal_map(colors=["red", "blue", "green", "none such"]),
        ValueError,
        "colors holds 'none such'",
    ),
}
TRUTH = np.zeros((12, 10), int)
OF_CONFIDENCES = {
    "name": (lambda c: c.plot(names=["a"]), ValueError, FOUR),
    "title": (lambda c: c.plot(title=3), TypeError, "title must be text or None"),
    "figure": (lambda c: c.plot(fig=3), TypeError, "fig must be a figure or None"),
    "plane": (lambda c: c.plot_posterior(plane=3), ValueError, "there is only plane 0"),
    "no plane": (lambda c: c.plot_posterior(plane="a"), TypeError, "plane must be an"),
    "names": (lambda c: c.plot_posterior(names=3), TypeError, NAMES),
    "posterior": (lambda c: c.plot_posterior(fig=3), TypeError, "fig must be a figure"),
    "doubts": (lambda c: c.plot_doubts(scalebar=3), TypeError, "scalebar must"),
    "rounds": (lambda c: c.plot_rounds(3), TypeError, "ax must be axes or None, not 3"),
    "threshold": (
        lambda c: c.at_threshold(NAN),
        ValueError,
        "threshold must be finite",
    ),
    "one to one": (
        lambda c: c.reliability(TRUTH, one_to_one=3),
        TypeError,
        "one_to_one must be True or False, not 3",
    ),
    "bins": (
        lambda c: c.plot_reliability(TRUTH, n_bins="a"),
        TypeError,
        "n_bins must be an integer, not 'a'",
    ),
    "few bins": (lambda c: c.plot_reliability(TRUTH, n_bins=0), ValueError, "n_bins"),
    "reliability": (lambda c: c.plot_reliability(TRUTH, ax=3), TypeError, "ax must be"),
}


@pytest.fixture(autouse=True)
def no_figure_is_left():
    # Others may have left some.
    plt.close("all")
    yield
    plt.close("all")


@pytest.mark.parametrize("name", OF_MAPS)
def test_of_maps(name):
    call, error, message = OF_MAPS[name]
    # The scan is there, and known.
    domains, scan, *_ = described()
    with pytest.raises(error, match=message):
        call(domains)
    assert not plt.get_fignums()
    assert scan.data.any()


@pytest.mark.parametrize("name", OF_CONFIDENCES)
def test_of_confidences(name):
    call, error, message = OF_CONFIDENCES[name]
    confidence, scan, *_ = confident()
    with pytest.raises(error, match=message):
        call(confidence)
    assert not plt.get_fignums()
    assert scan.data.any()


def test_of_compressions():
    counts = np.random.default_rng(0).poisson(4, (7, 6, 5, 9))
    compression = compress(Diffraction2D(counts), print_info=False)
    with pytest.raises(TypeError, match="signal must be a scan, not int"):
        compression.check_scan(3)
    with pytest.raises(TypeError, match="path must be a path, not 3"):
        compression.save(3)
    with pytest.raises(TypeError, match="path must be a path, not None"):
        Compression.load(None)


@pytest.mark.parametrize("n_parts", [(), []])
def test_no_parts_at_all(n_parts):
    scan = Diffraction2D(np.random.default_rng(0).poisson(4, (7, 6, 5, 9)))
    with pytest.raises(ValueError, match=r"n_parts=.*expected numbers of parts"):
        scan.cluster_hierarchical(n_parts=n_parts)
