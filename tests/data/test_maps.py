import numpy as np
import pytest

from hyperspy_4dphase.data._maps import (
    blur_weights,
    coordinates,
    grain_weights,
    rough_line,
    smooth_field,
    soft_step,
)


def test_grains_share_the_region_and_add_up():
    y, x = coordinates((30, 44))
    inside = x < 1.0
    rng = np.random.default_rng(0)
    weights = grain_weights(rng, y, x, inside, 5, 0.7)
    assert weights.shape == (30, 44, 5)
    assert weights.min() >= 0
    np.testing.assert_allclose(weights.sum(axis=-1), 1)
    areas = np.bincount(weights.argmax(axis=-1)[inside], minlength=5)
    assert areas.min() > 0.3 * areas.mean()


def test_more_grains_than_positions():
    y, x = coordinates((3, 4))
    with pytest.raises(ValueError, match="n_grains must be at most 12"):
        grain_weights(np.random.default_rng(0), y, x, x > 0, 13, 0.0)


def test_blur_keeps_the_sum_and_no_blur_keeps_everything():
    weights = np.random.default_rng(0).dirichlet(np.ones(3), (6, 9))
    np.testing.assert_allclose(blur_weights(weights, 1.2).sum(axis=-1), 1)
    np.testing.assert_array_equal(blur_weights(weights, 0), weights)


def test_rough_line_has_its_amplitude_and_does_not_depend_on_sampling():
    x = np.linspace(0, 1, 40)
    lines = [rough_line(np.random.default_rng(i), x, 0.1) for i in range(300)]
    assert np.std(lines) == pytest.approx(0.1, rel=0.15)
    every_other = rough_line(np.random.default_rng(3), x[::2], 0.1)
    np.testing.assert_allclose(every_other, lines[3][::2])


def test_smooth_field_is_bounded():
    y, x = coordinates((20, 25))
    field = smooth_field(np.random.default_rng(0), y, x)
    assert field.shape == (20, 25)
    assert np.abs(field).max() <= 1
    assert field.std() > 0.05


def test_step_is_that_of_a_blurred_edge():
    share = soft_step(np.array([-9.0, -0.5, 0.0, 0.5, 9.0]), 0.5)
    np.testing.assert_allclose(share, [0, 0.158655, 0.5, 0.841345, 1], atol=1e-6)
