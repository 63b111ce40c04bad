"""A scan is known again by one number for each pattern, at any dose."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.compression import expected_sums, find_others
from hyperspy_4dphase.estimators.compression._means import label_means
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights

from ..detector_scans import as_camera, counted, stripes

N_PATTERNS = stripes().size


def read(X):
    blocks = PatternBlocks(X, 1, allow_negative=True)
    return label_means(blocks, np.zeros(len(X), int), 1).sums


@pytest.mark.parametrize("noise", ["measured", "uniform"])
@pytest.mark.parametrize("dose", [3, 15, 2000])
@pytest.mark.parametrize("is_camera", [False, True])
def test_of_the_same_scan_and_of_another(dose, noise, is_camera):
    counts = [counted("spotty", dose, seed) for seed in (0, 1)]
    X, other = (as_camera(c, 12, 50, 0.5) if is_camera else c for c in counts)
    X, other = X.reshape(N_PATTERNS, -1), other.reshape(N_PATTERNS, -1)
    compressed = compress_patterns(
        X, noise=noise, random_state=0, keep_faulty=True, squares=False
    )
    expected = expected_sums(compressed)
    assert expected.shape == (2, N_PATTERNS)
    assert not find_others(read(X), expected).any()
    assert find_others(read(other), expected).mean() > 0.2
    # Their totals are the same.
    assert find_others(read(X[:, ::-1]), expected).mean() > 0.2


def test_sums_are_of_the_patterns_that_are_taken():
    X = counted("spotty", 50, 0).reshape(N_PATTERNS, -1)
    compressed = compress_patterns(X, random_state=0, squares=False)
    rows = np.random.default_rng(0).permutation(N_PATTERNS)[:40]
    found = read(X[rows])
    assert not find_others(found, expected_sums(compressed.take(rows))).any()


def test_nothing_is_known_of_moved_patterns_and_old_files():
    X = counted("spotty", 50, 0).reshape(N_PATTERNS, -1)
    compressed = compress_patterns(X, random_state=0, squares=False)
    compressed.descan = {"taken_out": True}
    assert expected_sums(compressed) is None
    compressed.descan["sums_as_recorded"] = True
    assert expected_sums(compressed) is not None
    compressed.descan, compressed.sums = None, None
    assert expected_sums(compressed) is None
    assert compressed.take(np.arange(5)).sums is None


@pytest.mark.parametrize("n_pixels", [1, 7, 1000])
def test_weights_tell_pixels_apart(n_pixels):
    weights = sum_weights(n_pixels)
    assert weights.min() >= 0.5
    assert weights.max() <= 1.5
    assert len(np.unique(weights)) == n_pixels
    np.testing.assert_array_equal(weights, sum_weights(n_pixels))
