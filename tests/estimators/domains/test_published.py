"""The published method: the same pixels and parts as written down literally."""

import dask.array as da
import numpy as np
import pytest
from scipy import ndimage
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.data import strained_flake
from hyperspy_4dphase.estimators import DivisiveDomains
from hyperspy_4dphase.estimators.domains import _published
from hyperspy_4dphase.estimators.domains._published import (
    parse_plan,
    select_pixels,
    split_published,
)

NAVIGATION, SIGNAL = (40, 44), (48, 52)
N_PATTERNS = NAVIGATION[0] * NAVIGATION[1]
RAGGED = ((13, 13, 13, 1), (9, 35), (30, 18), (52,))


@pytest.fixture(scope="module")
def flake():
    signal, truth = strained_flake(NAVIGATION, SIGNAL, random_state=0)
    return signal.data, truth


def split(scan, n_parts=2, rows=None, random_state=0):
    blocks = scan if isinstance(scan, PatternBlocks) else PatternBlocks(scan, 2)
    rows = np.arange(blocks.shape[0]) if rows is None else rows
    return split_published(blocks, rows, n_parts, np.random.RandomState(random_state))


def moments(patterns):
    """Flat means and standard deviations over patterns (n, n_ky, n_kx)."""
    patterns = patterns.reshape(len(patterns), -1).astype(float)
    return patterns.mean(axis=0), patterns.std(axis=0)


def pixels(patterns, **options):
    """Which pixels are selected, as an image."""
    found = np.zeros(patterns[0].size, bool)
    shape = patterns.shape[1:]
    found[select_pixels(*moments(patterns), shape, **options)] = True
    return found.reshape(shape)


def reference(patterns):
    """Which pixels are selected, one step after the other."""
    mean = patterns.mean(axis=0)
    y, x = np.indices(SIGNAL)
    cy, cx = (y * mean).sum() / mean.sum(), (x * mean).sum() / mean.sum()
    spots, _ = ndimage.label(mean > mean.max() / 5)
    beam = (spots == spots[np.unravel_index(mean.argmax(), SIGNAL)]).sum()
    contrast = np.log(np.std(patterns, axis=0) + 1)
    radius = np.sqrt((y - cy) ** 2 + (x - cx) ** 2)
    annulus = (radius >= 1.5 * np.sqrt(beam / np.pi)) & (radius <= 24)
    contrast -= contrast[annulus].min()
    contrast /= contrast[annulus].max()
    return annulus & (contrast > 0.3)


@pytest.mark.parametrize("lazy", [False, True])
def test_as_written_down_literally(flake, lazy):
    scan = flake[0]
    rows = np.flatnonzero(np.arange(N_PATTERNS) % 7 < 4)
    node = scan.reshape(-1, *SIGNAL)[rows].astype(float)
    selected = reference(node)
    np.testing.assert_array_equal(pixels(node), selected)
    labels = split(da.from_array(scan, chunks=RAGGED) if lazy else scan, rows=rows)
    clusters = KMeans(2, n_init=10, random_state=0).fit_predict(node[:, selected])
    assert adjusted_rand_score(clusters, labels) > 0.999


@pytest.mark.parametrize("chunks", [RAGGED, (40, 11, 48, 52), (1, 44, 7, 52)])
def test_any_chunks_give_the_same(flake, chunks):
    scan, _ = flake
    blocks = PatternBlocks(da.from_array(scan, chunks=chunks), 2, block_values=2**19)
    np.testing.assert_array_equal(split(blocks), split(scan))
    assert blocks.n_reads == 2


def test_flake_is_told_from_vacuum(flake):
    scan, truth = flake
    labels = split(scan)
    vacuum = truth.domain.ravel() == 0
    assert adjusted_rand_score(vacuum, labels) > 0.99
    assert labels.dtype.kind == "i"


def test_the_annulus_begins_outside_the_direct_beam(flake):
    patterns = flake[0].reshape(-1, *SIGNAL)
    mean = patterns.mean(axis=0)
    y, x = np.indices(SIGNAL)
    cy, cx = ((axis * mean).sum() / mean.sum() for axis in (y, x))
    radius = np.hypot(y - cy, x - cx)
    beam = (mean > 0.1 * mean.max()) & (radius < 5)
    selected = pixels(patterns)
    assert radius[beam].max() < radius[selected].min() < 3
    assert radius[selected].max() <= 24


def test_second_level_has_features_of_its_own(flake):
    scan, truth = flake
    labels = split(scan)
    rows = np.flatnonzero(labels == np.bincount(labels).argmin())
    parts = split(scan, 2, rows)
    assert parts.shape == rows.shape
    phase = truth.phase.ravel()[rows]
    assert adjusted_rand_score(phase, parts) > 0.5
    patterns = scan.reshape(-1, *SIGNAL)
    assert (pixels(patterns) != pixels(patterns[rows])).any()


