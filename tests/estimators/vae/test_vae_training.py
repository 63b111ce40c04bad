"""Training of the autoencoder: hold-out, weights, early ends and bad input."""

import numpy as np
import pytest
import torch
from sklearn.utils import check_random_state
from sklearn.utils.class_weight import compute_sample_weight

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.vae._compressed_inputs import CompressedInputs, Held
from hyperspy_4dphase.estimators.vae._model import Model
from hyperspy_4dphase.estimators.vae._plan import lengths
from hyperspy_4dphase.estimators.vae._training import Schedule, evaluate

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


def numbered(n, weights=None, n_held_out=20, batch_size=16, seed=0):
    """`Held` patterns, of which each is its own number."""
    numbers = torch.arange(n, dtype=torch.float32)
    held = Held(numbers[:, None], numbers, "cpu")
    held.divide(weights, n_held_out, batch_size, torch.Generator().manual_seed(seed))
    return held


def numbers_in(batches):
    batches = list(batches)
    for inputs, totals in batches:
        assert torch.equal(inputs[:, 0], totals)
    return np.concatenate([totals.numpy() for _, totals in batches]).astype(int)


class TestHeld:
    def test_hold_out(self):
        """Disjoint and complete."""
        held = numbered(211)
        apart = numbers_in(held.held_out())
        trained = numbers_in([held.sample(10**6)])
        assert len(apart) == 20
        np.testing.assert_array_equal(np.sort([*apart, *trained]), np.arange(211))
        np.testing.assert_array_equal(numbers_in(held.all()), np.arange(211))

    def test_epochs(self):
        """Each pattern once at most, in another order each time."""
        held = numbered(211)
        generator = torch.Generator().manual_seed(1)
        epochs = [numbers_in(held.batches(generator)) for _ in range(2)]
        assert not np.array_equal(*epochs)
        for epoch in epochs:
            assert held.n_steps * 16 == len(epoch) == len(set(epoch)) == 176
            assert not set(epoch) & set(numbers_in(held.held_out()))

    def test_seed(self):
        apart = [numbers_in(numbered(211, seed=s).held_out()) for s in (4, 4, 5)]
        np.testing.assert_array_equal(apart[0], apart[1])
        assert set(apart[0]) != set(apart[2])

    def test_weights(self):
        """Drawn as often as they weigh, and those of weight zero never."""
        weights = np.tile([0.0, 1, 3], 70)
        held = numbered(210, weights)
        generator = torch.Generator().manual_seed(1)
        drawn = np.concatenate(
            [numbers_in(held.batches(generator)) for _ in range(150)]
        )
        apart = numbers_in(held.held_out())
        assert (weights[drawn] > 0).all()
        assert (weights[apart] > 0).all()
        assert not set(drawn) & set(apart)
        expected = weights[numbers_in([held.sample(10**6)])]
        share = expected[expected == 3].sum() / expected.sum()
        assert (weights[drawn] == 3).mean() == pytest.approx(share, abs=0.02)

    def test_balanced(self):
        """Classes of 200 and of 20 patterns are drawn alike."""
        labels = np.repeat([0, 1], [200, 20])
        weights = compute_sample_weight("balanced", labels)
        shares = []
        for seed in range(20):
            held = numbered(220, weights, seed=seed)
            generator = torch.Generator().manual_seed(seed)
            shares += [labels[numbers_in(held.batches(generator))].mean()]
        assert np.mean(shares) == pytest.approx(0.5, abs=0.05)


def trained(inputs, X, epochs=4, weights=None):
    model = Model.untrained(inputs, 2, 0, "cpu")
    schedule = Schedule(epochs, epochs, 2e-3, 1.0, 16)
    return model, model.train(X, weights, 24, 54, schedule, 5, None)


def test_held_out_patterns_do_not_enter_the_training(X, compression):
    inputs = CompressedInputs.of(compression, 4)
    apart = numbers_in(numbered(N, n_held_out=24, batch_size=54, seed=5).held_out())
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
    source = model.model_.inputs.source(X, "cpu")
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
    assert lengths(vae(epochs=7), 3, 128) == (7, 4)
    for n_steps, n_epochs in ((3, 300), (100, 40), (10**5, 5)):
        assert lengths(vae(epochs=None), n_steps, 128)[0] == n_epochs


def test_training_lowers_the_loss(X):
    loss = vae(epochs=15, batch_size=32).fit(X).loss_
    assert loss.shape == (15, 2)
    assert (loss[-1] < 0.5 * loss[0]).all()


def test_weighted_patterns(X, labels):
    """A class of weight zero is embedded, but the training never saw it."""
    weights = (labels != 2).astype(float)
    spoilt = X.copy()
    spoilt[labels == 2] = X[labels == 2][:, ::-1]
    inputs = CompressedInputs.of(compress_patterns(X, random_state=0), 4)
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
