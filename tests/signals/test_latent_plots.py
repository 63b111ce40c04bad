"""Figures of an embedding show what it holds."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from hyperspy_4dphase.signals._latent_plots import _nearby

from ..methods.conftest import NAVIGATION, SIGNAL, calibrated, counts, planted

SETTINGS = {"epochs": 3, "random_state": 0, "device": "cpu", "show_progressbar": False}


@pytest.fixture(scope="module")
def scan():
    return calibrated(counts(*planted()))


@pytest.fixture(scope="module")
def embedding(scan):
    return scan.vae_embed(print_info=False, **SETTINGS)


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def test_manifold(embedding):
    figure = embedding.plot_manifold(n=5)
    labels = {text for ax in figure.axes for text in (ax.get_xlabel(), ax.get_ylabel())}
    assert {"latent dimension 0", "latent dimension 1"} <= labels


def test_loss(embedding):
    ax = embedding.plot_loss()
    drawn = [line.get_ydata() for line in ax.get_lines()]
    for loss in embedding.loss.T:
        assert any(np.array_equal(line, loss) for line in drawn)


def test_latent_of_another_scan(embedding, scan):
    with pytest.raises(ValueError, match=r"another scan.*\(12, 9\).*\(12, 10\)"):
        embedding.plot_latent(signal=scan.inav[:9])


def test_patterns_of_a_region_are_those_of_its_counts(embedding, scan):
    selected = np.zeros(NAVIGATION, bool)
    selected[3:5, 2:6] = True
    found = embedding._mean_pattern(selected, scan)
    np.testing.assert_allclose(found, scan.data[selected].mean(axis=0), rtol=1e-6)
    decoded = embedding._mean_pattern(selected, None)
    assert decoded.shape == SIGNAL
    expected = embedding.decode(embedding.data[selected]).data.mean(axis=0)
    np.testing.assert_allclose(decoded, expected, rtol=1e-6)


def test_points_are_counted_where_they_are_nearest():
    points = np.array([[0.1, 0.9], [0.2, 1.2], [2.1, 0.1]])
    found = _nearby(points, np.arange(3.0), np.arange(2.0))
    np.testing.assert_array_equal(found, [[0, 0, 1], [2, 0, 0]])
