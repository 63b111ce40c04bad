"""Which components are slices of one pattern: bends are one, domains are not."""

import sys

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import RandomizedNMF
from hyperspy_4dphase.estimators.nmf._directions import measure_likeness

SHAPE = (40, 44)


def fit(patterns, positions=None, n_components=None):
    if positions is None:
        positions = np.indices(SHAPE).reshape(2, -1).T
    model = RandomizedNMF(n_components, random_state=0, device="cpu")
    return model, model.fit_transform(patterns, positions=positions)


def peaks(centres, width, m=120):
    """A peak at each position, on a constant background."""
    x = np.arange(m)
    patterns = np.exp(-(((x - centres[:, None]) / width) ** 2) / 2) + 0.02
    return patterns / patterns.sum(axis=1, keepdims=True)


def bent(seed=0, dose=2000):
    """Peaks that rise and fall over the scan, as where a crystal bends."""
    y, x = np.indices(SHAPE)
    tilt = (20 + 60 * x / SHAPE[1] + 15 * np.sin(y / 9)).ravel()
    return np.random.default_rng(seed).poisson(dose * peaks(tilt, 6.0))


def two_domains(seed=0, dose=2000, width=0.6):
    """The left half as `bent`, the right one of another, constant pattern."""
    right = np.zeros(SHAPE)
    right[:, SHAPE[1] // 2 :] = 1
    share = gaussian_filter(right, width).reshape(-1, 1)
    y, x = np.indices(SHAPE)
    bend = peaks((20 + 60 * x / SHAPE[1] + 15 * np.sin(y / 9)).ravel(), 6.0)
    other = peaks(np.array([100.0]), 2.0)
    patterns = (1 - share) * bend + share * other
    return np.random.default_rng(seed).poisson(dose * patterns), share[:, 0]


@pytest.mark.parametrize("seed", range(2))
def test_slices_of_a_bend_are_one(seed):
    model, _ = fit(bent(seed))
    assert model.n_components_ > 2
    assert (model.groups_ == 0).all()


@pytest.mark.parametrize("seed", range(2))
def test_a_domain_beside_a_bend_is_its_own(seed):
    patterns, share = two_domains(seed)
    model, W = fit(patterns)
    assert model.n_components_ > 2
    assert model.groups_.max() == 1
    maps = [W[:, model.groups_ == j].sum(axis=1) for j in range(2)]
    found = [np.corrcoef(one, share)[0, 1] for one in maps]
    assert max(found) > 0.99


@pytest.mark.parametrize("width", [0.5, 3.0])
def test_pure_domains_stay_however_wide_they_mix(width):
    y, x = np.indices(SHAPE)
    thirds = np.eye(3)[np.minimum(3 * x // SHAPE[1], 2)]
    weights = gaussian_filter(thirds, (width, width, 0), mode="nearest")
    weights = weights.reshape(-1, 3)
    true = peaks(np.array([30.0, 36.0, 90.0]), 4.0)
    model, _ = fit(np.random.default_rng(0).poisson(1000 * weights @ true))
    assert model.groups_.tolist() == [0, 1, 2]


@pytest.mark.parametrize("scene", ["oxide_bilayer", "battery_interface"])
@pytest.mark.accuracy
def test_simulated_domains_stay(scene):
    signal, truth = getattr(data, scene)((48, 56), (64, 60), 2000, random_state=1)
    positions = np.indices((48, 56)).reshape(2, -1).T
    model, _ = fit(PatternBlocks(signal.data, 2), positions)
    assert model.groups_.tolist() == list(range(truth.n_components))


def test_without_positions_each_is_its_own():
    model = RandomizedNMF(random_state=0, device="cpu").fit(bent())
    assert model.groups_.tolist() == list(range(model.n_components_))


def test_order_and_holes_do_not_matter():
    patterns, _ = two_domains()
    positions = np.indices(SHAPE).reshape(2, -1).T
    rng = np.random.default_rng(1)
    rows = rng.permutation(len(patterns))[:-100]
    one, W = fit(patterns[rows], positions[rows])
    other, V = fit(patterns[np.sort(rows)], 7 + positions[np.sort(rows)])
    assert one.groups_.max() == other.groups_.max() == 1


def test_a_line_scan():
    """Steps along a line, without a second axis."""
    n = 900
    bend = peaks(np.linspace(20, 60, n), 6.0)
    bend[600:] = peaks(np.array([100.0]), 2.0)
    patterns = np.random.default_rng(0).poisson(4000 * bend)
    model, _ = fit(patterns, np.arange(n)[:, None])
    assert 1 <= model.groups_.max() < model.n_components_


@pytest.mark.parametrize("wrong", [np.zeros((5, 2)), np.zeros((1760, 2))])
def test_wrong_positions(wrong):
    with pytest.raises(ValueError, match="positions"):
        fit(bent(), wrong)


def test_noise_is_not_alike_at_neighbours():
    grid = np.arange(1760).reshape(SHAPE)
    rng = np.random.default_rng(0)
    found = [measure_likeness(rng.normal(size=1760), grid) for _ in range(200)]
    assert np.std(found) == pytest.approx(1, rel=0.2)
    assert abs(np.mean(found)) < 0.3
    smooth = gaussian_filter(rng.normal(size=SHAPE), 2).ravel()
    assert measure_likeness(smooth, grid) > 20


@pytest.mark.parametrize("dose", [150, 1000])
@pytest.mark.accuracy
def test_particle_with_surface_layers(shared_data, dose, monkeypatch):
    """Four bent phases are not many more groups, and a bent crystal is one."""
    folder = shared_data / "dynamical"
    if not folder.is_dir():
        pytest.skip(f"no simulated scans in {folder}")
    monkeypatch.setattr(sys, "path", [str(folder), *sys.path])
    from common import finish
    from reconstruction import scene

    for options, most in (({}, 6), ({"layers": False, "vacuum": False}, 1)):
        rate, detector, shape, _ = scene(1, shape=(64, 72), **options)
        counts, _ = finish(rate, detector, shape, dose, 1)
        positions = np.indices(shape).reshape(2, -1).T
        model, _ = fit(PatternBlocks(counts, 2), positions)
        assert model.n_components_ > 2 * most
        assert min(3, most) <= model.groups_.max() + 1 <= most
