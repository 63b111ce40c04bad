"""Randomized NMF: the properties that scikit-learn asks of its own."""

import dask.array as da
import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.decomposition import non_negative_factorization
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import RandomizedNMF, compress_patterns

from ..conftest import N_PATTERNS, N_PIXELS, RANK, cosines, counted, planted


def rnmf(n_components=None, **options):
    options = {"random_state": 0, "device": "cpu", **options}
    return RandomizedNMF(n_components, **options)


def assert_same(one, other, tolerance):
    assert np.linalg.norm(one - other) < tolerance * np.linalg.norm(other)


@pytest.mark.parametrize("n_components", [None, RANK])
@pytest.mark.parametrize("dose", [300, 3000])
@pytest.mark.parametrize("seed", range(3))
def test_planted_factors_are_recovered(n_components, dose, seed):
    W, H = planted(dose=dose, seed=seed)
    model = rnmf(n_components)
    found = model.fit_transform(counted(W @ H, seed))
    assert model.n_components_ == RANK
    least = 0.99 if dose > 1000 else 0.95
    assert cosines(model.components_, H).min() > least
    assert cosines(found.T, W.T).min() > least
    # In counts, as the components have sum one.
    order = np.argmax(model.components_ @ H.T / np.linalg.norm(H, axis=1), axis=1)
    np.testing.assert_allclose(found.sum(axis=0), W[:, order].sum(axis=0), rtol=0.1)


@pytest.mark.parametrize("noise", ["poisson", "uniform"])
def test_true_reconstruction(noise):
    """Without noise the factors give back what they came from."""
    W, H = planted(dose=1.0)
    X = W @ H
    model = rnmf(RANK, noise=noise, max_iter=2000, tol=1e-9)
    found = model.fit_transform(X)
    assert_same(found @ model.components_, X, 0.01)
    assert_same(model.inverse_transform(model.transform(X)), X, 0.01)
    assert model.reconstruction_err_ < 0.01


def test_as_good_as_scikit_learn():
    """But for the part of the noise that a fit to X itself can follow."""
    W, H = planted()
    X = counted(W @ H)
    model = rnmf(RANK)
    W = model.fit_transform(X)
    c = model.compression_
    A = X * c.row_scale[:, None].astype(float) * c.column_scale
    ours = A - (W * c.row_scale[:, None]) @ (model.components_ * c.column_scale)
    assert model.reconstruction_err_ == pytest.approx(
        np.linalg.norm(ours) / np.linalg.norm(A), rel=1e-3
    )
    W, H, _ = non_negative_factorization(
        A, n_components=RANK, init="nndsvda", max_iter=300, tol=1e-5
    )
    followed = c.noise_variance * RANK * sum(X.shape)
    assert (ours**2).sum() < ((A - W @ H) ** 2).sum() + 0.5 * followed


@pytest.mark.parametrize("n_components", [None, 1, RANK, RANK + 3])
def test_nn_output(X, n_components):
    model = rnmf(n_components)
    for W in (model.fit_transform(X), model.transform(X)):
        assert W.min() >= 0
        assert W.shape == (N_PATTERNS, model.n_components_)
    assert model.components_.min() >= 0
    assert model.components_.shape == (model.n_components_, N_PIXELS)
    np.testing.assert_allclose(model.components_.sum(axis=1), 1, rtol=1e-5)
    assert (np.diff(model.explained_variance_) <= 0).all()
    assert (model.explained_variance_ratio_ >= 0).all()


def test_explained_variance():
    W, H = planted()
    model = rnmf(RANK)
    W = model.fit_transform(counted(W @ H))
    c = model.compression_
    for j in range(RANK):
        part = np.outer(W[:, j] * c.row_scale, model.components_[j] * c.column_scale)
        assert model.explained_variance_[j] == pytest.approx(
            (part**2).sum() / N_PATTERNS, rel=1e-4
        )
        assert model.explained_variance_ratio_[j] == pytest.approx(
            (part**2).sum() / c.squared_norm, rel=1e-4
        )


