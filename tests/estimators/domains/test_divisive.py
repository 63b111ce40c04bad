"""Divisive domains: planted ones are found, whatever form the patterns come in."""

import warnings

import dask.array as da
import numpy as np
import pytest
import sklearn
from sklearn.metrics import adjusted_rand_score
from sklearn.utils.estimator_checks import parametrize_with_checks
from sklearn.utils.fixes import parse_version

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import DivisiveDomains, compress_patterns
from hyperspy_4dphase.estimators.domains._tree import REASONS

from ..domain_points import counted_domains, crowds

SIZES = (300, 150, 70, 40)


def domains(n_domains=None, **options):
    options = {"random_state": 0, "device": "cpu", **options}
    return DivisiveDomains(n_domains, **options)


@pytest.fixture(scope="module")
def planted():
    return counted_domains(SIZES)


@pytest.fixture(scope="module")
def X(planted):
    return planted[0]


@pytest.fixture(scope="module")
def model(X):
    return domains().fit(X)


def assert_consistent(model, n):
    """Labels and tree tell the same."""
    labels, tree = model.labels_, model.tree_
    assert labels.dtype == np.int32
    assert labels.shape == (n,)
    assert tree.n_domains == model.n_domains_
    sizes = np.bincount(labels[labels >= 0], minlength=model.n_domains_)
    assert (np.diff(sizes) <= 0).all()
    assert sizes.min() > 0
    leaves = [node for node in tree if node.label >= 0]
    assert {node.label: node.size for node in leaves} == dict(enumerate(sizes))
    for node in tree:
        assert len(node.children) == (0 if node.label >= 0 else 2)
        assert sum(tree[child].size for child in node.children) in (0, node.size)
        assert (node.reason == "split") == (node.label < 0)
        assert node.reason in REASONS
        assert np.isfinite(node.strength) == (node.label < 0)


@pytest.mark.parametrize(
    ("sizes", "dose"),
    [(SIZES, 500), ((1500, 700, 300, 20), 2000), ((200,) * 6, 1000)],
)
def test_planted_domains(sizes, dose):
    X, true = counted_domains(sizes, dose, seed=1)
    model = domains().fit(X)
    assert model.n_domains_ == len(sizes)
    assert adjusted_rand_score(true, model.labels_) > 0.995
    assert np.bincount(model.labels_) == pytest.approx(sizes, abs=1)
    assert_consistent(model, sum(sizes))
    for node in model.tree_:
        if node.reason == "split":
            assert node.agreement > 0.9
            assert node.log_p < -4


