"""A consensus of maps is as sure as the maps make it, and no surer."""

from copy import deepcopy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import MapConsensus, overlap_confidence

from .test_overlap import A, B, noisy


@pytest.fixture(scope="module")
def maps():
    """Some merge domains, some split them, some leave positions out."""
    rng = np.random.default_rng(0)
    maps = noisy(8, 0.2)
    maps[0][maps[0] == 5] = 4
    maps[1][(maps[1] == 2) & (rng.random(5000) < 0.5)] = 9
    maps[2:5][rng.random((3, 5000)) < 0.2] = -1
    maps[:, 100] = -1
    return maps


@pytest.fixture(scope="module")
def model(maps):
    return MapConsensus().fit(maps)


def calibration_error(confidence, right):
    bins = np.minimum((10 * confidence).astype(int), 9)
    parts = [bins == i for i in range(10)]
    gaps = [abs(np.sum(confidence[at]) - np.sum(right[at])) for at in parts]
    return np.sum(gaps) / confidence.size


def test_attributes(maps, model):
    n, n_domains = maps.shape[1], model.n_domains_
    assert n_domains == 6
    assert model.posterior_.shape == (n, n_domains)
    assert model.posterior_.dtype == model.confidence_.dtype == np.float32
    assert model.labels_.dtype == model.consensus_.dtype == np.int32
    np.testing.assert_allclose(model.posterior_.sum(axis=1), 1, atol=1e-5)
    assigned = model.consensus_ >= 0
    np.testing.assert_array_equal(np.flatnonzero(~assigned), [100])
    assert model.confidence_[100] == 0
    np.testing.assert_allclose(model.posterior_[100], 1 / n_domains)
    own = model.posterior_[np.arange(n), model.consensus_]
    np.testing.assert_array_equal(model.confidence_[assigned], own[assigned])
    np.testing.assert_allclose(own, model.posterior_.max(axis=1), atol=1e-5)
    sure = model.confidence_ >= 0.5
    np.testing.assert_array_equal(model.labels_, np.where(sure, model.consensus_, -1))
    assert 0 < np.count_nonzero(~sure) < n / 10
    assert (np.diff(np.bincount(model.consensus_[assigned])) <= 0).all()
    np.testing.assert_array_equal(model.overlap_, overlap_confidence(maps))
    similarity = adjusted_rand_score(maps[0], maps[2])
    assert model.similarities_[0, 2] == pytest.approx(similarity)
    assert model.map_weights_.sum() == pytest.approx(1)
    assert 1 <= model.n_effective_ <= len(maps)
    assert maps[model.reference_index_].max() < 9


def test_names_do_not_matter(maps, model):
    rng = np.random.default_rng(1)
    names = [np.append(rng.permutation(50)[:10] * 7, -3) for _ in maps]
    renamed = [name[labels] for name, labels in zip(names, maps, strict=True)]
    other = MapConsensus().fit(renamed)
    np.testing.assert_array_equal(other.consensus_, model.consensus_)
    np.testing.assert_array_equal(other.posterior_, model.posterior_)
    np.testing.assert_array_equal(other.overlap_, model.overlap_)


def test_order_does_not_matter(maps, model):
    order = np.random.default_rng(0).permutation(len(maps))
    other = MapConsensus().fit(maps[order])
    np.testing.assert_array_equal(other.consensus_, model.consensus_)
    np.testing.assert_allclose(other.posterior_, model.posterior_, atol=1e-4)
    assert order[other.reference_index_] == model.reference_index_


@pytest.mark.parametrize("few", [[A, A], [A, B], list(noisy(5, 0.3))])
def test_copies_make_nobody_surer(few):
    one, ten = MapConsensus().fit(few), MapConsensus().fit(few * 10)
    assert ten.n_effective_ == pytest.approx(one.n_effective_, rel=0.01)
    np.testing.assert_allclose(ten.confidence_, one.confidence_, atol=0.01)
    # Where votes are equal, the slightest difference of weights makes another winner.
    sure = one.confidence_ > 0.55
    assert np.count_nonzero(sure) > 1000
    assert adjusted_rand_score(one.consensus_[sure], ten.consensus_[sure]) == 1


def test_more_independent_maps_are_surer():
    maps = noisy(20, 0.2)
    mean = [MapConsensus().fit(maps[:n]).confidence_.mean() for n in (2, 5, 20)]
    assert mean[0] < mean[1] < mean[2]


