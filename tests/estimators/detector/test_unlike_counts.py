"""Patterns that are there twice, and values that end where counts do not."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import compress_patterns
from hyperspy_4dphase.estimators.detector._unlike_counts import (
    find_clipped,
    find_repeated,
)

SHAPE = 32, 30


def scan(n=400, dose=2000, seed=0):
    rng = np.random.default_rng(seed)
    pattern = rng.gamma(0.4, 1, SHAPE) + 0.02
    pattern[15:17, 14:16] = 0.1 * pattern.sum()
    return rng.poisson(dose * pattern / pattern.sum(), (n, *SHAPE)).astype(np.uint16)


def measure(data, **options):
    blocks = PatternBlocks(data.reshape(20, -1, *SHAPE), 2, allow_negative=True)
    return compress_patterns(blocks, noise="measured", random_state=0, **options)


def sums(data):
    weights = np.random.default_rng(5).uniform(0.5, 1.5, SHAPE)
    return (data * weights).sum(axis=(1, 2)), data.sum(axis=(1, 2), dtype=float)


def test_copies_are_found_whatever_their_order():
    data = scan()
    assert not find_repeated(*sums(data)).any()
    order = np.random.default_rng(0).permutation(500)
    data = np.concatenate([data, data[:100]])[order]
    repeated = find_repeated(*sums(data))
    assert repeated.sum() == 100
    left = data[~repeated].reshape(400, -1)
    assert len(np.unique(left, axis=0)) == 400


def test_patterns_that_may_be_the_same_by_chance_are_not():
    """Those of a few counts; and empty ones, as outside of a region."""
    few = np.zeros((300, *SHAPE))
    few[np.arange(300), 15, 14 + np.arange(300) % 2] = 1
    assert not find_repeated(*sums(few)).any()
    twice = np.concatenate([scan(100), 100 * few[:40]])
    assert find_repeated(*sums(twice)).sum() == 38
    assert not find_repeated(*(each / 100 for each in sums(twice))).any()
    assert not find_repeated(*sums(np.zeros((300, *SHAPE)))).any()
    # Without noise nothing was recorded, and nothing twice.
    assert not find_repeated(*sums(100 * few)).any()
    assert find_repeated(*sums(scan(1))).tolist() == [False]


@pytest.mark.parametrize("kind", ["half of the scan", "hung"])
def test_copies_do_not_hide_what_the_detector_does(kind):
    data = scan()
    data[200:] = data[:200] if kind == "half of the scan" else data[0]
    found = measure(data)
    assert found.detector["repeated"] == 200
    assert found.detector["kind"] == "counts"
    assert found.detector["measured_gain"] == pytest.approx(1, abs=0.1)
    assert measure(scan()).detector["repeated"] == 0


@pytest.mark.parametrize("dose", [20, 300, 2000, 30_000])
def test_counts_do_not_end(dose):
    found = measure(scan(dose=dose))
    assert found.detector["clipped_pixels"] == 0


def test_values_that_are_cut_off():
    data = np.minimum(scan(dose=5000), 360)
    found = measure(data)
    assert found.detector["clipped_pixels"] == 4
    assert found.detector["clipped_at"] == 360
    assert measure(2.5 * data.astype(np.float32)).detector["clipped_at"] == 900


def test_counts_that_begin_from_0_again():
    data = scan(dose=3500).astype(np.uint8)
    found = measure(data)
    assert found.detector["clipped_pixels"] >= 2
    assert found.detector["clipped_at"] == 255


def test_broken_pixels_do_not_end_the_others():
    sample = scan(200).reshape(200, -1)
    used = np.ones(sample.shape[1], bool)
    sample[:, 7] = 65535
    assert find_clipped(sample, used).n_pixels == 0
    sample[::2, 7] = 3
    assert find_clipped(sample, used) == (1, 65535)
    used[7] = False
    assert find_clipped(sample, used).n_pixels == 0
    assert find_clipped(np.zeros((20, 5)), np.ones(5, bool)).n_pixels == 0


def test_small_grains_have_no_noise_in_common():
    """No pattern has one that is alike but beside it."""
    rng = np.random.default_rng(3)
    y, x = np.indices(SHAPE)
    patterns = np.full((100, *SHAPE), 0.02)
    for pattern in patterns:
        for row, column in rng.uniform(2, 28, (12, 2)):
            pattern += np.exp(-((y - row) ** 2 + (x - column) ** 2) / 3)
    patterns /= patterns.sum(axis=(1, 2), keepdims=True)
    row, column = np.indices((40, 40)) // 4
    data = rng.poisson(10_000 * patterns[row * 10 + column]).astype(np.uint16)
    found = compress_patterns(PatternBlocks(data, 2), noise="measured", random_state=0)
    assert found.detector["pixels_share"] == 0
