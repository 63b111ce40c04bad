"""The benchmark of domains: what it computes of labels, its scans and its tables."""

import json

import numpy as np
import pytest

from hyperspy_4dphase import compress, data
from hyperspy_4dphase.estimators.domains._shapes import CompressedShapes
from hyperspy_4dphase.estimators.domains._tree import DomainTree
from tests.benchmarks import domain_scenes as scenes
from tests.benchmarks import domains

INDICES = {name: [0.9, 0.95] for name in ("ours", *scenes.PEERS)}
TOOK = {"seconds": 2.0, "cpu": 3.0, "found": 13}
RECORD = {
    "accuracy": {
        "strained_flake, default": {
            "true": 6,
            "found": 7,
            "cpu": 1.0,
            "levels": {"n_levels": 3, "level 1": 0.99},
        }
        | INDICES
        | {"Ward": [0.9, 0.96]}
    },
    "controls": {"vacuum": {"300": [1, 1], "2000": [1, 4]}},
    "seeds": {"oxide_bilayer": {"agreement": 0.98765, "domains": [4, 3, 4]}},
    "time": {
        "simulated": {"n": 1024} | TOOK,
        "peers": {"Ward": TOOK, "HDBSCAN": {"error": "more than 900 s"}},
        "growth": [{"n": 4096} | TOOK],
    },
    "phases": {"naphi": {"domains": 6, "true": 4, "found": 4, "rand": 0.98765}},
    "dynamical": {
        "glass, 500": [
            {"true": 26, "found": 9, "ours": 0.8, "Ward": 0.4}
            | {"glasses": 0.9, "crystals": 5}
        ],
        "reconstruction, bent": [{"true": 1, "found": 1, "ours": 1.0}] * 2,
    },
}


@pytest.fixture
def truth():
    """Vacuum, and a flake of two phases, the second in two parts."""
    domain = np.repeat([0, 1, 2, 3], 20)
    mixedness = np.zeros(80)
    mixedness[::10] = 0.4
    return scenes.Truth(domain, mixedness, np.minimum(domain, 2))


class TestIndices:
    def test_perfect(self, truth):
        assert truth.indices(truth.domain + 5) == [1.0, 1.0]

    def test_mixed_positions_are_left_out(self, truth):
        labels = np.where(truth.mixedness > 0, -1, truth.domain)
        every, pure = truth.indices(labels)
        assert every < 1
        assert pure == 1

    def test_levels(self, truth):
        # The root into vacuum and flake, the flake into phases, one of these in two.
        tree = DomainTree.from_arrays(
            {
                "parent": [-1, 0, 0, 2, 2, 4, 4],
                "level": [0, 1, 1, 2, 2, 3, 3],
                "size": [80, 20, 60, 20, 40, 20, 20],
                "label": [-1, 0, -1, 1, -1, 2, 3],
                "reason": [0, 1, 0, 1, 0, 1, 1],
            }
            | dict.fromkeys(("strength", "share", "log_p", "agreement"), np.ones(7))
        )
        found = domains.levels(truth.domain, tree, truth)
        assert found["level 1"] == found["phases"] == 1
        assert (found["n at level 1"], found["level of phases"]) == (2, 2)
        assert found["phase 2, all"] == found["phase 2, unmixed"] == 1
        one = domains.levels(np.where(truth.domain == 3, 2, truth.domain), tree, truth)
        assert one["phase 2, all"] == 0

    def test_better(self):
        assert domains.better(INDICES) == []
        assert domains.better(INDICES | {"Ward": [0.901, 0.952]}) == []
        assert domains.better(INDICES | {"Ward": [0.5, 0.953]}) == ["Ward"]


class TestPeers:
    @pytest.mark.parametrize("name", scenes.PEERS)
    def test_plain_clusters_are_found(self, name, truth, monkeypatch):
        monkeypatch.setattr(scenes, "_N_WARD", 60)
        rng = np.random.default_rng(0)
        points = 20 * np.eye(4)[truth.domain] + rng.standard_normal((80, 4))
        assert truth.indices(scenes.PEERS[name](points, 4)) == [1.0, 1.0]

    def test_noise_of_features_is_white(self):
        rng = np.random.default_rng(0)
        patterns = rng.uniform(0.5, 1.5, (3, 9, 8))
        label = rng.integers(3, size=(30, 40))
        scan, _ = data.simulate_scan(patterns, np.eye(3)[label], 3000, random_state=0)
        points, known = scenes.features(compress(scan, random_state=0).patterns)
        assert known.all()
        label = label.ravel()
        means = np.stack([points[label == i].mean(axis=0) for i in range(3)])
        within = points - means[label]
        # Three directions, less the one that the constant total takes.
        assert within.var(axis=0).sum() == pytest.approx(2, rel=0.15)


