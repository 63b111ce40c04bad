"""`DomainMap` tells continua, and shows along what they change and what changes."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase import DomainMap
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.domains import Descriptions
from hyperspy_4dphase.signals._domain_continuum import find_ends

from .domains import SHAPES, described

FORMS = pytest.mark.parametrize("form", SHAPES)
QUIET = {"show_progressbar": False}


@pytest.fixture(autouse=True)
def _closed_figures():
    yield
    plt.close("all")


def panels(figure):
    return [ax for ax in figure.axes if "red − blue" in ax.get_title()]


def shown_difference(ax):
    if ax.images:
        return np.ma.filled(ax.images[0].get_array(), np.nan)
    return ax.lines[-1].get_ydata()


def expected_difference(scan, domains, label):
    """High end minus low end, in percent, the plain way."""
    rows = scan.data.reshape(domains.labels.size, -1).astype(float)
    rows[:, domains._stored_map.excluded_pixels] = np.nan
    own = np.flatnonzero(domains.labels.ravel() == label)
    order = own[np.argsort(domains.along.data.ravel()[own])]
    n = len(order) // 5
    low, high = (rows[part].mean(axis=0) for part in (order[:n], order[-n:]))
    return 100 * (high / np.nansum(high) - low / np.nansum(low))


def test_continuum():
    domains, *_ = described()
    assert domains.continuum(0) == (True, 3, 4.0, "by hand")
    assert domains.continuum(1) == (False, 2, 0.5, "by hand")
    assert domains.continuum(2).is_continuum
    assert domains.continuum(3).n_directions == 0
    # Numbers of a slice are those of the whole map.
    assert domains.isig[:3, :3].continuum(3) == domains.continuum(3)


def test_ends_are_a_fifth_of_each_domain():
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, -1, 2], [50, 13, 20, 3]).reshape(2, 43)
    along = rng.random(labels.shape)
    ends = find_ends(along, labels, [0, 1, 2])
    for label, n in [(0, 10), (1, 2), (2, 1)]:
        own = labels == label
        assert [(ends[own] == end).sum() for end in (1, 2)] == [n, n]
        assert along[own & (ends == 1)].max() <= along[own & (ends == 0)].min()
        assert along[own & (ends == 2)].min() >= along[own & (ends == 0)].max()
    assert not ends[labels < 0].any()
    along[labels == 1] = np.append(np.full(3, np.nan), np.arange(10))
    ends = find_ends(along, labels, [1])[labels == 1]
    assert ends.tolist() == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 2, 2]
    assert not find_ends(along, labels, [1])[labels == 0].any()


@FORMS
def test_plot_of_one_domain(form):
    domains, scan, labels, maps = described(form)
    figure = domains.plot_continuum(0, names=["core", "b", "c", "d"], **QUIET)
    (panel,) = panels(figure)
    assert "core" in panel.get_title()
    found = shown_difference(panel)
    expected = expected_difference(scan, domains, 0)
    np.testing.assert_allclose(found.ravel(), expected, atol=1e-9)
    assert np.abs(np.nansum(found)) < 1e-9
    if labels.ndim == 2:
        image = np.ma.filled(figure.axes[1].images[0].get_array(), np.nan)
        inside = labels == 0
        np.testing.assert_array_equal(np.isfinite(image), inside)
        assert np.median(image[inside]) == pytest.approx(0, abs=1e-6)
        place = maps["along"][inside] - np.median(maps["along"][inside])
        np.testing.assert_allclose(image[inside], place, atol=1e-6)


def test_plot_of_all_continua():
    domains, scan, labels, _ = described()
    figure = domains.plot_continuum(**QUIET)
    titles = [panel.get_title() for panel in panels(figure)]
    assert [title.split(":")[0] for title in titles] == ["domain 0", "domain 2"]
    for label, panel in zip((0, 2), panels(figure), strict=True):
        expected = expected_difference(scan, domains, label)
        np.testing.assert_allclose(shown_difference(panel).ravel(), expected)
    assert "noise" in " ".join(ax.get_ylabel() for ax in figure.axes)


def test_own_figure():
    domains, *_ = described()
    figure = plt.figure()
    assert domains.plot_continuum(1, fig=figure, **QUIET) is figure


def test_a_planted_gradient_is_what_is_shown():
    """One spot fades while another grows."""
    domains, scan, labels, maps = described()
    scan.data[:] = 10
    share = (maps["along"] - np.nanmin(maps["along"])) / 8
    scan.data[..., 2, 3] += np.nan_to_num(1000 * share).astype("uint16")
    scan.data[..., 6, 7] += np.nan_to_num(1000 * (1 - share)).astype("uint16")
    difference = shown_difference(panels(domains.plot_continuum(0, **QUIET))[0])
    assert np.nanargmax(difference) == np.ravel_multi_index((2, 3), (9, 11))
    assert np.nanargmin(difference) == np.ravel_multi_index((6, 7), (9, 11))


def test_the_scan_is_found_and_checked():
    domains, scan, labels, _ = described()
    domains.mean_patterns(scan, **QUIET)
    domains._reference = None
    with pytest.raises(ValueError, match="give it, as in"):
        domains.plot_continuum(0)
    domains.plot_continuum(0, scan, **QUIET)
    with pytest.raises(ValueError, match="another scan"):
        domains.plot_continuum(0, scan.inav[:9])
    with pytest.raises(ValueError, match="whole map"):
        domains.isig[:5, :].plot_continuum(0, scan)
    with pytest.raises(TypeError, match="show_progressbar"):
        domains.plot_continuum(0, scan, show_progressbar="no")


def test_labels_that_are_refused():
    domains, *_ = described()
    for use in (domains.continuum, domains.plot_continuum):
        with pytest.raises(ValueError, match="label=4; expected 0 to 3"):
            use(4)
        with pytest.raises(ValueError, match="at least 0"):
            use(-1)
        with pytest.raises(TypeError, match="integer"):
            use(0.5)


def test_no_direction():
    domains, scan, labels, maps = described()
    kept = labels >= 0
    along = np.where(labels == 3, 0, maps["along"])[kept]
    own = DomainMap.from_scan(
        Scan.from_signal(scan).replace_masks(~kept.ravel(), None),
        labels[kept],
        domains.tree,
        provenance={},
        descriptions=Descriptions.unknown(kept.sum())._replace(along=along),
    )
    with pytest.raises(ValueError, match="domain 3 differ by no more than noise"):
        own.plot_continuum(3)
    with pytest.raises(ValueError, match="'steps' is not known"):
        own.plot_steps()
    merged = own.merge([0, 1])
    with pytest.raises(ValueError, match="domain 0 changes is not known"):
        merged.plot_continuum(0)
    own.plot_continuum(0, **QUIET)
