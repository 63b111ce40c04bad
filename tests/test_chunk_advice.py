"""Chunks are judged by what is read together; better ones hold whole patterns."""

from math import prod

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase._chunk_advice import advise_chunks

MB = 2**20


def regular(shape, chunks):
    return tuple(
        (size,) * (n // size) + ((n % size,) if n % size else ())
        for n, size in zip(shape, chunks, strict=True)
    )


def test_good_chunks_stay():
    chunks = regular((256, 240, 512, 500), (8, 8, 512, 500))
    advice = advise_chunks(chunks, 2, 2)
    assert advice.faults == []
    assert advice.navigation_chunks is None
    assert advice.block_bytes == 8 * 8 * 512 * 500 * 2


def test_chunks_that_cut_patterns():
    chunks = regular((256, 240, 512, 500), (8, 10, 128, 500))
    advice = advise_chunks(chunks, 2, 2)
    assert len(advice.faults) == 1
    assert "cut each pattern into 4 pieces" in advice.faults[0]
    # Those along the navigation axes are good.
    assert advice.navigation_chunks == (8, 10)


def test_chunks_of_all_positions_and_few_pixels():
    chunks = regular((256, 240, 512, 500), (256, 240, 8, 10))
    advice = advise_chunks(chunks, 2, 2)
    text = " ".join(advice.faults)
    assert "hold 61440 positions, which are all of them: 31 GB" in text
    assert "save the scan" in text
    assert advice.block_bytes == 256 * 240 * 512 * 500 * 2
    assert prod(advice.navigation_chunks) * 512 * 500 * 2 <= 33 * MB


def test_many_small_chunks():
    chunks = regular((256, 240, 64, 60), (1, 1, 64, 60))
    advice = advise_chunks(chunks, 2, 2)
    assert "61440 chunks of 7.7 kB" in advice.faults[0]
    assert min(advice.navigation_chunks) > 20


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(1, 300), min_size=1, max_size=3),
    st.integers(1, 300),
    st.sampled_from([1, 2, 4, 8]),
)
def test_better_chunks_hold_whole_patterns_of_bounded_size(shape, part, itemsize):
    # Pixels in pieces are always a fault.
    pixels = (100, 3 * part)
    chunks = (*((n,) for n in shape), (100,), (part,) * 3)
    advice = advise_chunks(chunks, len(shape), itemsize)
    assert len(advice.navigation_chunks) == len(shape)
    assert all(
        1 <= c <= n for c, n in zip(advice.navigation_chunks, shape, strict=True)
    )
    size = prod(advice.navigation_chunks) * prod(pixels) * itemsize
    assert size <= 512 * MB
    again = (*regular(shape, advice.navigation_chunks), (100,), (3 * part,))
    assert not any(
        "pieces" in fault for fault in advise_chunks(again, len(shape), itemsize).faults
    )


@pytest.mark.parametrize("present", [1, 2, 3, 7, 300, 640])
def test_present_chunks_are_joined_or_cut_evenly(present):
    chunks = regular((1280, 1280, 128, 128), (present, present, 128, 8))
    side = advise_chunks(chunks, 2, 2).navigation_chunks[0]
    if side >= present:
        assert side % present == 0
    else:
        n_parts = -(-present // side)
        assert side == -(-present // n_parts)


def test_axes_are_told_apart():
    signal = (64,), (20,) * 3
    one = advise_chunks(((6,), (3000,), *signal), 2, 8).navigation_chunks
    other = advise_chunks(((3000,), (6,), *signal), 2, 8).navigation_chunks
    assert one[0] <= 6
    assert other == one[::-1]
