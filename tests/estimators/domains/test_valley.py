"""A valley is where there are two modes, and nowhere else."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._valley import find_valley

LOG_P = -4
ONE_MODE = {
    "normal": lambda rng, n: rng.normal(size=n),
    "uniform": lambda rng, n: rng.random(n),
    "exponential": lambda rng, n: rng.exponential(size=n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "cauchy": lambda rng, n: rng.standard_cauchy(n),
    # Dense at both ends, but nowhere a gap.
    "arcsine": lambda rng, n: rng.beta(0.5, 0.5, n),
}


def two_modes(n, n_smaller, distance, seed=0):
    """Unit noise about 0, and about a distance from it."""
    values = np.random.default_rng(seed).normal(size=n)
    values[:n_smaller] += distance
    return values


@pytest.mark.parametrize("min_size", [3, 10])
@pytest.mark.parametrize("shape", ONE_MODE)
def test_no_valley_in_one_mode(shape, min_size):
    n_found = 0
    for n, n_seeds in ((40, 150), (200, 100), (1000, 40), (5000, 10), (20_000, 4)):
        for seed in range(n_seeds):
            values = ONE_MODE[shape](np.random.default_rng(seed), n)
            valley = find_valley(values, min_size)
            n_found += valley is not None
            assert valley is None or valley.log_p > LOG_P
    # The score decides, not that nothing is found.
    assert n_found > 10


@pytest.mark.parametrize(
    ("n", "n_smaller", "distance", "tolerance"),
    [
        (400, 200, 5, 0.5),
        (5000, 2500, 5, 0.1),
        (5000, 500, 7, 0.5),
        (5000, 20, 14, 2),
    ],
)
@pytest.mark.parametrize("seed", range(5))
def test_two_modes(n, n_smaller, distance, tolerance, seed):
    values = two_modes(n, n_smaller, distance, seed)
    valley = find_valley(values, 10)
    assert valley.log_p < LOG_P
    assert valley.low < valley.cut < valley.high
    assert valley.cut == pytest.approx(distance / 2, abs=tolerance)
    beyond = np.sort([(values > valley.cut).sum(), (values < valley.cut).sum()])
    wrong = ((values > valley.cut) != (np.arange(n) < n_smaller)).sum()
    assert wrong <= 2 + 0.02 * n_smaller
    assert valley.n_smaller == pytest.approx(beyond[0], rel=0.15)


def test_the_clearer_the_lower_the_score():
    log_p = [find_valley(two_modes(600, 300, d), 10).log_p for d in (5, 6, 8, 12)]
    assert (np.diff(log_p) < 0).all()
    log_p = [find_valley(two_modes(n, n // 2, 6), 10).log_p for n in (60, 200, 900)]
    assert (np.diff(log_p) < 0).all()


@pytest.mark.parametrize("n_between", [0, 10, 20])
def test_share_is_what_lies_between_the_edges(n_between):
    between = np.linspace(1.8, 2.2, n_between)
    values = np.concatenate([np.linspace(0, 1, 300), np.linspace(3, 4, 100), between])
    valley = find_valley(values, 10)
    n_inside = ((values >= valley.low) & (values < valley.high)).sum()
    assert valley.share == pytest.approx(n_inside / valley.n_smaller)
    assert 100 <= valley.n_smaller <= 100 + n_between
    assert valley.share == pytest.approx(n_between / valley.n_smaller, abs=0.02)
    assert 1 <= valley.cut <= 3


@pytest.mark.parametrize("n", [300, 3000])
@pytest.mark.parametrize("n_times", [1, 5])
def test_mixtures_are_cut_in_half(n, n_times):
    rng = np.random.default_rng(n)
    ends = rng.normal(0, 0.1, n_times * n), rng.normal(1, 0.1, n)
    values = np.concatenate([*ends, rng.random(n // 5)])
    assert find_valley(values, 10).cut == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("scale", "shift"), [(1, 512), (0.25, 0), (4, -3)])
def test_shift_and_scale(seed, scale, shift):
    values = two_modes(500, 150, 9, seed)
    expected = find_valley(values, 10)
    found = find_valley(scale * values + shift, 10)
    assert (found.n_smaller, found.share) == (expected.n_smaller, expected.share)
    assert found.log_p == pytest.approx(expected.log_p)
    for name in ("cut", "low", "high"):
        moved = scale * getattr(expected, name) + shift
        assert getattr(found, name) == pytest.approx(moved)


@pytest.mark.parametrize("seed", range(4))
def test_reflection(seed):
    values = two_modes(500, 150, 9, seed)
    expected, found = find_valley(values, 10), find_valley(-values, 10)
    assert found.n_smaller == expected.n_smaller
    assert found.share == pytest.approx(expected.share, abs=0.01)
    assert found.log_p == pytest.approx(expected.log_p, rel=0.2)
    # A value here or there.
    assert found.cut == pytest.approx(-expected.cut, abs=0.05)


def test_order_does_not_matter_and_values_stay():
    values = two_modes(300, 100, 8)
    kept = values.copy()
    values.setflags(write=False)
    assert find_valley(values, 10) == find_valley(values[::-1], 10)
    np.testing.assert_array_equal(values, kept)


@pytest.mark.parametrize(
    "values", [[], np.zeros(100), np.arange(19.0), np.repeat([0.0, 1], [9, 91])]
)
def test_no_valley(values):
    assert find_valley(np.asarray(values), 10) is None


def test_both_parts_have_the_size_asked_for():
    values = np.concatenate([np.linspace(0, 1, 500), np.linspace(9, 9.1, 9)])
    assert find_valley(values, 9).cut > 1
    assert find_valley(values, 9).n_smaller == 9
    values = np.concatenate([values, np.linspace(-9, -8.9, 14)])
    valley = find_valley(values, 12)
    assert valley.cut < 0
    assert valley.n_smaller == 14


def test_two_values():
    valley = find_valley(np.repeat([0.0, 1], 50), 10)
    assert 0 < valley.cut < 1
    assert (valley.share, valley.n_smaller) == (0, 50)


@pytest.mark.parametrize("n", [10, 20])
def test_a_wide_gap_between_a_few(n):
    """Nothing over most of the distance says more than nothing over half of it."""
    rng = np.random.default_rng(0)
    values = np.concatenate([rng.normal(0, 1, n), rng.normal(28, 1, n)])
    valley = find_valley(values, 5)
    assert valley.log_p < -0.3 * n
    assert valley.n_smaller == n
