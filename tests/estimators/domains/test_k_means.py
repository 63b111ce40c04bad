"""K-means of a few thousand points, beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators.domains._k_means import k_means


@pytest.fixture(scope="module")
def crowds():
    rng = np.random.default_rng(0)
    kind = np.repeat(np.arange(4), [400, 200, 60, 12])
    centers = 30 * np.eye(6)[:4] + 1e4
    return kind, centers[kind] + rng.standard_normal((kind.size, 6))


def test_crowds_are_found(crowds):
    kind, points = crowds
    for seed in range(10):
        found = k_means(points, 4, np.random.RandomState(seed))
        assert adjusted_rand_score(kind, found.labels) == 1
        for i in range(4):
            (own,) = np.unique(found.labels[kind == i])
            mean = points[kind == i].mean(axis=0)
            np.testing.assert_allclose(found.centers[own], mean, rtol=1e-6)


@pytest.mark.parametrize("n_clusters", [2, 5, 16])
def test_as_good_as_that_of_scikit_learn(crowds, n_clusters):
    _, points = crowds
    ours, theirs = [], []
    for seed in range(30):
        found = k_means(points, n_clusters, np.random.RandomState(seed))
        own = np.square(points - found.centers[found.labels]).sum()
        assert found.inertia == pytest.approx(own, rel=1e-3)
        ours.append(own)
        model = KMeans(n_clusters, n_init=1, max_iter=30, random_state=seed)
        theirs.append(model.fit(points).inertia_)
    error = np.hypot(np.std(ours), np.std(theirs)) / np.sqrt(30)
    assert np.mean(ours) < np.mean(theirs) + 3 * error + 1e-6 * np.mean(theirs)


def test_more_starts_are_no_worse(crowds):
    _, points = crowds
    one, many = (
        np.mean(
            [
                k_means(points, 8, np.random.RandomState(i), n_init=n).inertia
                for i in range(20)
            ]
        )
        for n in (1, 5)
    )
    assert many < one


@pytest.mark.filterwarnings("error")
def test_equal_points():
    points = np.repeat(np.eye(3), 5, axis=0)
    found = k_means(points, 6, np.random.RandomState(0))
    assert found.centers.shape == (6, 3)
    np.testing.assert_allclose(found.centers[found.labels], points, atol=1e-6)
    assert found.inertia == pytest.approx(0, abs=1e-5)


def test_random_state():
    points = np.random.default_rng(0).normal(size=(90, 3))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other = (
        k_means(points, 5, np.random.RandomState(seed), max_iter=1).centers
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
