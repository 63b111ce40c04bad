"""Strips of mixtures are dissolved; layers of their own are not."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._surroundings import Surroundings

from ..field_points import SHAPE, field_of, flat

FAR = 20.0


def two_with_a_strip(share, other=0.0, width=2, bend=0.0):
    """Left and right, and between them a strip: a mixture, and something else.

    Parameters
    ----------
    share : float
        Of the right side in the strip.
    other : float
        What the strip has of its own.
    width : int
    bend : float
        By how much patterns change from the first row to the last.
    """
    middle = SHAPE[1] // 2
    label = np.zeros(SHAPE, int)
    label[:, middle:] = 1
    label[:, middle : middle + width] = 2
    clean = flat()
    clean[..., 0] = np.choose(label, [0, FAR, share * FAR])
    clean[..., 1] = np.choose(label, [0, 0, other])
    clean[..., 3] = bend * np.linspace(0, 1, SHAPE[0])[:, np.newaxis]
    return clean, label


def dissolved(clean, label, wholes=None, seed=0):
    wholes = np.zeros(label.size, int) if wholes is None else wholes
    around = Surroundings(field_of(clean, seed), label.ravel(), wholes.ravel())
    around.dissolve()
    return sorted(set(label.flat) - set(around.labels)), around


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [1, 2])
@pytest.mark.parametrize("bend", [0.0, 40.0])
def test_a_strip_of_mixtures_is_dissolved(width, bend, seed):
    clean, label = two_with_a_strip(0.7, width=width, bend=bend)
    names, around = dissolved(clean, label, seed=seed)
    assert names == [2]
    labels = around.labels.reshape(SHAPE)
    # Each position goes to the side of which it has most.
    assert (labels[label == 2] == 1).mean() > 0.9
    np.testing.assert_array_equal(labels[label < 2], label[label < 2])


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("bend", [0.0, 40.0])
def test_a_layer_of_its_own_is_none(width, bend, seed):
    clean, label = two_with_a_strip(0.5, other=FAR, width=width, bend=bend)
    names, around = dissolved(clean, label, seed=seed)
    assert names == []
    np.testing.assert_array_equal(around.labels, label.ravel())


@pytest.mark.parametrize("seed", range(3))
def test_what_is_beside_a_domain_that_merges_several_is_no_mixture(seed):
    """That this one predicts its own patterns badly does not excuse a misfit."""
    y, x = np.indices(SHAPE)
    clean, label = two_with_a_strip(0.5)
    label = np.where(label == 2, 1, label)
    own = (abs(y - SHAPE[0] // 2) < 3) & (abs(x - SHAPE[1] // 2 + 2) < 3)
    label[own] = 2
    clean[..., 1] = FAR * own
    clean[..., 3] = np.where(label == 0, 3 * FAR * ((y // 3 + x // 3) % 2), 0)
    assert dissolved(clean, label, seed=seed)[0] == []


def test_what_is_wider_than_an_interface_is_not_dissolved():
    """The middle one could be a mixture, but no probe is as wide."""
    for width in (3, 14):
        clean, label = two_with_a_strip(0.5, width=width)
        assert dissolved(clean, label)[0] == []


def test_what_is_no_part_stays():
    """A domain that is all of its whole has nothing to go back to."""
    clean, label = two_with_a_strip(0.7)
    assert dissolved(clean, label, wholes=label)[0] == []


def test_mixtures_of_parts_go_to_the_side_that_they_have_most_of():
    clean, label = two_with_a_strip(0.8, width=1)
    middle = SHAPE[1] // 2
    wrong = np.where(label == 2, 0, label)
    field = field_of(clean)
    around = Surroundings(field, wrong.ravel(), np.zeros(label.size, int))
    around.assign_mixtures()
    labels = around.labels.reshape(SHAPE)
    assert (labels[:, middle] == 1).mean() > 0.9
    np.testing.assert_array_equal(labels[label == 0], 0)
    # Domains that are parts of nothing keep what they have.
    around = Surroundings(field, wrong.ravel(), wrong.ravel())
    around.assign_mixtures()
    np.testing.assert_array_equal(around.labels, wrong.ravel())


def test_labels_given_are_unchanged():
    clean, label = two_with_a_strip(0.7)
    before = label.copy()
    dissolved(clean, label)
    np.testing.assert_array_equal(label, before)
