"""Which border of a map is none, where some are."""

from itertools import permutations

import numpy as np
import pytest
from scipy.special import erf

from hyperspy_4dphase.estimators.domains._field import Field
from hyperspy_4dphase.estimators.domains._nodes import Node
from hyperspy_4dphase.estimators.domains._passages import Passages
from hyperspy_4dphase.estimators.domains._steps import measure_steps

SHAPE = (24, 45)
POSITIONS = np.indices(SHAPE).reshape(2, -1).T
X = POSITIONS[:, 1].astype(float)


def rocking(at, height):
    """What bends around a place, along four features."""
    return height * np.exp(-((X[:, None] - at - [-3, -1, 1, 3]) ** 2) / 30)


def find(change, cuts, order=None, gaps=(), seed=0, n_rows=SHAPE[0], beside=()):
    """Parts between cuts, of which the two are found that are one first."""
    points = np.random.default_rng(seed).normal(size=(len(X), 6))
    points[:, :4] += change
    field = Field(points, POSITIONS)
    part = np.searchsorted(cuts, X, side="right")
    order = range(len(cuts) + 1) if order is None else order
    inside = POSITIONS[:, 0] < n_rows
    if len(beside):
        part = np.where(beside, len(cuts) + 1, part)
        order = range(len(cuts) + 2)
    leaves = [Node(np.flatnonzero(inside & (part == i))) for i in order]
    labels = np.full(len(X), -1)
    for i, leaf in enumerate(leaves):
        labels[leaf.rows] = i
    asked = []

    def find_gap(one, other):
        pair = frozenset(int(part[leaf.rows[0]]) for leaf in (one, other))
        asked.append(pair)
        return pair in gaps, pair in gaps

    passages = Passages(field, measure_steps(field), lambda step: step >= 1.95)
    found = passages.find(leaves, labels, find_gap)
    again = passages.find(leaves, labels, find_gap)
    assert found == again
    assert len(asked) == len(set(asked)), "No gap is looked for twice."
    return found and frozenset(int(part[leaf.rows[0]]) for leaf in found)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_what_bends_most_is_joined_first_in_whatever_order_leaves_are(order, seed):
    # The patterns jump, by little, at the second cut.
    change = rocking(15, 12.0) + rocking(30, 8.0) + 2.5 * (X[:, None] >= 30)
    assert find(change, [15, 30], order, seed=seed) == {0, 1}


@pytest.mark.parametrize("seed", range(3))
def test_a_gap_keeps_the_best_apart(seed):
    change = rocking(15, 12.0) + rocking(30, 12.0)
    both = [frozenset((0, 1)), frozenset((1, 2))]
    assert find(change, [15, 30], gaps=both[:1], seed=seed) == both[1]
    assert find(change, [15, 30], gaps=both, seed=seed) is None


@pytest.mark.parametrize("seed", range(3))
def test_an_interface_is_a_border_though_its_step_is_faint(seed):
    jump = 2.5 * (X[:, None] >= 22)
    bend = 12 * np.sin(X[:, None] / 12 + np.arange(4))
    assert find(bend + jump, [22], seed=seed) is None
    assert find(bend, [22], seed=seed) == {0, 1}


@pytest.mark.parametrize("seed", range(3))
def test_a_short_border_with_a_step_is_none_only_if_a_bend_explains_it(seed):
    """Two crystals that overlap fade, as what bends does."""
    faded = 10 * erf((X[:, None] - 22) / 5)
    assert find(faded, [22], seed=seed, n_rows=12) is None
    bend = rocking(22, 12.0)
    assert find(bend, [22], seed=seed, n_rows=12) == {0, 1}
    assert find(faded, [22], seed=seed) == {0, 1}


@pytest.mark.parametrize("seed", range(3))
def test_a_short_border_that_is_plainly_a_bend_is_none_whatever_the_gap(seed):
    """Few positions of a thin layer are where it bends fast."""
    both = [frozenset((0, 1))]
    bend = rocking(22, 14.0)
    assert find(bend, [22], seed=seed, n_rows=12, gaps=both) == {0, 1}
    # A long border has enough of them, and what fades bends as little as it jumps.
    assert find(bend, [22], seed=seed, gaps=both) is None
    faded = 10 * erf((X[:, None] - 22) / 5)
    assert find(faded, [22], seed=seed, n_rows=12, gaps=both) is None


def test_what_lies_beside_a_border_makes_no_step_along_it():
    """As small crystals along a line through a glass."""
    rows, columns = POSITIONS.T
    beside = (np.abs(columns - 24) < 2) & (rows % 12 < 6)
    found = find(15.0 * beside[:, None], [22], beside=beside)
    assert found == {0, 1}
    apart = 5.0 * (X[:, None] >= 22)
    assert find(15.0 * beside[:, None] + apart, [22], beside=beside) is None
