"""`DomainMap` in figures: of every dimension, with and without the scan."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from .domains import N_DOMAINS, SHAPES, mapped

FORMS = pytest.mark.parametrize("form", SHAPES)


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def texts(figure):
    figure.canvas.draw()
    return " ".join(text.get_text() for text in figure.findobj(plt.Text))


@FORMS
def test_plot(form):
    domains, _, _ = mapped(form)
    ax = domains.plot(names=["a", "b", "vacuum", "d"])
    found = texts(ax.figure)
    assert "vacuum" in found
    assert "Domains of planted" in found
    for size in domains.sizes:
        assert f": {size} (" in found
    assert domains.plot(title="mine", legend=False, ax=ax) is ax


def test_extent():
    domains, _, _ = mapped()
    ax = domains.plot()
    left, right, bottom, top = ax.images[0].get_extent()
    x, y = domains.axes_manager.signal_axes
    assert (left, right) == (-0.5 * x.scale, x.scale * (x.size - 0.5))
    assert sorted((bottom, top)) == pytest.approx(
        [y.offset - 0.5 * y.scale, y.offset + y.scale * (y.size - 0.5)]
    )


@FORMS
def test_plot_tree(form, tmp_path):
    domains, scan, _ = mapped(form)
    assert "domain 3" in texts(domains.plot_tree())
    with_patterns = len(plt.gcf().axes)
    assert domains.scan is scan
    for other in (domains.merge([0, 1]), domains.at_level(0)):
        assert "by hand" in texts(other.plot_tree()) or other.n_domains == 1
    domains._reference = None
    del domains.metadata.Domain_map.mean_patterns
    domains.plot_tree()
    assert len(plt.gcf().axes) <= with_patterns


@FORMS
def test_plot_split(form):
    domains, scan, _ = mapped(form)
    found = texts(domains.plot_split(signal=scan, names=["a", "b", "c", "d"]))
    assert "scan" in found
    inner = np.flatnonzero(domains.tree.label < 0)
    for node in inner[1:].tolist():
        found = texts(domains.plot_split(node, names=["a", "b", "c", "d"]))
        assert f"node {node}" in found
    found = texts(domains.merge([0, 1]).plot_split())
    assert "domain 0" in found
    assert N_DOMAINS == domains.n_domains
