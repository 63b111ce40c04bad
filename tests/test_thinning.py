"""Counts split in two: nothing is lost, and halves do not know of each other."""

import dask.array as da
import numpy as np
import pytest

from hyperspy_4dphase._thinning import split_counts


def counts_of(shape=(12, 14, 8, 9), dtype=np.uint16, mean=20.0, seed=0):
    return np.random.default_rng(seed).poisson(mean, shape).astype(dtype)


def as_array(data):
    return data.compute() if isinstance(data, da.Array) else data


def held(data, kind):
    return data if kind == "eager" else da.from_array(data, chunks=(5, 4, 8, 5))


@pytest.mark.parametrize("kind", ["eager", "lazy"])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64"])
def test_halves_sum_to_the_counts(kind, dtype):
    counts = counts_of(dtype=dtype)
    before = counts.copy()
    halves = split_counts(held(counts, kind), 0)
    for half in halves:
        assert isinstance(half, da.Array) == (kind == "lazy")
        assert half.dtype == counts.dtype
        assert half.shape == counts.shape
    one, other = map(as_array, halves)
    assert one.dtype == other.dtype == counts.dtype
    np.testing.assert_array_equal(one + other, counts)
    assert one.min() >= 0
    # Of an unsigned type, less than 0 would be more than there was.
    assert (one <= counts).all()
    assert (other <= counts).all()
    np.testing.assert_array_equal(counts, before)


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_halves_are_poisson_and_independent(kind):
    counts = counts_of((20, 50, 10, 10))
    halves = split_counts(held(counts, kind), 3)
    one, other = (as_array(half).ravel().astype(float) for half in halves)
    n = one.size
    for half in (one, other):
        assert half.mean() == pytest.approx(10, abs=5 * np.sqrt(10 / n))
        assert half.var() == pytest.approx(10, abs=50 / np.sqrt(n))
    assert abs(np.corrcoef(one, other)[0, 1]) < 5 / np.sqrt(n)
    # The whole is not independent of its parts.
    assert np.corrcoef(one, counts.ravel())[0, 1] > 0.6


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_each_electron_is_tossed_on_its_own(kind):
    """The same counts are split otherwise at each place: no line repeats another."""
    counts = held(np.full((30, 30, 4, 5), 8, np.uint16), kind)
    one = as_array(split_counts(counts, 0)[0]).astype(int)
    assert one.var() == pytest.approx(2, rel=0.05)
    lines = one.reshape(30, -1)
    assert len(np.unique(lines, axis=0)) == 30
    patterns = one.reshape(900, -1)
    assert len(np.unique(patterns, axis=0)) > 890
    assert np.abs(np.corrcoef(lines) - np.eye(30)).max() < 0.25


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_reproducible(kind):
    counts = held(counts_of(), kind)
    one, same = (as_array(split_counts(counts, 5)[0]) for _ in range(2))
    np.testing.assert_array_equal(one, same)
    generator = np.random.RandomState(5)
    np.testing.assert_array_equal(as_array(split_counts(counts, generator)[0]), one)
    other = as_array(split_counts(counts, 6)[0])
    assert np.mean(other != one) > 0.5


def test_lazy_halves_are_the_same_each_time():
    """Else what is read twice would not be one exposure."""
    counts = held(counts_of(), "lazy")
    first, second = split_counts(counts, 0)
    once = first.compute()
    np.testing.assert_array_equal(first.compute(scheduler="sync"), once)
    np.testing.assert_array_equal(first[3:9, 2].compute(), once[3:9, 2])
    np.testing.assert_array_equal(second.compute(), counts.compute() - once)


def test_global_state_is_left_alone():
    state = str(np.random.get_state())  # noqa: NPY002
    split_counts(counts_of((3, 4, 5)), 0)
    assert str(np.random.get_state()) == state  # noqa: NPY002


def test_masked_values_are_split_too():
    counts = counts_of((4, 5, 6))
    masked = np.ma.masked_array(counts, counts > 25)
    one, other = split_counts(masked, 0)
    np.testing.assert_array_equal(one + other, counts)


@pytest.mark.parametrize("kind", ["eager", "lazy"])
def test_what_is_less_than_nothing_stays_whole(kind):
    counts = counts_of((6, 5, 8, 9), "int32", mean=1.0)
    counts[0, 0] = -3
    one, other = map(as_array, split_counts(held(counts, kind), 0))
    np.testing.assert_array_equal(one[0, 0], 0)
    np.testing.assert_array_equal(one + other, counts)


@pytest.mark.parametrize("chunks", [(5, 4, 8, 5), (12, 1, 3, 9), (1, 14, 8, 9)])
@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_chunks_do_not_matter(chunks, n_axes):
    counts = counts_of()
    expected = split_counts(counts, 0, n_axes)[0]
    lazy = split_counts(da.from_array(counts, chunks=chunks), 0, n_axes)[0]
    np.testing.assert_array_equal(lazy.compute(), expected)
    np.testing.assert_array_equal(
        split_counts(counts.astype("i8"), 0, n_axes)[0], expected
    )
