"""How much the autoencoder trains."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.vae._plan import check_sample_weight, plan_training

from ..vae_patterns import vae


@pytest.mark.parametrize(
    ("n_patterns", "epochs"), [(400, 300), (14_222, 40), (2 * 10**8, 5)]
)
def test_epochs_make_some_thousand_steps(n_patterns, epochs):
    plan = plan_training(vae(epochs=None, batch_size=128), n_patterns, 170)
    assert plan.epochs == epochs
    assert plan.patience == -(-epochs // 2)


def test_given_epochs():
    plan = plan_training(vae(epochs=7), 400, 170)
    assert (plan.epochs, plan.patience) == (7, 4)


@pytest.mark.parametrize(
    ("n_patterns", "batch_size"), [(2, 1), (20, 9), (400, 128), (10**5, 256)]
)
def test_batches_leave_two_a_an_epoch(n_patterns, batch_size):
    plan = plan_training(vae(), n_patterns, 170)
    assert plan.batch_size == batch_size
    assert 2 * plan.batch_size <= max(n_patterns - plan.n_held_out, 2)


def test_patterns_of_weight_zero_do_not_count():
    weights = np.repeat([1.0, 0.0], [100, 300])
    assert plan_training(vae(), 400, 170, weights).n_held_out == 10
    assert plan_training(vae(), 400, 170).n_held_out == 40


def test_weights_become_floats():
    weights = check_sample_weight([True, False, True], 3)
    assert weights.dtype == float
    np.testing.assert_array_equal(weights, [1, 0, 1])
    assert check_sample_weight(None, 3) is None