@pytest.mark.parametrize("n_domains", [1, 3])
def test_brightness_does_not_split(n_domains):
    n = 600
    ramp = np.linspace(0.2, 3, n)
    steps = np.where(np.arange(n) % 2, 4, 1)
    for brightness in (ramp, steps):
        X, true = counted_domains((n // n_domains,) * n_domains, 1500, 0, brightness)
        model = domains().fit(X)
        assert model.n_domains_ == n_domains
        assert n_domains == 1 or adjusted_rand_score(true, model.labels_) > 0.98


def test_random_state(X, model):
    kept, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    same = domains().fit(X)
    np.testing.assert_array_equal(same.labels_, model.labels_)
    for name, array in same.tree_.to_arrays().items():
        np.testing.assert_array_equal(array, model.tree_.to_arrays()[name])
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    np.testing.assert_array_equal(X, kept)


def test_seeds_agree():
    X, true = counted_domains((400, 200, 100, 20), 400)
    labels = [domains(random_state=seed).fit_predict(X) for seed in range(3)]
    assert adjusted_rand_score(true, labels[0]) > 0.98
    for other in labels[1:]:
        assert adjusted_rand_score(labels[0], other) >= 0.98


def forms(X):
    blocks = PatternBlocks(X.reshape(20, 28, 15, 10), 2, block_values=7 * X[0].size)
    lazy = da.from_array(X, chunks=((400, 3, 157), (50, 100)))
    return {
        "float32": X.astype("f4"),
        "float64": X.astype("f8"),
        "big-endian": X.astype(">u4"),
        "list": X.tolist(),
        "gain": X * 3.7,
        "blocks": blocks,
        "lazy": PatternBlocks(lazy, 1),
        "compressed": compress_patterns(X, random_state=0, device="cpu"),
    }


@pytest.mark.parametrize("form", forms(np.ones((560, 150), int)))
def test_the_same_in_any_form(X, model, form):
    found = domains().fit(forms(X)[form])
    assert found.n_domains_ == model.n_domains_
    assert found.n_features_in_ == 150
    assert adjusted_rand_score(found.labels_, model.labels_) > 0.995


def test_masked_patterns_and_pixels(X, model):
    pixels, patterns = np.arange(150) % 4 > 0, np.arange(560) % 5 > 0
    hidden = X.copy()
    hidden[:, ~pixels] = hidden[~patterns] = 60_000
    blocks = PatternBlocks(hidden, 1, kept_patterns=patterns, kept_pixels=pixels)
    found = domains().fit(blocks)
    assert found.n_features_in_ == pixels.sum()
    assert_consistent(found, patterns.sum())
    assert adjusted_rand_score(found.labels_, model.labels_[patterns]) > 0.995


@pytest.mark.parametrize("n_domains", [1, 3])
def test_fewer_domains_are_the_strongest_splits(X, model, n_domains):
    found = domains(n_domains).fit(X)
    assert found.n_domains_ == n_domains
    assert_consistent(found, len(X))
    expected, new = model.tree_.prune(model.tree_.cut(n_domains))
    np.testing.assert_array_equal(found.labels_, new[model.labels_])
    np.testing.assert_array_equal(found.tree_.size, expected.size)


def test_more_domains_cut_what_has_no_gap():
    """A line of patterns from one to the other."""
    share = np.linspace(0, 1, 600)[:, np.newaxis]
    ends = np.random.default_rng(0).gamma(0.5, 1, (2, 90)) + 0.05
    X = np.random.default_rng(1).poisson(40 * (share * ends[0] + (1 - share) * ends[1]))
    assert domains().fit(X).n_domains_ == 1
    model = domains(4).fit(X)
    assert model.n_domains_ == 4
    assert_consistent(model, 600)
    assert {n.reason for n in model.tree_ if n.label >= 0} <= {"n_domains", "no gap"}
    # One behind the other.
    middle = [np.mean(np.flatnonzero(model.labels_ == i)) for i in range(4)]
    within = [np.std(np.flatnonzero(model.labels_ == i)) for i in range(4)]
    assert np.diff(np.sort(middle)).min() > max(within)


def test_more_domains_than_there_can_be(X):
    with pytest.warns(UserWarning, match="There are 4 domains, not 9"):
        model = domains(9).fit(X)
    assert model.n_domains_ == 4
    assert_consistent(model, len(X))


def test_depth_and_size(X, model):
    assert domains(max_depth=0).fit(X).n_domains_ == 1
    assert domains(max_depth=1).fit(X).tree_.n_levels == 1
    large = domains(min_size=50).fit(X)
    assert_consistent(large, len(X))
    assert np.bincount(large.labels_).min() >= 50
    assert large.n_domains_ == 3
    assert model.n_domains_ == 4


@pytest.mark.parametrize(("n_features", "scale"), [(2, 1), (6, 1e-3), (6, 1e3)])
def test_features(n_features, scale):
    centers = np.random.default_rng(0).normal(size=(3, n_features))
    centers *= 25 / np.linalg.norm(centers, axis=1, keepdims=True)
    points, true = crowds((300, 200, 50), centers, dtype=float)
    model = domains(noise=None).fit(scale * (points - 7))
    assert model.n_domains_ == 3
    assert adjusted_rand_score(true, model.labels_) > 0.99
    assert_consistent(model, 550)


def test_uniform_noise(planted):
    _, true = planted
    means = np.random.default_rng(5).random((4, 150)) + 1
    noise = np.random.default_rng(6).normal(0, 0.2, (true.size, 150))
    model = domains(noise="uniform").fit(means[true] + noise)
    assert model.n_domains_ == 4
    assert adjusted_rand_score(true, model.labels_) > 0.99


def test_empty_patterns_are_unassigned(planted):
    X, true = planted
    X = X.copy()
    X[[0, 5, 559]] = 0
    model = domains().fit(X)
    assert np.flatnonzero(model.labels_ < 0).tolist() == [0, 5, 559]
    assert model.tree_[0].size == 557
    assert_consistent(model, 560)
    known = model.labels_ >= 0
    assert adjusted_rand_score(true[known], model.labels_[known]) > 0.99


@pytest.mark.parametrize("value", [1, 200])
@pytest.mark.parametrize("noise", ["poisson", "uniform", None])
def test_constant_data(value, noise):
    X = np.tile(value * (np.arange(37) % 5 + 1), (90, 1))
    model = domains(noise=noise).fit(X)
    assert model.n_domains_ == 1
    assert len(model.tree_) == 1
    assert set(model.labels_) == {0}


def test_nothing_at_all():
    with pytest.raises(ValueError, match="there is no count in any"):
        domains().fit(np.zeros((30, 12)))
    assert domains(noise=None).fit(np.zeros((30, 12))).n_domains_ == 1


def test_callback_rises_to_all(X):
    calls = []
    domains(callback=lambda *values: calls.append(values)).fit(X)
    done, total = np.transpose(calls)
    assert (np.diff(done) > 0).all()
    assert set(total) == {len(X)} == {done[-1]}


@pytest.mark.parametrize("value", [-1, 1.5, "a", True, np.nan, [2]])
@pytest.mark.parametrize("name", ["n_domains", "max_depth", "min_size"])
def test_bad_parameters(X, name, value):
    error = ValueError if value == -1 else TypeError
    with pytest.raises(error, match=f"{name} must be .*not"):
        domains(**{name: value}).fit(X)


@pytest.mark.parametrize("name", ["n_domains", "min_size"])
def test_zero_is_too_few(X, name):
    with pytest.raises(ValueError, match=f"{name} must be .*not 0"):
        domains(**{name: 0}).fit(X)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"n_domains": 561}, "n_domains=561 .* only 560 patterns"),
        ({"noise": "pink"}, "noise='pink'; expected one of"),
        ({"device": "abacus"}, "device='abacus'"),
        ({"random_state": "a"}, "seed"),
    ],
)
def test_other_bad_values(X, options, match):
    with pytest.raises(ValueError, match=match):
        domains(**options).fit(X)


