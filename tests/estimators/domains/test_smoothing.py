"""Neighbours outvote what is alone, and nothing else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from hyperspy_4dphase.estimators.domains._smoothing import smooth_labels

MAPS = arrays(
    np.int32,
    array_shapes(min_dims=1, max_dims=3, max_side=6),
    elements=st.integers(-1, 3),
)


def by_counting(labels):
    """The definition, position by position."""
    result = labels.copy()
    for index in np.ndindex(labels.shape):
        if labels[index] >= 0:
            window = labels[tuple(slice(max(i - 1, 0), i + 2) for i in index)]
            window = window[window >= 0]
            values, numbers = np.unique(window, return_counts=True)
            if 2 * numbers.max() > window.size:
                result[index] = values[numbers.argmax()]
    return result


@given(labels=MAPS)
@settings(max_examples=60, deadline=None)
def test_definition(labels):
    before = labels.copy()
    voted = smooth_labels(labels)
    np.testing.assert_array_equal(voted, by_counting(labels))
    np.testing.assert_array_equal(labels, before)
    np.testing.assert_array_equal(voted < 0, labels < 0)
    assert voted.dtype == labels.dtype


@pytest.mark.parametrize("shape", [(9,), (5, 7), (3, 5, 4)])
def test_a_single_position_goes(shape):
    labels = np.zeros(shape, int)
    labels[tuple(n // 2 for n in shape)] = 1
    assert (smooth_labels(labels) == 0).all()


def test_straight_boundaries_stay():
    labels = np.repeat([[0, 0, 0, 1, 1, 1, 1]], 6, axis=0)
    np.testing.assert_array_equal(smooth_labels(labels), labels)


def test_no_absolute_majority():
    labels = np.array([[0, 1, 2], [1, 3, 2], [0, 1, 2]])
    assert smooth_labels(labels)[1, 1] == 3
