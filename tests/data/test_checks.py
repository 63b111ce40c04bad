import numpy as np
import pytest

from hyperspy_4dphase.data._checks import (
    check_seed,
    check_shape,
)


def test_the_comparison_with_poisson_noise_sees_wrong_answers(assert_counts):
    rng = np.random.default_rng(0)
    expected = rng.random((40, 50)) * 200
    assert_counts(rng.poisson(expected), expected)
    for wrong in (
        rng.poisson(expected * 1.3),
        rng.poisson(expected[:, ::-1]),
        np.round(expected),
        rng.poisson(expected / 4) * 4,
    ):
        with pytest.raises(AssertionError):
            assert_counts(wrong, expected)


@pytest.mark.parametrize("shape", [3, (3,), (3, 4, 5), (0, 4), (3.0, 4), "ab", None])
def test_shapes_are_refused_by_name(shape):
    with pytest.raises(ValueError, match="navigation_shape must be two positive"):
        check_shape(shape, "navigation_shape")


def test_shapes_of_numpy_integers_become_python_integers():
    assert check_shape(np.array([3, 4]), "shape") == (3, 4)


def test_seeds():
    assert check_seed(np.int64(4)) == 4
    first = check_seed(np.random.default_rng(1))
    assert first == check_seed(np.random.default_rng(1))
    assert check_seed(None) != check_seed(None)
    with pytest.raises(TypeError, match="random_state must be an integer, not '4'"):
        check_seed("4")
    with pytest.raises(ValueError, match="random_state"):
        check_seed(-4)
