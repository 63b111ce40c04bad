"""The benchmark of the confidence: its scores, its peers and its tables."""

import json

import numpy as np
import pytest

from tests.benchmarks import confidence, confidence_peers
from tests.benchmarks.confidence_tables import TABLES, missed, write_tables

ROW = {"error": 0.02, "error_without_least_sure": 0.004, "auroc": 0.98765, "ece": 0.01}
ROW |= {"domains": 5.0, "judged": 1.0, "true": 5, "cpu": 9.0}
ROUND = {"recalls": [0.9, 1.0], "confidence": 0.9, "consistent": 0.8}
TOOK = {"seconds": 50.0, "cpu": 90.0, "extra": 3e8, "peak": 8e8, "domains": 13}
ONE_TO_ONE = ROW | {"resolved": True, "overconfident": 0.1, "confidence": 0.9}
ONE_TO_ONE["seconds"] = 7.0
UNKNOWN = {key: ROW[key] for key in ROW if key not in ("ece", "auroc")}
RECORD = {
    "calibration": {"oxide_bilayer, 300": ROW | {"ece": 0.06, "overconfident": 0.3}},
    "seed": {"precipitates": UNKNOWN | {"error": 0.0, "error_without_least_sure": 0.0}},
    "embedding": {"naphi classes": ROW},
    "controls": {
        "crystal, bent; embedding": {"domains": 2, "confidence": 0.98765},
        "vacuum; compressed": {"domains": 1},
    },
    "dynamical": {
        "reconstruction, 150": [
            ONE_TO_ONE,
            ONE_TO_ONE | {"ece": 0.03, "domains": 6.0, "seconds": 9.0},
        ],
        "bent crystal alone": [
            {"true": 1, "resolved": False, "domains": 1.0, "seconds": 3.0},
            ONE_TO_ONE | {"true": 1, "domains": 2.0},
        ],
    },
    "given": {
        "oxide_bilayer; right": UNKNOWN | {"confidence": 0.95},
        "oxide_bilayer; cut": ONE_TO_ONE,
    },
    "matrix": {
        "plates": [
            {"misfit": 0.98, "resolved": True, "confidence": 0.9},
            {"misfit": 0.97, "resolved": False},
        ]
    },
    "exposures": {
        "naphi classes": {
            "domains": [6, 5],
            "rand": {"ours": 0.97, "k-means": 0.9},
            "gain": {"ours": 90.0, "k-means": 89.0},
            "parts": 90.5,
        }
    },
    "sources": {"noise": ROW, "k-means, margin": UNKNOWN},
    "loop": {
        "default": {
            "rounds": [
                ROW | ROUND | {"seconds": i, "cpu": 2.0 * i, "error": 0.1 / i}
                for i in (1, 2)
            ],
            "best": 1,
        }
    },
    "time": {
        "compressed, 21 grains": {"n": 5740} | TOOK,
        "compressed, 65536": {"n": 65536} | TOOK,
        "embedding, 65536": {"n": 65536, "error": "more than 900 s"},
    },
}


@pytest.fixture
def truth():
    return np.repeat([0, 1, 2], [50, 30, 20])


