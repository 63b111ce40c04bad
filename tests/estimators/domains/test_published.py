"""The published split: the same pixels and parts as written down literally."""

import dask.array as da
import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.data import strained_flake
from hyperspy_4dphase.estimators import DivisiveDomains
from hyperspy_4dphase.estimators.domains import _published
from hyperspy_4dphase.estimators.domains._published import next_split, published_split

NAVIGATION, SIGNAL = (40, 44), (48, 52)
N_PATTERNS = NAVIGATION[0] * NAVIGATION[1]
RAGGED = ((13, 13, 13, 1), (9, 35), (30, 18), (52,))


@pytest.fixture(scope="module")
def flake():
    signal, truth = strained_flake(NAVIGATION, SIGNAL, random_state=0)
    return signal.data, truth


def split(scan, n_parts=2, rows=None, **options):
    blocks = scan if isinstance(scan, PatternBlocks) else PatternBlocks(scan, 2)
    rows = np.arange(blocks.shape[0]) if rows is None else rows
    options = {"signal_shape": SIGNAL, "random_state": 0} | options
    return published_split(blocks, rows, n_parts, **options)


def reference(patterns, inner, outer, threshold=0.3):
    """Which pixels are selected, one after the other, and their counts."""
    mean = patterns.mean(axis=0)
    y, x = np.indices(SIGNAL)
    cy, cx = (y * mean).sum() / mean.sum(), (x * mean).sum() / mean.sum()
    contrast = np.log(np.std(patterns, axis=0) + 1)
    radius = np.sqrt((y - cy) ** 2 + (x - cx) ** 2)
    annulus = (inner <= radius) & (radius <= outer)
    contrast -= contrast[annulus].min()
    contrast /= contrast[annulus].max()
    selected = annulus & (contrast > threshold)
    return (cy, cx), selected, patterns[:, selected]


def features(monkeypatch, *arguments, **options):
    """What k-means is given."""
    given = []

    class Spy(KMeans):
        def fit(self, X, *rest, **more):
            given.append(X.copy())
            return super().fit(X, *rest, **more)

    monkeypatch.setattr(_published, "KMeans", Spy)
    labels, record = split(*arguments, **options)
    return labels, record, given[0]


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize("threshold", [0.3, 0.6])
def test_as_written_down_literally(flake, lazy, threshold, monkeypatch):
    scan = flake[0]
    rows = np.flatnonzero(np.arange(N_PATTERNS) % 7 < 4)
    node = scan.reshape(-1, *SIGNAL)[rows].astype(float)
    given = da.from_array(scan, chunks=RAGGED) if lazy else scan
    options = {"inner_radius": 4, "outer_radius": 21.5, "threshold": threshold}
    labels, record, X = features(monkeypatch, given, rows=rows, **options)

    center, selected, expected = reference(node, 4, 21.5, threshold)
    np.testing.assert_allclose(record["center"], center)
    np.testing.assert_array_equal(record["selected"], selected.ravel())
    assert record["n_selected"] == selected.sum() == X.shape[1]
    np.testing.assert_array_equal(X, expected)
    assert X.dtype == np.float32
    np.testing.assert_allclose(record["mean"], node.mean(axis=0).ravel())
    deviation = node.std(axis=0).ravel()
    np.testing.assert_allclose(record["standard_deviation"], deviation)
    clusters = KMeans(2, n_init=10, random_state=0).fit_predict(expected)
    assert adjusted_rand_score(clusters, labels) > 0.999


@pytest.mark.parametrize("chunks", [RAGGED, (40, 11, 48, 52), (1, 44, 7, 52)])
def test_any_chunks_give_the_same(flake, chunks):
    scan, _ = flake
    expected, expected_record = split(scan)
    blocks = PatternBlocks(da.from_array(scan, chunks=chunks), 2, block_values=2**19)
    labels, record = split(blocks)
    np.testing.assert_array_equal(labels, expected)
    np.testing.assert_array_equal(record["selected"], expected_record["selected"])
    assert record["center"] == pytest.approx(expected_record["center"])
    assert blocks.n_reads == 2


