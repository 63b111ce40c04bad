"""Scans of all forms that HyperSpy makes of them, and masks as it draws them."""

from functools import cache

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D, ElectronDiffraction2D

from hyperspy_4dphase.estimators.domains import smooth_labels

from ..local_cluster import local_cluster
from .domain_scans import planted

QUIET = {"show_progressbar": False, "print_info": False, "random_state": 0}


def agree(found, expected):
    """Whether two maps have the same domains, whatever their numbers."""
    pairs = np.unique(np.stack([found.ravel(), expected.ravel()]), axis=1)
    return pairs.shape[1] == len(np.unique(expected)) == len(np.unique(found))


@cache
def labels_as_they_are():
    """The domains of the planted scan, as whole numbers of two bytes in memory."""
    return planted()[0].cluster_hierarchical(**QUIET).labels


def dichotomy(navigation, signal=(9, 11), dose=60, seed=0):
    """Patterns of two kinds, and a function that counts those of a map."""
    rng = np.random.default_rng(seed)
    patterns = rng.gamma(0.3, 1, (3, *signal)) + 0.02
    patterns *= dose / patterns.sum(axis=(1, 2), keepdims=True)

    def count(labels):
        return rng.poisson(patterns[labels]).astype(np.uint16)

    return count


FORMS = {
    "as it is": lambda s: s,
    "cut": lambda s: s.inav[2:, 1:],
    "every second pixel": lambda s: s.isig[::2, :],
    "cropped": lambda s: s.isig[1:-1, 2:],
    "pixels binned": lambda s: s.rebin(scale=(1, 1, 1, 3)),
    "lazy": lambda s: s.as_lazy(),
    "axes moved and back": lambda s: s.transpose(signal_axes=(0, 1)).transpose(
        signal_axes=(0, 1)
    ),
    "axes of the scan exchanged": lambda s: s.transpose(navigation_axes=(1, 0)),
    "copied": lambda s: s.deepcopy(),
}


@pytest.mark.parametrize("name", FORMS)
def test_scans_that_hyperspy_has_changed(name):
    s, labels = planted()
    s.metadata.General.title = "planted"
    truth = hs.signals.BaseSignal(labels).T
    changed = FORMS[name](s)
    if not isinstance(changed, Diffraction2D):
        changed.set_signal_type("electron_diffraction")
    if name == "cut":
        truth = truth.inav[2:, 1:]
    if name == "axes of the scan exchanged":
        labels = labels.T
        truth = hs.signals.BaseSignal(labels).T
    domains = changed.cluster_hierarchical(**QUIET)
    assert agree(domains.labels, truth.data)
    for mine, other in zip(
        domains.axes_manager.signal_axes,
        changed.axes_manager.navigation_axes,
        strict=True,
    ):
        assert (mine.scale, mine.offset, mine.units) == (
            other.scale,
            other.offset,
            other.units,
        )
    means = domains.mean_patterns(show_progressbar=False)
    first = np.asarray(changed.data)[domains.labels == 0].mean(axis=0)
    np.testing.assert_allclose(means.data[0], first)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "float32", "float64"])
def test_other_types(dtype):
    s, labels = planted()
    s.data = np.minimum(s.data, 255)
    s.change_dtype(dtype)
    assert agree(s.cluster_hierarchical(**QUIET).labels, labels)


@pytest.mark.parametrize("shape", [(240,), (1, 240), (240, 1)])
def test_lines_and_scans_of_one_row(shape):
    line, labels = planted("1-D navigation")
    s = Diffraction2D(line.data.reshape(*shape, *line.data.shape[1:]))
    labels = labels.reshape(shape)
    domains = s.cluster_hierarchical(**QUIET)
    assert agree(domains.labels, labels)
    assert domains.labels.shape == shape
    assert len(domains.mean_patterns(show_progressbar=False).data) == 3
    confidence = s.domain_confidence(domains, n_maps=4, **QUIET)
    assert agree(confidence.at_threshold(0).labels, labels)
    s.decomposition_rnmf(3, **QUIET)
    loadings = s.get_decomposition_loadings()
    assert loadings.data.shape == (3, *shape)
    embedding = s.vae_embed(epochs=1, device="cpu", random_state=0)
    assert embedding.data.shape == (*shape, 2)
    domains.plot()
    confidence.plot()


