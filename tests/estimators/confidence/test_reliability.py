"""Whether positions are right, and whether the wrong ones are found."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence import judge_labels, measure_errors


def test_each_domain_stands_for_its_largest_class():
    labels = np.array([[4, 4, 4, 9, 9], [2, 2, 2, 2, 9]])
    truth = np.array([[0, 0, 7, 7, 7], [0, 0, 7, 0, 5]])
    judged, correct = judge_labels(labels, np.ones((2, 5)), truth)
    assert judged.shape == correct.shape == (2, 5)
    assert judged.all()
    # Two domains may be of one class.
    expected = [[1, 1, 0, 1, 1], [1, 1, 0, 1, 0]]
    np.testing.assert_array_equal(correct, np.array(expected, bool))


def test_any_numbers():
    rng = np.random.default_rng(0)
    labels, truth = rng.integers(4, size=300), rng.integers(3, size=300)
    expected = judge_labels(labels, np.ones(300), truth)[1]
    other = np.array([7, 1, 30, 2])[labels], np.array([5, 100, 0])[truth]
    np.testing.assert_array_equal(
        judge_labels(*other[:1], np.ones(300), other[1])[1], expected
    )


def test_one_to_one():
    """Of a class in two pieces the larger one is right, and none is left over."""
    labels = np.repeat([3, 8, 1, 5], [40, 30, 20, 10])
    truth = np.repeat([0, 7, 9], [70, 20, 10])
    judged, correct = judge_labels(labels, np.ones(100), truth, one_to_one=True)
    assert judged.all()
    np.testing.assert_array_equal(correct, labels != 8)
    assert judge_labels(labels, np.ones(100), truth).correct.all()


def test_one_to_one_leaves_most_right():
    """Both domains hold most of one class: who has more of the other one gives way."""
    labels = np.repeat([0, 1], 10)
    truth = np.repeat([5, 6, 5, 6], [8, 2, 6, 4])
    correct = judge_labels(labels, np.ones(20), truth, one_to_one=True).correct
    np.testing.assert_array_equal(correct, np.repeat([1, 0, 0, 1], [8, 2, 6, 4]) > 0)


def test_one_to_one_of_two_classes_in_one_domain():
    labels, truth = np.zeros(5, int), np.array([2, 2, 2, 3, -1])
    judged, correct = judge_labels(labels, np.ones(5), truth, one_to_one=True)
    assert judged.tolist() == [True] * 4 + [False]
    assert correct.tolist() == [True] * 3 + [False] * 2


def test_what_is_not_judged():
    labels = np.array([0, 0, 0, -1, 0, 0])
    confidence = np.array([1, 0.5, np.nan, 1, 0, 1])
    truth = np.array([3, 3, 3, 3, -1, 4])
    judged, correct = judge_labels(labels, confidence, truth)
    assert judged.tolist() == [True, True, False, False, False, True]
    assert correct.tolist() == [True, True, False, False, False, False]


@pytest.mark.parametrize("which", range(3))
def test_nothing_to_judge(which):
    arrays = [np.zeros(4, int), np.ones(4), np.zeros(4, int)]
    arrays[which] = np.full(4, np.nan if which == 1 else -1)
    with pytest.raises(ValueError, match="nothing can be judged"):
        judge_labels(*arrays)


def test_nothing_resolved():
    """That the confidence is missing is said, not that domains or classes are."""
    labels, truth = np.array([0, 0, -1, 0]), np.array([1, 2, 1, -1])
    with pytest.raises(ValueError, match="confidence is NaN.*nothing was resolved"):
        judge_labels(labels, np.array([np.nan, np.nan, 1, 1]), truth)
    with pytest.raises(ValueError, match="no probe position that has a domain"):
        judge_labels(labels, np.full(4, np.nan), np.full(4, -1))


def test_errors():
    """A hundred positions; of the ten least sure six are wrong."""
    confidence = np.linspace(0.5, 1, 100)
    right = np.ones(100, bool)
    right[[0, 1, 2, 4, 7, 8]] = False
    found = measure_errors(confidence, right)
    assert found["error"] == pytest.approx(0.06)
    # Four of them are among the five.
    assert found["error_without_least_sure"] == pytest.approx(2 / 95)
    # Pairs in which the right one is less sure: 3 before 4, and 3, 5, 6 before 7, 8.
    assert found["auroc"] == pytest.approx(1 - (1 + 3 + 3) / (6 * 94))
    assert found["overconfident"] == 0
    order = np.random.default_rng(0).permutation(100)
    assert measure_errors(confidence[order], right[order]) == pytest.approx(found)


def test_auroc_of_ties_and_of_chance():
    right = np.arange(40) % 4 > 0
    assert measure_errors(np.ones(40), right)["auroc"] == 0.5
    assert measure_errors(1.0 - right, right)["auroc"] == 0


def test_overconfident_is_what_is_wrong_above_nine_in_ten():
    confidence = np.array([0.95, 0.91, 0.9, 0.2, 1.0, 0.3])
    right = np.array([False, False, False, False, True, True])
    assert measure_errors(confidence, right)["overconfident"] == 0.5


@pytest.mark.parametrize("all_right", [True, False])
def test_all_alike(all_right):
    found = measure_errors(np.linspace(0, 1, 30), np.full(30, all_right))
    assert np.isnan(found["auroc"])
    assert found["error"] == found["error_without_least_sure"] == (not all_right)
    too_sure = np.nan if all_right else 0.1
    assert found["overconfident"] == pytest.approx(too_sure, nan_ok=True)
