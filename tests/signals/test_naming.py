"""Which phase a domain is taken to be, and why."""

import numpy as np

from hyperspy_4dphase.estimators.orientation import Identification
from hyperspy_4dphase.signals._naming import _choose, _make_empty

TITLES = ["layered", "spinel"]


def found(probability, none=0.0, in_set=None, n_spots=20, one_zone=False):
    probability = np.array(probability, dtype=float)
    in_set = probability > 0.03 if in_set is None else np.array(in_set)
    return Identification(probability, none, in_set, 0.1, n_spots, one_zone)


def choose(kinds, results):
    names = _make_empty(kinds, len(TITLES))
    _choose(names, results, TITLES)
    return names


def test_best_structure_amorphous_and_vacuum():
    names = choose(["crystalline", "amorphous", "vacuum"], {0: found([0.1, 0.9])})
    assert names.phase.tolist() == [1, 2, -1]
    assert names.reason == ["", "", ""]


def test_none_of_them():
    names = choose(["crystalline"], {0: found([0.05, 0.15], none=0.8)})
    assert names.phase.tolist() == [-1]
    assert "none of these structures (probability 0.80)" in names.reason[0]
    assert "nearest is spinel" in names.reason[0]


def test_mixed_domains_are_said_to_be_partly_amorphous():
    names = choose(["mixed"], {0: found([0.05, 0.15], none=0.8)})
    assert names.reason[0].startswith(
        "partly amorphous; its spots are of none of these"
    )


def test_no_spots():
    nothing = Identification(np.full(2, 0.5), np.nan, np.ones(2, bool), np.nan, 0)
    names = choose(["mixed"], {0: nothing})
    assert names.phase.tolist() == [-1]
    assert "no spots" in names.reason[0]


def test_what_is_not_half_probable_is_not_named():
    names = choose(["crystalline"], {0: found([0.4, 0.35], none=0.25)})
    assert names.phase.tolist() == [-1]
    assert names.reason[0] == (
        "cannot be told: one of layered, spinel, or none of these structures "
        "(probability 0.25)"
    )


def test_too_few_spots_is_not_none_of_them():
    names = choose(["crystalline"], {0: found([0.3, 0.1], none=0.6, n_spots=4)})
    assert names.phase.tolist() == [-1]
    assert names.reason[0] == (
        "4 spots are too few to name it: it may be layered or spinel, or none of these "
        "structures (probability 0.60)"
    )
    sure = choose(["crystalline"], {0: found([0.03, 0.01], none=0.96, n_spots=4)})
    assert sure.reason[0].startswith("none of these structures")


def test_structures_that_are_no_candidates_are_said_to_be_possible():
    names = choose(["crystalline"], {0: found([0.8, 0.0], none=0.2, one_zone=True)})
    assert names.phase.tolist() == [0]
    assert "share these reflections" in names.reason[0]
    names = choose(["crystalline"], {0: found([0.8, 0.0], none=0.2)})
    assert "cannot be excluded (probability 0.20)" in names.reason[0]
    names = choose(["crystalline"], {0: found([0.99, 0.0], none=0.01)})
    assert names.reason[0] == ""


def test_other_orientations_are_told():
    names = _make_empty(["crystalline"], len(TITLES))
    _choose(names, {0: found([0.95, 0.03])}, TITLES, {(0, 0): (2, 57.4)})
    assert names.phase.tolist() == [0]
    assert names.reason[0] == "2 more orientations fit, up to 57° away"
    _choose(names, {0: found([0.95, 0.03])}, TITLES, {(0, 0): (1, 57.4)})
    assert names.reason[0] == "1 more orientation fits, up to 57° away"
