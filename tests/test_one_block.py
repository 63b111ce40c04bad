"""One block: which patterns and pixels of it are given on, and how it fails."""

import numpy as np
import pytest

from hyperspy_4dphase._bad_values import BadValue
from hyperspy_4dphase._one_block import (
    UnreadableBlock,
    apply_to_block,
    name_what_fails,
)

from .block_scans import numbered


def both(patterns, rows):
    return patterns, rows


def test_only_what_is_kept_is_given_on():
    block, rows = numbered((2, 3, 5)), np.array([7, 9, 12, 13])
    inside, pixels = np.arange(6) % 3 != 1, np.arange(5) % 4 != 1
    patterns, given = apply_to_block(both, block, rows, inside, pixels)
    np.testing.assert_array_equal(patterns, block.reshape(6, 5)[inside][:, pixels])
    assert given is rows


def test_all_of_a_block_is_no_copy():
    block = numbered((2, 3, 5))
    patterns, _ = apply_to_block(both, block, np.arange(6), None, None)
    assert np.shares_memory(patterns, block)


def test_flags_are_numbers():
    block = np.eye(3, 4, dtype=bool)
    patterns, _ = apply_to_block(both, block, np.arange(3), None, None)
    assert patterns.dtype == np.uint8


def test_values_that_are_masked_are_refused():
    block = np.ma.masked_equal(numbered((3, 4)), 5)
    with pytest.raises(ValueError, match=r"da\.ma\.filled"):
        apply_to_block(both, block, np.arange(3), None, None)
    inside = np.array([True, False, True])
    patterns, _ = apply_to_block(both, block, np.arange(2), inside, None)
    assert not isinstance(patterns, np.ma.MaskedArray)


def test_errors_are_named_once():
    with pytest.raises(UnreadableBlock, match="block 2 failed: OSError: gone") as found:
        with name_what_fails("block 3"), name_what_fails("block 2"):
            raise OSError("gone")
    assert isinstance(found.value.__cause__, OSError)
    with pytest.raises(BadValue), name_what_fails("block 2"):
        raise BadValue
