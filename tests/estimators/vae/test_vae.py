"""The autoencoder on arrays: what it learns, and scikit-learn's contract."""

import inspect
from dataclasses import replace

import dask.array as da
import numpy as np
import pytest
import sklearn
import torch
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.decomposition import PCA
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import PatternVAE, compress_patterns

from ..vae_patterns import (
    N_CLASSES,
    N_PIXELS,
    assert_same,
    bumps,
    class_patterns,
    counted,
    mixed_labels,
    nearest,
    vae,
)

DOSES = np.array([1000.0, 4000.0, 2000.0, 3000.0])


@pytest.fixture(scope="module")
def labels():
    return mixed_labels()


@pytest.fixture(scope="module")
def X(labels):
    """Counts of four patterns, each as bright as it pleases."""
    return counted(DOSES[labels, np.newaxis] * class_patterns()[labels])


@pytest.fixture(scope="module")
def model(X):
    return vae(epochs=30).fit(X)


@pytest.fixture(scope="module")
def latent(model, X):
    return model.transform(X)


@pytest.fixture(scope="module")
def centres(latent, labels):
    return np.array([latent[labels == i].mean(axis=0) for i in range(N_CLASSES)])


@pytest.mark.parametrize(("seed", "dose"), [(1, 300), (2, 2000)])
def test_planted_classes_are_separated(seed, dose):
    labels = mixed_labels(seed=seed)
    patterns = class_patterns(seed=seed)
    X = counted(dose * patterns[labels], seed)
    latent = vae(epochs=25, random_state=seed).fit_transform(X)
    found = KMeans(N_CLASSES, n_init=5, random_state=0).fit_predict(latent)
    assert adjusted_rand_score(labels, found) == 1


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(
                not torch.cuda.is_available(), reason="no CUDA device"
            ),
        ),
    ],
)
def test_what_was_trained_on_a_device_works_on_the_cpu(device, X, labels):
    model = vae(epochs=25, device=device).fit(X)
    latent = model.transform(X)
    found = KMeans(N_CLASSES, n_init=5, random_state=0).fit_predict(latent)
    assert adjusted_rand_score(labels, found) == 1
    there = model.inverse_transform(latent[:9])
    model.model_ = type(model.model_).from_arrays(model.model_.to_arrays(), "cpu")
    assert_same(model.transform(X), latent, 1e-3)
    assert_same(model.inverse_transform(latent[:9]), there, 1e-3)


def test_both_dimensions_are_active(model, latent):
    assert sorted(model.active_dimensions_) == [0, 1]
    assert model.divergence_[model.active_dimensions_[0]] == model.divergence_.max()
    assert (model.divergence_ > 1).all()
    # Not more than the prior allows, in which points have unit variance.
    assert (latent.var(axis=0) < 4).all()


def test_more_latent_dimensions(X, labels):
    model = vae(4, epochs=15)
    latent = model.fit_transform(X)
    assert latent.shape == (len(X), 4)
    assert model.divergence_.shape == (4,)
    assert 2 <= len(model.active_dimensions_) <= 4
    assert (np.diff(model.divergence_[model.active_dimensions_]) <= 0).all()
    assert model.inverse_transform(latent[:7]).shape == (7, N_PIXELS)
    centres = np.array([latent[labels == i].mean(axis=0) for i in range(N_CLASSES)])
    np.testing.assert_array_equal(nearest(latent, centres), labels)


def test_one_latent_dimension(X):
    model = vae(1)
    assert model.fit_transform(X).shape == (len(X), 1)
    assert model.inverse_transform([[0.3], [0.1]]).shape == (2, N_PIXELS)


def test_noise_has_no_active_dimension():
    """One pattern everywhere: nothing tells positions apart but counting noise."""
    X = counted(np.tile(2000 * class_patterns(1), (640, 1)))
    model = vae(epochs=25).fit(X)
    assert not len(model.active_dimensions_)
    assert model.divergence_.max() < 0.1


def test_other_exposure_is_embedded_alike(model, centres):
    """Half and twice the exposure, within what the noise of each allows."""
    patterns = class_patterns()
    closest = min(
        np.linalg.norm(centres[i] - centres[j]) for i in range(4) for j in range(i)
    )
    for factor in (0.5, 2):
        labels = mixed_labels(120, seed=5)
        X = counted(factor * DOSES[labels, np.newaxis] * patterns[labels], 6)
        latent = model.transform(X)
        np.testing.assert_array_equal(nearest(latent, centres), labels)
        for i in range(N_CLASSES):
            shift = latent[labels == i].mean(axis=0) - centres[i]
            assert np.linalg.norm(shift) < 0.1 * closest


def test_same_pattern_times_a_factor(model, latent, X):
    """Without other noise only brightness changes, which is not encoded."""
    assert_same(model.transform(2 * X.astype(float)), latent, 1e-3)


