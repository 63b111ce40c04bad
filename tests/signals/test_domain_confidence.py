"""`DomainConfidence`: its maps, domains and patterns, of scans of every dimension."""

import gc

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase import DomainConfidence, DomainMap
from hyperspy_4dphase.estimators.domains._tree_edits import leaf_sizes
from hyperspy_4dphase.signals.domain_confidence import LazyDomainConfidence

from ..methods.conftest import lazy, unchanged
from .confidences import THRESHOLD, confident, spread
from .domains import N_DOMAINS, SHAPES, mapped, numpy_means
from .test_domain_map import axes, calibration

QUIET = {"show_progressbar": False}
FORMS = pytest.mark.parametrize("form", SHAPES)


def as_map(confidence, values):
    """What a map with the shape of the data must be."""
    return values.reshape(confidence.data.shape)


def sure_labels(labels, ensemble, threshold):
    """Labels of the positions that are as sure as that."""
    confidence = spread(ensemble.confidence_, labels)
    with np.errstate(invalid="ignore"):
        return np.where(confidence >= np.float32(threshold), labels, -1)


@FORMS
def test_what_is_carried(form):
    confidence, scan, labels, ensemble = confident(form)
    assert type(confidence) is DomainConfidence
    assert confidence.data.dtype == np.float32
    expected = spread(ensemble.confidence_, labels)
    np.testing.assert_array_equal(confidence.data, as_map(confidence, expected))
    assert str(confidence.axes_manager) == str(mapped(form)[0].axes_manager)
    assert confidence.metadata.General.title == "Confidence of planted"
    assert confidence.metadata.Sample.description == "bilayer"
    assert confidence.n_domains == N_DOMAINS
    assert confidence.n_effective == 7.25
    assert confidence.threshold == THRESHOLD
    assert confidence.provenance["method"] == "planted"
    assert confidence.embedding is None
    assert confidence.scan is scan
    assert confidence.rounds["best"] == 1
    np.testing.assert_array_equal(confidence.rounds["consistent"], [0.4, 0.6])


@FORMS
def test_maps(form):
    confidence, scan, labels, ensemble = confident(form)
    maps = {"overlap": confidence.overlap} | confidence.doubts
    values = {"overlap": ensemble.overlap_} | ensemble.doubts_
    assert list(maps) == ["overlap", "boundary", "noise"]
    for name, found in maps.items():
        expected = as_map(confidence, spread(values[name], labels))
        np.testing.assert_array_equal(found.data, expected)
        assert str(found.axes_manager) == str(confidence.axes_manager).replace(
            "DomainConfidence", type(found).__name__
        )
    posterior = confidence.posterior
    np.testing.assert_array_equal(posterior.data, spread(ensemble.posterior_, labels))
    assert posterior.axes_manager[-1].name == "domain"
    own = calibration(axes(posterior, "navigation_axes"))
    assert own == calibration(axes(scan, "navigation_axes"))
    weights = confidence.sample_weight
    expected = spread(0.5 + ensemble.overlap_, labels, 0)
    np.testing.assert_array_equal(weights.data, expected)


def test_weights_are_taken_for_training():
    confidence, scan, labels, _ = confident()
    options = {"epochs": 1, "random_state": 0, "device": "cpu"} | QUIET
    found = scan.vae_embed(sample_weight=confidence.sample_weight, **options)
    assert found.provenance["parameters"]["sample_weight"]


@FORMS
def test_domains(form):
    confidence, scan, labels, ensemble = confident(form)
    for threshold, domains in (
        (THRESHOLD, confidence.domains),
        (0, confidence.at_threshold(0)),
        (0.3, confidence.at_threshold(0.3)),
        (0.9, confidence.at_threshold(0.9)),
        (1, confidence.at_threshold(1)),
    ):
        assert type(domains) is DomainMap
        expected = sure_labels(labels, ensemble, threshold)
        np.testing.assert_array_equal(domains.labels, expected)
        sizes = np.bincount(expected[expected >= 0], minlength=N_DOMAINS)
        np.testing.assert_array_equal(domains.sizes, sizes)
        np.testing.assert_array_equal(leaf_sizes(domains.tree), sizes)
        np.testing.assert_array_equal(confidence.n_patterns(threshold), sizes)
        assert domains.scan is scan
        assert domains.metadata.General.title == "Domains of planted"
        assert {node.reason for node in domains.tree} == {"split", "consensus"}
    np.testing.assert_array_equal(
        confidence.n_patterns(), confidence.n_patterns(THRESHOLD)
    )


@FORMS
@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_mean_patterns_are_of_sure_positions(form, kind):
    confidence, scan, labels, ensemble = confident(form)
    before = scan.deepcopy()
    signal = scan if kind == "eager" else lazy(scan, -1)
    pixels = confidence._stored_map.excluded_pixels
    for threshold in (None, 0.9):
        sure = sure_labels(labels, ensemble, threshold or THRESHOLD)
        expected = numpy_means(scan, sure)
        expected[:, pixels] = np.nan
        means = confidence.mean_patterns(signal, threshold, **QUIET)
        assert type(means) is type(scan)
        np.testing.assert_allclose(means.data.reshape(N_DOMAINS, -1), expected)
    assert unchanged(scan, before)


