"""Parts that a step sets apart from their domain are found, and nothing else."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._hidden_parts import find_hidden_parts
from hyperspy_4dphase.estimators.domains._steps import LEAST_STEP, measure_steps

from ..field_points import field_of, flat, interface, ramp


def parts_of(clean, labels=None, seed=0, kept=None):
    field = field_of(clean, seed, kept)
    labels = np.zeros(len(field.points), int) if labels is None else np.ravel(labels)
    if kept is not None:
        labels = labels[np.ravel(kept)] if labels.size == kept.size else labels
    return find_hidden_parts(labels, measure_steps(field))


def clearest(parts):
    return max(parts, key=lambda part: part.step)


def overlap(rows, inside):
    found = np.zeros(inside.size, bool)
    found[rows] = True
    inside = inside.ravel()
    return np.count_nonzero(found & inside) / np.count_nonzero(found | inside)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("seed", range(3))
def test_a_step_within_a_label(axis, seed):
    clean, side = interface(axis=axis)
    part = clearest(parts_of(clean, seed=seed))
    assert part.step > 2
    assert max(overlap(part.rows, side), overlap(part.rows, ~side)) > 0.9


@pytest.mark.parametrize("place", [(6, 8), (15, 30)])
def test_an_enclosed_domain(place):
    clean = flat()
    inside = np.zeros(clean.shape[:-1], bool)
    inside[place[0] : place[0] + 9, place[1] : place[1] + 9] = True
    clean[inside, 2] = 12.0
    part = clearest(parts_of(clean))
    assert part.step > LEAST_STEP
    # It is the smaller of both that is told of.
    assert overlap(part.rows, inside) > 0.8


@pytest.mark.parametrize("make", [flat, ramp])
@pytest.mark.parametrize("seed", range(3))
def test_without_a_step(make, seed):
    """Neither noise nor a bend sets a part apart."""
    assert all(part.step < LEAST_STEP for part in parts_of(make(), seed=seed))


def test_a_step_between_labels_is_of_neither():
    """What a map tells apart is not hidden."""
    clean, side = interface()
    assert clearest(parts_of(clean)).step > 2
    told = parts_of(clean, side)
    assert all(part.step < LEAST_STEP for part in told)
    # And each part is of one domain.
    for part in told:
        assert np.unique(side.ravel()[part.rows]).size == 1


def test_only_in_the_label_that_hides_it():
    clean, _ = interface(axis=1)
    labels = (np.indices(clean.shape[:-1])[0] >= 15).astype(int)
    clean[15:, :, 3] = 25.0
    clean[15:, :, 2] = 0.0
    part = clearest(parts_of(clean, labels))
    assert part.step > 2
    np.testing.assert_array_equal(labels.ravel()[part.rows], 0)


def test_points_without_a_label():
    clean, side = interface()
    labels = np.where(np.arange(side.size) % 7, 0, -1)
    labels[: side.size // 6] = -1
    parts = parts_of(clean, labels)
    assert clearest(parts).step > 2
    for part in parts:
        np.testing.assert_array_equal(labels[part.rows], 0)
        assert np.unique(part.rows).size == part.rows.size


@pytest.mark.parametrize("shape", [(120,), (30, 44), (10, 12, 20)])
def test_any_number_of_axes(shape):
    clean, side = interface(shape, height=20.0)
    part = clearest(parts_of(clean))
    assert part.step > 2
    assert max(overlap(part.rows, side), overlap(part.rows, ~side)) > 0.85


def test_positions_left_out():
    clean, side = interface()
    kept = np.random.default_rng(2).random(side.shape) < 0.85
    part = clearest(parts_of(clean, kept=kept))
    assert part.step > LEAST_STEP
    side = side[kept]
    assert max(overlap(part.rows, side), overlap(part.rows, ~side)) > 0.8


@pytest.mark.parametrize("n", [1, 4, 9])
def test_too_small_for_parts(n):
    clean, side = interface()
    labels = np.full(side.size, -1)
    labels[:n] = 0
    assert parts_of(clean, labels) == []


def test_parts_are_the_smaller_ones():
    """At most half of their domain."""
    clean, side = interface(axis=1)
    labels = (np.indices(side.shape)[0] >= 11).astype(int).ravel()
    sizes = np.bincount(labels)
    parts = parts_of(clean, labels)
    assert len(parts) >= 2
    for part in parts:
        name = labels[part.rows[0]]
        assert 5 <= part.rows.size <= sizes[name] / 2
        assert np.isfinite(part.step)