def test_masks_drawn_as_polygons():
    s, _ = planted()
    x, y = s.axes_manager.navigation_axes

    def corners(x, y, first, last):
        low, high = (
            [a.axis[i] + d * a.scale for a, i in zip((x, y), at, strict=True)]
            for at, d in ((first, -0.3), (last, 0.3))
        )
        return [
            (low[0], low[1]),
            (high[0], low[1]),
            (high[0], high[1]),
            (low[0], high[1]),
        ]

    roi = hs.roi.PolygonROI(corners(x, y, (2, 3), (6, 11)))
    manager = s.axes_manager
    mask = hs.roi.mask_from_rois([roi], manager, axes=manager.navigation_axes)
    assert mask[5, 4]
    assert not mask[4, 9]
    domains = s.cluster_hierarchical(navigation_mask=mask, **QUIET)
    np.testing.assert_array_equal(domains.labels < 0, mask)
    kx, ky = manager.signal_axes
    beam = hs.roi.PolygonROI(corners(kx, ky, (4, 3), (7, 6)))
    mask = hs.roi.mask_from_rois([beam], manager, axes=manager.signal_axes)
    domains = s.cluster_hierarchical(signal_mask=mask, **QUIET)
    means = domains.mean_patterns(show_progressbar=False)
    np.testing.assert_array_equal(np.isnan(means.data[0]), mask)


def test_masks_drawn_as_rectangles():
    s, _ = planted()
    x, y = s.axes_manager.navigation_axes
    mask = s.sum(axis=(2, 3)).T < 0
    roi = hs.roi.RectangularROI(
        left=x.axis[2], right=x.axis[7], top=y.axis[1], bottom=y.axis[4]
    )
    mask.isig[roi] = True
    expected = np.zeros(s.data.shape[:2], bool)
    expected[1:4, 2:7] = True
    domains = s.cluster_hierarchical(navigation_mask=mask, **QUIET)
    np.testing.assert_array_equal(domains.labels < 0, expected)


def test_a_mask_of_the_direct_beam():
    s, _ = planted()
    mask = s.get_direct_beam_mask(3)
    if mask.data.shape == s.data.shape[2:]:
        pytest.skip("this pyxem has the axes in order")
    with pytest.raises(ValueError, match=r"opposite order.* disc is then elsewhere"):
        s.cluster_hierarchical(signal_mask=mask, **QUIET)
    # As the guide makes one.
    size_y, size_x = s.data.shape[2:]
    s.calibration(scale=0.1, units="$A^{-1}$", center=(size_x - 3, 2))
    x, y = s.calibration.center
    rows, columns = np.indices(s.data.shape[-2:])
    mask = np.hypot(columns - x, rows - y) < 1.5
    domains = s.cluster_hierarchical(signal_mask=mask, **QUIET)
    unknown = np.isnan(domains.mean_patterns(show_progressbar=False).data[0])
    assert unknown[2, size_x - 3]
    np.testing.assert_array_equal(unknown, mask)


def series(dose=60, units=("nm", "nm", None)):
    """Scans of the same domains, elsewhere in each, recorded one after the other."""
    y, x = np.indices((14, 18))
    labels = np.stack([(x > 8), np.where(y > 6, 2, 0), (x + y > 15) * 1 + 0 * y])
    s = ElectronDiffraction2D(dichotomy(labels.shape, dose=dose)(labels))
    for axis, unit in zip(s.axes_manager.navigation_axes, units, strict=True):
        if unit is not None:
            axis.units, axis.scale = unit, 0.5
    return s, labels


