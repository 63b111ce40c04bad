"""Scans whose axes are not uniform: the same numbers, with the axes they came with."""

from functools import cache

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from pyxem.signals import Diffraction1D, ElectronDiffraction2D

from hyperspy_4dphase import Compression
from hyperspy_4dphase._results import (
    as_uniform,
    axes_dictionaries,
    axes_shape,
    image_extent,
    map_values,
)
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.signals._stored import compare_scales

SETTINGS = {"random_state": 0, "show_progressbar": False}
# A distorted latent space takes longest, and has no axes of its own.
CONFIDENCE = {
    "n_maps": 2,
    "doubts": ["noise", "resampling"],
    "source": {"epochs": 2},
    **SETTINGS,
}
EMBEDDING = {"epochs": 2, **SETTINGS}
NAVIGATION, SIGNAL = (16, 11), (22, 20)
TIMES = np.arange(11) ** 1.3
CURVED = np.sinh(np.linspace(-2, 2, 20))


def planted(navigation=NAVIGATION, signal=SIGNAL, cls=ElectronDiffraction2D):
    """A scan of three domains with pixels of 1."""
    rng = np.random.default_rng(0)
    labels = np.arange(np.prod(navigation)) * 3 // np.prod(navigation)
    patterns = rng.gamma(0.3, 40, (3, *signal)) + 1
    return cls(rng.poisson(patterns[labels.reshape(navigation)]).astype("uint16"))


def detector(signal):
    """As pyxem calibrates a camera: steps that differ by a thousandth."""
    signal.calibration.detector(
        pixel_size=5.5e-5, detector_distance=0.2, beam_energy=200, units="k_A^-1"
    )


def times(signal):
    axis = signal.axes_manager.navigation_axes[0]
    axis.convert_to_non_uniform_axis()
    axis.axis, axis.units = TIMES, "s"


def curved(signal):
    axis = signal.axes_manager.signal_axes[0]
    axis.convert_to_non_uniform_axis()
    axis.axis = CURVED


def functional(signal):
    for axis in (
        signal.axes_manager.navigation_axes[0],
        signal.axes_manager.signal_axes[0],
    ):
        axis.convert_to_functional_data_axis("x**2 + 0.5", units="s", name=axis.name)


KINDS = {f.__name__: f for f in (detector, times, curved, functional)}


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="module", params=KINDS)
def kind(request):
    return request.param


@pytest.fixture(scope="module")
def pair(kind):
    """A scan, and the same with axes that are not uniform."""
    # pyxem exchanges the values of kx and ky unless the detector is square.
    shape = (21, 21) if kind == "detector" else SIGNAL
    plain = plain_scan(shape)
    other = plain.deepcopy()
    KINDS[kind](other)
    return plain, other


@pytest.fixture(scope="module")
def domains(pair):
    return pair[1].cluster_hierarchical(**SETTINGS)


@pytest.fixture(scope="module")
def confidence(pair):
    return pair[1].domain_confidence(**CONFIDENCE)


@pytest.fixture(scope="module")
def embedding(pair):
    return pair[1].vae_embed(**EMBEDDING)


@cache
def plain_scan(signal):
    return planted(signal=signal)


@cache
def of_a_plain_scan(method, signal):
    """What is found in a scan with pixels of 1."""
    options = {"domain_confidence": CONFIDENCE, "vae_embed": EMBEDDING}
    return getattr(plain_scan(signal), method)(**options.get(method, SETTINGS))


def same_axes(found, scan, n_navigation=2, space="signal"):
    part = slice(n_navigation, None) if space == "signal" else slice(n_navigation)
    own = axes_dictionaries(scan)[part]
    others = axes_dictionaries(found)
    others = others[-len(own) :] if space == "signal" else others[: len(own)]
    for one, other in zip(own, others, strict=True):
        assert not compare_scales(one, other)
        assert one["name"] == other["name"]
        assert ("axis" in one) == ("axis" in other)


@pytest.mark.parametrize(("extension", "lazy"), [("hspy", True), ("zspy", False)])
def test_domains(pair, domains, tmp_path, extension, lazy):
    plain, scan = pair
    expected = of_a_plain_scan("cluster_hierarchical", plain.data.shape[2:])
    np.testing.assert_array_equal(domains.labels, expected.labels)
    path = tmp_path / f"map.{extension}"
    domains.save(path)
    loaded = hs.load(path, lazy=lazy)
    np.testing.assert_array_equal(loaded.labels, expected.labels)
    means = loaded.mean_patterns(scan)
    np.testing.assert_array_equal(means.data, expected.mean_patterns().data)
    same_axes(means, scan)
    same_axes(loaded, scan, space="navigation")
    same_axes(loaded.difference_patterns(), scan)
    loaded.plot()
    loaded.plot_tree()
    loaded.plot_split()
    loaded.split(0, by=np.indices(NAVIGATION)[0] % 2)
    if lazy and extension == "hspy":
        loaded.close_file()