def test_decoded_patterns(model, centres):
    decoded = model.inverse_transform(centres)
    assert decoded.dtype == np.float32
    assert decoded.min() >= 0
    np.testing.assert_allclose(decoded.sum(axis=1), DOSES, rtol=0.05)
    expected = DOSES[:, np.newaxis] * class_patterns()
    error = np.linalg.norm(decoded - expected, axis=1)
    assert (error < 0.1 * np.linalg.norm(expected, axis=1)).all()


def test_better_than_principal_components():
    """For patterns along a curve, in patterns that were not fitted."""
    expected = bumps(300, 2)
    X, held_out = counted(bumps(700, 0)), counted(expected, 3)
    model = vae(epochs=40).fit(X)
    scale = model.model_.inputs.column_scale
    found = scale * model.inverse_transform(model.transform(held_out))
    linear = PCA(2, random_state=0).fit(X * scale)
    other = linear.inverse_transform(linear.transform(held_out * scale))
    error, linear_error = (
        np.linalg.norm(patterns - expected * scale) for patterns in (found, other)
    )
    assert error < 0.5 * linear_error


def test_float_patterns(model, latent, X):
    for dtype in (np.float32, np.float64, ">u2"):
        found = model.transform(X.astype(dtype))
        assert found.dtype == np.float32
        assert_same(found, latent, 1e-3)
    uniform = vae(noise="uniform").fit(X / 7)
    assert uniform.transform(X / 7).shape == latent.shape


def test_blocks(model, latent, X):
    for n_rows in (1, 7, 599):
        blocks = PatternBlocks(X, 1, block_values=n_rows * X[0].size)
        assert_same(model.transform(blocks), latent, 1e-3)
    cut = PatternBlocks(da.from_array(X, chunks=((100, 3, 537), (50, 120))), 1)
    assert_same(model.transform(cut), latent, 1e-3)
    assert_same(model.transform(X[:1]), latent[:1], 1e-3)
    assert_same(model.transform(X[::-1])[::-1], latent, 1e-3)


def test_compressed_patterns_serve_as_patterns(X):
    """But for rounding, and what noise outside of the directions does."""
    compression = compress_patterns(X, random_state=0, device="cpu")
    model = vae(epochs=15)
    latent = model.fit_transform(compression)
    np.testing.assert_array_equal(model.transform(compression), latent)
    assert_same(model.transform(X), latent, 0.02)
    assert model.score(compression) == pytest.approx(model.score(X), rel=0.02)


def test_score(model, X):
    """Is the bound: less where patterns are none of those fitted."""
    assert -50 < model.score(X) < 0
    assert model.score(X) == model.score(X)
    assert model.score(X[:, ::-1].copy()) < 3 * model.score(X)


def test_random_state(X):
    kept = X.copy()
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    models = [vae(random_state=seed).fit(X) for seed in (3, 3, 4)]
    latent = [model.transform(X) for model in models]
    np.testing.assert_array_equal(latent[0], latent[1])
    np.testing.assert_array_equal(models[0].loss_, models[1].loss_)
    assert not np.allclose(latent[0], latent[2], atol=0.01)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    np.testing.assert_array_equal(X, kept)


def test_compression_is_unchanged(X):
    compression = compress_patterns(X, random_state=0, device="cpu")
    kept = replace(compression, Q=compression.Q.copy(), B=compression.B.copy())
    vae(epochs=1).fit(compression)
    np.testing.assert_array_equal(compression.Q, kept.Q)
    np.testing.assert_array_equal(compression.B, kept.B)


def test_estimator_interface(X):
    model = vae(3, epochs=2, beta=0.5, batch_size=50, noise="uniform")
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert set(copy.get_params()) == set(inspect.signature(PatternVAE).parameters)
    latent = copy.set_params(latent_dim=2).fit_transform(X)
    assert list(copy.get_feature_names_out()) == ["patternvae0", "patternvae1"]
    assert copy.n_features_in_ == N_PIXELS
    assert_same(copy.transform(X), latent, 0.02)
    assert not hasattr(model, "model_")
    for method in (model.transform, model.score, model.inverse_transform):
        with pytest.raises(NotFittedError):
            method(X)


EXPECTED_TO_FAIL = {
    "check_positive_only_tag_during_fit": "The message says how many values are "
    "negative and where, in words of its own.",
    "check_sample_weight_equivalence_on_dense_data": "Weights say how often a pattern "
    "is drawn, at random.",
    "check_fit2d_1feature": "One pixel has no two latent dimensions: refused, in words "
    "of its own.",
}

if parse_version(sklearn.__version__) >= parse_version("1.6"):

    @pytest.mark.filterwarnings("ignore")
    @parametrize_with_checks(
        [vae(epochs=1)], expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL
    )
    def test_scikit_learn(estimator, check):
        check(estimator)

else:

    @pytest.mark.skip(reason="scikit-learn before 1.6 cannot be told what may fail")
    def test_scikit_learn():
        pass
