"""Map and patterns, linked with each other and with HyperSpy's figures of the scan."""

import gc
import weakref

import matplotlib.pyplot as plt
import numpy as np
import pytest

from ..plot.mouse import send
from .domains import mapped, numpy_means


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def click(view, x, y):
    view.figure.canvas.draw()
    send(view.axes["map"], "button_press_event", x, y)


def shown(ax):
    if ax.lines:
        return ax.lines[0].get_ydata() ** (1 / 0.3)
    return np.asarray(ax.images[-1].get_array())


def test_clicks_show_patterns_of_the_scan():
    domains, scan, labels = mapped()
    view = domains.plot_linked()
    x = scan.axes_manager[0]
    y = scan.axes_manager[1]
    click(view, x.axis[7], y.axis[4])
    assert view.position == (4, 7)
    np.testing.assert_array_equal(shown(view.axes["pattern"]), scan.data[4, 7])
    means = numpy_means(scan, labels).reshape(-1, 9, 11)
    found = shown(view.axes["mean"])
    known = np.isfinite(found)
    expected = means[labels[4, 7]]
    np.testing.assert_allclose(found[known], expected[known])
    assert known.sum() == known.size - 2


def test_hyperspy_follows_and_is_followed():
    domains, scan, _ = mapped()
    scan.plot()
    view = domains.plot_linked()
    manager = scan.axes_manager
    click(view, manager[0].axis[7], manager[1].axis[4])
    assert manager.indices == (7, 4)
    manager.indices = (2, 3)
    assert view.position == (3, 2)
    np.testing.assert_array_equal(shown(view.axes["pattern"]), scan.data[3, 2])


def test_a_figure_that_is_gone_is_forgotten():
    domains, scan, _ = mapped()
    held = weakref.ref(domains.plot_linked())
    before = len(scan.axes_manager.events.indices_changed.connected)
    plt.close("all")
    gc.collect()
    assert held() is None
    scan.axes_manager.indices = (2, 3)
    assert len(scan.axes_manager.events.indices_changed.connected) == before - 1


@pytest.mark.parametrize("form", ["1-D navigation", "1-D patterns", "1-D of both"])
def test_lines_and_curves(form):
    domains, scan, _ = mapped(form)
    view = domains.plot_linked()
    assert view.position[0] == 0
    scan.axes_manager.indices = (5,) * len(scan.axes_manager.navigation_axes)
    assert view.position[1] == 5
    np.testing.assert_allclose(
        shown(view.axes["pattern"]),
        scan.inav[view.position[::-1][: len(scan.axes_manager.navigation_axes)]].data,
        rtol=1e-6,
    )


def test_three_axes():
    domains, scan, _ = mapped("3-D navigation")
    view = domains.plot_linked(plane=1)
    view.select(2, 4)
    np.testing.assert_array_equal(shown(view.axes["pattern"]), scan.data[1, 2, 4])
    scan.axes_manager.indices = (3, 2, 0)
    assert view.position == (2, 4)
    scan.axes_manager.indices = (3, 2, 1)
    assert view.position == (2, 3)
    with pytest.raises(ValueError, match="plane=3"):
        domains.plot_linked(plane=3)


def test_without_a_scan(tmp_path):
    import hyperspy.api as hs

    domains, scan, _ = mapped()
    domains.save(tmp_path / "domains.hspy")
    loaded = hs.load(tmp_path / "domains.hspy")
    with pytest.raises(ValueError, match="signal"):
        loaded.plot_linked()
    view = loaded.plot_linked(scan.as_lazy(), show_progressbar=False)
    np.testing.assert_array_equal(shown(view.axes["pattern"]), scan.data[view.position])
    with pytest.raises(ValueError, match="another scan"):
        loaded.plot_linked(scan.inav[1:])
    with pytest.raises(ValueError, match="whole map"):
        domains.isig[1:].plot_linked()