@pytest.mark.parametrize("noise", ["poisson", None])
def test_one_pattern(X, noise):
    with pytest.raises(ValueError, match="2"):
        domains(noise=noise).fit(X[:1])
    with pytest.raises(ValueError, match="2"):
        domains().fit(PatternBlocks(X[:1], 1))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -1])
def test_bad_patterns(X, bad):
    spoilt = X.astype(float)
    spoilt[3, 4] = bad
    with pytest.raises(ValueError, match="NaN|infinity|1 negative"):
        domains().fit(spoilt)


EXPECTED_TO_FAIL = {
    "check_positive_only_tag_during_fit": "The message says how many values are "
    "negative and where, in words of its own.",
    "check_clustering": "It gives negative values to what takes none.",
}

if parse_version(sklearn.__version__) >= parse_version("1.6"):

    @pytest.mark.filterwarnings("ignore")
    @parametrize_with_checks(
        [domains(), domains(noise=None)],
        expected_failed_checks=lambda estimator: (
            {} if estimator.noise is None else EXPECTED_TO_FAIL
        ),
    )
    def test_scikit_learn(estimator, check):
        check(estimator)

else:

    @pytest.mark.skip(reason="scikit-learn before 1.6 cannot be told what may fail")
    def test_scikit_learn():
        pass


@pytest.mark.parametrize("n", [2, 3, 6, 12, 13])
@pytest.mark.parametrize("min_size", [1, 3])
def test_few_patterns(n, min_size):
    """Too few to tell, even where as many domains as patterns are asked for."""
    rng = np.random.default_rng(0)
    counts = rng.poisson(rng.gamma(0.5, 20, (3, 40))[rng.integers(3, size=n)])
    for X, noise in ((counts, "poisson"), (rng.normal(size=(n, 2)), None)):
        options = {"min_size": min_size, "noise": noise, "random_state": 0}
        assert DivisiveDomains(**options).fit(X).n_domains_ == 1
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            assert 1 <= DivisiveDomains(n, **options).fit(X).n_domains_ <= n


def test_equal_features():
    features = np.repeat(np.eye(3), 40, axis=0)
    assert DivisiveDomains(noise=None, random_state=0).fit(features).n_domains_ == 3
