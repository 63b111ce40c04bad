"""The benchmark that fits what tells whether a label stands."""

import json

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.special import expit

from tests.benchmarks import structure, structure_fit
from tests.benchmarks.structure_fit import IN_USE, Judged

NAMES = [name for weights in IN_USE.values() for name in weights if name != "constant"]
WEIGHTS = {
    "whole": {"constant": 1.5, "size": 1.0, "distance": 0.5},
    "nothing hidden": {
        "constant": 2.0,
        "agreement": 1.5,
        "likeness": 0.0,
        "misfit": -1.0,
    },
}


def draw(seed, n=3000, weights=WEIGHTS):
    """Positions that are right as often as these weights say."""
    rng = np.random.default_rng(seed)
    features = {name: 1.5 * rng.standard_normal(n) for name in NAMES}
    own = rng.uniform(0.9, 0.999, n)
    judged = Judged(features, own, np.ones(n, bool), np.zeros(n, bool))
    judged.right = rng.random(n) < judged.predict(weights)
    return judged


def test_weights_are_found(monkeypatch):
    assert {term: set(w) for term, w in WEIGHTS.items()} == {
        term: set(w) for term, w in IN_USE.items()
    }
    monkeypatch.setattr(structure_fit, "_WRONG", 1.0)
    monkeypatch.setattr(structure_fit, "_PENALTY", 0.0)
    fitted = structure_fit.fit_weights([draw(seed) for seed in range(20)])
    for term, weights in WEIGHTS.items():
        assert fitted[term] == pytest.approx(weights, abs=0.2)


def test_no_weight_has_the_wrong_sign():
    weights = {term: dict.fromkeys(w, 1.0) for term, w in WEIGHTS.items()}
    weights["whole"]["size"] = -1.0
    fitted = structure_fit.fit_weights([draw(0, weights=weights)])
    assert fitted["whole"]["size"] == pytest.approx(0, abs=1e-9)
    assert fitted["nothing hidden"]["misfit"] == pytest.approx(0, abs=1e-9)
    assert fitted["whole"]["distance"] > 0.3


def test_scans_weigh_the_same():
    """Copies of the positions of one scan change nothing."""
    few, other = draw(0, 300), draw(1, 300)
    many = few.take(np.tile(np.arange(300), 5))
    fits = [structure_fit.fit_weights([scan, other]) for scan in (few, many)]
    for term in WEIGHTS:
        assert fits[0][term] == pytest.approx(fits[1][term], abs=1e-3)


def test_gradient():
    rng = np.random.default_rng(0)
    columns = [rng.standard_normal((40, n)) for n in (2, 3)]
    data = {"columns": columns, "own": rng.uniform(0.5, 0.99, 40)}
    data |= {"right": rng.random(40) < 0.7, "weight": np.full(40, 1 / 40)}
    parts = [
        lambda x, part=part: structure_fit._find_loss(x, **data)[part]
        for part in (0, 1)
    ]
    for _ in range(5):
        assert check_grad(*parts, rng.standard_normal(7)) < 1e-5


def test_inclusions_are_not_fitted_and_stand():
    judged = draw(0, 200)
    judged.included[:50] = True
    assert len(judged.sample().own) == 150
    weights = {term: dict(w) for term, w in WEIGHTS.items()}
    weights["whole"] = {"constant": -20.0, "size": 0.0, "distance": 0.0}
    found = judged.predict(weights)
    assert found[50:].max() < 1e-6
    hidden = 2 + 1.5 * judged.features["agreement"] - judged.features["misfit"]
    expected = judged.own * expit(3) * expit(hidden)
    np.testing.assert_allclose(found[:50], expected[:50])


def test_kinds_are_left_out():
    kinds = {"one": [draw(0), draw(1)], "another": [draw(2)]}
    record = structure_fit.fit_kinds(kinds)
    row = record["kinds"]["one"]
    assert row["scans"] == 2
    weights = structure_fit.fit_weights(kinds["another"])
    assert row["left out"] == structure_fit.judge_weights(kinds["one"], weights)
    assert row["left out"]["ece"] < 0.2
    alone = structure_fit.fit_kinds({"one": [draw(0)]})
    assert "left out" not in alone["kinds"]["one"]
    for found in (record, alone):
        assert structure.write_tables(found).count("one") >= 1


def test_only_scans_with_errors_tell_of_them():
    judged = draw(0)
    judged.right[:] = True
    assert list(structure_fit.judge_weights([judged], WEIGHTS)) == ["ece"]


def test_quick(tmp_path, capsys):
    structure.main(["--quick", "--output", str(tmp_path)])
    text = (tmp_path / "structure.txt").read_text()
    assert text in capsys.readouterr().out
    record = json.loads((tmp_path / "structure.json").read_text())
    assert set(record["kinds"]) == {"battery_interface", "oxide_bilayer"}
    assert record["in use"] == IN_USE
    core = pytest.importorskip("docutils.core")
    settings = {"halt_level": 2, "report_level": 2}
    core.publish_doctree(text, settings_overrides=settings)


def test_one_domain_is_not_fitted():
    from tests.benchmarks import domain_scenes as scenes

    scan = scenes.controls()["pure noise"](300, 0)
    true = np.zeros(scan.data.shape[:2], int).ravel()
    assert structure.judge_scan(scan, true, True) is None
