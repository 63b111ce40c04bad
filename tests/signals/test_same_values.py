"""Mean patterns are known again within their noise, and nothing else is."""

import numpy as np
import pytest

from hyperspy_4dphase.signals._same_values import MAX_DEVIATION, check_same_values

SIZES = np.array([90, 40])


@pytest.fixture
def means():
    """Mean counts of two domains, few enough pixels that each is a group."""
    return np.random.default_rng(0).gamma(2, 10, (2, 60))


def expect(means):
    """What is expected of such means: their values, and the noise of one pattern."""
    return np.stack([means, means])


def add_noise(means, n_deviations):
    """Means that are off by so many standard deviations of their noise."""
    signs = np.random.default_rng(1).choice([-1, 1], means.shape)
    return means + n_deviations * signs * np.sqrt(means / SIZES[:, np.newaxis])


@pytest.mark.parametrize("is_given", [False, True])
@pytest.mark.parametrize("n_deviations", [0, 0.5, 0.95 * MAX_DEVIATION])
def test_what_noise_explains_is_the_same(means, n_deviations, is_given):
    found = add_noise(means, n_deviations)
    check_same_values(found, SIZES, expect(means), is_given)


def test_more_than_noise_is_refused(means):
    found = add_noise(means, 1.05 * MAX_DEVIATION)
    with pytest.raises(ValueError, match="2 of 2 domains have other mean patterns"):
        check_same_values(found, SIZES, expect(means), False)
    with pytest.warns(UserWarning, match="another scan of the same shape"):
        check_same_values(found, SIZES, expect(means), True)


def test_mirrored_patterns_are_others(means):
    """Their totals are the same."""
    with pytest.raises(ValueError, match="make the map anew"):
        check_same_values(means[:, ::-1], SIZES, expect(means), False)


def test_one_other_domain_is_named(means):
    found = means.copy()
    found[1] *= 1.5
    with pytest.raises(ValueError, match="1 of 2 .* domain 1 by 50 % of its counts"):
        check_same_values(found, SIZES, expect(means), False)


def test_rounding_is_no_difference_without_noise(means):
    expected = np.stack([means, np.zeros_like(means)])
    check_same_values(means * (1 + 1e-4), SIZES, expected, False)
    with pytest.raises(ValueError, match="2 of 2"):
        check_same_values(means * 1.01, SIZES, expected, False)


def test_domains_without_patterns_are_not_judged(means):
    expected = expect(means)
    expected[:, 1] = np.nan
    found = means * [[1.0], [3.0]]
    check_same_values(found, np.array([90, 0]), expected, False)


@pytest.mark.parametrize("expected", [None, np.ones((2, 3, 60))])
def test_nothing_known_is_nothing_refused(means, expected):
    check_same_values(means, SIZES, expected, False)
