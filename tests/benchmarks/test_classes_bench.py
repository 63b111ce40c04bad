"""The benchmark of classes: what is right, its scores, simulations and table."""

import numpy as np
import pytest

from tests.benchmarks import classes
from tests.benchmarks.class_calibration import expected_error
from tests.benchmarks.class_scenes import ClassTruth
from tests.benchmarks.class_simulations import CLASSES, simulate_mean


def truth(vacuum, amorphous, crystalline, judged=True):
    """Ten positions of one domain with these shares."""
    shares = [np.full(10, x) for x in (vacuum, amorphous, crystalline)]
    return ClassTruth(np.zeros(10, int), *shares, np.full(10, judged))


@pytest.mark.parametrize(
    ("shares", "names"),
    [
        ((1, 0, 0), {"vacuum"}),
        ((0.95, 0, 0.05), {"vacuum", "crystalline"}),
        ((0.5, 0, 0.5), {"crystalline"}),
        ((0, 1, 0), {"amorphous"}),
        ((0, 0.9, 0.1), {"amorphous", "mixed"}),
        ((0, 0.5, 0.5), {"mixed"}),
        ((0.2, 0.1, 0.7), {"crystalline", "mixed"}),
    ],
)
def test_accepted(shares, names):
    assert truth(*shares).accepted(np.zeros(10, int)) == [names]


def test_what_is_not_judged():
    assert truth(1, 0, 0, judged=False).accepted(np.zeros(10, int)) == [None]


def row(name, right, sure=0.9, **others):
    chances = [(1 - sure) / 3] * 4
    chances[CLASSES.index(name)] = sure
    row = {"right": [right], "name": name, "probabilities": chances, "spots": 0.1}
    return row | {"size": 9, "outside": 0.4, "variation": 1.0} | others


def test_calibration_error():
    rows = [row("vacuum", "vacuum", 0.75) for _ in range(3)] + [
        row("vacuum", "mixed", 0.75)
    ]
    assert classes.calibration_error(rows, 1) == pytest.approx(0)
    assert classes.calibration_error(rows[:3], 1) == pytest.approx(0.25)
    probabilities = np.array([r["probabilities"] for r in rows])
    assert expected_error(probabilities, np.array([0, 0, 0, 3]), 1) == pytest.approx(0)


def test_rule():
    rows = [
        row("vacuum", "vacuum", outside=0.01),
        row("vacuum", "amorphous", variation=0.1),
        row("vacuum", "crystalline", variation=2.0),
    ]
    assert classes.best_rule(rows) == 3
    assert classes.best_rule([row("vacuum", "vacuum")]) == 0


def test_simple_features():
    rows, columns = np.indices((50, 60)) - np.array([22, 31])[:, None, None]
    smooth = 1000 * np.exp(-(rows**2 + columns**2) / 4) + 1.0
    spotty = smooth + 30.0 * (np.hypot(rows - 3, columns - 15) < 2)
    outside, variation = classes.simple_features(smooth)
    assert variation < 0.01
    assert 0 < outside < 1
    assert classes.simple_features(spotty)[1] > 10 * max(variation, 1e-3)


def test_simulations_are_repeatable_and_differ():
    one, same, other = simulate_mean(3), simulate_mean(3), simulate_mean(4)
    np.testing.assert_array_equal(one.mean, same.mean)
    assert one.mean.shape == one.used.shape
    assert one.mean.shape != other.mean.shape
    assert one.truth in CLASSES
    total = one.mean[one.used].sum() * one.n_patterns / one.gain
    assert total == pytest.approx(one.options["total"], rel=0.9)


def test_table():
    judged = [row("vacuum", "vacuum"), row("mixed", "amorphous")]
    text = classes.write_table({"scene, 300": {"true": judged}})
    assert "1 of 2" in text
    assert "mixed for amorphous" in text
    assert "50.0 %" in text
