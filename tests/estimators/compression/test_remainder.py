"""What some directions hold that others do not, whatever both hold."""

import numpy as np

from hyperspy_4dphase.estimators.compression._remainder import (
    decompose_gram,
    find_remainder,
)


def directions(n_pixels, k, seed):
    rng = np.random.default_rng(seed)
    return np.linalg.qr(rng.normal(size=(n_pixels, k)))[0]


def test_both_together_hold_what_was_there():
    rng = np.random.default_rng(0)
    right, more = directions(60, 3, 1), directions(60, 2, 2)
    X = rng.normal(size=(40, 5)) @ np.column_stack([right, more]).T
    rest = find_remainder(right, X @ right, more, X @ more)
    both = np.column_stack([right, rest.directions])
    np.testing.assert_allclose(both.T @ both, np.eye(5), atol=1e-5)
    np.testing.assert_allclose(X @ both @ both.T, X, atol=1e-4)
    np.testing.assert_allclose(X @ rest.directions, rest.scores, atol=1e-4)
    np.testing.assert_allclose(
        np.linalg.norm(rest.scores, axis=0), rest.values, rtol=1e-4
    )
    assert (np.diff(rest.values) <= 0).all()


def test_what_is_held_already_is_nothing():
    right = directions(60, 3, 1)
    scores = np.random.default_rng(0).normal(size=(40, 3))
    rest = find_remainder(right, scores, right[:, :2], scores[:, :2])
    assert rest.directions.shape == (60, 0)
    assert rest.values.size == 0


def test_gram_matrix_has_the_singular_values():
    X = np.random.default_rng(0).normal(size=(30, 7))
    values, vectors = decompose_gram(X.T @ X)
    _, expected, right = np.linalg.svd(X)
    np.testing.assert_allclose(values, expected)
    np.testing.assert_allclose(np.abs(right @ vectors), np.eye(7), atol=1e-9)