@pytest.mark.parametrize("n_components", [None, RANK])
def test_float32_float64_consistency(X, n_components):
    results = {}
    for dtype in ("f4", "f8", "u2", ">u2"):
        model = rnmf(n_components)
        W = model.fit_transform(X.astype(dtype))
        expected = np.float64 if dtype == "f8" else np.float32
        assert W.dtype == model.components_.dtype == expected
        assert model.transform(X.astype(dtype)).dtype == expected
        results[dtype] = W
    for W in results.values():
        assert_same(W, results["f8"], 1e-3)


@pytest.mark.parametrize("n_components", [None, RANK])
def test_minibatch_equivalence(X, n_components, streamed):
    whole = rnmf(n_components)
    expected = whole.fit_transform(X)
    for n_rows in (1, 7, 599):
        blocks = PatternBlocks(X, 1, block_values=n_rows * X[0].size)
        model = rnmf(n_components)
        assert_same(model.fit_transform(blocks), expected, 1e-3)
        assert_same(model.components_, whole.components_, 1e-3)
        assert_same(model.transform(blocks), whole.transform(X), 1e-3)
    cut = PatternBlocks(da.from_array(X, chunks=((100, 3, 497), (50, 120))), 1)
    assert_same(rnmf(n_components).fit_transform(cut), expected, 1e-3)


def test_compressed_patterns_serve_as_patterns(X):
    compression = compress_patterns(X, random_state=0, device="cpu")
    model = rnmf()
    assert_same(model.fit_transform(compression), rnmf().fit_transform(X), 1e-4)
    assert model.compression_ is compression


def test_fit_then_transform(X):
    """They differ by what noise outside of the directions kept does to the weights."""
    W = rnmf(RANK).fit_transform(X)
    model = rnmf(RANK).fit(X)
    found = model.transform(X)
    assert_same(found, W, 0.03)
    # Each weight is known to the square root of its counts.
    assert np.abs(found - W).max() < np.sqrt(X.sum(axis=1).max())


def test_transform_of_other_patterns():
    W, H = planted()
    model = rnmf(RANK).fit(counted(W @ H))
    other, _ = planted(90, seed=7)
    X = counted(other @ H, 5)
    found = model.transform(X)
    assert cosines(found.T, other.T).min() > 0.98
    assert_same(model.transform(X[:1]), found[:1], 1e-4)
    np.testing.assert_allclose(model.transform(X[::-1])[::-1], found, rtol=1e-3)
    assert_same(model.transform(3 * X.astype(float)), 3 * found, 1e-3)
    with pytest.raises(ValueError, match="X has 169 features, but RandomizedNMF is"):
        model.transform(X[:, 1:])
    with pytest.raises(NotFittedError):
        rnmf().transform(X)


def test_inverse_transform(X, truth):
    model = rnmf()
    W = model.fit_transform(X)
    found = model.inverse_transform(W)
    np.testing.assert_allclose(found, W @ model.components_)
    assert np.linalg.norm(found - truth) < 0.3 * np.linalg.norm(X - truth)


def test_estimator_interface(X):
    model = rnmf(3, tol=1e-3)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    copy.set_params(n_components=2, max_iter=100).fit(X)
    assert copy.n_components_ == 2
    assert list(copy.get_feature_names_out()) == ["randomizednmf0", "randomizednmf1"]
    assert copy.n_features_in_ == N_PIXELS
    assert not hasattr(model, "components_")


def test_random_state(X):
    kept, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, second = rnmf().fit_transform(X), rnmf().fit_transform(X)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.testing.assert_array_equal(X, kept)
    assert_same(rnmf(random_state=8).fit_transform(X), first, 0.02)


def test_convergence(truth, X):
    with pytest.warns(ConvergenceWarning, match="max_iter=1 "):
        model = rnmf(RANK, max_iter=1).fit(truth)
    assert not model.converged_
    model = rnmf(RANK).fit(X)
    assert model.converged_
    assert 2 <= model.n_iter_ <= 2 * model.max_iter


def test_callback(X):
    calls = []
    rnmf(RANK, callback=lambda *values: calls.append(values)).fit(X)
    assert {stage for stage, _, _ in calls} == {"Factorizing"}
    assert all(1 <= done <= total for _, done, total in calls)