def test_mean_patterns_are_kept():
    confidence, scan, *_ = confident()
    means = confidence.mean_patterns(**QUIET).data
    del scan
    gc.collect()
    assert confidence.scan is None
    np.testing.assert_array_equal(confidence.mean_patterns().data, means)
    np.testing.assert_array_equal(confidence.domains.mean_patterns().data, means)
    with pytest.raises(ValueError, match=r"mean_patterns\(signal\)"):
        confidence.mean_patterns(threshold=0.9)


def test_domains_without_positions():
    """They keep their numbers; merging and cutting leaves them out."""
    confidence, scan, labels, _ = confident()
    confidence.metadata.Domain_confidence.confidence[labels[labels >= 0] == 1] = (
        np.float32(0.1)
    )
    domains = confidence.at_threshold(0.5)
    assert domains.n_domains == N_DOMAINS
    assert domains.sizes[1] == 0
    assert (domains.sizes[[0, 2, 3]] > 0).all()
    means = domains.mean_patterns(**QUIET).data
    assert np.isnan(means[1]).all()
    assert np.isfinite(means[2]).sum() == means[2].size - 2
    # Means of what was known do not become NaN by it.
    merged = domains.merge([1, 2])
    assert merged.n_domains == N_DOMAINS - 1
    assert np.isfinite(merged.mean_patterns(**QUIET).data).any(axis=(1, 2)).all()
    differences = domains.difference_patterns(**QUIET).data
    assert np.isfinite(differences).any()
    none = confidence.at_threshold(1)
    assert (none.labels == -1).all()
    assert np.isnan(none.mean_patterns(**QUIET).data).all()


@pytest.mark.parametrize(
    ("threshold", "error", "match"),
    [
        (-0.1, ValueError, "threshold must be .*at least 0"),
        (1.01, ValueError, "threshold must be .*at most 1"),
        (np.nan, ValueError, "threshold must be"),
        ("high", TypeError, "threshold must be a number"),
        (None, TypeError, "threshold must be a number"),
    ],
)
def test_wrong_thresholds(threshold, error, match):
    with pytest.raises(error, match=match):
        confident()[0].at_threshold(threshold)


@FORMS
def test_reliability(form):
    confidence, _, labels, ensemble = confident(form)
    truth = labels.copy()
    wrong = np.zeros(labels.size, bool)
    wrong[4 : labels.size : 9] = True
    wrong = wrong.reshape(labels.shape) & (labels >= 0)
    truth[wrong] = (truth[wrong] + 1) % N_DOMAINS
    truth[labels < 0] = 7
    # Names of classes do not matter.
    names = np.array([40, 10, 30, 20, 0, 0, 0, 5])
    truth = names[truth]
    found = confidence.reliability(truth)
    judged = labels >= 0
    np.testing.assert_array_equal(found["judged"], judged)
    np.testing.assert_array_equal(found["correct"], judged & ~wrong)
    assert found["error"] == pytest.approx(wrong.sum() / judged.sum())
    sure, right = ensemble.confidence_.astype(float), ~wrong[judged]
    pairs = sure[~right][:, None] - sure[right]
    auroc = ((pairs < 0) + 0.5 * (pairs == 0)).mean()
    assert found["auroc"] == pytest.approx(auroc)
    error = sum(
        abs(right[sure == value].mean() - value) * (sure == value).mean()
        for value in np.unique(sure)
    )
    assert found["expected_calibration_error"] == pytest.approx(error, abs=1e-6)
    for same in (hs.signals.BaseSignal(truth), hs.signals.BaseSignal(truth).as_lazy()):
        assert confidence.reliability(same)["error"] == found["error"]


def test_reliability_one_to_one():
    """A class in two domains is right in one of them."""
    confidence, *_ = confident()
    labels = confidence.at_threshold(0).labels
    truth = np.where(labels == 1, 0, labels)
    assert confidence.reliability(truth)["error"] == 0
    found = confidence.reliability(truth, one_to_one=True)
    smaller = int(np.sum(labels == 0) > np.sum(labels == 1))
    np.testing.assert_array_equal(found["correct"], (labels >= 0) & (labels != smaller))
    assert 0 <= found["overconfident"] <= 1
    ax = confidence.plot_reliability(truth, one_to_one=True)
    error = found["expected_calibration_error"]
    assert f"{error:.3f}" in ax.texts[0].get_text()


def test_reliability_of_the_right_labels():
    confidence, _, labels, _ = confident()
    for truth in (labels, confidence.at_threshold(0)):
        found = confidence.reliability(truth)
        assert found["error"] == found["error_without_least_sure"] == 0
        assert np.isnan(found["auroc"])
    unknown = np.where(np.indices(labels.shape)[0] < 3, labels, -1)
    judged = confidence.reliability(unknown)["judged"]
    np.testing.assert_array_equal(judged, unknown >= 0)


