"""Whether domains are those that the scan tells apart."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.confidence._local_model import LocalModel
from hyperspy_4dphase.estimators.confidence._structure import (
    judge_structure,
    measure_confirmation,
    measure_features,
)
from hyperspy_4dphase.estimators.domains._evidence import Evidence

from ..scan_points import bent, scanned, stripes

KINDS = {"domain", "unresolved", "misfit"}
EVEN = np.log(2.5 / 0.5)


def judged(shapes, labels, trees=None, misfit=None, given=False):
    labels = np.ravel(labels)
    if misfit is None:
        misfit = LocalModel(shapes, labels).misfit
    state = np.random.RandomState(0)
    evidence = Evidence(shapes, state)
    trees = [labels, labels] if trees is None else [np.ravel(t) for t in trees]
    return judge_structure(evidence, shapes, labels, misfit, trees, state, given=given)


def features_of(shapes, labels):
    labels, state = np.ravel(labels), np.random.RandomState(0)
    rows, misfit = np.arange(labels.size), np.zeros(labels.size)
    return measure_features(Evidence(shapes, state), rows, labels, misfit, state)


def assert_doubts(structure, n):
    assert set(structure.doubts) == KINDS
    assert structure.probability.dtype == np.float32
    for values in (structure.probability, *structure.doubts.values()):
        assert values.shape == (n,)
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1
    # None takes off more than there was.
    for doubt in structure.doubts.values():
        assert (doubt <= 1 - structure.probability + 1e-6).all()


@pytest.fixture(scope="module")
def scene():
    """A bent domain on the left, and a distinct one on the right."""
    clean = bent((24, 40), height=15.0)
    clean[:, 28:] = [0, 0, 0, 40.0]
    labels = (np.indices((24, 40))[-1] >= 28).astype(int)
    return scanned(clean), labels


def test_distinct_domains_stand(scene):
    structure = judged(*scene)
    assert_doubts(structure, 960)
    assert structure.probability.min() > 0.8


def test_a_piece_of_a_bent_domain(scene):
    """It is less likely to stand than one that is compact and far from others."""
    shapes, labels = scene
    pieces = np.where((labels == 0) & (np.indices((24, 40))[-1] >= 14), 2, labels)
    right, cut = judged(shapes, labels), judged(shapes, pieces)
    assert_doubts(cut, 960)
    pieces = pieces.ravel()
    of_right, of_cut = (
        [s.doubts["domain"][pieces == name].mean() for name in range(3)]
        for s in (right, cut)
    )
    # That it is cut is no reason to doubt the distinct one.
    assert of_cut[1] < of_right[1] + 0.005
    assert min(of_cut[0], of_cut[2]) > 2 * of_right[0]


def test_features_of_a_cut(scene):
    shapes, labels = scene
    pieces = np.where((labels == 0) & (np.indices((24, 40))[-1] >= 14), 2, labels)
    found = features_of(shapes, pieces)
    distance = np.array([found["distance"][pieces.ravel() == k][0] for k in range(3)])
    assert distance[1] > distance[[0, 2]].max() + 0.5
    for name in range(3):
        rows = pieces.ravel() == name
        np.testing.assert_allclose(found["size"][rows], np.log(rows.mean()))


def test_a_hidden_domain():
    """Maps of other exposures that have it tell."""
    labels = np.digitize(np.indices((24, 42))[-1], [14, 31])
    shapes = scanned(14.0 * np.eye(3, 4)[labels])
    joined = np.minimum(labels, 1)
    right, wrong = features_of(shapes, labels), features_of(shapes, joined)
    last = labels.ravel() == 2
    # Where a label joins what lies apart, it has spread, and is nearer to others.
    assert wrong["distance"][last].mean() < right["distance"][last].mean() - 1
    structure = judged(shapes, joined, 2 * [labels])
    doubt = structure.doubts["unresolved"]
    assert doubt[last].min() > 0.1
    assert doubt[joined.ravel() == 0].max() < 0.01
    assert_doubts(structure, labels.size)


@pytest.mark.parametrize("n_trees", [2, 5])
def test_a_given_map_that_merges_two_domains(n_trees):
    """All patterns like these have the label, which says nothing then."""
    labels = np.digitize(np.indices((24, 42))[-1], [14, 31])
    shapes = scanned(14.0 * np.eye(3, 4)[labels])
    joined = np.minimum(labels, 1)
    structure = judged(shapes, joined, n_trees * [labels], given=True)
    assert_doubts(structure, labels.size)
    smaller = labels.ravel() == 2
    assert structure.probability[smaller].max() < 1 / (n_trees + 1)
    assert structure.doubts["unresolved"][smaller].min() > 0.6
    assert structure.probability[~smaller].min() > 0.8
    # What most maps have as it is given is not denied by one.
    trees = [joined] * (n_trees - 1) + [labels] if n_trees > 2 else [joined] * 2
    kept = judged(shapes, joined, trees, given=True)
    own = judged(shapes, joined, trees)
    np.testing.assert_array_equal(kept.probability, own.probability)
    # Nor is a map with more domains than others have.
    finer = judged(shapes, labels, n_trees * [joined], given=True)
    assert finer.probability.min() > 0.8


def test_what_fits_nothing(scene):
    shapes, labels = scene
    misfit = np.zeros(960)
    misfit[[100, 500]] = 40.0
    with_, without = (judged(shapes, labels, misfit=m) for m in (misfit, np.zeros(960)))
    odd = misfit > 0
    assert with_.doubts["misfit"][odd].min() > 0.003
    np.testing.assert_allclose(with_.doubts["misfit"][~odd], 0, atol=1e-6)
    odds = [np.log(s.probability / (1 - s.probability)) for s in (with_, without)]
    assert (odds[0][odd] < odds[1][odd] - 0.5).all()
    np.testing.assert_allclose(odds[0][~odd], odds[1][~odd])
    # To fit better than usual is nothing special.
    better = judged(shapes, labels, misfit=np.full(960, -2.0))
    np.testing.assert_allclose(better.probability, without.probability)


@pytest.mark.parametrize("n_axes", [1, 2, 3])
def test_any_number_of_axes(n_axes):
    shape = {1: (240,), 2: (20, 30), 3: (6, 8, 20)}[n_axes]
    clean, labels = stripes(shape, 20.0)
    structure = judged(scanned(clean), labels)
    assert_doubts(structure, labels.size)
    assert np.median(structure.probability) > 0.85


def test_points_that_are_not_judged(scene):
    """Without a label, or a shape, nothing is known, and nothing is in doubt."""
    shapes, labels = scene
    given = labels.ravel().copy()
    given[::9] = -1
    dark = np.arange(960) % 11 == 0
    clean = scanned(np.reshape(shapes.points, (24, 40, 4)), known=~dark, noise=0.0)
    clean.spread[~dark] = 1.0
    structure = judged(clean, given)
    assert_doubts(structure, 960)
    out = dark | (given < 0)
    assert structure.probability[out].min() > 0.999
    for doubt in structure.doubts.values():
        np.testing.assert_array_equal(doubt[out], 0)


def test_one_domain(scene):
    """It is not next to another; others may be hidden in it, if trees say so."""
    shapes, labels = scene
    one, fits = np.zeros(960, int), np.zeros(960)
    structure = judged(shapes, one, misfit=fits)
    assert_doubts(structure, 960)
    for name in ("domain", "misfit"):
        assert not structure.doubts[name].any()
    np.testing.assert_allclose(
        structure.probability + structure.doubts["unresolved"], 1, rtol=1e-5
    )
    odd = judged(shapes, one, misfit=np.where(labels.ravel() == 1, 30.0, 0.0))
    assert_doubts(odd, 960)
    assert (odd.doubts["misfit"] > 0.2).tolist() == (labels.ravel() == 1).tolist()
    assert (odd.probability < structure.probability)[labels.ravel() == 1].all()
    hidden = labels.ravel() == 1
    for trees in ([labels, labels], [labels, one], 4 * [labels]):
        # It is as likely as maps of other exposures have it, and as there are maps.
        split, n = judged(shapes, one, trees, fits), len(trees)
        assert_doubts(split, 960)
        n_one = sum(np.max(tree) == 0 for tree in trees)
        np.testing.assert_allclose(
            split.probability[hidden], (n_one + 0.5) / (n + 1), rtol=1e-4
        )
        np.testing.assert_allclose(
            split.probability[~hidden], (n + 0.5) / (n + 1), rtol=1e-4
        )


def test_a_domain_with_no_position(scene):
    shapes, labels = scene
    gap = np.where(labels == 1, 2, labels)
    misfit = np.zeros(960)
    found, expected = (judged(shapes, g, misfit=misfit) for g in (gap, labels))
    np.testing.assert_allclose(found.probability, expected.probability, atol=1e-6)


# Agreement

LABELS = np.repeat([0, 1, 2], [60, 40, 20])


def test_agreement_of_equal_maps():
    """By whatever name."""
    for other in (LABELS, np.array([2, 0, 1])[LABELS], np.array([9, 3, 5])[LABELS]):
        np.testing.assert_allclose(measure_confirmation(LABELS, [other]), EVEN)


def test_agreement_with_a_split():
    """Of the domain that is split, the smaller part is without a match."""
    other = LABELS.copy()
    other[:25] = 3
    found = measure_confirmation(LABELS, [other])
    np.testing.assert_allclose(found[:25], -EVEN)
    np.testing.assert_allclose(found[25:], EVEN)


def test_agreement_with_a_merge():
    """Of domains that are merged, the smaller one is without a match."""
    other = np.array([0, 0, 1])[LABELS]
    found = measure_confirmation(LABELS, [other])
    np.testing.assert_allclose(found[LABELS == 1], -EVEN)
    np.testing.assert_allclose(found[LABELS != 1], EVEN)


def test_agreement_with_a_merge_that_votes_judge():
    """Both are matched: which of them keeps the name is asked elsewhere."""
    other = np.array([0, 0, 1])[LABELS]
    found = measure_confirmation(LABELS, [other], one_to_one=False)
    np.testing.assert_allclose(found, EVEN)


def test_agreement_with_a_split_where_several_may_match():
    """A domain has one match only."""
    other = LABELS.copy()
    other[:25] = 3
    found = measure_confirmation(LABELS, [other], one_to_one=False)
    np.testing.assert_allclose(found[:25], -EVEN)
    np.testing.assert_allclose(found[25:], EVEN)


def test_agreement_of_several():
    """As often as maps have it, whatever their number."""
    merged = np.array([0, 0, 1])[LABELS]
    half = measure_confirmation(LABELS, [LABELS, merged])
    np.testing.assert_allclose(half[LABELS == 1], 0)
    many = measure_confirmation(LABELS, 5 * [LABELS, merged])
    np.testing.assert_allclose(many, half)
    third = measure_confirmation(LABELS, [LABELS, merged, merged])
    assert -EVEN < third[60] < 0


def test_agreement_where_another_map_has_nothing():
    """It says nothing."""
    other = np.where(np.arange(120) % 5, LABELS, -1)
    found = measure_confirmation(LABELS, [other])
    np.testing.assert_allclose(found[other < 0], 0)
    np.testing.assert_allclose(found[other >= 0], EVEN)
    np.testing.assert_array_equal(measure_confirmation(LABELS, [np.full(120, -1)]), 0)


def test_agreement_of_none():
    np.testing.assert_array_equal(measure_confirmation(LABELS, []), 0)