@pytest.mark.parametrize("n_maps", [3, 10, 25])
@pytest.mark.parametrize("merging", [False, True])
def test_calibrated(n_maps, merging):
    """Where the truth is as likely as the votes, it is found as often as expected."""
    rng = np.random.default_rng(n_maps)
    n, n_domains = 6000, 5
    middle = np.eye(n_domains)[rng.choice(n_domains, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])]
    doubt = rng.beta(0.4, 1.5, (n, 1)) * 0.7
    p = (1 - doubt) * middle + doubt * np.roll(middle, 1, axis=1)
    drawn = (p.cumsum(axis=1) > rng.random((n_maps + 1, n, 1))).argmax(axis=2)
    true, maps = drawn[0], drawn[1:]
    if merging:
        maps[-(n_maps // 3) :][maps[-(n_maps // 3) :] == 4] = 0
    model = MapConsensus().fit(maps, reference=maps[0])
    right = model.consensus_ == true
    assert calibration_error(model.confidence_, right) < 0.05
    assert abs(model.confidence_.mean() - right.mean()) < 0.04
    # The measure must be able to fail.
    assert calibration_error(model.confidence_**3, right) > 0.05


def test_reference_names_domains(maps, model):
    true = noisy(8, 0)[0]
    names = np.array([30, 10, 50, 0, 2, 11])
    user = names[true]
    user[:50] = -1
    found = MapConsensus().fit(maps, reference=user)
    assert found.reference_index_ is None
    assert found.n_domains_ == 6
    named = np.unique(names)[found.consensus_]
    assert np.mean(named[200:] == names[true][200:]) > 0.97
    # Positions that it leaves out have a consensus as well.
    assert np.mean(named[:50] == names[true][:50]) > 0.9


def test_votes_of_second_labels():
    maps = np.repeat([[0, 1]], 10, axis=0).repeat(300, axis=1)
    second, share = np.full_like(maps, -1), np.full(maps.shape, 0.5)
    second[:, :20], share[:, :20] = 1, 0.7
    model = MapConsensus(n_independent=10, prior=0.01)
    doubtful = model.fit(maps, second=second, share=share).posterior_
    np.testing.assert_allclose(doubtful[:20], [[0.7, 0.3]] * 20, atol=0.01)
    np.testing.assert_allclose(doubtful[20:300, 0], 1, atol=0.01)
    np.testing.assert_allclose(model.agreement_of([3])[:20], 0.7, atol=0.01)


def test_agreement_of_families():
    maps = np.repeat([[0, 1]], 9, axis=0).repeat(300, axis=1)
    maps[6:, :100] = 1
    maps[3, 300:400] = -1
    model = MapConsensus(threshold=0.9).fit(maps)
    np.testing.assert_array_equal(model.consensus_, np.repeat([0, 1], 300))
    early, late = model.agreement_of(range(6)), model.agreement_of(np.arange(9) >= 6)
    np.testing.assert_allclose(early[:300], 1, atol=1e-3)
    np.testing.assert_allclose(late[:100], 0, atol=1e-3)
    np.testing.assert_allclose(early[300:400], 5 / 6, atol=1e-3)
    of_other = model.agreement_of([8], np.ones(600, int))
    np.testing.assert_allclose(of_other[:100], 1, atol=1e-3)
    assert (model.agreement_of([0], np.full(600, -1)) == 0).all()


@pytest.mark.parametrize(
    ("which", "labels", "match"),
    [([], None, "No map"), ([0], [0, 1], "shape"), ([0], np.full(5000, 9), "below 6")],
)
def test_bad_questions(model, which, labels, match):
    with pytest.raises(ValueError, match=match):
        model.agreement_of(np.array(which, int), labels)


def test_one_domain():
    model = MapConsensus().fit(np.zeros((3, 20), int))
    assert (model.posterior_ == 1).all()
    assert (model.labels_ == 0).all()
    assert model.n_domains_ == 1
    assert model.n_effective_ == pytest.approx(1)


def test_prior_and_number_as_given(maps):
    model = MapConsensus(prior=3, n_independent=2).fit(maps)
    assert (model.prior_, model.n_effective_) == (3, 2)
    assert MapConsensus().fit([A, A]).prior_ == 1
    assert MapConsensus(threshold=1, prior=1).fit(maps).labels_.max() == -1
    assert MapConsensus(threshold=0).fit(maps).labels_.min() == -1


def test_input_unchanged_and_forms(maps, model):
    before = maps.copy()
    forms = maps.astype(float), list(maps), maps.tolist(), np.asfortranarray(maps)
    for form in (*forms, maps.astype(np.int8)):
        other = MapConsensus().fit(form)
        np.testing.assert_array_equal(other.posterior_, model.posterior_)
    np.testing.assert_array_equal(maps, before)


def test_contract(maps, model):
    options = {"threshold": 0.7, "prior": 2.0, "max_iter": 3, "n_independent": 4}
    copy = clone(MapConsensus(**options))
    assert options.items() <= copy.get_params().items()
    with pytest.raises(NotFittedError):
        copy.agreement_of([0])
    again = deepcopy(model)
    np.testing.assert_array_equal(again.agreement_of([0]), model.agreement_of([0]))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"threshold": 1.1}, "threshold must be .*at least 0 and at most 1, not 1.1"),
        ({"threshold": np.nan}, "threshold must be .*not nan"),
        ({"prior": 0}, "prior must be .*above 0.*not 0"),
        ({"prior": -1.0}, "prior must be .*not -1.0"),
        (
            {"n_independent": 9},
            "n_independent must be .*at least 1 and at most 8, not 9",
        ),
        ({"max_iter": 0}, "max_iter must be .*not 0"),
        ({"tol": -1}, "tol must be .*not -1"),
    ],
)
def test_bad_parameters(maps, options, match):
    with pytest.raises(ValueError, match=match):
        MapConsensus(**options).fit(maps)


def test_thresholds_are_numbers(maps):
    with pytest.raises(TypeError, match="threshold must be a number, not None"):
        MapConsensus(threshold=None).fit(maps)


def test_rounds_are_whole(maps):
    with pytest.raises(TypeError, match="max_iter must be an integer.*not 2.5"):
        MapConsensus(max_iter=2.5).fit(maps)