@pytest.mark.parametrize(
    ("truth", "error", "match"),
    [
        (lambda labels: labels.T, ValueError, r"\(10, 12\).*\(12, 10\)"),
        (lambda labels: labels * 1.0, TypeError, "integers.*float64"),
        (lambda labels: 0 * labels - 1, ValueError, "nothing can be judged"),
    ],
)
def test_wrong_truth(truth, error, match):
    confidence, _, labels, _ = confident()
    with pytest.raises(error, match=match):
        confidence.reliability(truth(labels))


def test_slices():
    confidence, _, labels, _ = confident()
    part = confidence.isig[2:7, 1:5]
    assert type(part) is DomainConfidence
    np.testing.assert_array_equal(part.data, confidence.data[1:5, 2:7])
    assert part.threshold == THRESHOLD
    assert part.n_effective == 7.25
    for use in (
        lambda c: c.domains,
        lambda c: c.posterior,
        lambda c: c.overlap,
        lambda c: c.doubts,
        lambda c: c.sample_weight,
        lambda c: c.embedding,
        lambda c: c.mean_patterns(),
        lambda c: c.at_threshold(0.2),
        lambda c: c.reliability(labels),
    ):
        with pytest.raises(ValueError, match=r"slice.*\(12, 10\)"):
            use(part)
    solid = confident("3-D navigation")[0]
    np.testing.assert_array_equal(solid.inav[1].data, solid.data[1])
    with pytest.raises(ValueError, match=r"slice.*\(3, 5, 7\)"):
        _ = solid.inav[1].domains


def test_copies():
    confidence, scan, _, _ = confident()
    twin = confidence.deepcopy()
    assert twin.scan is scan
    np.testing.assert_array_equal(twin.domains.data, confidence.domains.data)
    mask = confidence < 0.5
    np.testing.assert_array_equal(mask.data, confidence.data < 0.5)
    before = confidence.deepcopy()
    confidence.domains.data[:] = 3
    confidence.posterior.data[:] = 0
    np.testing.assert_array_equal(confidence.domains.data, before.domains.data)
    np.testing.assert_array_equal(confidence.posterior.data, before.posterior.data)


def test_lazy_twin():
    confidence, _, labels, _ = confident()
    twin = confidence.as_lazy()
    assert isinstance(twin, LazyDomainConfidence)
    np.testing.assert_array_equal(twin.domains.data, confidence.domains.data)
    assert twin.reliability(labels)["error"] == 0
    twin.compute(show_progressbar=False)
    assert type(twin) is DomainConfidence


def test_missing_metadata():
    confidence = confident()[0]
    del confidence.metadata.Domain_confidence
    with pytest.raises(ValueError, match="Domain_confidence is missing.*domain_conf"):
        _ = confidence.threshold


# Figures


@pytest.fixture
def pyplot():
    plt = pytest.importorskip("matplotlib.pyplot")
    yield plt
    plt.close("all")


@pytest.mark.parametrize("form", ["2-D navigation", "1-D of both", "3-D navigation"])
def test_plots(form, pyplot):
    confidence, scan, labels, _ = confident(form)
    figure = confidence.plot(names=list("abcd"), title="mine")
    assert len(figure.axes) >= 2
    assert figure.get_suptitle() == "mine"
    assert len(confidence.plot_doubts().axes) >= 3
    confidence.plot_rounds().figure.canvas.draw()
    truth = np.where(np.indices(labels.shape)[-1] == 2, 0, labels)
    confidence.plot_reliability(truth).figure.canvas.draw()
    for signal in (None, scan, lazy(scan, -1)):
        confidence.plot_posterior(signal).canvas.draw()
    del scan
    gc.collect()
    confidence.plot_posterior().canvas.draw()


def test_plot_of_a_slice(pyplot):
    figure = confident()[0].isig[2:7, 1:5].plot()
    # Of the confidence alone, and its scale.
    assert len(figure.axes) == 2


def test_planes(pyplot):
    confidence, *_ = confident("3-D navigation")
    confidence.plot_posterior(plane=2)
    with pytest.raises(ValueError, match="plane=3; there are planes 0 to 2"):
        confidence.plot_posterior(plane=3)


def test_posterior_of_another_scan():
    confidence, scan, *_ = confident()
    with pytest.raises(ValueError, match=r"another scan.*\(12, 9\)"):
        confidence.plot_posterior(scan.inav[:9])


def test_some_doubts_are_plotted():
    confidence = confident()[0]
    assert len(confidence.plot_doubts().axes) == (
        len(confidence.plot_doubts("noise").axes) + 1
    )
    for names in ("noise", ["noise"], ("noise", "boundary"), {"boundary"}):
        confidence.plot_doubts(names).canvas.draw()
    for names in ("foo", [], ["noise", "misfit"]):
        with pytest.raises(ValueError, match=r"names=.*expected one or more of"):
            confidence.plot_doubts(names)
    for names in (3, [1], {"noise": 1}):
        with pytest.raises(TypeError, match="names must be a sequence of names"):
            confidence.plot_doubts(names)