class TestScenes:
    @pytest.mark.parametrize("bent", [False, True])
    def test_precipitates_have_20_positions(self, bent):
        scan, truth = scenes.precipitates(bent)
        assert np.bincount(truth.domain)[1:].tolist() == [20, 20]
        assert scan.data.reshape(len(truth.domain), -1).sum(axis=1).mean() > 900

    def test_controls(self):
        made = [make(300, 0).data for make in scenes.controls().values()]
        assert {counts.shape for counts in made} == {(72, 80, 64, 60)}
        for counts in made:
            # The dose is that of the mean, and positions are not all alike.
            assert counts.sum(axis=(2, 3)).mean() == pytest.approx(300, rel=0.02)
            assert (counts[0] != counts[1]).any()

    def test_positives_have_the_maps(self):
        made = scenes.positives()
        assert {"strained_flake, default", "oxide_bilayer, 300"} <= set(made)
        scan, truth = made["oxide_bilayer, 300"]()
        assert truth.domain.shape == truth.phase.shape == truth.mixedness.shape
        assert truth.domain.size == np.prod(scan.data.shape[:2])

    def test_enlarged_is_like_a_compressed_scan(self):
        scan, truth = data.domain_phantom((60, 64), (32, 30), random_state=0)
        patterns = compress(scan, random_state=0).patterns
        _, larger = data.domain_phantom((90, 80), (32, 30), lazy=True)
        drawn = scenes.enlarged(patterns, larger)
        assert drawn.shape == (7200, 960)
        assert drawn.take([7000, 1]).shape == (2, 960)
        for kind in np.unique(larger.domain):
            one, two = (
                _class_moments(made, found.domain.ravel() == kind)
                for made, found in ((patterns, truth), (drawn, larger))
            )
            if min(one[2], two[2]) < 50:
                continue
            np.testing.assert_allclose(one[0], two[0], atol=0.15 * np.abs(one[0]).max())
            # Standard errors of both variances, from so many positions.
            error = np.sqrt(2 / one[2] + 2 / two[2])
            assert two[1] == pytest.approx(one[1], rel=3.5 * error)


def _class_moments(patterns, rows):
    shapes = CompressedShapes.from_compressed(patterns)
    points = shapes.points[rows]
    return points.mean(axis=0), np.median(points.var(axis=0)), rows.sum()


def test_tables():
    core = pytest.importorskip("docutils.core")
    tables = domains.write_tables(RECORD)
    rows = [line.split("  ") for line in tables.splitlines()]
    rows = {row[0]: [cell.strip() for cell in row[1:] if cell] for row in rows}
    assert rows["vacuum"] == ["1", "4"]
    assert rows["oxide_bilayer"] == ["0.9877", "3, 4"]
    assert rows["naphi"] == ["6", "4", "4", "0.988"]
    assert rows["drawn"] == ["4096", "2.0 s", "3.0 s", "40.69", "13"]
    assert rows["strained_flake, default"][-1] == "Ward"
    settings = {"halt_level": 2, "report_level": 2}
    found = core.publish_doctree(tables, settings_overrides=settings).astext()
    assert "more than 900 s" in found
    assert domains.write_tables({"controls": RECORD["controls"]}) in tables + "\n"


def test_parts_are_kept(tmp_path, monkeypatch, capsys):
    for name, (_, table) in domains.PARTS.items():
        measured = (lambda record, *_, name=name: record.update(RECORD[name]), table)
        monkeypatch.setitem(domains.PARTS, name, measured)
    domains.main(["--output", str(tmp_path)])
    whole = (tmp_path / "domains.txt").read_text()
    assert whole in capsys.readouterr().out
    domains.main(["--output", str(tmp_path), "--only", "seeds", "time"])
    assert (tmp_path / "domains.txt").read_text() == whole
    assert json.loads((tmp_path / "domains.json").read_text()) == RECORD