def test_flake_is_told_from_vacuum(flake):
    scan, truth = flake
    labels, record = split(scan)
    vacuum = truth.domain.ravel() == 0
    assert adjusted_rand_score(vacuum, labels) > 0.99
    assert labels.dtype.kind == "i"
    assert (labels == 0).sum() > (labels == 1).sum() > 0
    # The annulus begins outside the direct beam.
    y, x = np.indices(SIGNAL).reshape(2, -1)
    radius = np.hypot(y - record["center"][0], x - record["center"][1])
    beam = record["mean"] > 0.1 * record["mean"].max()
    assert radius[beam & (radius < 5)].max() < record["inner_radius"] < 3
    assert radius[record["selected"]].min() >= record["inner_radius"]
    assert record["outer_radius"] == 24


def test_second_level_has_features_of_its_own(flake):
    scan, truth = flake
    labels, first = split(scan)
    rows = np.flatnonzero(labels == 1)
    parts, second = split(scan, 2, rows)
    assert parts.shape == rows.shape
    phase = truth.phase.ravel()[rows]
    assert adjusted_rand_score(phase, parts) > 0.5
    assert (first["selected"] != second["selected"]).any()


def test_parts_are_numbered_by_size(flake):
    labels, _ = split(flake[0], 5)
    assert (np.diff(np.bincount(labels)) <= 0).all()
    assert set(labels) == set(range(5))


def test_masked_pixels_and_positions(flake):
    scan, truth = flake
    kept_pixels = (np.indices(SIGNAL)[1] % 5 > 0).ravel()
    kept_patterns = (np.indices(NAVIGATION)[0] > 3).ravel()
    hidden = scan.copy()
    hidden[..., ~kept_pixels.reshape(SIGNAL)] = 60_000
    masks = {"kept_pixels": kept_pixels, "kept_patterns": kept_patterns}
    labels, record = split(PatternBlocks(hidden, 2, **masks), center=(24, 26))
    assert len(record["selected"]) == kept_pixels.sum()
    assert adjusted_rand_score(truth.domain.ravel()[kept_patterns] == 0, labels) > 0.99
    y, x = np.indices(SIGNAL).reshape(2, -1)[:, kept_pixels]
    radius = np.hypot(y - 24, x - 26)
    assert radius[record["selected"]].min() >= record["inner_radius"]


@pytest.mark.parametrize("dtype", [bool, "u1", ">u2", "f4", "f8"])
def test_any_type(dtype):
    rng = np.random.default_rng(0)
    patterns = rng.random((30, 12)) < np.where(np.arange(30) < 20, 0.1, 0.9)[:, None]
    options = {"signal_shape": (3, 4), "inner_radius": 0, "outer_radius": np.inf}
    blocks = PatternBlocks(patterns.astype(dtype), 1)
    labels, _ = split(blocks, **options)
    np.testing.assert_array_equal(labels, np.arange(30) >= 20)


def test_patterns_of_one_axis_have_no_annulus():
    rng = np.random.default_rng(0)
    rate = np.where(np.arange(50)[:, None] < 30, 3, 3 + 40 * (np.arange(17) > 13))
    blocks = PatternBlocks(rng.poisson(rate), 1)
    labels, record = split(blocks, signal_shape=(17,))
    np.testing.assert_array_equal(labels, np.arange(50) >= 30)
    np.testing.assert_array_equal(record["selected"], np.arange(17) > 13)
    assert (record["inner_radius"], record["outer_radius"]) == (0, np.inf)
    _, record = split(
        blocks, signal_shape=(17,), center=(9,), outer_radius=5.5, threshold=0
    )
    assert set(np.flatnonzero(record["selected"])) <= set(range(4, 15))


def test_equal_variation_selects_everything():
    labels, record = split(PatternBlocks(np.eye(8), 1), signal_shape=(8,))
    assert record["n_selected"] == 8
    assert len(labels) == 8


