"""Maps of two exposures, compared without a truth."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.estimators import compress_patterns
from hyperspy_4dphase.estimators.confidence import (
    compare_maps_of_exposures,
    map_exposure,
    predict_counts,
)
from hyperspy_4dphase.estimators.confidence._exposures import match_domains

from ..domain_points import domain_patterns
from ..scan_points import places

SHAPE = (14, 24)
LABELS = np.repeat([0, 1, 2], [60, 40, 20])


def counted(dose=300, seed=0, n_domains=2, n_pixels=50):
    labels = (np.indices(SHAPE)[-1] * n_domains // SHAPE[-1]).ravel()
    expected = dose * domain_patterns(n_domains, n_pixels)[labels]
    return np.random.default_rng(seed).poisson(expected).astype(np.uint16), labels


def blocks(counts, kept=None, block_values=1000):
    return PatternBlocks(counts, 1, kept_patterns=kept, block_values=block_values)


# Matches


def test_equal_maps_match():
    for other in (LABELS, np.array([2, 0, 1])[LABELS]):
        np.testing.assert_array_equal(match_domains(LABELS, other), 1)


def test_a_split_domain():
    """It is matched with its larger part; the other part has nothing else to take."""
    other = LABELS.copy()
    other[:15] = 3
    np.testing.assert_allclose(match_domains(LABELS, other), [0.75, 1, 1])
    np.testing.assert_allclose(match_domains(other, LABELS), [0.75, 1, 1, 0])


def test_merged_domains():
    merged = np.array([0, 0, 1])[LABELS]
    np.testing.assert_allclose(match_domains(LABELS, merged), [0.6, 0, 1])
    np.testing.assert_allclose(match_domains(merged, LABELS), [0.6, 1])


def test_unassigned_positions_take_off():
    """They are in the union of none, but in what the other map has."""
    other = np.where(np.arange(120) < 30, -1, LABELS)
    np.testing.assert_allclose(match_domains(LABELS, other), [0.5, 1, 1])
    np.testing.assert_allclose(match_domains(other, LABELS), [0.5, 1, 1])


def test_no_domains():
    none = np.full(120, -1)
    np.testing.assert_array_equal(match_domains(LABELS, none), [0, 0, 0])
    assert match_domains(none, LABELS).shape == (0,)


def test_matches_are_one_to_one():
    """The sum of overlaps is as large as it can be, each domain being taken once."""
    rng = np.random.default_rng(0)
    for _ in range(20):
        one, other = rng.integers(3, size=40), rng.integers(2, size=40)
        found, back = match_domains(one, other), match_domains(other, one)
        assert (found == 0).sum() >= 1
        assert ((found >= 0) & (found <= 1)).all()
        assert found.sum() == pytest.approx(back.sum())


def test_comparison():
    one = np.array([1, 0, 2])[LABELS]
    other = np.minimum(LABELS, 1)
    other[0] = -1
    found = compare_maps_of_exposures(LABELS, one, other)
    assert found["n_domains"].tolist() == [3, 2]
    expected = adjusted_rand_score(LABELS[1:], np.minimum(LABELS, 1)[1:])
    assert found["rand_index"] == pytest.approx(expected)
    np.testing.assert_allclose(found["overlap"][:, 0], 1)
    np.testing.assert_allclose(found["overlap"][:, 1], [59 / 60, 40 / 60, 0])
    equal = compare_maps_of_exposures(LABELS, LABELS, LABELS)
    assert equal["rand_index"] == 1


# Predictions


@pytest.fixture(scope="module")
def exposures():
    return counted(seed=1)[0], counted(seed=2)[0], counted()[1]


def test_true_domains_predict_more(exposures):
    one, other, labels = exposures
    noise = np.random.default_rng(0).integers(2, size=labels.size)
    in_two = 2 * labels + noise
    groups = [labels, noise, in_two, np.zeros_like(labels)]
    domains, of_noise, parts, nothing = predict_counts(
        blocks(one), blocks(other), groups
    )
    assert domains > 5
    # Random halves predict no more than chance has it, nor does splitting domains so.
    assert of_noise < 0.15
    assert parts - domains < 0.05
    assert nothing == pytest.approx(0, abs=1e-9)


def test_domains_that_are_split_by_their_noise(exposures):
    """K-means finds parts in a half that it is fitted to, not in the other one."""
    one, other, labels = exposures
    parts = 2 * labels + (one[:, :25].sum(axis=1) / one.sum(axis=1) > 0.5)
    within = predict_counts(blocks(one), blocks(one), [labels, parts])
    across = predict_counts(blocks(one), blocks(other), [labels, parts])
    assert within[1] > within[0] + 0.1
    assert across[1] < across[0] + 0.05


def test_prediction_is_that_of_shapes(exposures):
    """By the likelihood of counts, given their total."""
    one, other, labels = exposures
    sums = np.stack([one[labels == k].sum(axis=0) for k in (0, 1)]).astype(float)
    log_shapes = np.log(sums / sums.sum(axis=1, keepdims=True))
    total = one.sum(axis=0) / one.sum()
    expected = (other * (log_shapes[labels] - np.log(total))).sum() / len(other)
    found = predict_counts(blocks(one), blocks(other), [labels])
    assert found[0] == pytest.approx(expected, rel=0.01)


def test_blocks_and_labels_do_not_matter(exposures):
    one, other, labels = exposures
    first = predict_counts(blocks(one), blocks(other), [labels])
    for size, groups in ((10**6, labels), (50, labels), (1000, 1 - labels)):
        pair = (blocks(counts, block_values=size) for counts in (one, other))
        np.testing.assert_allclose(predict_counts(*pair, [groups]), first)


def test_unassigned_patterns_are_not_predicted(exposures):
    """Not by any of the groups, if one of them leaves them out."""
    one, other, labels = exposures
    known = np.arange(labels.size) % 3 > 0
    strange = other.copy()
    strange[~known] = 900
    some = np.where(known, labels, -1)
    found = predict_counts(blocks(one), blocks(strange), [some, labels])
    expected = predict_counts(
        blocks(one, known), blocks(other, known), [labels[known]] * 2
    )
    np.testing.assert_allclose(found, expected)
    nothing = predict_counts(blocks(one), blocks(other), [np.full(labels.size, -1)])
    np.testing.assert_array_equal(nothing, 0)


def test_pixels_that_a_group_has_no_counts_in():
    """They are unlikely, not impossible."""
    counts = np.zeros((40, 6), np.uint16)
    counts[:20, :3] = counts[20:, 3:] = 5
    unseen = counts.copy()
    unseen[0] = 0
    unseen[0, 5] = 2
    labels = np.repeat([0, 1], 20)
    found = predict_counts(blocks(counts), blocks(unseen), [labels])
    assert np.isfinite(found).all()
    assert found[0] > 5


# Maps


@pytest.fixture(scope="module")
def mapped():
    counts, labels = counted()
    X = compress_patterns(counts, random_state=0, device="cpu")
    return map_exposure(X, places(SHAPE), np.random.RandomState(0)), labels


def test_map_of_an_exposure(mapped):
    (found, parts), labels = mapped
    assert adjusted_rand_score(labels, found) > 0.97
    assert np.unique(found).tolist() == [0, 1]
    # Each domain is cut in two.
    assert np.unique(parts).tolist() == [0, 1, 2, 3]
    pairs = np.unique(np.stack([found, parts]), axis=1)
    assert pairs.shape == (2, 4)
    assert np.bincount(found[np.unique(parts, return_index=True)[1]]).tolist() == [2, 2]
    assert np.bincount(parts).min() > 10


def test_map_is_reproducible(mapped):
    counts, _ = counted()
    X = compress_patterns(counts, random_state=0, device="cpu")
    again = map_exposure(X, places(SHAPE).tolist(), np.random.RandomState(0))
    for one, other in zip(mapped[0], again, strict=True):
        np.testing.assert_array_equal(one, other)


def test_what_has_no_counts_has_no_part():
    counts, labels = counted()
    counts[5] = counts[200] = 0
    X = compress_patterns(counts, random_state=0, device="cpu")
    for found in map_exposure(X, places(SHAPE), np.random.RandomState(0)):
        assert np.flatnonzero(found < 0).tolist() == [5, 200]
