"""Parts of the benchmark of the confidence that have modules of their own."""

import numpy as np
import pytest

from tests.benchmarks import (
    confidence_dynamical,
    confidence_exposures,
    confidence_given,
    dynamical,
)
from tests.benchmarks.confidence_scores import scores
from tests.benchmarks.confidence_tables import write_tables


@pytest.fixture
def truth():
    return np.repeat([0, 1, 2], [50, 30, 20])


class TestDynamical:
    @pytest.fixture
    def glass(self):
        grain = np.repeat(np.arange(12), 10)
        # Crystals 2 and 3 are the faintest.
        visible = np.arange(10.0)
        return {"grain": grain, "label": np.minimum(grain, 2), "visible": visible}

    def test_crystals_that_cannot_be_seen_are_not_judged(self, glass):
        truths = confidence_dynamical.truths_of("glass", glass)
        whole, seen = truths.values()
        np.testing.assert_array_equal(whole, glass["grain"])
        unknown = np.isin(whole, [2, 3])
        np.testing.assert_array_equal(seen, np.where(unknown, -1, whole))
        other = {"label": np.arange(6).reshape(2, 3)}
        found = confidence_dynamical.truths_of("other", other)
        np.testing.assert_array_equal(found["other"], np.arange(6))

    def test_pieces_are_wrong(self, truth):
        labels = truth.copy()
        labels[:20] = 7
        sure = np.where(labels == 7, 0.95, 1.0)
        row = confidence_dynamical.judge(labels, sure, truth)
        assert row["error"] == 0.2
        assert (row["true"], row["domains"]) == (3, 4)
        assert row["auroc"] == row["overconfident"] == 1
        assert row["confidence"] == pytest.approx(0.99)
        assert scores(labels, sure, truth)["error"] == 0

    def test_unresolved(self, truth):
        nothing = np.zeros(100, int), np.full(100, np.nan)
        row = confidence_dynamical.judge(*nothing, truth)
        assert row == {"true": 3, "resolved": False, "error": 0.5, "domains": 1}

    def test_scans_that_are_not_there(self, monkeypatch, tmp_path):
        monkeypatch.setattr(dynamical, "FOLDER", tmp_path / "none")
        record, lines = {}, []
        confidence_dynamical.measure_dynamical(record, lines.append, True)
        assert not record
        assert "is not there" in lines[0]


class TestGiven:
    @pytest.fixture
    def maps(self):
        # Of the large domains, 3 and 8 are most alike in size.
        true = np.zeros((20, 40), int)
        true[:, 25:] = 3
        true[10:, 30:] = 8
        true[10:, 33:] = 1
        true[0, 0] = 4
        return confidence_given.given_maps(true)

    def test_merged(self, maps):
        true, merged = maps["right"], maps["merged"]
        sizes = dict(zip(*np.unique(true, return_counts=True), strict=True))
        assert sizes == {0: 499, 1: 70, 3: 200, 4: 1, 8: 30}
        assert set(np.unique(merged)) == {0, 3, 4, 8}
        np.testing.assert_array_equal(merged != true, true == 1)
        assert set(merged[true == 1]) == {8}

    def test_cut(self, maps):
        true, cut = maps["right"], maps["cut"]
        pieces = np.unique(cut[true == 0])
        assert pieces.tolist() == [0, 9]
        np.testing.assert_array_equal(cut == 9, (true == 0) & (np.arange(40) > 12))

    def test_moved(self, maps):
        true, moved = maps["right"], maps["moved"]
        np.testing.assert_array_equal(moved[:, 3:], true[:, :-3])
        np.testing.assert_array_equal(moved[:, :3], true[:, [0, 0, 0]])

    def test_two_domains_are_merged_whatever_their_size(self):
        true = np.zeros((30, 30), int)
        true[0, 0] = 1
        assert len(np.unique(confidence_given.given_maps(true)["merged"])) == 1


def test_peers_of_a_name():
    rng = np.random.default_rng(0)
    truth = np.arange(60).reshape(6, 10) // 30
    points = 20 * np.eye(3)[truth.ravel()] + rng.standard_normal((60, 3))
    known = np.arange(60) != 7
    names = confidence_exposures.PEERS
    found = dict(dynamical.map_peers(points[known], known, (6, 10), 2, names))
    assert tuple(found) == names
    for labels in found.values():
        assert labels[7] == -1
        row = scores(labels, np.ones(60), truth.ravel())
        assert (row["error"], row["domains"]) == (0, 2)


def test_quick_given():
    record = {}
    confidence_given.measure_given(record, lambda line: None, True)
    kinds = [key.split("; ")[1] for key in record]
    assert kinds == ["right", "merged", "cut", "moved"]
    right, *others = record.values()
    assert right["error"] == 0
    for row in others:
        assert row["error"] > 0
        assert row["confidence"] < right["confidence"]
        assert row["auroc"] > 0.5
    assert "oxide_bilayer" in write_tables({"given": record})


def test_quick_exposures():
    record = {}
    confidence_exposures.measure_exposures(record, lambda line: None, True)
    row = record["oxide_bilayer"]
    assert list(row["rand"]) == ["ours", *confidence_exposures.PEERS]
    assert list(row["gain"]) == list(row["rand"])
    assert row["domains"] == [3, 3]
    assert min(row["rand"].values()) > 0.8
    assert min(row["gain"].values()) > 0
    assert "Ward on the grid" in write_tables({"exposures": record})
