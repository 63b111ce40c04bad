"""What holds of every scene."""

import numpy as np
import pytest
from pyxem.signals import LazyElectronDiffraction2D

from hyperspy_4dphase.data import (
    battery_interface,
    domain_phantom,
    oxide_bilayer,
    strained_flake,
)

SHAPES = {"navigation_shape": (40, 52), "signal_shape": (44, 36)}

SCENES = {
    "oxide_bilayer": oxide_bilayer,
    "battery_interface": battery_interface,
    "domain_phantom": domain_phantom,
    "strained_flake": strained_flake,
}

EXACT = {"strained_flake": {"bend": 0.0, "ripple": 0.0}}


@pytest.fixture(scope="module", params=SCENES)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def scene(name):
    return SCENES[name](**SHAPES, dose=500, random_state=0, **EXACT.get(name, {}))


def test_shapes_and_type(scene):
    signal, truth = scene
    assert signal.data.shape == (40, 52, 44, 36)
    assert signal.data.dtype == np.uint16
    n = truth.n_components
    assert truth.abundance.shape == (40, 52, n)
    assert truth.patterns.shape == (n, 44, 36)
    assert truth.domain.shape == truth.phase.shape == truth.mixedness.shape == (40, 52)
    assert len(truth.component_names) == len(set(truth.component_names)) == n


def test_truth_is_consistent(scene):
    _, truth = scene
    assert truth.abundance.min() >= 0
    assert truth.abundance.sum(axis=-1).mean() == pytest.approx(1)
    assert truth.patterns.min() >= 0
    np.testing.assert_allclose(truth.patterns.sum(axis=(1, 2)), 1)
    np.testing.assert_array_equal(truth.domain, truth.abundance.argmax(axis=-1))
    np.testing.assert_array_equal(truth.phase, truth.component_phase[truth.domain])
    assert set(np.unique(truth.domain)) == set(range(truth.n_components))
    assert truth.mixedness.min() >= 0
    assert truth.mixedness.max() < 1


def test_counts_are_those_expected(scene, assert_counts):
    signal, truth = scene
    for component in range(truth.n_components):
        pure = (truth.domain == component) & (truth.mixedness < 1e-3)
        if pure.any():
            weight = truth.abundance[pure][:, component].sum()
            expected = truth.dose * weight * truth.patterns[component]
            assert_counts(signal.data[pure].sum(axis=0), expected)
    rows = slice(10, 30)
    expected = truth.expected(rows).sum(axis=(0, 1))
    assert_counts(signal.data[rows].sum(axis=(0, 1)), expected)


def test_dose_is_the_mean_of_electrons(scene):
    signal, _ = scene
    assert signal.data.sum(axis=(2, 3)).mean() == pytest.approx(500, rel=0.005)


def test_patterns_are_distinct(scene):
    _, truth = scene
    # Weighted as counting noise weights them: what matters is what can be told apart.
    flat = truth.patterns.reshape(truth.n_components, -1)
    flat = flat / np.sqrt(flat.mean(axis=0) + 1e-12)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    assert np.linalg.matrix_rank(flat) == truth.n_components
    similarity = flat @ flat.T - np.eye(truth.n_components)
    assert similarity.max() < 0.99


def test_direct_beam_is_at_the_origin(scene):
    signal, truth = scene
    mean = truth.patterns.mean(axis=0)
    kx, ky = (axis.axis for axis in signal.axes_manager.signal_axes)
    row, column = np.unravel_index(np.argmax(mean), mean.shape)
    assert abs(ky[row]) <= signal.axes_manager["ky"].scale
    assert abs(kx[column]) <= signal.axes_manager["kx"].scale
    beam = np.hypot(*np.meshgrid(kx, ky)) < 0.1
    assert np.all(truth.patterns[:, beam].sum(axis=1) > 0.3)


def test_metadata(scene, name):
    signal, _ = scene
    assert signal.metadata.General.title == name.replace("_", " ").capitalize()
    assert signal.beam_energy == 200
    assert signal.metadata.Simulation.scene == name
    assert signal.axes_manager[0].units == "nm"


def test_lazy_is_the_same(scene, name):
    eager, _ = scene
    lazy, _ = SCENES[name](
        **SHAPES,
        dose=500,
        random_state=0,
        lazy=True,
        chunks=(17, 23),
        **EXACT.get(name, {}),
    )
    assert type(lazy) is LazyElectronDiffraction2D
    assert lazy.data.chunks[:2] == ((17, 17, 6), (23, 23, 6))
    np.testing.assert_array_equal(lazy.data.compute(), eager.data)
    assert lazy.metadata.as_dictionary() == eager.metadata.as_dictionary()


def test_faults_are_reported(name):
    signal, truth = SCENES[name](
        (40, 40),
        (32, 38),
        dose=60,
        random_state=1,
        beam_drift=1.0,
        hot_pixels=2,
        dead_pixels=3,
        ellipticity=0.04,
    )
    assert truth.beam_shift.shape == (40, 40, 2)
    rows, columns = truth.dead_pixels.T
    assert signal.data[:, :, rows, columns].sum() == 0
    rows, columns = truth.hot_pixels.T
    assert signal.data[:, :, rows, columns].mean() > 5
    assert signal.metadata.Simulation.ellipticity == 0.04


def test_truth_does_not_depend_on_the_seed_or_dose(name):
    small = {"navigation_shape": (40, 40), "signal_shape": (24, 26)}
    _, one = SCENES[name](**small, dose=10, random_state=0)
    _, two = SCENES[name](**small, dose=20, random_state=1)
    np.testing.assert_array_equal(one.abundance, two.abundance)
    np.testing.assert_array_equal(one.patterns, two.patterns)


def test_bad_arguments_are_named(name):
    make = SCENES[name]
    with pytest.raises(ValueError, match="navigation_shape must be two"):
        make(navigation_shape=(3,))
    with pytest.raises(ValueError, match="signal_shape must be two"):
        make(signal_shape=5)
    with pytest.raises(ValueError, match="dose must be"):
        make((40, 40), (16, 18), dose=-1)
    with pytest.raises(ValueError, match="ellipticity must be"):
        make((40, 40), (16, 18), ellipticity=2)
