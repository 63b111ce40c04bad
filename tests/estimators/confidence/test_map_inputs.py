"""Maps that are no maps are refused, in words that tell what to do."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators import MapConsensus

GOOD = np.array([[0, 0, 1], [0, 1, 1]])


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (GOOD[:1], "maps is 1; expected 2"),
        ([], "maps is 0"),
        ([GOOD[0], GOOD[1, :2]], r"Map 1 has shape \(2,\); expected \(3,\)"),
        (GOOD.reshape(2, 3, 1), r"Map 0 has shape \(3, 1\); expected \(3,\)"),
        (np.where(GOOD, np.nan, 0), "Map 0 has 1 values that are no whole"),
        (GOOD + 0.5, "Map 0 has 3 values"),
        ([["a", "b"], ["a", "a"]], "type <U1"),
        ([GOOD[0], [-1, -1, -1]], "Map 1 assigns no position"),
    ],
)
def test_bad_maps(bad, match):
    with pytest.raises(ValueError, match=match):
        MapConsensus().fit(bad)


@pytest.mark.parametrize(
    ("beside", "match"),
    [
        ({"second": GOOD}, r"share \(\); expected"),
        ({"share": GOOD}, r"second has shape \(\)"),
        ({"second": GOOD[:1], "share": GOOD}, r"second has shape \(1, 3\)"),
        ({"second": GOOD, "share": GOOD.T}, r"share \(3, 2\)"),
        ({"second": GOOD, "share": GOOD + 0.5}, "from 0.5 to 1.5"),
        ({"second": GOOD, "share": np.full((2, 3), np.nan)}, "nan"),
        ({"reference": [0, 1]}, r"reference has shape \(2,\); expected \(3,\)"),
        ({"reference": [-1, -1, -1]}, "reference assigns no position"),
        ({"reference": [0, 1.5, np.nan]}, "The reference has 2 values"),
    ],
)
def test_bad_things_beside(beside, match):
    with pytest.raises(ValueError, match=match):
        MapConsensus().fit(GOOD, **beside)