def test_masked_pixels_and_positions(flake):
    scan, truth = flake
    kept_pixels = (np.indices(SIGNAL)[1] % 5 > 0).ravel()
    kept_patterns = (np.indices(NAVIGATION)[0] > 3).ravel()
    hidden = scan.copy()
    hidden[..., ~kept_pixels.reshape(SIGNAL)] = 60_000
    masks = {"kept_pixels": kept_pixels, "kept_patterns": kept_patterns}
    labels = split(PatternBlocks(hidden, 2, **masks))
    assert adjusted_rand_score(truth.domain.ravel()[kept_patterns] == 0, labels) > 0.99
    # Pixels are numbered among those kept, and lie where they are on the detector.
    mean, deviation = moments(scan.reshape(-1, *SIGNAL)[kept_patterns])
    found = select_pixels(
        mean[kept_pixels], deviation[kept_pixels], SIGNAL, kept_pixels
    )
    assert found.max() < kept_pixels.sum()
    places = np.argwhere(kept_pixels.reshape(SIGNAL))[found]
    assert np.hypot(*(places - [23.5, 25.5]).T).max() < 26


@pytest.mark.parametrize("dtype", [bool, "u1", ">u2", "f4", "f8"])
def test_any_type(dtype):
    rng = np.random.default_rng(0)
    patterns = rng.random((30, 12)) < np.where(np.arange(30) < 20, 0.1, 0.9)[:, None]
    labels = split(PatternBlocks(patterns.astype(dtype), 1))
    assert adjusted_rand_score(np.arange(30) >= 20, labels) == 1


def test_patterns_of_one_axis_have_no_annulus():
    rng = np.random.default_rng(0)
    rate = np.where(np.arange(50)[:, None] < 30, 3, 3 + 40 * (np.arange(17) > 13))
    patterns = rng.poisson(rate)
    np.testing.assert_array_equal(pixels(patterns), np.arange(17) > 13)
    labels = split(PatternBlocks(patterns, 1))
    assert adjusted_rand_score(np.arange(50) >= 30, labels) == 1


def test_equal_variation_selects_everything():
    assert pixels(np.eye(8)).all()


def test_reproducible_and_nothing_else_is_touched(flake):
    scan = flake[0].copy()
    rows = np.arange(0, N_PATTERNS, 3)
    scan.setflags(write=False)
    rows.setflags(write=False)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    found = [split(scan, 4, rows, random_state=3) for _ in range(2)]
    np.testing.assert_array_equal(*found)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    np.testing.assert_array_equal(scan, flake[0])


@pytest.mark.parametrize("value", [0, 3, 0.1, 60_000.3])
@pytest.mark.parametrize("shape", [SIGNAL, (40,)])
def test_equal_patterns_cannot_be_split(value, shape):
    with pytest.raises(ValueError, match="There is nothing to split"):
        split(PatternBlocks(np.full((30, *shape), value), 1))


def test_features_too_large_for_memory(flake, monkeypatch):
    monkeypatch.setattr(_published, "_MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="more memory than 1000 bytes"):
        split(flake[0])


def test_plans():
    assert parse_plan(3) == (3, [()] * 3)
    n_parts, plans = parse_plan([2, 3])
    assert n_parts == 2
    assert [parse_plan(plan)[0] for plan in plans] == [3, 3]
    assert all(parse_plan(plan)[0] == 0 for plan in parse_plan(plans[0])[1])
    n_parts, (first, second) = parse_plan((2, (None, (3, 2))))
    assert n_parts == 2
    assert parse_plan(first) == (0, [])
    n_parts, plans = parse_plan(second)
    assert n_parts == 3
    assert [parse_plan(plan)[0] for plan in plans] == [2, 2, 2]
    assert parse_plan(None) == parse_plan(()) == (0, [])


@pytest.mark.parametrize("plan", [2.5, "2", (2, 2.0), True])
def test_plan_of_wrong_type(plan):
    with pytest.raises(TypeError, match="n_parts must be an integer"):
        parse_plan(plan)


@pytest.mark.parametrize("plan", [1, (2, 1), (2, (3, None, None))])
def test_plan_that_does_not_fit(plan):
    with pytest.raises(ValueError, match="at least 2|3 plans for 2 parts"):
        parse_plan(plan)


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
    assert tree.prune(tree.cut(2))[0].n_domains == 2
    assert (np.diff(np.bincount(model.labels_)) <= 0).all()


def test_estimator_takes_it_alone():
    with pytest.raises(ValueError, match="n_parts was given together with n_domains"):
        DivisiveDomains(2, n_parts=2).fit(np.eye(4))
