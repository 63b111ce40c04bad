"""Which patterns are distinct: planted, simulated and measured."""

import h5py
import numpy as np
import pytest

from hyperspy_4dphase import data
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import RandomizedNMF
from hyperspy_4dphase.estimators.nmf._hals import hals, purify
from hyperspy_4dphase.estimators.nmf._number import (
    _find_continuum,
    find_distinct_patterns,
    keep_dominant,
    measure_continuity,
    merge_continua,
)
from hyperspy_4dphase.estimators.nmf._starts import nndsvd

from ..conftest import cosines
from .matrices import OPTIONS, compress

SIGNAL = (64, 60)
SCENES = {
    "oxide_bilayer": (48, 56),
    "battery_interface": (48, 56),
    "domain_phantom": (90, 96),
}


def spread(kind, n=4000, seed=0):
    rng = np.random.default_rng(seed)
    if kind == "two points":
        return np.repeat([0.0, 1.0], [n // 4, n - n // 4])
    if kind == "few mixtures":
        x = np.repeat([0.0, 1.0], n // 2)
        x[: n // 20] = rng.random(n // 20)
        return x
    return rng.random(n) if kind == "uniform" else rng.normal(0, 0.3, n)


@pytest.mark.parametrize("noise", [0, 0.05, 0.3])
@pytest.mark.parametrize(
    ("kind", "low", "high"),
    [
        ("two points", -0.01, 0.01),
        ("few mixtures", 0.02, 0.3),
        ("uniform", 0.75, 0.85),
        ("heap", 1.7, 2.3),
    ],
)
def test_continuity(kind, low, high, noise):
    values = spread(kind)
    values = values + noise * np.random.default_rng(5).normal(size=values.size)
    weights = np.full(values.size, 1 / values.size)
    value, error = measure_continuity(values, weights, noise**2)
    assert low - 3 * error * (noise > 0) <= value <= high + 3 * error * (noise > 0)
    assert error < 1
    shifted, _ = measure_continuity(40 - 7 * values, weights, (7 * noise) ** 2)
    assert shifted == pytest.approx(value, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("kind", ["uniform", "heap"])
@pytest.mark.accuracy
def test_error_of_measure_continuity(kind):
    """It is that of many repetitions."""
    results = [
        measure_continuity(
            spread(kind, 2000, seed)
            + np.random.default_rng(seed + 999).normal(0, 0.1, 2000),
            np.full(2000, 1 / 2000),
            0.01,
        )
        for seed in range(400)
    ]
    values, errors = np.array(results).T
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_noise_not_taken_out_looks_like_a_heap():
    values = spread("two points") + np.random.default_rng(0).normal(size=4000)
    weights = np.full(4000, 1 / 4000)
    assert measure_continuity(values, weights, 0)[0] > 1


@pytest.mark.parametrize(
    ("kind", "low", "high"), [("uniform", 0, 0.1), ("heap", 0.85, 1)]
)
@pytest.mark.accuracy
def test_how_often_two_halves_are_joined(kind, low, high):
    """A wedge of 120 patterns hardly ever; a heap nearly always."""
    n_joined, n_tried = 0, 60
    for seed in range(n_tried):
        values = spread(kind, 120, seed)
        points = values + np.random.default_rng(seed + 99).normal(0, 0.05, 120)
        halves = points > np.median(points)
        members = {0: np.flatnonzero(halves), 1: np.flatnonzero(~halves)}
        variance = np.full(120, 0.05**2)
        n_joined += _find_continuum(points[:, None], variance, members) is not None
    assert low <= n_joined / n_tried <= high


def peak(centre, m=150, width=3.0):
    pattern = np.exp(-(((np.arange(m) - centre) / width) ** 2) / 2) + 0.02
    return pattern / pattern.sum()


def shifting(n=900, dose=4000, seed=0, ramp=False):
    """A peak that moves about without a gap, and two patterns of their own."""
    rng = np.random.default_rng(seed)
    centres = np.linspace(30, 36, n) if ramp else rng.normal(33, 1.5, n)
    expected = np.array([peak(centre) for centre in centres])
    expected[: n // 4] = peak(80)
    expected[n // 4 : n // 2] = peak(120)
    return rng.poisson(dose * expected)


def fitted(X, n_components):
    A = compress(X, max(len(compress(X).B), n_components), noise=0.0)
    return A, purify(A, hals(A, nndsvd(A, n_components), **OPTIONS).factors)


def test_a_continuum_is_one():
    X = shifting()
    assert len(compress(X).B) > 3
    A, factors = fitted(X, 4)
    Wt, H = merge_continua(A, factors)
    assert len(H) == 3
    true = np.array([X[:225].mean(0), X[225:450].mean(0), X[450:].mean(0)])
    assert cosines(H * A.per_pixel, true).min() > 0.99
    np.testing.assert_allclose(np.linalg.norm(H, axis=1), 1, rtol=1e-5)
    assert Wt.min() >= 0


@pytest.mark.xfail(
    reason="An even ramp has a continuity of 0.8, less than _MIN_CONTINUITY, and is cut"
)
def test_an_even_ramp_is_one():
    X = shifting(ramp=True)
    factors, _ = find_distinct_patterns(compress(X), OPTIONS)
    assert len(factors.H) <= 4


def test_distinct_patterns_are_not_merged():
    """Not even where they are much alike, or mixed in a part of the scan."""
    rng = np.random.default_rng(0)
    true = np.array([peak(30), peak(34), peak(120)])
    W = rng.dirichlet(np.full(3, 0.1), 900)
    A, factors = fitted(rng.poisson(4000 * W @ true), 3)
    Wt, H = merge_continua(A, factors)
    assert len(H) == 3
    assert cosines(H * A.per_pixel, true).min() > 0.99


def test_what_is_nowhere_most_of_a_pattern_goes():
    rng = np.random.default_rng(0)
    true = np.array([peak(30), peak(75), peak(120)])
    W = rng.dirichlet(np.full(3, 0.1), 900)
    A = compress(rng.poisson(4000 * W @ true), 3)
    factors = purify(A, hals(A, nndsvd(A, 5), **OPTIONS).factors)
    Wt, H = keep_dominant(A, factors)
    assert len(H) == len(Wt) == 3
    assert cosines(H * A.per_pixel, true).min() > 0.99


def test_one_is_left_always():
    X = np.random.default_rng(0).poisson(np.full((300, 40), 20.0))
    A = compress(X, 3, noise=1e9)
    assert 1 <= len(keep_dominant(A, nndsvd(A, 3)).H) <= 3


def fit_scan(scan, seed=0):
    model = RandomizedNMF(random_state=seed, device="cpu")
    W = model.fit_transform(PatternBlocks(scan, 2))
    return model, W


@pytest.mark.parametrize("dose", [800, 2400, 10_000])
@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.accuracy
def test_simulated_scans(scene, dose):
    make = getattr(data, scene)
    signal, truth = make(SCENES[scene], SIGNAL, dose, random_state=1)
    model, W = fit_scan(signal.data)
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


@pytest.mark.accuracy
def test_naphi(read):
    model, _ = fit_scan(read("naphi_real_endmembers", "naphi_50x50x64x64.hspy"))
    assert model.n_components_ == 6


@pytest.mark.accuracy
def test_two_lattices(read):
    model, _ = fit_scan(read("two_lattices_sim", "scan_32x32x64x64.hspy"))
    assert 5 <= model.n_components_ <= 7


@pytest.mark.accuracy
def test_lco(read):
    scan = read("lco_spinel_real_peaks", "lco_spinel_rendered_80x58x96x96.hspy")
    (found,) = {fit_scan(scan, seed=seed)[0].n_components_ for seed in range(2)}
    assert 4 <= found <= 12
