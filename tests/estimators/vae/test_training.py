"""Training of the autoencoder: hold-out, weights, early ends and bad input."""

import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs
from hyperspy_4dphase.estimators.vae._model import Model
from hyperspy_4dphase.estimators.vae._plan import TrainingPlan
from hyperspy_4dphase.estimators.vae._training import evaluate

from ..vae_patterns import class_patterns, counted, mixed_labels, nearest, vae

N = 240


@pytest.fixture(scope="module")
def labels():
    return mixed_labels(N)


@pytest.fixture(scope="module")
def X(labels):
    return counted(2000 * class_patterns()[labels])


@pytest.fixture(scope="module")
def compression(X):
    return compress_patterns(X, random_state=0, device="cpu")


def trained(inputs, X, epochs=4, weights=None):
    model = Model.create(inputs, 2, 0, "cpu")
    plan = TrainingPlan(24, 54, epochs, epochs, learning_rate=2e-3, beta=1.0)
    return model, model.train(X, weights, plan, 5, None)


def test_held_out_patterns_do_not_enter_the_training(X, compression):
    inputs = CompressedInputs.from_compression(compression, 4)
    order = torch.randperm(N, generator=torch.Generator().manual_seed(5))
    apart = order[:24].numpy()
    changed = X.copy()
    changed[apart] = changed[apart][:, ::-1]
    (one, history), (other, other_history) = (
        trained(inputs, patterns) for patterns in (X, changed)
    )
    assert history.training == other_history.training
    assert history.held_out != other_history.held_out
    if history.best == other_history.best:
        np.testing.assert_array_equal(one.encode(X)[0], other.encode(X)[0])


def held_out_loss(model, X, n_held_out):
    """As in training, for the weights that the estimator has."""
    seed = int(check_random_state(model.random_state).randint(2**31 - 1))
    source = model.model_.inputs.open_source(X, "cpu")
    source.divide(None, n_held_out, 16, torch.Generator().manual_seed(seed))
    return evaluate(model.model_.network, source.held_out())


def test_best_epoch_is_kept(X):
    """On few patterns the held-out loss rises again, long before the end."""
    calls = []
    few = compress_patterns(X[:40], random_state=0, device="cpu")
    model = vae(
        epochs=30,
        learning_rate=0.02,
        callback=lambda *values: calls.append(values),
    ).fit(few)
    np.testing.assert_array_equal(np.array(calls)[:, 2:], model.loss_)
    assert [values[:2] for values in calls] == [
        (i + 1, 30) for i in range(len(model.loss_))
    ]
    best = model.best_epoch_
    assert best == model.loss_[1:, 1].argmin() + 1 < len(model.loss_) - 1
    assert held_out_loss(model, few, 4) == model.loss_[best, 1]


def test_training_stops_early(X):
    """When the loss has not fallen for half of the epochs."""
    model = vae(epochs=30, learning_rate=0.05).fit(X[:40])
    assert len(model.loss_) == min(30, model.best_epoch_ + 1 + 15)


def test_training_lowers_the_loss(X):
    loss = vae(epochs=15, batch_size=32).fit(X).loss_
    assert loss.shape == (15, 2)
    assert (loss[-1] < 0.5 * loss[0]).all()


def test_weighted_patterns(X, labels):
    """A class of weight zero is embedded, but the training never saw it."""
    weights = (labels != 2).astype(float)
    spoilt = X.copy()
    spoilt[labels == 2] = X[labels == 2][:, ::-1]
    inputs = CompressedInputs.from_compression(compress_patterns(X, random_state=0), 4)
    losses = [trained(inputs, data, weights=weights)[1] for data in (X, spoilt)]
    assert losses[0].training == losses[1].training
    assert losses[0].held_out == losses[1].held_out
    latent = vae(epochs=20).fit_transform(X, sample_weight=weights)
    assert latent.shape == (N, 2)
    kept = labels != 2
    centres = np.array([latent[labels == i].mean(axis=0) for i in (0, 1, 3)])
    found = np.array([0, 1, 3])[nearest(latent[kept], centres)]
    np.testing.assert_array_equal(found, labels[kept])


def test_scale_of_weights_does_not_matter(X):
    weights = np.random.default_rng(0).uniform(0.5, 2, N)
    one, other = (
        vae().fit_transform(X, sample_weight=factor * weights) for factor in (1, 8)
    )
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_warm_start(X):
    model = vae(epochs=20, batch_size=32, warm_start=True).fit(X)
    first, weights = model.loss_, model.model_.to_arrays()
    earlier = model.model_
    model.set_params(epochs=2).fit(X)
    assert model.loss_[0, 1] < first[0, 1] / 5
    assert model.loss_[0, 1] == pytest.approx(first[model.best_epoch_ :, 1].min(), 0.3)
    # The copy that others may hold stays as it was.
    for name, value in earlier.to_arrays().items():
        np.testing.assert_array_equal(value, weights[name])
    cold = model.set_params(warm_start=False).fit(X)
    assert cold.loss_[0, 1] > 5 * first[-1, 1]


def test_warm_start_with_other_pixels(X):
    model = vae(epochs=1, warm_start=True).fit(X)
    with pytest.raises(ValueError, match="169 pixels .*last fit had 170 pixels"):
        model.fit(X[:, 1:])
