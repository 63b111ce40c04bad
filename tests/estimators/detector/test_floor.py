"""A constant under all patterns, told by its lack of noise."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.detector._floor import find_floor, remove_floor

from .test_faulty_pixels import SHAPE, clean, counted  # noqa: F401

USED = np.ones(SHAPE, dtype=bool)


@pytest.mark.parametrize("offset", [1, 30])
def test_a_constant_is_found_and_taken_off(clean, offset):  # noqa: F811
    means, variances = counted(clean)
    floor, excess = find_floor(means + offset, variances, USED)
    assert floor == pytest.approx(offset, rel=0.05)
    np.testing.assert_allclose(excess, 0, atol=0.05)
    used = np.stack([USED] * len(means))
    left, noise = remove_floor(means + offset, variances, used)
    np.testing.assert_allclose(left, means, atol=0.05 * offset)
    np.testing.assert_allclose(noise, variances, atol=1e-3 * variances.max())


def test_nothing_changes_without_one(clean):  # noqa: F811
    means, variances = counted(clean)
    used = np.stack([USED] * len(means))
    left, noise = remove_floor(means, variances, used)
    assert left is means
    assert noise is variances


def test_backgrounds_are_no_offset(clean):  # noqa: F811
    """They are counted, so they scatter, or they differ from pattern to pattern."""
    means, variances = counted(clean + 20)
    assert find_floor(means, variances, USED)[0] == 0
    heights = np.array([1.0, 4, 2, 3])[:, None, None]
    assert find_floor(clean + heights, clean / 1e6, USED)[0] == 0


def test_where_nothing_is_used(clean):  # noqa: F811
    means, variances = counted(clean)
    assert find_floor(means + 9, variances, np.zeros_like(USED))[0] == 0
