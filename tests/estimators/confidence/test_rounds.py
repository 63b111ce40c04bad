"""Rounds of training and mapping, with a training and maps that are planned."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.metrics import adjusted_rand_score

from hyperspy_4dphase.estimators import MapEnsemble, compress_patterns
from hyperspy_4dphase.estimators.confidence._pattern_maps import PatternMaps
from hyperspy_4dphase.estimators.confidence._rounds import (
    CONSISTENT,
    measure_information,
    report_round,
    run_rounds,
    sample_weights,
)

from ..domain_points import counted_domains

N = 100
LABELS = np.repeat([0, 1, -1], [60, 30, 10])
X = compress_patterns(np.ones((N, 5)), random_state=0, device="cpu")


class Trained(BaseEstimator):
    """A stand-in for `PatternVAE` that remembers how it was trained."""

    def __init__(self, epochs=None, warm_start=False, log=None):
        self.epochs = epochs
        self.warm_start = warm_start
        self.log = log

    def fit_transform(self, patterns, sample_weight=None):
        self.log.append((self.epochs, self.warm_start, sample_weight))
        number = len(self.log)
        epochs = self.epochs or 9
        self.loss_ = np.column_stack([np.full(epochs, 99.0), np.full(epochs, number)])
        self.best_epoch_ = 0
        self.model_ = f"model {number}"
        return np.full((N, 2), float(number))


class Mapped(BaseEstimator):
    """A stand-in for `MapEnsemble`: in each fit the next share is consistent.

    In the rounds `merged` there is nothing in the second of the two domains.
    """

    def __init__(self, shares=(), log=None, merged=()):
        self.shares = shares
        self.log = log
        self.merged = merged

    def fit(self, X, features=None, model=None, reference=None):
        assert not hasattr(self, "labels_")
        share = self.shares[len(self.log)]
        merged = len(self.log) in self.merged
        self.log.append((features, model, reference))
        sure = np.arange(N) < round(share * N)
        self.confidence_ = np.where(sure, CONSISTENT, 0.5)
        self.overlap_ = np.where(sure, 1.0, 0.25)
        self.labels_ = LABELS
        self.consensus_ = np.where(merged, 0, np.abs(LABELS))
        other = 1 - self.confidence_
        both = np.stack([self.confidence_, other], axis=1)
        self.posterior_ = np.where(self.consensus_[:, None] > 0, both[:, ::-1], both)
        return self

    def __sklearn_clone__(self):
        # Logs are shared.
        return Mapped(self.shares, self.log, self.merged)


def planned(shares, epochs=None, merged=(), **options):
    """Best round, reports, and what was trained and mapped."""
    maps, trainings = [], []
    vae = Trained(epochs, log=trainings)
    best, reports = run_rounds(
        Mapped(shares, maps, merged), X, vae=vae, patterns="patterns", **options
    )
    assert not hasattr(vae, "model_")
    assert vae.get_params()["warm_start"] is False
    assert vae.epochs == epochs
    return best, reports, maps, trainings


def test_rounds_go_on_while_it_rises():
    best, reports, maps, trainings = planned([0.5, 0.7, 0.8], n_rounds=3)
    assert len(maps) == len(trainings) == 3
    np.testing.assert_allclose(reports["consistent"], [0.5, 0.7, 0.8])
    np.testing.assert_allclose(reports["held_out_loss"], [1, 2, 3])
    np.testing.assert_allclose(reports["mean_confidence"], [0.7, 0.78, 0.82])
    np.testing.assert_allclose(reports["unassigned"], 0.1)
    assert reports["best"] == 2
    assert best.latent[0, 0] == 3
    assert best.vae.model_ == "model 3"
    # Each mapping is of the training before it.
    for number, (features, model, _) in enumerate(maps, 1):
        assert features[0, 0] == number
        assert model == f"model {number}"


def test_they_end_when_it_does_not_rise():
    best, reports, maps, _ = planned([0.5, 0.7, 0.7, 0.9], n_rounds=4)
    assert len(maps) == len(reports["consistent"]) == 3
    assert reports["best"] == 1
    assert best.report["consistent"] == pytest.approx(0.7)


@pytest.mark.parametrize(
    ("shares", "merged", "n_rounds", "best"),
    [
        # Surer of fewer domains: it goes on, but is not the best.
        ([0.5, 0.9, 0.7, 0.7], [1], 4, 2),
        ([0.5, 0.9, 0.9], [1, 2], 3, 0),
        # Less sure, but of two domains.
        ([0.6, 0.5, 0.5], [0], 3, 1),
    ],
)
def test_losing_domains_does_not_pay(shares, merged, n_rounds, best):
    found, reports, maps, _ = planned(shares, merged=merged, n_rounds=4)
    assert len(maps) == n_rounds
    assert reports["best"] == best
    assert found.latent[0, 0] == best + 1
    assert np.argmax(reports["information"]) == best


def test_the_best_is_kept():
    best, reports, maps, _ = planned([0.8, 0.3, 0.9], n_rounds=3)
    assert len(maps) == 2
    assert reports["best"] == 0
    # As it was then, though training went on from it.
    assert best.vae.model_ == "model 1"
    assert best.vae.warm_start is False
    assert best.latent[0, 0] == 1
    assert best.weighted is False


@pytest.mark.parametrize(("epochs", "later"), [(None, 3), (30, 10), (4, 2)])
def test_later_trainings(epochs, later):
    """From the last weights, for a third of the epochs, on what was inconsistent."""
    first = np.linspace(1, 2, N)
    best, _, _, trainings = planned(
        [0.5, 0.7, 0.8], epochs, n_rounds=3, sample_weight=first
    )
    assert trainings[0][:2] == (epochs, False)
    assert [training[:2] for training in trainings[1:]] == [(later, True)] * 2
    assert trainings[0][2] is first
    for (_, _, weights), share in zip(trainings[1:], [0.5, 0.7], strict=True):
        overlap = np.where(np.arange(N) < round(share * N), 1, 0.25)
        np.testing.assert_allclose(weights, sample_weights(LABELS, overlap))
    assert best.weighted


def test_features_are_mapped_first():
    """Latent means that there are already need no training in the first round."""
    features = np.zeros((N, 2))
    best, reports, maps, trainings = planned(
        [0.9, 0.5], n_rounds=2, features=features, model="given", reference=LABELS
    )
    assert maps[0][0] is features
    assert maps[0][1] == "given"
    assert len(trainings) == 1
    assert trainings[0][1] is True
    assert maps[1][1] == "model 1"
    assert all(reference is LABELS for _, _, reference in maps)
    assert best.vae is None
    assert best.latent is None
    np.testing.assert_array_equal(np.isnan(reports["held_out_loss"]), [True, False])


def test_nothing_to_train():
    log = []
    best, reports = run_rounds(Mapped([0.4], log), X)
    assert log == [(None, None, None)]
    assert "held_out_loss" not in reports
    assert {"mean_confidence", "unassigned", "consistent", "best"} < set(reports)
    assert best.vae is None
    assert not best.weighted
    np.testing.assert_allclose(
        best.sample_weight, sample_weights(LABELS, best.ensemble.overlap_)
    )


def test_report_of_a_round():
    report = report_round(Mapped([0.25], []).fit(X))
    assert report["consistent"] == 0.25
    assert np.isnan(report["held_out_loss"])


def test_information():
    """In bits: one for two sure domains of a size, none where nothing is known."""
    assert measure_information(np.eye(2)[np.arange(N) % 2]) == pytest.approx(1)
    assert measure_information(np.full((N, 2), 0.5)) == pytest.approx(0)
    assert measure_information(np.tile([1.0, 0], (N, 1))) == pytest.approx(0)
    assert measure_information(np.zeros((0, 2))) == 0


def test_maps_of_the_patterns_are_made_once():
    """They do not change from round to round, whatever is trained."""
    counts, truth = counted_domains((60, 40), 300, n_pixels=40)
    patterns = PatternMaps(compress_patterns(counts, random_state=0, device="cpu"))
    maps, votes = [], []
    for seed in range(2):
        features = np.random.default_rng(seed).normal(size=(100, 2))
        features[:, 0] += 20 * truth
        ensemble = MapEnsemble(4, doubts=["kinds"], random_state=0)
        maps.append(ensemble.fit(patterns, features=features).maps_)
        votes.append(patterns.votes[0])
    assert votes[0] is votes[1]
    np.testing.assert_array_equal(maps[0][1], maps[1][1])
    assert adjusted_rand_score(truth, maps[0][1]) == 1


class TestSampleWeights:
    def test_domains_count_alike(self):
        weights = sample_weights(LABELS, np.ones(N))
        assert weights.mean() == pytest.approx(1)
        assert weights.min() > 0
        assert weights[:60].sum() == pytest.approx(weights[60:90].sum())
        # What has no domain, no more often than the smallest.
        np.testing.assert_allclose(weights[90:], weights[60])

    def test_inconsistent_ones_count_more(self):
        overlap = np.tile([1, 0.5, 0, -0.1, 1.2], 20)
        weights = sample_weights(np.zeros(N, int), overlap)
        ratio = (weights / weights[0]).reshape(20, 5)
        np.testing.assert_allclose(ratio, np.tile([1, 3, 5, 5, 1], (20, 1)))

    def test_nothing_assigned(self):
        np.testing.assert_allclose(sample_weights(np.full(9, -1), np.zeros(9)), 1)
