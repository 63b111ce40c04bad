"""Votes of the maps of an ensemble: drawn, and told apart by source."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.estimators import MapConsensus
from hyperspy_4dphase.estimators.confidence._ensemble_votes import (
    EnsembleVotes,
    vote_from_model,
)

N = 4000


def says(probabilities, boundary=0.0):
    """What stands for a `DomainModel`."""
    probabilities = np.array(probabilities, np.float32)
    boundary = np.full(len(probabilities), boundary, np.float32)
    return SimpleNamespace(posterior=lambda: (probabilities.copy(), boundary.copy()))


def voted(models, sources=None, known=None, noise=True):
    known = np.ones(len(models[0].posterior()[0]), bool) if known is None else known
    votes = EnsembleVotes()
    for source, model in zip(sources or ["any"] * len(models), models, strict=True):
        votes.add(source, vote_from_model(model, known, noise))
    return votes


def test_first_and_second():
    votes = voted([says([[0.1, 0.6, 0.3], [1, 0, 0], [0.0005, 0, 0.9995]])])
    stacked = votes.stack()
    assert stacked["maps"].tolist() == [[1, 0, 2]]
    # What is faint has no vote.
    assert stacked["second"].tolist() == [[2, -1, -1]]
    np.testing.assert_allclose(stacked["share"], [[2 / 3, 1, 1]], rtol=1e-6)


def test_drawn_labels_follow_probabilities():
    votes = voted([says(np.tile([0.7, 0.3], (N, 1))), says(np.tile([0, 1], (N, 1)))])
    drawn = votes.draw_labels(np.random.RandomState(0))
    assert drawn.dtype == np.int16
    assert drawn.shape == (2, N)
    assert drawn[0].mean() == pytest.approx(0.3, abs=0.03)
    assert (drawn[1] == 1).all()
    # The votes themselves stay.
    assert (votes.stack()["maps"][0] == 0).all()
    np.testing.assert_array_equal(votes.draw_labels(np.random.RandomState(0)), drawn)


def test_without_noise_votes_are_hard():
    votes = voted([says(np.tile([0.7, 0.3], (50, 1)))], noise=False)
    assert (votes.stack()["second"] == -1).all()
    assert (votes.stack()["share"] == 1).all()
    assert (votes.draw_labels(np.random.RandomState(0)) == 0).all()


def test_unknown_positions():
    known = np.arange(60) % 3 > 0
    votes = voted([says(np.tile([0.6, 0.4], (60, 1)), 0.3)] * 2, known=known)
    drawn = votes.draw_labels(np.random.RandomState(0))
    np.testing.assert_array_equal(drawn < 0, [~known] * 2)
    for doubt in votes.average_doubts().values():
        np.testing.assert_array_equal(doubt > 0, known)


def test_doubts_of_all_maps():
    """By a boundary, and whatever else they doubt; mean of maps."""
    votes = voted([says([[0.6, 0.4]] * 5, 0.1), says([[1, 0]] * 5)])
    doubts = votes.average_doubts()
    np.testing.assert_allclose(doubts["boundary"], 0.05, atol=1e-6)
    np.testing.assert_allclose(doubts["noise"], 0.15, atol=1e-6)
    assert {doubt.dtype for doubt in doubts.values()} == {np.dtype(np.float32)}


def denials(models, sources, labels=None):
    votes = voted(models, sources)
    consensus = MapConsensus(n_independent=len(models)).fit(**votes.stack())
    labels = consensus.consensus_ if labels is None else labels
    return votes.find_denials(consensus, labels)


SOURCES = ["all patterns", "kinds", "kinds", "resampling"]
CLEAR = np.repeat(np.eye(2), [60, 40], axis=0)


def test_maps_that_agree_deny_nothing():
    found = denials([says(CLEAR)] * 4, SOURCES)
    assert list(found) == ["kinds", "resampling"]
    for doubt in found.values():
        np.testing.assert_allclose(doubt, 0, atol=1e-6)
    # Numbered in another way they agree, too.
    other = says(CLEAR[:, ::-1])
    for doubt in denials([says(CLEAR), other, says(CLEAR), other], SOURCES).values():
        np.testing.assert_allclose(doubt, 0, atol=1e-6)


def test_what_they_doubt_themselves_is_not_denials():
    doubtful = CLEAR.copy()
    doubtful[:10] = [0.6, 0.4]
    for doubt in denials([says(doubtful)] * 4, SOURCES).values():
        np.testing.assert_allclose(doubt, 0, atol=0.01)


def test_who_denies():
    """One of the two kinds has another say about ten positions."""
    other = CLEAR.copy()
    other[:10] = [0, 1]
    found = denials([says(CLEAR), says(other), says(CLEAR), says(CLEAR)], SOURCES)
    np.testing.assert_allclose(found["kinds"][:10], 0.5, atol=0.01)
    np.testing.assert_allclose(found["kinds"][10:], 0, atol=0.01)
    np.testing.assert_allclose(found["resampling"], 0, atol=0.01)
    # About no label there is nothing to deny.
    labels = np.where(np.arange(100) < 10, -1, CLEAR.argmax(axis=1))
    for doubt in denials([says(other), says(CLEAR)], SOURCES[:2], labels).values():
        assert not doubt[:10].any()
