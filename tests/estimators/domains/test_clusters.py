"""K-means that is quiet, and samples."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.domains._clusters import k_means, sampled


def test_equal_points_are_no_reason_to_warn():
    points = np.repeat(np.eye(3), 5, axis=0)
    model = k_means(points, 6, np.random.RandomState(0))
    np.testing.assert_allclose(
        model.cluster_centers_[model.labels_], points, atol=1e-12
    )


def test_random_state():
    points = np.random.default_rng(0).normal(size=(90, 3))
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, same, other = (
        k_means(points, 5, np.random.RandomState(seed), max_iter=1).cluster_centers_
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002


@pytest.mark.parametrize(("n", "n_drawn"), [(7, 7), (40, 40), (90, 40)])
def test_sampled(n, n_drawn):
    points = np.arange(40)[:, None]
    drawn = sampled(points, n, np.random.RandomState(0))
    assert len(drawn) == n_drawn
    assert np.unique(drawn).size == n_drawn
    assert np.isin(drawn, points).all()
