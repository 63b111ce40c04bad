"""What is known of each pattern: in every way to fit, and what is forgotten."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import DivisiveDomains
from hyperspy_4dphase.estimators.domains._descriptions import (
    Descriptions,
    find_main_direction,
)

from ..domain_points import counted_domains

SHAPE = (20, 24)


def scan():
    """Counts of two domains, one of them bent, in rows of the scan."""
    rng = np.random.default_rng(0)
    patterns = rng.gamma(0.5, 1, (3, 120)) + 0.05
    x = np.indices(SHAPE)[1].ravel() / SHAPE[1]
    side = np.indices(SHAPE)[0].ravel() >= 10
    bent = (1 - x)[:, None] * patterns[0] + x[:, None] * patterns[1]
    expected = np.where(side[:, None], bent, patterns[2])
    expected *= 1500 / expected.sum(axis=1, keepdims=True)
    return rng.poisson(expected), side, x


def positions():
    return np.indices(SHAPE).reshape(2, -1).T


def check_types(model, n):
    for name, dtype in [("steps_", "f4"), ("along_", "f4"), ("refused_", "i1")]:
        values = getattr(model, name)
        assert values.shape == (n,)
        assert values.dtype == np.dtype(dtype)


def test_with_positions():
    counts, side, x = scan()
    model = DivisiveDomains(random_state=0).fit(counts, positions=positions())
    check_types(model, len(counts))
    assert model.n_domains_ == 2
    border = np.isin(np.indices(SHAPE)[0].ravel(), [9, 10])
    far = np.abs(np.indices(SHAPE)[0].ravel() - 9.5) > 3
    assert (model.steps_[border] > 1.95).mean() > 0.9
    assert np.median(model.steps_[far]) < 1.5
    bent = model.labels_ == model.labels_[side][0]
    assert abs(np.corrcoef(model.along_[bent], x[bent])[0, 1]) > 0.95
    nodes = {node.label: node for node in model.tree_ if node.label >= 0}
    own = nodes[model.labels_[side][0]]
    assert own.is_continuum
    assert own.spread == pytest.approx(model.along_[bent].std(), rel=0.5)
    assert not nodes[model.labels_[~side][0]].is_continuum
    assert not model.tree_[0].is_continuum


def test_without_positions():
    counts, side, x = scan()
    model = DivisiveDomains(random_state=0).fit(counts)
    check_types(model, len(counts))
    assert np.isnan(model.steps_).all()
    assert np.isfinite(model.along_).all()


def test_published_method():
    counts, _ = counted_domains((60, 40))
    model = DivisiveDomains(n_parts=2, random_state=0).fit(counts)
    check_types(model, 100)
    assert np.isnan([model.steps_, model.along_]).all()
    assert not model.refused_.any()
    assert np.isnan([node.spread for node in model.tree_]).all()


def test_features():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(200, 2)) + 30 * np.repeat([[0], [1]], 100, axis=0)
    model = DivisiveDomains(noise=None, random_state=0).fit(points)
    check_types(model, 200)
    assert np.isnan(model.steps_).all()


def test_noise_alone():
    counts = np.random.default_rng(0).poisson(5.0, (np.prod(SHAPE), 40))
    model = DivisiveDomains(random_state=0).fit(counts, positions=positions())
    check_types(model, len(counts))
    assert model.n_domains_ == 1
    assert np.isnan(model.steps_).all()
    assert (model.along_ == 0).all()


def test_fewer_domains_than_found():
    """What was joined has no direction of its own."""
    counts, labels = counted_domains((200, 150, 100))
    whole = DivisiveDomains(random_state=0).fit(counts)
    fewer = DivisiveDomains(2, random_state=0).fit(counts)
    assert (whole.n_domains_, fewer.n_domains_) == (3, 2)
    joined = [len(np.unique(labels[fewer.labels_ == k])) == 2 for k in (0, 1)]
    lost = fewer.labels_ == int(np.argmax(joined))
    np.testing.assert_array_equal(np.isnan(fewer.along_), lost)


def test_positions_alone_have_no_step():
    counts, _, _ = scan()
    places = positions()
    places[7] = 200, 200
    model = DivisiveDomains(random_state=0).fit(counts, positions=places)
    assert np.isnan(model.steps_[7])
    assert np.isfinite(np.delete(model.steps_, 7)).all()


@pytest.mark.parametrize("far", [0, 25])
def test_mixtures_at_the_border_are_no_direction(far):
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 3)).astype(np.float32)
    points[:40, 0] += 60 * rng.random(40)
    points[:, 2] += far * np.linspace(-1, 1, 500)
    along, spread = find_main_direction(points)
    if not far:
        assert spread < 0.6
        return
    np.testing.assert_array_equal(along, points[:, 2])
    # Of an even distribution of that width, as the median tells it.
    assert spread == pytest.approx(1.4826 * 12.5, rel=0.1)


def places():
    return np.indices((20, 25)).reshape(2, -1).T


@pytest.mark.parametrize("seed", range(3))
def test_jitter_is_no_gradual_change(seed):
    """However strong, it differs from each position to the next."""
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(500, 3)) * (8, 1, 1)
    points[:, 1] += 6 * np.sin(places()[:, 1] / 8)
    along, spread = find_main_direction(points.astype(np.float32), places())
    np.testing.assert_array_equal(along, points[:, 1].astype(np.float32))
    assert 1.5 < spread < 8
    # Without positions it cannot be told.
    assert find_main_direction(points.astype(np.float32))[1] > spread
    points[:, 1] = rng.normal(size=500)
    assert find_main_direction(points.astype(np.float32), places())[1] < 0.6


def test_a_border_that_is_half_of_a_domain_is_left_out():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(500, 2)).astype(np.float32)
    inside = places()[:, 0] < 8
    points[~inside, 0] += (20 * places()[~inside, 0] - 120).astype(np.float32)
    assert find_main_direction(points, places(), inside)[1] < 0.6
    assert find_main_direction(points, places())[1] > 10
    # Where too few are inside, all count.
    few = np.zeros(500, bool)
    few[:5] = True
    assert find_main_direction(points, places(), few)[1] > 10


def test_a_steep_gradient_is_no_noise():
    """Neighbours differ by the same everywhere."""
    points = np.random.default_rng(0).normal(size=(500, 1)).astype(np.float32)
    points[:, 0] += 30 * places()[:, 1]
    _, spread = find_main_direction(points, places())
    assert spread > 100


def test_no_direction():
    along, spread = find_main_direction(np.zeros((4, 0), np.float32))
    np.testing.assert_array_equal(along, np.zeros(4, np.float32))
    assert spread == 0


def test_forget():
    known = Descriptions(
        np.arange(3, dtype=np.float32),
        np.ones(3, np.float32),
        np.array([1, 2, 0], np.int8),
    )
    new = known.forget(np.array([True, False, False]))
    np.testing.assert_array_equal(new.steps, known.steps)
    np.testing.assert_array_equal(new.along, [np.nan, 1, 1])
    np.testing.assert_array_equal(new.refused, [0, 2, 0])
    assert [a.dtype for a in new] == [a.dtype for a in known]
    assert known.refused[0] == 1
