"""Results of the package where it takes labels, maps, masks, weights and features."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.plot import plot_domains, plot_latent

from .domain_scans import planted

SETTINGS = {"random_state": 0, "show_progressbar": False}
FORMS = ("1-D navigation", "2-D navigation", "3-D navigation")


@pytest.fixture(scope="module", params=FORMS)
def scan(request):
    return planted(request.param)[0]


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def domains(scan):
    return scan.cluster_hierarchical(**SETTINGS)


@pytest.fixture(scope="module")
def confidence(scan, domains):
    return scan.domain_confidence(domains, n_maps=2, **SETTINGS)


@pytest.fixture(scope="module")
def embedding(scan):
    return scan.vae_embed(epochs=2, **SETTINGS)


def images(figure):
    return [np.ma.getdata(i.get_array()) for ax in figure.axes for i in ax.images]


def test_labels_of_plots(domains, confidence, embedding):
    expected = embedding.plot_latent(domains.labels)
    for labels in (domains, confidence, confidence.domains):
        view = embedding.plot_latent(labels)
        one, other = (images(v.figure) for v in (view, expected))
        assert len(one) == len(other) > 1
        for pair in zip(one, other, strict=True):
            np.testing.assert_array_equal(*pair)
        plot_latent(embedding.data, labels)
        plot_domains(labels)


def test_labels_of_another_scan_are_refused(domains, embedding):
    with pytest.raises(ValueError, match="labels must have the shape"):
        embedding.plot_latent(domains.isig[1:])


def test_domains_of_confidence(scan, domains, confidence):
    first = scan.domain_confidence(confidence.domains, n_maps=2, **SETTINGS)
    second = scan.domain_confidence(confidence, n_maps=2, **SETTINGS)
    np.testing.assert_array_equal(first.data, second.data)
    third = scan.domain_confidence(domains.labels, n_maps=2, **SETTINGS)
    np.testing.assert_array_equal(third.domains.labels, confidence.domains.labels)


@pytest.mark.parametrize("make", ["comparison", "signal", "array"])
def test_masks_made_of_maps(scan, domains, confidence, make):
    expected = domains.labels == 2
    mask = {
        "comparison": lambda: domains == 2,
        "signal": lambda: domains._deepcopy_with_new_data(domains.data == 2),
        "array": lambda: expected,
    }[make]()
    found = scan.cluster_hierarchical(navigation_mask=mask, **SETTINGS)
    np.testing.assert_array_equal(found.labels == -1, expected)
    assert found.n_domains == 2
    scan.decomposition_rnmf(2, navigation_mask=mask, print_info=False, **SETTINGS)
    np.testing.assert_array_equal(
        np.isnan(scan.learning_results.loadings[:, 0]), expected.ravel()
    )
    unsure = confidence < 0.5
    found = scan.vae_embed(epochs=1, navigation_mask=unsure, **SETTINGS)
    np.testing.assert_array_equal(
        np.isnan(found.data[..., 0]).ravel(), unsure.data.ravel()
    )


def test_features(scan, confidence, embedding):
    for source in (confidence.posterior, embedding, *confidence.doubts.values()):
        found = scan.cluster_hierarchical(source, **SETTINGS)
        assert found.labels.shape == scan.data.shape[:-2]
    ones = scan.cluster_hierarchical(confidence, **SETTINGS)
    assert ones.labels.shape == scan.data.shape[:-2]


def test_weights(scan, confidence):
    for weights in (confidence.sample_weight, confidence):
        found = scan.vae_embed(epochs=1, sample_weight=weights, **SETTINGS)
        array = np.asarray(weights.data).reshape(scan.data.shape[:-2])
        expected = scan.vae_embed(epochs=1, sample_weight=array, **SETTINGS)
        np.testing.assert_array_equal(found.data, expected.data)


def test_truth(domains, confidence):
    expected = confidence.reliability(domains.labels)
    for truth in (domains, confidence):
        found = confidence.reliability(truth)
        np.testing.assert_array_equal(found["correct"], expected["correct"])
    confidence.plot_reliability(domains)


def test_parts(domains, confidence):
    parts = np.indices(domains.data.shape)[-1] % 2
    by = domains._deepcopy_with_new_data(parts)
    found = domains.split(0, by)
    expected = domains.split(0, parts.reshape(domains.labels.shape))
    np.testing.assert_array_equal(found.labels, expected.labels)
    with pytest.raises(ValueError, match="does not part"):
        domains.split(0, confidence)
