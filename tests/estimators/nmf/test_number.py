"""How many components are found by themselves, simulated and measured."""

import h5py
import numpy as np
import pytest

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import RandomizedNMF

from ..conftest import cosines

SIGNAL = (64, 60)
SCENES = {
    "oxide_bilayer": (48, 56),
    "battery_interface": (48, 56),
    "domain_phantom": (90, 96),
}


def fitted(scan, n_navigation_axes=2, seed=0):
    model = RandomizedNMF(random_state=seed, device="cpu")
    W = model.fit_transform(PatternBlocks(scan, n_navigation_axes))
    return model, W


@pytest.mark.parametrize("dose", [800, 2400, 10_000])
@pytest.mark.parametrize("scene", SCENES)
def test_simulated_scans(scene, dose):
    make = getattr(data, scene)
    signal, truth = make(SCENES[scene], SIGNAL, dose, random_state=1)
    model, W = fitted(signal.data)
    assert abs(model.n_components_ - truth.n_components) <= 1
    true = truth.abundance.reshape(-1, truth.n_components).T
    assert np.median(cosines(W.T, true)) > 0.9


@pytest.fixture
def read(shared_data):
    """Counts of a .hspy file, without the signal around them."""

    def read_file(*path):
        with h5py.File(shared_data.joinpath(*path)) as file:
            found = []
            file.visititems(
                lambda name, item: (
                    found.append(item[()])
                    if name.endswith("/data") and getattr(item, "ndim", 0) == 4
                    else None
                )
            )
        assert len(found) == 1
        return found[0]

    return read_file


def test_naphi(read):
    model, _ = fitted(read("naphi_real_endmembers", "naphi_50x50x64x64.hspy"))
    assert model.n_components_ == 6


def test_two_lattices(read):
    model, _ = fitted(read("two_lattices_sim", "scan_32x32x64x64.hspy"))
    assert 5 <= model.n_components_ <= 7


def test_lco(read):
    scan = read("lco_spinel_real_peaks", "lco_spinel_rendered_80x58x96x96.hspy")
    (found,) = {fitted(scan, seed=seed)[0].n_components_ for seed in range(5)}
    assert 4 <= found <= 12
