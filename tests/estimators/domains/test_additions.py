"""Domains that only maps of other exposures have: added where patterns jump."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains import _other_exposures
from hyperspy_4dphase.estimators.domains._additions import add_domains
from hyperspy_4dphase.estimators.domains._evidence import Evidence
from hyperspy_4dphase.estimators.domains._scan_growth import make_growth

from ..scan_points import bent, scanned, stripes

SHAPE = (20, 36)
ROW, COLUMN = np.indices(SHAPE).reshape(2, -1)
HALVES = (COLUMN >= 18).astype(int)
WHOLE = np.zeros_like(HALVES)


def added(clean, labels, others, inclusions=None, seed=0, min_size=10):
    shapes = scanned(clean, seed)
    inclusions = np.full(len(labels), -1) if inclusions is None else inclusions
    evidence = SimpleNamespace(points=shapes.points, inclusions=inclusions)
    before = labels.copy()
    found = add_domains(labels, others, shapes, evidence, min_size)
    np.testing.assert_array_equal(labels, before)
    return found


def thirds(distance=6.0):
    clean, labels = stripes(SHAPE, distance, n_domains=3)
    return clean, labels.ravel()


def assert_same_domains(found, labels):
    """Whatever their numbers."""
    pairs = np.unique([found, labels], axis=1)
    assert len(pairs.T) == np.unique(found).size == np.unique(labels).size


@pytest.mark.parametrize("seed", range(3))
def test_what_another_map_has(seed):
    clean, labels = thirds()
    merged = np.minimum(labels, 1)
    assert_same_domains(added(clean, merged, [WHOLE, labels], seed=seed), labels)


def test_from_several_maps():
    clean, labels = thirds()
    one, other = np.minimum(labels, 1), np.maximum(labels, 1)
    found = added(clean, WHOLE, [one, other])
    assert_same_domains(found, labels)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("height", [0.0, 24.0])
def test_cuts_of_a_bend_or_of_noise_are_not_added(seed, height):
    cuts = [HALVES, COLUMN // 12, np.where(ROW < 10, HALVES, 2)]
    found = added(bent(SHAPE, height), WHOLE, cuts, seed=seed)
    np.testing.assert_array_equal(found, WHOLE)


def test_a_domain_on_a_bend():
    clean = bent(SHAPE) + 8.0 * (ROW >= 10).reshape(*SHAPE, 1) * np.eye(4)[2]
    lower = (ROW >= 10).astype(int)
    assert_same_domains(added(clean, WHOLE, [HALVES, lower]), lower)


def test_what_is_left_alone():
    clean, labels = thirds()
    merged = np.minimum(labels, 1)
    merged[:5] = -1
    found = added(clean, merged, [labels])
    assert (found[:5] == -1).all()
    assert_same_domains(found[5:], labels[5:])
    np.testing.assert_array_equal(added(clean, merged, []), merged)
    kinds = np.where(merged == 1, 0, -1)
    np.testing.assert_array_equal(added(clean, merged, [labels], kinds), merged)
    n = (labels == 2).sum()
    np.testing.assert_array_equal(
        added(clean, merged, [labels], min_size=n + 1), merged
    )


def test_the_tree_has_what_was_added():
    clean, labels = thirds()
    shapes = scanned(clean)
    state = np.random.RandomState(0)
    evidence = Evidence(shapes, state)
    growth = make_growth(shapes, 10, None, state, evidence=evidence)
    assert growth.result().labels.max() == 0
    growth.part(labels)
    found, tree = growth.result()
    assert tree.n_domains == 3
    assert_same_domains(found, labels)
    for node in growth.nodes:
        if node.children:
            assert node.split.step > 2
            assert node.split.strength > 0.5


def test_chosen_map():
    clean, labels = thirds()
    shapes = scanned(clean)
    evidence = Evidence(shapes, np.random.RandomState(0))
    merged = np.minimum(labels, 1)
    for maps in ([merged, labels], [labels, merged], [WHOLE, merged, labels]):
        best, found = _other_exposures.choose_map(maps, shapes, evidence, 10)
        assert 0 <= best < len(maps)
        assert_same_domains(found, labels)
