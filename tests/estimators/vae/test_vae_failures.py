"""What ends the autoencoder's training early, and what it refuses to begin with."""

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning

from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.vae._sources import HeldPatterns

from ..vae_patterns import assert_same, class_patterns, counted, mixed_labels, vae

N = 240


@pytest.fixture(scope="module")
def X():
    return counted(2000 * class_patterns()[mixed_labels(N)])


@pytest.fixture
def fitted(X):
    """A fitted model and the attributes that a failure must leave as they are."""
    model = vae().fit(X)
    return model, dict(vars(model)), model.transform(X)


def check_untouched(fitted, X):
    model, before, latent = fitted
    learnt = {name: value for name, value in vars(model).items() if name[-1] == "_"}
    assert learnt
    for name, value in learnt.items():
        assert value is before[name]
    np.testing.assert_array_equal(model.transform(X), latent)


def test_infinite_loss_in_the_first_epoch(fitted, X):
    model, *_ = fitted
    model.set_params(learning_rate=1e30)
    with pytest.raises(RuntimeError, match="not finite in epoch 1.*learning_rate=1e"):
        model.fit(X)
    check_untouched(fitted, X)


class Spoilt:
    """Ruins the weights after an epoch, or interrupts."""

    def __init__(self, monkeypatch, epoch, what):
        self.n_epochs, self.epoch, self.what = 0, epoch, what
        genuine = HeldPatterns.batches

        def batches(held, generator):
            self.n_epochs += 1
            for i, (inputs, totals) in enumerate(genuine(held, generator)):
                if self.n_epochs == self.epoch and i == 1:
                    if what is KeyboardInterrupt:
                        raise KeyboardInterrupt
                    inputs = inputs * what
                yield inputs, totals

        monkeypatch.setattr(HeldPatterns, "batches", batches)


@pytest.mark.parametrize(
    ("what", "match"),
    [
        (float("nan"), "loss was not finite in epoch 3"),
        (KeyboardInterrupt, "interrupted in epoch 3"),
    ],
    ids=["infinite", "Ctrl-C"],
)
def test_later_epoch(X, monkeypatch, what, match):
    """The best of the epochs before is kept, as if there had been no more."""
    losses = []
    expected = vae(callback=lambda *values: losses.append(values[2:])).fit(X)
    Spoilt(monkeypatch, 3, what)
    model = vae(warm_start=True)
    with pytest.warns(ConvergenceWarning, match=match) as record:
        latent = model.fit_transform(X)
    assert "of the 2 epochs before" in str(record[0].message)
    np.testing.assert_array_equal(model.loss_, losses[:2])
    np.testing.assert_array_equal(model.loss_, expected.loss_[:2])
    assert model.best_epoch_ == model.loss_[:, 1].argmin()
    assert np.isfinite(latent).all()
    assert_same(model.transform(X), latent, 0.02)
    # And it goes on.
    assert np.isfinite(model.fit(X).loss_).all()


@pytest.mark.parametrize(
    ("what", "error"),
    [(float("nan"), RuntimeError), (KeyboardInterrupt, KeyboardInterrupt)],
    ids=["infinite", "Ctrl-C"],
)
@pytest.mark.parametrize("warm_start", [False, True])
def test_first_epoch(fitted, X, monkeypatch, what, error, warm_start):
    """There is nothing to keep: an earlier fit stays what it was."""
    Spoilt(monkeypatch, 1, what)
    with pytest.raises(error):
        fitted[0].set_params(warm_start=warm_start).fit(X)
    check_untouched(fitted, X)


def test_ctrl_c_in_the_callback(X):
    def callback(epoch, *losses):
        if epoch == 3:
            raise KeyboardInterrupt

    model = vae(callback=callback)
    with pytest.warns(ConvergenceWarning, match="interrupted.*3 epochs before"):
        model.fit(X)
    assert len(model.loss_) == 3
    assert model.best_epoch_ == model.loss_[:, 1].argmin()


