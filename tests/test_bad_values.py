"""Values that are no counts: all are counted, and the first one is named."""

import re
from collections import Counter
from operator import add

import dask.array as da
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspy_4dphase._patterns import PatternBlocks

from .block_scans import collect, matrix, numbered, scans

BAD = {"NaN": np.nan, "infinite": np.inf, "negative": -1.0}


@settings(max_examples=40, deadline=None)
@given(scans(), st.data())
def test_bad_values_are_counted_and_found(case, draws):
    data, n_navigation, chunks, masks, block_values = case
    flat = data.ravel()
    bad = draws.draw(
        st.dictionaries(st.integers(0, flat.size - 1), st.sampled_from([*BAD]))
    )
    for where, kind in bad.items():
        flat[where] = BAD[kind]
    shapes = data.shape[:n_navigation], data.shape[n_navigation:]
    kept = np.ones(data.shape, bool)
    for mask, shape, axes in zip(masks, shapes, ((..., 1), (1, ...)), strict=True):
        if mask is not None:
            other = (1,) * (data.ndim - len(shape))
            whole = shape + other if axes[0] is ... else other + shape
            kept &= mask.reshape(whole)
    kinds = Counter(kind for where, kind in bad.items() if kept.flat[where])
    blocks = PatternBlocks(
        da.from_array(data, chunks=chunks),
        n_navigation,
        kept_patterns=masks[0],
        kept_pixels=masks[1],
        block_values=block_values,
    )
    if not kinds:
        blocks.reduce(collect, add)
        return
    first = min(where for where in bad if kept.flat[where])
    expected = "finite and non-negative" if set(kinds) == {"negative"} else "finite"
    with pytest.raises(ValueError, match=f"must be {expected}, but") as caught:
        blocks.reduce(collect, add)
    message = str(caught.value)
    found = {
        kind: int(n) for n, kind in re.findall(r"(\d+) (NaN|inf\w+|neg\w+)", message)
    }
    assert found == dict(kinds)
    position = re.search(r"first is at data\[\(([\d, ]+)\)\]", message)[1]
    assert tuple(map(int, position.split(","))) == np.unravel_index(first, data.shape)


def test_minus_infinity_is_one_bad_value():
    data = numbered((4, 3, 2))
    data[1, 2, 0] = -np.inf
    with pytest.raises(
        ValueError, match=r"there are 1 infinite; .*data\[\(1, 2, 0\)\]"
    ):
        PatternBlocks(data, 2).reduce(collect, add)


def test_the_way_out_leaves_out_what_is_bad():
    data = numbered((4, 3, 2, 5))
    data[1, 2, 0, 3], data[3, 0, 1, 1] = np.nan, np.inf
    with pytest.raises(ValueError, match="signal_mask=") as caught:
        PatternBlocks(data, 2).reduce(collect, add)
    code = re.search(r"signal_mask=(.*\)\)), bad positions", str(caught.value))[1]
    mask = eval(code.replace("s.data", "data"), {"np": np, "data": data})
    blocks = PatternBlocks(data, 2, kept_pixels=~mask)
    assert matrix(blocks).shape == (12, 8)


@pytest.mark.parametrize("dtype", ["i1", "i4", ">i2", ">f4", "f2"])
def test_negative_values_of_any_type(dtype):
    data = np.ones((4, 3, 5), dtype)
    data[3, 1, 4] = -2
    with pytest.raises(ValueError, match=r" 1 negative; .*data\[\(3, 1, 4\)\]"):
        PatternBlocks(data, 2, block_values=20).reduce(collect, add)


def test_rounding_is_no_negative_value():
    data = numbered((4, 3, 5)) + 1
    data[2, 1, 3] = -1e-7 * data.max()
    assert matrix(PatternBlocks(data, 2)).min() < 0
    data[2, 1, 3] = -1e-5 * data.max()
    with pytest.raises(ValueError, match=" 1 negative"):
        matrix(PatternBlocks(data, 2))
    assert matrix(PatternBlocks(data, 2, allow_negative=True)).min() < 0


def test_whole_patterns_are_said_to_be_whole():
    data = numbered((4, 3, 5))
    data[1:3, 2] = np.nan
    with pytest.raises(ValueError, match=r"10 NaN.*whole patterns.*navigation_mask="):
        matrix(PatternBlocks(data, 2))