def test_confidence(pair, confidence, tmp_path):
    plain, scan = pair
    expected = of_a_plain_scan("domain_confidence", plain.data.shape[2:])
    np.testing.assert_array_equal(confidence.data, expected.data)
    # Other formats keep axes, too: see test_domains.
    path = tmp_path / "confidence.hspy"
    confidence.save(path)
    loaded = hs.load(path)
    same_axes(loaded.mean_patterns(scan), scan)
    same_axes(loaded.posterior, scan, space="navigation")
    same_axes(loaded.embedding, scan, space="navigation")
    assert loaded.sample_weight.data.shape == NAVIGATION
    loaded.plot()
    loaded.plot_posterior(scan)
    loaded.plot_doubts()


def test_embedding(pair, embedding, tmp_path):
    plain, scan = pair
    expected = of_a_plain_scan("vae_embed", plain.data.shape[2:])
    np.testing.assert_array_equal(embedding.data, expected.data)
    path = tmp_path / "embedding.zspy"
    embedding.save(path)
    loaded = hs.load(path)
    same_axes(loaded.decode([0, 0]), scan)
    same_axes(loaded.decode(loaded), scan)
    same_axes(loaded.encode(scan), scan, space="navigation")
    loaded.plot_latent(signal=scan)
    loaded.plot_manifold(3)


def test_compression(pair, tmp_path):
    scan = pair[1]
    compress(scan, **SETTINGS).save(tmp_path / "scan.npz")
    loaded = Compression.load(tmp_path / "scan.npz")
    model = loaded.reconstruct()
    same_axes(model, scan)
    same_axes(model, scan, space="navigation")
    domains = scan.cluster_hierarchical(compression=loaded, **SETTINGS)
    assert domains.n_domains > 1


def test_decomposition(pair):
    scan = pair[1].deepcopy()
    scan.decomposition_rnmf(3, print_info=False, **SETTINGS)
    same_axes(scan.get_decomposition_factors(), scan)
    same_axes(scan.get_decomposition_model(), scan)


def test_orix_takes_uniform_maps_only(domains, kind):
    if kind in ("times", "functional"):
        with pytest.raises(ValueError, match="uniform"):
            domains.to_crystal_map()
    else:
        assert domains.to_crystal_map().shape == NAVIGATION


def test_uniform_values_are_uniform_to_orix():
    scan = planted()
    axis = scan.axes_manager.navigation_axes[0]
    axis.scale, axis.units = 0.5, "nm"
    scan.axes_manager.navigation_axes[1].units = "nm"
    axis.convert_to_non_uniform_axis()
    domains = scan.cluster_hierarchical(**SETTINGS)
    assert domains.to_crystal_map().dx == pytest.approx(0.5)


def test_phases(pair, domains, kind):
    if kind in ("curved", "functional"):
        with pytest.raises(ValueError, match="not uniform"):
            domains.phases()
        with pytest.raises(ValueError, match="not uniform"):
            pair[1].cluster_hierarchical(rotation_invariant=True, **SETTINGS)
    else:
        assert domains.phases().angles is not None


def test_another_calibration_is_refused(pair, domains, embedding, kind):
    plain = pair[0]
    with pytest.raises(ValueError, match="per pixel|per position"):
        domains.mean_patterns(plain)
    if kind != "times":
        with pytest.raises(ValueError, match="per pixel"):
            embedding.encode(plain)


def test_profiles():
    k = np.linspace(0.1, 1, 40) ** 1.5
    scan = planted((120,), (40,), Diffraction1D)
    axis = scan.axes_manager.signal_axes[0]
    axis.convert_to_non_uniform_axis()
    axis.axis = k
    domains = scan.cluster_hierarchical(**SETTINGS)
    means = domains.mean_patterns()
    np.testing.assert_allclose(means.axes_manager.signal_axes[0].axis, k)
    domains.plot_tree()


def test_values_that_do_not_fit_are_refused_before_reading():
    scan = planted()
    detector(scan)
    x, y = scan.axes_manager.signal_axes
    if len(x.axis) == x.size:
        pytest.skip("pyxem no longer exchanges the values of kx and ky")
    with pytest.raises(ValueError, match="22 values for the 20"):
        scan.cluster_hierarchical(**SETTINGS)
    # The way out that the message tells.
    x.axis, y.axis = y.axis, x.axis
    means = scan.cluster_hierarchical(**SETTINGS).mean_patterns()
    assert means.data.shape[1:] == SIGNAL
    same_axes(means, scan)


def test_extents():
    nearly = {"axis": np.sin(np.linspace(-0.1, 0.1, 11)), "units": "1/A"}
    (left, right), units = image_extent([nearly])
    step = 2 * np.sin(0.1) / 10
    np.testing.assert_allclose(
        [left, right], np.sin(0.1) * np.r_[-1, 1] + [-step / 2, step / 2]
    )
    assert units == "1/A"
    far = {"axis": TIMES, "units": "s"}
    extent, units = image_extent([{"size": 4, "scale": 2.0, "units": "nm"}, far])
    assert units == "px"
    assert extent == (-0.5, 10.5, 3.5, -0.5)
    assert as_uniform(far) is None
    assert axes_shape([far, {"size": 4}]) == (11, 4)


def test_map_values():
    line = hs.signals.Signal2D(np.arange(5)[np.newaxis])
    assert map_values(line, (5,)).shape == (5,)
    assert map_values(line, (1, 5)).shape == (1, 5)
    assert map_values(np.ones((1, 5)), (5,)).shape == (1, 5)
