"""Directions above noise, and splits that are there."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._splits import (
    Search,
    Split,
    choose_split,
    find_local_points,
    find_split,
    force_split,
    is_undecided,
)

from ..domain_points import crowds, mixtures

N_FEATURES = 4


def state(seed=0):
    return np.random.RandomState(seed)


def covariance(n_features, seed=0):
    A = np.random.default_rng(seed).normal(size=(n_features, n_features))
    return A @ A.T + 0.1 * np.eye(n_features)


def filled(shape, n, seed, extent=40):
    """Noise, alone or about points that fill a line, a wedge or a plane evenly."""
    rng = np.random.default_rng(seed)
    along = rng.random((n, 2))
    if shape == "noise":
        along[:] = 0
    if shape == "line":
        along[:, 1] = 0
    if shape == "wedge":
        along = np.sqrt(along) * [1, 0]
    points = rng.normal(size=(n, N_FEATURES))
    points[:, :2] += extent * along
    return points.astype(np.float32)


def apart(sizes, distance, seed=0):
    return crowds(sizes, np.eye(len(sizes), N_FEATURES, k=-1) * distance, seed)


@pytest.mark.parametrize("n_features", [1, 3, 10, 40])
@pytest.mark.parametrize("n", [60, 300, 3000])
def test_noise_has_no_directions(n, n_features):
    for seed in range(8):
        noise = covariance(n_features, seed)
        draw = np.random.default_rng(seed).multivariate_normal
        points = draw(np.ones(n_features), noise, n)
        assert find_local_points(points, noise).shape == (n, 0)


@pytest.mark.parametrize("seed", range(4))
def test_directions_above_noise(seed):
    noise = covariance(10, seed)
    centers = 20 * np.random.default_rng(seed).normal(size=(3, 10))
    points, labels = crowds((500, 400, 300), centers, seed, float)
    points = points @ np.linalg.cholesky(noise).T + 7
    found = find_local_points(points, noise)
    assert found.dtype == np.float32
    assert found.shape == (1200, 2)
    np.testing.assert_allclose(found.mean(axis=0), 0, atol=1e-4)
    assert (np.diff(found.std(axis=0)) < 0).all()
    for label in range(3):
        within = np.cov(found[labels == label].T)
        np.testing.assert_allclose(np.linalg.eigvalsh(within), 1, atol=0.3)
    # In other units nothing changes.
    other = find_local_points(points * 1e-3, noise * 1e-6)
    np.testing.assert_allclose(np.abs(other), np.abs(found), rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("shape", ["noise", "line", "plane", "wedge"])
@pytest.mark.parametrize(("n", "n_seeds"), [(60, 5), (400, 3), (2000, 1)])
def test_no_split_of_what_is_evenly_filled(shape, n, n_seeds):
    for seed in range(n_seeds):
        points = filled(shape, n, seed)
        split, reason, _ = find_split(points, 10, state(seed))
        assert split is None
        assert reason in ("no gap", "continuum")


@pytest.mark.parametrize("n_features", [5, 12])
def test_no_split_of_a_curve(n_features):
    """Along it one direction after the other comes and goes."""
    t = np.random.default_rng(0).uniform(-1, 1, (1500, 1))
    points = 40 * t ** np.arange(1, n_features + 1)
    points += np.random.default_rng(1).normal(size=points.shape)
    points = points.astype(np.float32)
    assert find_split(points, 10, state())[:2] == (None, "continuum")


@pytest.mark.parametrize(
    ("sizes", "distance"),
    [((200, 200), 8), ((1500, 1500), 7), ((1900, 100), 9), ((2000, 20), 15)],
)
@pytest.mark.parametrize("seed", range(2))
def test_planted_split(sizes, distance, seed):
    points, labels = apart(sizes, distance, seed)
    split, reason, _ = find_split(points, 10, state(seed))
    assert reason == "split"
    wrong = min((split.side == (labels == i)).mean() for i in (0, 1))
    assert wrong < 0.002
    shares = np.array(sizes) / sum(sizes)
    assert split.strength == pytest.approx(shares.prod() * distance, rel=0.1)
    assert split.agreement > 0.95
    assert split.log_p < -4
    assert split.share < 0.15
    assert split.side.dtype == bool


def test_mixtures_show_in_share():
    points, _ = apart((600, 400), 25)
    shares = []
    for n in (0, 50, 150):
        mixed = mixtures(n, np.zeros(4), 25 * np.eye(4)[0])
        found = find_split(np.concatenate([points, mixed]), 10, state())[0]
        shares.append(found.share)
    assert shares[0] < 0.01
    assert (np.diff(shares) > 0.03).all()
    assert shares[2] == pytest.approx(0.5 * 150 / 475, abs=0.08)


@pytest.mark.parametrize("seed", range(2))
def test_what_varies_a_little_in_many_directions_hides_nothing(seed):
    """In all of them, what mixes two parts looks like none of their mixtures."""
    rng = np.random.default_rng(seed)
    share = np.repeat([0.0, 1], 150)
    share = np.append(share, rng.random(40))
    points = rng.normal(size=(share.size, 41)) * np.sqrt(1 + 0.7**2)
    points[:, 0] = rng.normal(size=share.size) + 30 * share
    split, *_ = find_split(points.astype(np.float32), 10, state(seed))
    assert split is not None
    assert len(set(split.side[:150])) == len(set(split.side[150:300])) == 1
    assert split.side[0] != split.side[150]


def test_the_strongest_comes_first():
    points, labels = crowds((500, 500, 200), [[0, 0], [40, 0], [0, 12]])
    split = find_split(points, 10, state())[0]
    assert len(np.unique(split.side[labels == 1])) == 1
    assert (split.side[labels == 1][0] != split.side[labels != 1]).all()


SIDE, MOVED = np.arange(60) < 20, np.arange(60) < 21
ELSEWHERE = np.arange(60) >= 40


def search(splits=(), paths=()):
    """What one half has found, and what it takes for the cut of a path."""
    splits, paths = (
        [Split(side, 1.0, 0.0, -9.0, 1.0) for side in sides]
        for sides in (splits, paths)
    )
    return Search(splits, paths, is_continuum=bool(paths))


def test_what_both_halves_draw_comes_before_what_is_slightly_stronger():
    values = {"side": SIDE, "share": 0.0, "log_p": -9.0}
    clear = Split(**values, strength=0.70, agreement=1.0)
    other = Split(**values, strength=0.72, agreement=0.7)
    searches = [Search([other, clear])] * 2
    assert choose_split(searches)[:2] == (clear, "split")
    other.strength = 2.0
    assert choose_split(searches).split is other


@pytest.mark.parametrize(
    "searches",
    [
        [search([SIDE]), search([MOVED])],
        [search([SIDE]), search(), search(), search([MOVED])],
        [search([], [SIDE]), search([SIDE]), search([SIDE]), search([MOVED])],
        [search([SIDE, ELSEWHERE]), search([SIDE], [ELSEWHERE])],
    ],
)
def test_what_two_halves_find(searches):
    split, reason, _ = choose_split(searches)
    assert split.side is SIDE or split.side is MOVED
    assert reason == "split"
    assert not is_undecided(searches)


def test_what_is_refused_beside_a_split_is_told():
    searches = [search([SIDE], [ELSEWHERE]), search([SIDE])]
    split, reason, refused = choose_split(searches)
    assert (split.side is SIDE, reason) == (True, "split")
    assert refused.side is ELSEWHERE
    assert refused.support == 0.5
    assert choose_split([search([SIDE])] * 2).refused is None


@pytest.mark.parametrize(
    ("searches", "why"),
    [
        ([search()] * 2, "no gap"),
        ([search([], [SIDE])] * 2, "continuum"),
        ([search([SIDE]), search([], [MOVED]), search([], [SIDE])], "continuum"),
    ],
)
def test_what_no_half_finds_is_none(searches, why):
    split, reason, refused = choose_split(searches)
    assert (split, reason) == (None, why)
    assert (refused is None) == (why == "no gap")
    assert not is_undecided(searches)


@pytest.mark.parametrize(
    "searches",
    [
        # Chance: one half of eight.
        [search([SIDE])] + [search()] * 7,
        [search([SIDE]), search([ELSEWHERE])] + [search()] * 6,
        [search([SIDE]), search([], [SIDE])],
    ],
)
def test_what_one_half_finds_is_none_yet(searches):
    assert choose_split(searches).split is None
    assert is_undecided(searches)


def test_too_few_or_nothing():
    points, _ = apart((10, 9), 30)
    assert find_split(points, 10, state())[:2] == (None, "size")
    assert find_split(points[:, :0], 5, state())[:2] == (None, "noise")
    points, _ = apart((300, 15), 30)
    assert find_split(points, 15, state()).split.side.sum() in (15, 300)
    assert find_split(points, 40, state()).split is None


def test_same_random_state_same_split():
    points, _ = apart((300, 200), 8)
    kept = points.copy()
    points.setflags(write=False)
    one, other = (find_split(points, 10, state(3))[0] for _ in range(2))
    np.testing.assert_array_equal(one.side, other.side)
    assert one.strength == other.strength
    np.testing.assert_array_equal(points, kept)


def test_forced_split():
    line = filled("line", 400, 0)
    split = force_split(line, state())
    assert 0.3 < split.side.mean() < 0.7
    assert split.strength == pytest.approx(20 / 4, rel=0.1)
    assert np.isnan([split.share, split.log_p, split.agreement]).all()
    points, labels = apart((300, 100), 10)
    side = force_split(points, state()).side
    assert len(np.unique(side[labels == 0])) == len(np.unique(side[labels == 1])) == 1


@pytest.mark.parametrize(
    "points", [np.zeros((30, 0)), np.zeros((1, 3)), np.ones((30, 2))]
)
def test_what_is_all_alike_cannot_be_forced(points):
    assert force_split(points.astype(np.float32), state()) is None