class TestScores:
    def test_perfect(self, truth):
        found = confidence.scores((truth + 1) % 3, np.ones(100), truth)
        assert found["error"] == found["ece"] == 0
        assert "auroc" not in found
        assert (found["domains"], found["judged"]) == (3, 1)

    def test_sure_of_what_is_wrong(self, truth):
        labels = truth.copy()
        labels[:10] = 1
        wrong = labels != truth
        known = confidence.scores(labels, np.where(wrong, 0.3, 1), truth)
        assert (known["error"], known["auroc"]) == (0.1, 1)
        assert known["error_without_least_sure"] == pytest.approx(5 / 95)
        assert known["ece"] == pytest.approx(0.1 * 0.3)
        unknown = confidence.scores(labels, np.where(wrong, 1, 0.3), truth)
        assert unknown["auroc"] == 0
        assert unknown["ece"] == pytest.approx(0.1 + 0.9 * 0.7)

    def test_what_has_no_domain_is_not_judged(self, truth):
        labels = np.where(np.arange(100) < 10, -1, truth)
        found = confidence.scores(labels, np.ones(100), truth)
        assert (found["error"], found["judged"]) == (0, 0.9)

    def test_recalls(self, truth):
        labels = truth.copy()
        labels[:10] = 1
        assert confidence.recalls(labels, truth) == [0.8, 1, 1]
        # The smaller of two classes of one domain is lost, two domains of one are not.
        assert confidence.recalls(np.minimum(truth, 1), truth) == [1, 1, 0]
        assert confidence.recalls(np.arange(100) // 10, truth) == [1, 1, 1]

    def test_missed(self):
        assert missed(ROW) == []
        assert missed(ROW | {"ece": 0.051}) == ["ECE"]
        assert missed(ROW | {"auroc": 0.89}) == ["AUROC"]
        assert missed(ROW | {"error_without_least_sure": 0.011}) == ["5 %"]
        few = {"error": 0.009, "auroc": 0.5, "error_without_least_sure": 0.0}
        assert missed(few) == []
        assert missed(ROW | {"overconfident": 0.21}) == ["overconfident"]
        assert missed(few | {"overconfident": 1.0}) == []


class TestPeers:
    @pytest.fixture
    def points(self, truth):
        rng = np.random.default_rng(0)
        return 20 * np.eye(3)[truth] + rng.standard_normal((100, 3))

    def test_plain_clusters_are_found(self, points, truth, monkeypatch):
        known = np.ones(100, bool)
        monkeypatch.setattr(confidence_peers, "features", lambda _: (points, known))
        monkeypatch.setattr(confidence_peers, "_SMALLEST", 10)

        def distorted(latent, model, n, **options):
            return (latent + 0.01 * i for i in range(n))

        monkeypatch.setattr(confidence_peers, "latent_distortions", distorted)
        embedded = {"features": points, "model": None}
        names = []
        for name, labels, sure, _ in confidence_peers.peers(
            None, embedded, truth, None, n_maps=3
        ):
            names.append(name)
            found = confidence.scores(labels, sure, truth)
            assert (found["error"], found["domains"]) == (0, 3), name
            assert np.median(sure) > 0.8
            assert sure.min() >= 0
            assert sure.max() <= 1
        assert names[2:] == ["GaussianMixture", "k-means, margin"]

    def test_unassigned_go_to_the_nearest_and_are_unsure(self, monkeypatch):
        latent = np.repeat([[0.0, 0], [9, 9]], 30, axis=0)
        latent += 0.1 * np.random.default_rng(0).standard_normal(latent.shape)
        latent = np.vstack([latent, [[40, 40]]])
        monkeypatch.setattr(
            confidence_peers, "latent_distortions", lambda z, _, n, **o: [z] * n
        )
        labels, sure = confidence_peers.published(latent, None, 3)
        assert labels[60] == labels[30] != labels[0]
        assert sure[60] == 0
        assert sure[:60].min() == 1


@pytest.mark.parametrize("part", ["calibration", "embedding"])
def test_quick(part):
    pytest.importorskip("torch")
    record = {}
    confidence.PARTS[part](record, lambda line: None, True)
    assert record["oxide_bilayer"]["true"] == 3
    assert 0 <= record["oxide_bilayer"]["error"] < 0.5
    assert "oxide_bilayer" in write_tables({part: record})


def test_quick_control():
    pytest.importorskip("torch")
    record = {}
    confidence.measure_controls(record, lambda line: None, True)
    names = [key.split("; ") for key in record]
    assert [source for _, source in names] == ["compressed", "embedding"]
    assert all(row["domains"] >= 1 for row in record.values())


def given(tables):
    """Rows of maps that are given, without the name of the scan."""
    lines = (line.split() for line in tables.splitlines())
    return [line[1:] for line in lines if line and line[0] == "oxide_bilayer"]


def test_tables():
    core = pytest.importorskip("docutils.core")
    tables = write_tables(RECORD)
    rows = [line.split("  ") for line in tables.splitlines()]
    rows = [[cell.strip() for cell in row if cell] for row in rows]
    rows = {row[0]: row[1:] for row in rows if row}
    oxide = ["5", "5", "0.0200", "0.0600", "0.3000", "0.9877", "0.0040"]
    assert rows["oxide_bilayer, 300"] == [*oxide, "ECE, overconfident"]
    nothing = ["5", "5", "0.0000", "--", "--", "--", "0.0000", "--"]
    assert rows["precipitates"] == nothing
    assert rows["crystal, bent"] == ["embedding", "2", "0.9877"]
    assert rows["vacuum"] == ["compressed", "1", "not resolved"]
    assert rows["plates"] == ["0.980, 0.970", "0.900, --", "1 of 2"]
    dose = ["5", "5, 6", "0.0200", "0.0200", "0.1000", "0.9877", "0.9000", "8 s"]
    assert rows["reconstruction, 150"] == [*dose, "0.010, 0.030", "0.988, 0.988"]
    assert rows["bent crystal alone"] == ["1, 2", "1 of 2", "0.9000"]
    assert ["right", "0.0200", "--", "--", "--", "0.9500"] in given(tables)
    assert ["cut", "0.0200", "0.0100", "0.1000", "0.9877", "0.9000"] in given(tables)
    assert "naphi classes  ours     6, 5     0.970       90.000  0.500" in tables
    assert "naphi classes  k-means  6, 5     0.900       89.000  --" in tables
    first, second = (line.split() for line in tables.splitlines() if "default " in line)
    assert second[1:6] == ["2", "5", "0.9000", "0.9500", "0.0500"]
    assert (first[-1], second[-1]) == ("--", "kept")
    wanted = ["65536", "50.0 s", "90.0 s", "300 MB", "800 MB", "13"]
    assert rows["compressed"] == wanted
    assert rows["compressed, 21 grains"] == ["5740", *wanted[1:]]
    settings = {"halt_level": 2, "report_level": 2}
    found = core.publish_doctree(tables, settings_overrides=settings).astext()
    assert "more than 900 s" in found
    assert write_tables({"loop": RECORD["loop"]}).strip() in tables


def test_parts_are_kept(tmp_path, monkeypatch, capsys):
    assert list(confidence.PARTS) == list(TABLES)
    for name in confidence.PARTS:

        def measured(record, tell, quick, name=name):
            record.update(RECORD[name])

        monkeypatch.setitem(confidence.PARTS, name, measured)
    confidence.main(["--output", str(tmp_path)])
    whole = (tmp_path / "confidence.txt").read_text()
    assert whole in capsys.readouterr().out
    confidence.main(["--output", str(tmp_path), "--only", "loop", "time"])
    assert (tmp_path / "confidence.txt").read_text() == whole
    assert json.loads((tmp_path / "confidence.json").read_text()) == RECORD
