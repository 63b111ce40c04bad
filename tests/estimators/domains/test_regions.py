"""Regions: one of a ramp, two where an interface parts it, whatever bends."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.domains._regions import (
    find_regions,
    join_without_step,
)
from hyperspy_4dphase.estimators.domains._steps import measure_steps

from ..field_points import SHAPE, field_of, flat, interface, ramp

SEEDS = range(3)


def regions_of(field, min_size=10, seed=0):
    state = np.random.RandomState(seed)
    return find_regions(field, measure_steps(field), min_size, state)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("clean", [flat, ramp])
def test_a_ramp_is_one_region(clean, seed):
    labels = regions_of(field_of(clean(), seed))
    assert labels.tolist() == [0] * len(labels)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("shape", [SHAPE, (10, 16, 14)])
def test_a_ramp_with_an_interface_is_two(shape, seed):
    clean, side = interface(shape, height=20.0)
    labels = regions_of(field_of(clean + ramp(shape), seed))
    assert labels.max() == 1
    assert adjusted_rand_score(side.ravel(), labels) > 0.95


def test_patterns_alone_could_not_part_them():
    """Projected onto any one direction, both sides of the interface overlap."""
    clean, side = interface(height=20.0)
    clean = clean + ramp(slope=3.0)
    clean[..., 2] += 1.5 * np.indices(SHAPE)[1]
    labels = regions_of(field_of(clean))
    assert adjusted_rand_score(side.ravel(), labels) > 0.9


def test_regions_apart_that_are_alike_are_one():
    """Two grains of one pattern, a strip of another in between."""
    clean = flat()
    clean[:, 15:29, 1] = 25.0
    labels = regions_of(field_of(clean)).reshape(SHAPE)
    assert labels.max() == 1
    assert labels[10, 5] == labels[10, 40] != labels[10, 22]


def test_masked_positions():
    clean, side = interface(height=20.0)
    kept = np.random.default_rng(1).random(SHAPE) < 0.9
    labels = regions_of(field_of(clean + ramp(), kept=kept))
    assert labels.shape == (kept.sum(),)
    assert adjusted_rand_score(side[kept], labels) > 0.95


def test_labels_count_from_zero_and_are_repeatable():
    clean, _ = interface(height=20.0)
    field = field_of(clean)
    labels = regions_of(field)
    assert np.unique(labels).tolist() == list(range(labels.max() + 1))
    np.testing.assert_array_equal(labels, regions_of(field))


def test_join_without_step():
    """Cells of a scan with one interface: only that border is left."""
    clean, side = interface(height=20.0)
    steps = measure_steps(field_of(clean))
    y, x = np.indices(SHAPE)
    cells = (3 * (y // 5) + x // 15).ravel()
    joined = join_without_step(cells, steps)
    assert len(np.unique(joined)) == 2
    assert adjusted_rand_score(side.ravel(), joined) == 1
    # Whatever the step, nothing is joined below it, and all above it.
    assert len(np.unique(join_without_step(cells, steps, least=0))) == cells.max() + 1
    assert len(np.unique(join_without_step(cells, steps, least=1e9))) == 1
