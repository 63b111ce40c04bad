"""Domains are numbered by label, appearance and size; small ones are drawn more."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._numbering import (
    find_chances,
    number_by_appearance,
    number_labels,
    order_by_size,
    renumber,
)


@pytest.mark.parametrize(
    ("labels", "by_label", "by_appearance"),
    [
        ([7, -1, 7, 2, -5, 9], [1, -1, 1, 0, -1, 2], [0, -1, 0, 1, -1, 2]),
        ([5, -1, 2, 5], [1, -1, 0, 1], [0, -1, 1, 0]),
        ([3, 3], [0, 0], [0, 0]),
        ([-1, -2], [-1, -1], [-1, -1]),
    ],
)
def test_numbers(labels, by_label, by_appearance):
    labels = np.array(labels)
    assert number_labels(labels).tolist() == by_label
    assert number_by_appearance(labels).tolist() == by_appearance
    np.testing.assert_array_equal(number_labels(labels[:, None]).ravel(), by_label)


def test_sizes():
    labels = np.array([2, -1, 0, 2, 3, -1, -1])
    assert order_by_size(labels).tolist() == [2, 0, 3, 1]
    assert order_by_size(labels, 6).tolist() == [2, 0, 3, 1, 4, 5]
    assert renumber(labels, np.array([2, 0, 3])).tolist() == [0, -1, 1, 0, 2, -1, -1]
    # What is not asked for is unassigned.
    assert renumber(labels, np.array([3])).tolist() == [-1, -1, -1, -1, 0, -1, -1]
    assert renumber(labels, np.array([5, 2])).tolist() == [1, -1, -1, 1, -1, -1, -1]


def test_chances():
    labels = np.repeat([0, 1, 2], [9000, 900, 100])
    chances = find_chances(labels, 1000, 180)
    np.testing.assert_allclose(chances[[0, 9000, 9900]], [0.1, 0.2, 1])
    chances = find_chances(labels, 10**6, 180, 2 / 3)
    np.testing.assert_allclose(chances[[0, 9000, 9900]], [2 / 3, 2 / 3, 1])
    assert find_chances(labels[:0], 1000, 180).size == 0
