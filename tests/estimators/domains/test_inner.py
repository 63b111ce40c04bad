"""Positions that lie inside their domain."""

import numpy as np

from hyperspy_4dphase._series import apply_apart
from hyperspy_4dphase.estimators.domains import find_inner_positions, mark_inner


def test_neighbours_are_of_the_same_domain():
    labels = np.zeros((7, 9), int)
    labels[:, 5:] = 1
    labels[0, 0] = -1
    found = find_inner_positions(labels)
    expected = labels.copy()
    expected[:, 4:6] = -1
    expected[:2, :2] = -1
    np.testing.assert_array_equal(found, expected)


def test_small_domains_keep_all_their_positions():
    labels = np.zeros((8, 9), int)
    labels[2:5, 3:6] = 1
    found = find_inner_positions(labels)
    assert (found[labels == 1] == 1).all()
    assert (found[1:6, 2:7][labels[1:6, 2:7] == 0] == -1).all()


def test_lines_and_volumes():
    line = np.repeat([0, 1], [20, 30])
    found = find_inner_positions(line)
    np.testing.assert_array_equal(np.flatnonzero(found < 0), [19, 20])
    volume = np.broadcast_to(line, (3, 4, 50))
    found = find_inner_positions(volume)
    np.testing.assert_array_equal(found[1, 2], find_inner_positions(line))


def test_no_position_at_all():
    assert (find_inner_positions(np.full((3, 4), -1)) == -1).all()


def test_scans_of_a_series_have_neighbours_of_their_own():
    """A domain whose positions are all at its border has all of them."""
    labels = np.zeros((2, 9, 20), int)
    labels[:, 0, ::2] = 1
    labels[1] = labels[1, ::-1]
    found = find_inner_positions(labels, apply_apart(mark_inner, labels))
    assert (found == 1).sum() == (labels == 1).sum() == 20
    for one, both in zip(labels, found, strict=True):
        np.testing.assert_array_equal(both == 0, find_inner_positions(one) == 0)
