"""What blocks give: added up, or put in the order of their rows."""

import numpy as np
import pytest

from hyperspy_4dphase._accumulator import Accumulator, gather_rows


class Sums(Accumulator):
    def update(self, patterns, rows):
        self.add("total", patterns.sum(axis=0))
        self.append(rows=rows, patterns=patterns)


@pytest.mark.parametrize("n_parts", [1, 3])
def test_merged_parts_are_the_whole(n_parts):
    rng = np.random.default_rng(0)
    patterns, rows = rng.normal(size=(13, 4)).astype("f4"), rng.permutation(13)
    whole = Sums().start()
    for some in np.array_split(rows, n_parts):
        part = whole.start()
        part.update(patterns[some], some)
        whole.merge(part)
    whole = whole.restore(whole.arrays())
    assert whole.sums["total"].dtype == np.float64
    np.testing.assert_allclose(whole.sums["total"], patterns.sum(axis=0), rtol=1e-5)
    found, own = whole.order("rows", "patterns", "rows")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, patterns)
    np.testing.assert_array_equal(own, np.arange(13))


@pytest.mark.parametrize("shuffled", [False, True])
def test_gathered_rows_are_in_order(shuffled):
    rng = np.random.default_rng(0)
    values, more = rng.normal(size=(13, 4)), np.arange(13, dtype=np.uint8)
    rows = rng.permutation(13) if shuffled else np.arange(13)
    pieces = [(part, values[part], more[part]) for part in np.array_split(rows, 3)]
    found, others = gather_rows(pieces)
    np.testing.assert_array_equal(found, values)
    np.testing.assert_array_equal(others, more)
    assert others.dtype == np.uint8
