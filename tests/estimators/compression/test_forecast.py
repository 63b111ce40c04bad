"""What is told of a compression holds when it is made."""

import numpy as np
import pytest

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators.compression import (
    compress_patterns,
    forecast,
    make_probe,
)


def of(shape, is_lazy=True, **options):
    n_patterns, side = shape
    return forecast(
        (n_patterns, side * side),
        np.dtype(np.uint16),
        (side, side),
        is_lazy=is_lazy,
        **options,
    )


def test_a_small_lazy_scan_is_read_once_and_held():
    needs = of((1000, 64))
    assert needs.reads == (1, 1)
    assert needs.held_bytes >= 1000 * 64**2 * 2


def test_a_large_scan_is_not_held():
    needs = of((256 * 256, 512))
    assert needs.reads[0] < needs.reads[1]
    assert needs.held_bytes < 256 * 256 * 512**2 * 2 / 15
    assert of((256 * 256, 512), is_corrected=False).reads[1] == needs.reads[1] - 1


def test_values_that_are_no_counts_are_read_again():
    needs = forecast((65536, 65536), np.dtype("f4"), (256, 256), is_lazy=True)
    assert needs.reads[0] == 2
    assert needs.held_bytes < of((65536, 256)).held_bytes + 2**29


@pytest.mark.parametrize("name", ["held_bytes", "part_bytes", "result_bytes"])
def test_memory_never_falls_with_size(name):
    for is_lazy in (False, True):
        sizes = [(30_000, 128), (60_000, 128), (60_000, 256)]
        needs = [getattr(of(size, is_lazy), name) for size in sizes]
        assert needs == sorted(needs)


def test_size_of_the_result():
    rng = np.random.default_rng(0)
    X = rng.poisson(3, (300, 400)).astype(np.uint16)
    found = compress_patterns(X, random_state=0)
    held = found.Q.nbytes + found.B.nbytes
    needs = forecast(X.shape, X.dtype, (20, 20), is_lazy=False)
    assert held / 2 < needs.result_bytes < 4 * held


def test_probe_reads_as_a_usual_read_does():
    X = np.random.default_rng(0).poisson(3, (60, 50)).astype(np.uint16)
    found = PatternBlocks(X, 1, block_values=500).accumulate(make_probe(50))
    (rows,) = found.order("rows", "rows")
    np.testing.assert_array_equal(rows, np.arange(60))
    assert found.Z.shape == (50, found.V.shape[1])
