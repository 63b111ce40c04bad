"""Mean patterns of labels: NumPy's, from one read, whatever the blocks are."""

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression._means import label_means
from hyperspy_4dphase.estimators.compression._pattern_sums import sum_weights

SHAPE, N_LABELS = (7, 5, 4, 3), 4


@pytest.fixture
def labels():
    return np.random.default_rng(0).integers(-1, N_LABELS, SHAPE[:2])


def planted(dtype="uint16"):
    return np.random.default_rng(1).poisson(9, SHAPE).astype(dtype)


def expected(data, labels):
    rows = data.reshape(labels.size, -1).astype(float)
    groups = [rows[labels.ravel() == label] for label in range(N_LABELS)]
    return [np.array([f(g, axis=0) for g in groups]) for f in (np.mean, np.var)]


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "float32", "bool"])
@pytest.mark.parametrize("chunks", [None, (3, 2, 4, 3), (2, 5, 3, 2), (7, 5, 4, 3)])
def test_means_and_variances(labels, dtype, chunks):
    data = planted(dtype)
    mean, variance = expected(data, labels)
    numbers = np.bincount(labels[labels >= 0])[:, np.newaxis]
    array = data if chunks is None else da.from_array(data, chunks=chunks)
    blocks = PatternBlocks(array, 2, block_values=1)
    assert blocks.n_blocks > 1 or chunks == SHAPE
    means, variances, _ = label_means(blocks, labels.ravel(), N_LABELS, variances=True)
    np.testing.assert_allclose(means, mean, rtol=1e-12)
    np.testing.assert_allclose(
        variances, variance * numbers / (numbers - 1), rtol=1e-6, atol=1e-9
    )
    assert blocks.n_reads == 1
    assert means.dtype == np.float64
    alone, nothing, _ = label_means(blocks, labels.ravel(), N_LABELS)
    np.testing.assert_array_equal(alone, means)
    assert nothing is None


def test_masked_patterns_and_pixels(labels):
    data, kept = planted(), labels >= 1
    pixels = np.arange(12) != 5
    blocks = PatternBlocks(data, 2, kept_patterns=kept, kept_pixels=pixels)
    means, _, _ = label_means(blocks, labels[kept], N_LABELS)
    assert np.isnan(means[0]).all()
    mean = expected(data, labels)[0]
    np.testing.assert_allclose(means[1:], mean[1:][:, pixels], rtol=1e-12)


def test_single_pattern():
    blocks = PatternBlocks(np.arange(6).reshape(2, 3), 1)
    means, variances, _ = label_means(blocks, np.array([0, -1]), 1, variances=True)
    np.testing.assert_array_equal(means, [[0, 1, 2]])
    assert np.isnan(variances).all()


def test_large_counts_do_not_overflow():
    blocks = PatternBlocks(np.full((300, 2), 65535, np.uint16), 1, block_values=1)
    means, variances, _ = label_means(blocks, np.zeros(300, int), 1, variances=True)
    assert (means == 65535).all()
    assert (variances == 0).all()


def test_labels_must_fit():
    blocks = PatternBlocks(planted(), 2)
    with pytest.raises(ValueError, match=r"\(3,\).*35 patterns"):
        label_means(blocks, np.zeros(3, int), 1)


@pytest.mark.parametrize("chunks", [None, (3, 2, 4, 3)])
def test_sums_of_patterns_are_of_one_read(labels, chunks):
    data = planted()
    array = data if chunks is None else da.from_array(data, chunks=chunks)
    blocks = PatternBlocks(array, 2, block_values=1)
    sums = label_means(blocks, labels.ravel(), N_LABELS).sums
    expected = data.reshape(35, -1) @ sum_weights(12)
    inside = labels.ravel() >= 0
    np.testing.assert_allclose(sums[inside], expected[inside], rtol=1e-12)
    assert blocks.n_reads == 1
