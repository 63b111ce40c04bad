"""A trained model that is stored, or taken up again."""

import copy

import numpy as np
import pytest

from hyperspy_4dphase.estimators import PatternVAE
from hyperspy_4dphase.estimators.vae import restore_model

from ..vae_patterns import N_PIXELS, class_patterns, counted, mixed_labels, vae

N = 240


@pytest.fixture(scope="module")
def X():
    return counted(2000 * class_patterns()[mixed_labels(N)])


@pytest.fixture(scope="module")
def trained(X):
    return vae(epochs=6).fit(X)


def weights(model):
    return {k: v.clone() for k, v in model.network.state_dict().items()}


def test_it_is_fitted(X, trained):
    taken = PatternVAE.from_model(trained.model_)
    assert taken.latent_dim == 2
    assert taken.architecture == "compressed"
    assert taken.warm_start
    assert taken.n_features_in_ == N_PIXELS
    assert not hasattr(taken, "loss_")
    np.testing.assert_array_equal(taken.transform(X), trained.transform(X))
    latent = np.zeros((3, 2))
    decoded = taken.inverse_transform(latent)
    np.testing.assert_array_equal(decoded, trained.inverse_transform(latent))
    assert taken.score(X) == trained.score(X)


def test_training_goes_on_from_its_weights(X, trained):
    """It is better from the first epoch on, and the model itself stays."""
    model, before = trained.model_, weights(trained.model_)
    taken = PatternVAE.from_model(model, epochs=2, random_state=1)
    taken.fit(X)
    fresh = vae(epochs=2, random_state=1).fit(X)
    assert taken.loss_[0, 1] < fresh.loss_[0, 1]
    assert taken.loss_.shape == (2, 2)
    assert taken.model_ is not model
    after = weights(taken.model_)
    assert any((after[name] != before[name]).any() for name in before)
    for name, value in weights(model).items():
        assert (value == before[name]).all()


def test_same_as_warm_start(X, trained):
    on = copy.deepcopy(trained).set_params(warm_start=True, epochs=2).fit_transform(X)
    taken = PatternVAE.from_model(trained.model_, epochs=2, random_state=0)
    np.testing.assert_array_equal(taken.fit_transform(X), on)


def test_parameters(trained):
    taken = PatternVAE.from_model(trained.model_, beta=0.5, batch_size=16)
    assert (taken.beta, taken.batch_size) == (0.5, 16)
    with pytest.raises(TypeError, match="latent_dim"):
        PatternVAE.from_model(trained.model_, latent_dim=3)


def test_other_patterns(X, trained):
    taken = PatternVAE.from_model(trained.model_)
    with pytest.raises(ValueError, match="169 features, but .* expecting 170"):
        taken.transform(X[:, 1:])
    with pytest.raises(ValueError, match="169 pixels and latent_dim=2; .* 170"):
        taken.fit(X[:, 1:])


def test_of_images():
    images = counted(2000 * class_patterns()[mixed_labels(60)])[:, :168]
    images = images.reshape(60, 12, 14)
    first = vae(1, architecture="convolutional", epochs=1, batch_size=16).fit(images)
    taken = PatternVAE.from_model(first.model_)
    assert taken.architecture == "convolutional"
    assert taken.latent_dim == 1
    assert taken.n_features_in_ == first.n_features_in_ == 168
    np.testing.assert_array_equal(taken.transform(images), first.transform(images))


def test_arrays(X, trained):
    latent = trained.transform(X)
    arrays = trained.model_.to_arrays()
    for value in arrays.values():
        assert isinstance(value, np.ndarray | int | float | str | bool | np.generic)
        assert np.asarray(value).dtype.kind in "biufU"
    copy = restore_model(arrays, "cpu")
    np.testing.assert_array_equal(copy.encode(X)[0], latent)
    np.testing.assert_array_equal(
        copy.decode(latent[:9]), trained.inverse_transform(latent[:9])
    )
    again = copy.to_arrays()
    assert again.keys() == arrays.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(again[name], value)
