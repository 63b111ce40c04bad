import numpy as np
import pytest

from hyperspy_4dphase.data import Camera, battery_interface
from hyperspy_4dphase.data.battery_interface import grain_patterns

SMALL = {"navigation_shape": (44, 60), "signal_shape": (40, 36), "dose": 50}


def test_grains_are_one_phase_in_several_domains():
    _, truth = battery_interface(**SMALL, random_state=0)
    assert truth.n_components == 5
    assert truth.phase_names == ("LGPS", "NMC622")
    assert truth.component_phase.tolist() == [0, 1, 1, 1, 1]
    assert np.bincount(truth.domain.ravel()).min() > 50


def test_electrolyte_overlaps_the_grains():
    _, truth = battery_interface(**SMALL, random_state=0)
    assert np.all(truth.domain[:, -1] == 0)
    assert np.all(truth.domain[:, 0] > 0)
    share = truth.abundance[..., 0] / truth.abundance.sum(axis=-1)
    mixed = (share > 0.1) & (share < 0.9)
    assert 0.05 < mixed.mean() < 0.4
    _, sharper = battery_interface(**SMALL, random_state=0, interface_width=0.01)
    assert sharper.mixedness.mean() < 0.7 * truth.mixedness.mean()


@pytest.mark.parametrize("n_grains", [1, 2, 11])
def test_number_of_grains(n_grains):
    _, truth = battery_interface(**SMALL, random_state=0, n_grains=n_grains)
    assert truth.n_components == n_grains + 1
    assert set(np.unique(truth.domain)) == set(range(n_grains + 1))


def test_many_grains_have_different_patterns():
    camera = Camera(signal_shape=(64, 72))
    flat = np.array([p.ravel() for p in grain_patterns(20, camera)])
    flat = flat / np.sqrt(flat.mean(axis=0))
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    assert (flat @ flat.T - np.eye(20)).max() < 0.99


@pytest.mark.parametrize(
    ("argument", "value"),
    [("n_grains", 0), ("n_grains", 10**6), ("interface_width", 2), ("layout_seed", -1)],
)
def test_bad_arguments_are_named(argument, value):
    with pytest.raises(ValueError, match=f"{argument} must be"):
        battery_interface(**SMALL, **{argument: value})