@pytest.mark.parametrize("dose", [400, 30])
def test_a_series_has_the_same_domains_throughout(dose):
    s, labels = series(dose)
    domains = s.cluster_hierarchical(**QUIET)
    right = (
        domains.labels
        == np.array(
            [np.bincount(domains.labels[labels == k]).argmax() for k in range(3)]
        )[labels]
    )
    assert right.mean() > 0.99
    assert domains.n_domains == 3
    # One map each.
    second = domains.inav[1]
    assert second.axes_manager.signal_shape == (18, 14)
    np.testing.assert_array_equal(second.labels, domains.labels[1])
    assert second.n_domains == 3
    assert second.to_crystal_map().shape == (14, 18)
    assert len(domains.mean_patterns(show_progressbar=False).data) == 3
    confidence = s.domain_confidence(domains, n_maps=4, **QUIET)
    assert confidence.data.shape == labels.shape
    confidence.plot()


def test_stacked_scans_are_a_series():
    s, labels = series(400)
    scans = [ElectronDiffraction2D(d) for d in s.data]
    stacked = hs.stack(scans, show_progressbar=False)
    domains = stacked.cluster_hierarchical(**QUIET)
    assert agree(domains.labels, labels)
    lazy = hs.stack([scan.as_lazy() for scan in scans])
    again = lazy.cluster_hierarchical(**QUIET)
    np.testing.assert_array_equal(again.labels, domains.labels)


def test_six_dimensions_are_a_series_of_series():
    s, labels = series(400)
    data = s.data[:, np.newaxis].repeat(2, axis=1)
    twice = ElectronDiffraction2D(data)
    with pytest.warns(UserWarning, match=f"{labels.size} patterns are the same as"):
        domains = twice.cluster_hierarchical(**QUIET)
    assert domains.axes_manager.navigation_shape == (2, 3)
    assert agree(domains.labels, labels[:, np.newaxis].repeat(2, axis=1))


def test_neighbours_of_other_scans_do_not_vote():
    """A spot in one scan of a series stays, whatever lies there in the others."""
    s, _ = series(2000)
    labels = np.zeros((3, 14, 18), int)
    labels[:, :, 9:] = 1
    labels[1, 4:8, 3:7] = 1
    s.data = dichotomy(labels.shape, dose=2000)(labels)
    domains = s.cluster_hierarchical(n_domains=2, neighbours_vote=True, **QUIET)
    found = domains.labels == domains.labels[0, 0, 17]
    np.testing.assert_array_equal(found, [smooth_labels(m) == 1 for m in labels])
    assert found[1, 5, 4]


def test_workers_give_what_threads_give(tmp_path):
    s, labels = planted()
    s.save(tmp_path / "scan.zspy", chunks=(7, 5, 9, 11))
    s = hs.load(tmp_path / "scan.zspy", lazy=True)
    expected = s.cluster_hierarchical(**QUIET)
    assert agree(expected.labels, labels)
    means = expected.mean_patterns(show_progressbar=False).data
    with local_cluster(processes=False):
        fresh = hs.load(tmp_path / "scan.zspy", lazy=True)
        found = fresh.cluster_hierarchical(**QUIET)
        np.testing.assert_array_equal(found.labels, expected.labels)
        again = found.mean_patterns(show_progressbar=False).data
        np.testing.assert_allclose(again, means, rtol=1e-12)


@pytest.mark.parametrize(
    ("dtype", "lazy"), [("f2", False), (">f2", True), ("g", False), ("g", True)]
)
def test_half_and_extended_precision(dtype, lazy):
    s, labels = planted()
    other = Diffraction2D(s.data.astype(dtype))
    found = (other.as_lazy() if lazy else other).cluster_hierarchical(**QUIET)
    np.testing.assert_array_equal(found.labels, labels_as_they_are())
    assert agree(found.labels, labels)


def test_what_no_counting_gives_is_warned_of():
    s, _ = planted()
    half = len(s.data) // 2
    s.data[half : 2 * half] = s.data[:half]
    with pytest.warns(UserWarning, match="the same as another one, value for value"):
        s.cluster_hierarchical(**QUIET)
    s, _ = planted()
    bright = 30 * s.data.astype(float)
    top = int(np.quantile(bright, 0.99))
    s.data = np.minimum(np.random.default_rng(0).poisson(bright), top)
    with pytest.warns(UserWarning, match=f"Values end at {top}: .* pixels"):
        s.cluster_hierarchical(**QUIET)