def test_reproducible_and_nothing_else_is_touched(flake):
    scan = flake[0].copy()
    rows = np.arange(0, N_PATTERNS, 3)
    scan.setflags(write=False)
    rows.setflags(write=False)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    found = [split(scan, 4, rows, random_state=3)[0] for _ in range(2)]
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(scan, flake[0])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_parts": 1}, "n_parts must be at least 2"),
        ({"rows": np.array([3])}, "1 patterns cannot be split into 2"),
        ({"rows": np.array([3, 1, 2])}, "rows must ascend"),
        ({"rows": np.array([1, 1, 2])}, "rows must ascend"),
        ({"rows": np.array([-1, 1, 2])}, "rows must ascend"),
        ({"rows": np.array([1, N_PATTERNS])}, "each from 0 to 1759"),
        ({"signal_shape": (48, 48)}, r"\(48, 48\) does not fit patterns of 2496"),
        ({"signal_shape": (52,)}, r"\(52,\) does not fit"),
        ({"inner_radius": -1}, "inner_radius must be at least 0"),
        ({"inner_radius": np.nan}, "inner_radius must be at least 0"),
        ({"inner_radius": 8, "outer_radius": 8}, "not above inner_radius=8"),
        ({"outer_radius": 0}, "outer_radius=0 is not above"),
        ({"inner_radius": 200}, "no pixel from 200 to 24 pixels"),
        ({"threshold": 1}, "threshold must be from 0 to below 1"),
        ({"threshold": -0.1}, "threshold must be"),
        ({"center": 24}, "center must be 2 numbers"),
        ({"center": (1, 2, 3)}, "center must be 2 numbers"),
        ({"max_bytes": 1000}, "more memory than max_bytes=1000. A threshold above 0.3"),
    ],
)
def test_bad_values(flake, options, message):
    with pytest.raises(ValueError, match=message):
        split(flake[0], **options)


@pytest.mark.parametrize(
    "options", [{"n_parts": 2.0}, {"n_parts": True}, {"rows": np.array([0.0, 1.0])}]
)
def test_bad_types(flake, options):
    with pytest.raises(TypeError, match="must be"):
        split(flake[0], **options)


@pytest.mark.parametrize("value", [0, 3, 0.1])
def test_equal_patterns_cannot_be_split(value):
    with pytest.raises(ValueError, match="There is nothing to split"):
        split(np.full((5, 6, *SIGNAL), value))


def test_plans():
    assert next_split(3) == (3, [()] * 3)
    n_parts, plans = next_split([2, 3])
    assert n_parts == 2
    assert [next_split(plan)[0] for plan in plans] == [3, 3]
    assert all(next_split(plan)[0] == 0 for plan in next_split(plans[0])[1])
    n_parts, (first, second) = next_split((2, (None, (3, 2))))
    assert n_parts == 2
    assert next_split(first) == (0, [])
    n_parts, plans = next_split(second)
    assert n_parts == 3
    assert [next_split(plan)[0] for plan in plans] == [2, 2, 2]
    assert next_split(None) == next_split(()) == (0, [])


@pytest.mark.parametrize("plan", [2.5, "2", (2, 2.0), True])
def test_plan_of_wrong_type(plan):
    with pytest.raises(TypeError, match="n_parts must be an integer"):
        next_split(plan)


@pytest.mark.parametrize("plan", [1, (2, 1), (2, (3, None, None))])
def test_plan_that_does_not_fit(plan):
    with pytest.raises(ValueError, match="at least 2|3 plans for 2 parts"):
        next_split(plan)


def test_estimator_takes_the_published_method():
    signal, truth = strained_flake((40, 44), (48, 52), random_state=0)
    blocks = PatternBlocks(signal.data, 2)
    model = DivisiveDomains(n_parts=(2, (None, 2)), random_state=0).fit(blocks)
    tree = model.tree_
    assert [node.reason for node in tree] == ["split", "n_domains", "split"] + [
        "n_domains"
    ] * 2
    assert tree.size[0] == tree.size[1] + tree.size[2] == truth.domain.size
    found = np.bincount(model.labels_)
    assert np.array_equal(found, tree.size[np.argsort(tree.label)][-3:])
    sides = model.labels_ == 0
    assert adjusted_rand_score(truth.domain.ravel() == 0, sides) > 0.98
    assert tree.pruned(tree.cut(2))[0].n_domains == 2


def test_estimator_takes_it_alone():
    with pytest.raises(ValueError, match="n_parts was given together with n_domains"):
        DivisiveDomains(2, n_parts=2).fit(np.eye(4))