@pytest.mark.filterwarnings("ignore:The factorization did not converge")
@pytest.mark.parametrize("noisy", [True, False])
def test_more_components_than_rank(noisy):
    W, H = planted(rank=2)
    X = counted(W @ H) if noisy else W @ H
    model = rnmf(7)
    found = model.fit_transform(X)
    assert found.shape == (N_PATTERNS, 7)
    assert np.isfinite(found).all()
    assert np.isfinite(model.components_).all()
    assert_same(found @ model.components_, W @ H, 0.06 if noisy else 0.02)


@pytest.mark.parametrize("n_components", [None, 1, 2])
@pytest.mark.parametrize("value", [1, 200])
def test_constant_patterns(n_components, value):
    pattern = value * (np.arange(37) % 5)
    X = np.tile(pattern, (90, 1))
    model = rnmf(n_components)
    assert_same(model.fit_transform(X) @ model.components_, X, 1e-2)
    assert n_components is not None or model.n_components_ == 1


@pytest.mark.parametrize("n_components", [None, RANK])
def test_empty_patterns_and_pixels(X, n_components):
    X[[0, 77]] = 0
    X[:, [5, 169]] = 0
    model = rnmf(n_components)
    for W in (model.fit_transform(X), model.transform(X)):
        assert (W[[0, 77]] == 0).all()
        assert (W[1:77].sum(axis=1) > 0).all()
    assert (model.components_[:, [5, 169]] == 0).all()
    assert model.n_components_ == RANK


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"n_components": 0}, ValueError, "n_components must be at least 1, not 0"),
        ({"n_components": 2.5}, TypeError, "n_components must be an integer.*not 2.5"),
        (
            {"n_components": True},
            TypeError,
            "n_components must be an integer.*not True",
        ),
        ({"n_components": 601}, ValueError, "only 600 patterns"),
        ({"max_iter": 0}, ValueError, "max_iter must be at least 1, not 0"),
        ({"max_iter": None}, TypeError, "max_iter must be .*not None"),
        ({"oversampling": -1}, ValueError, "oversampling must be .*not -1"),
        ({"tol": -1}, ValueError, "tol must be .*not -1"),
        ({"tol": "small"}, TypeError, "tol must be .*not 'small'"),
        ({"tol": np.nan}, ValueError, "tol must be .*not nan"),
        ({"noise": "pink"}, ValueError, "noise='pink'"),
        ({"device": "abacus"}, ValueError, "device='abacus'"),
        (
            {"power_iterations": "two"},
            TypeError,
            "power_iterations must be .*not 'two'",
        ),
        ({"power_iterations": 0}, ValueError, "power_iterations must be .*not 0"),
    ],
)
def test_bad_parameters(X, options, error, match):
    with pytest.raises(error, match=match):
        rnmf(**options).fit(X)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1])
def test_bad_values(X, bad):
    spoilt = X.astype(float)
    spoilt[3, 4] = bad
    with pytest.raises(ValueError, match="NaN|infinity|1 negative"):
        rnmf(RANK).fit(spoilt)
    model = rnmf(RANK).fit(X)
    with pytest.raises(ValueError, match="NaN|infinity|1 negative"):
        model.transform(spoilt)


EXPECTED_TO_FAIL = {
    "check_positive_only_tag_during_fit": "The message says how many values are "
    "negative and where, in words of its own.",
    "check_transformer_general": "Weights from fit are those of patterns whose noise "
    "is taken out, weights from transform are not (test_fit_then_transform).",
    "check_transformer_data_not_an_array": "As check_transformer_general.",
}

if parse_version(sklearn.__version__) >= parse_version("1.6"):

    @pytest.mark.filterwarnings("ignore")
    @parametrize_with_checks(
        [rnmf(2)], expected_failed_checks=lambda estimator: EXPECTED_TO_FAIL
    )
    def test_scikit_learn(estimator, check):
        check(estimator)

else:

    @pytest.mark.skip(reason="scikit-learn before 1.6 cannot be told what may fail")
    def test_scikit_learn():
        pass