def test_error_in_the_callback(fitted, X):
    def callback(epoch, *losses):
        raise OSError("the bar is closed")

    with pytest.raises(OSError, match="the bar is closed"):
        fitted[0].set_params(callback=callback).fit(X)
    check_untouched(fitted, X)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"latent_dim": 0}, ValueError, "latent_dim must be at least 1, not 0"),
        ({"latent_dim": 2.0}, TypeError, "latent_dim must be an integer.*not 2.0"),
        ({"latent_dim": None}, TypeError, "latent_dim must be .*not None"),
        ({"latent_dim": True}, TypeError, "latent_dim must be .*not True"),
        (
            {"latent_dim": 171},
            ValueError,
            "latent_dim=171.*170 pixels.*rank of 170",
        ),
        ({"architecture": "deep"}, ValueError, "architecture='deep'; .*compressed"),
        ({"epochs": 0}, ValueError, "epochs must be at least 1, not 0"),
        ({"epochs": 1.5}, TypeError, "epochs must be an integer.*not 1.5"),
        ({"batch_size": 0}, ValueError, "batch_size must be .*not 0"),
        ({"batch_size": "all"}, TypeError, "batch_size must be .*not 'all'"),
        (
            {"batch_size": 217},
            ValueError,
            "batch_size=217.* 216 patterns.*24 of 240",
        ),
        ({"beta": -1}, ValueError, "beta must be .*not -1"),
        ({"beta": np.nan}, ValueError, "beta must be .*not nan"),
        ({"beta": "one"}, TypeError, "beta must be .*not 'one'"),
        ({"learning_rate": 0}, ValueError, "learning_rate must be .*above 0.*not 0"),
        ({"learning_rate": np.inf}, ValueError, "learning_rate must be .*not inf"),
        ({"learning_rate": None}, TypeError, "learning_rate must be .*not None"),
        ({"validation_fraction": 0}, ValueError, "validation_fraction must be .*not 0"),
        (
            {"validation_fraction": 1.0},
            ValueError,
            "validation_fraction must be .*not 1.0",
        ),
        (
            {"validation_fraction": np.nan},
            ValueError,
            "validation_fraction must be .*not nan",
        ),
        (
            {"validation_fraction": "few"},
            TypeError,
            "validation_fraction must be .*not 'few'",
        ),
        ({"noise": "pink"}, ValueError, "noise='pink'"),
        ({"device": "abacus"}, ValueError, "device='abacus'"),
    ],
    ids=str,
)
def test_bad_parameters(X, options, error, match):
    model = vae(**options)
    with pytest.raises(error, match=match):
        model.fit(X)
    assert not hasattr(model, "model_")


def changed(position, value):
    weights = np.ones(N)
    weights[position] = value
    return weights


@pytest.mark.parametrize(
    ("weights", "match"),
    [
        (np.ones(N - 1), r"shape \(239,\).*each of 240 patterns"),
        (np.ones((N, 1)), r"shape \(240, 1\)"),
        (2.0, r"shape \(\)"),
        (["a"] * N, "expected a real number"),
        (np.ones(N, complex), "type complex128"),
        (changed([3, 5], -1), "2 values that are negative or not finite"),
        (changed(7, np.nan), "1 values"),
        (changed(7, np.inf), "1 values"),
        (np.zeros(N), "fewer than 2 patterns"),
        (changed(slice(1, None), 0), "fewer than 2 patterns"),
    ],
    ids=str,
)
def test_bad_weights(X, weights, match):
    with pytest.raises(ValueError, match=match):
        vae().fit(X, sample_weight=weights)


def test_weights_leave_less_than_a_batch(X):
    weights = np.repeat([1.0, 0], [30, N - 30])
    with pytest.raises(ValueError, match="batch_size=64.* 27 patterns.*3 of 30"):
        vae(batch_size=64).fit(X, sample_weight=weights)


def test_fewer_directions_than_dimensions(X):
    compression = compress_patterns(X, rank=3, oversampling=0, random_state=0)
    with pytest.raises(ValueError, match=r"latent_dim=\d+.*only \d+ directions"):
        vae(compression.rank + 1).fit(compression)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1])
def test_bad_values(fitted, X, bad):
    spoilt = X.astype(float)
    spoilt[3, 4] = bad
    for method in (fitted[0].fit, fitted[0].transform, fitted[0].score):
        with pytest.raises(ValueError, match="NaN|infinity|1 negative"):
            method(spoilt)
    check_untouched(fitted, X)


def test_bad_shapes(fitted, X):
    model, *_ = fitted
    for method in (model.transform, model.score):
        with pytest.raises(ValueError, match="X has 169 features, but PatternVAE is"):
            method(X[:, 1:])
    with pytest.raises(ValueError, match="latent has 3 columns; expected the 2"):
        model.inverse_transform(np.zeros((5, 3)))
    with pytest.raises(ValueError, match="NaN"):
        model.inverse_transform(np.full((5, 2), np.nan))
    with pytest.raises(ValueError, match="minimum of 2|at least 2"):
        vae().fit(X[:1])


@pytest.mark.parametrize("n", [2, 3, 7])
def test_few_patterns(X, n):
    model = vae(1)
    assert model.fit_transform(X[:n]).shape == (n, 1)
    assert np.isfinite(model.loss_).all()


@pytest.mark.parametrize(
    ("value", "match"),
    [(0, "patterns are empty"), (3, "latent_dim=2.*only 1 dir")],
)
def test_constant_patterns(value, match):
    """Without any noise there is but one direction, or none."""
    with pytest.raises(ValueError, match=match):
        vae().fit(np.full((60, 37), value))


def test_empty_patterns_among_others(X):
    spoilt = X.copy()
    spoilt[[0, 77]] = 0
    spoilt[:, [5, 169]] = 0
    model = vae()
    latent = model.fit_transform(spoilt)
    assert np.isfinite(latent).all()
    decoded = model.inverse_transform(latent)
    assert (decoded[:, [5, 169]] == 0).all()
    assert np.isfinite(decoded).all()
    assert torch.isfinite(torch.tensor(model.loss_)).all()
