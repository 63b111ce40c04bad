"""What counts for and against a structure, and by how much."""

import numpy as np
import pytest

from hyperspy_4dphase.estimators.orientation import MatchReport
from hyperspy_4dphase.estimators.orientation._evidence import (
    CHOICE,
    NONE,
    NONE_CONSTANT,
    none_log_odds,
    weigh_choice,
    weigh_none,
)
from hyperspy_4dphase.estimators.orientation._library_building import EXCITATION_WIDTH

GOOD = MatchReport(
    n_spots=12,
    n_explained=12,
    n_unexplained=0,
    unexplained=0.0,
    unexplained_amplitude=0.0,
    n_expected=10,
    n_missing=0,
    missing=0.0,
    distance=0.1,
    log_ratio=0.3,
    in_plane=0.0,
    misfit=1.0,
    missing_amplitude=0.0,
    n_off=0,
    dimension=3,
    attainable=0.96,
    zone=(np.nan,) * 3,
    deviation=0.5,
    n_twice=0,
)


def choice(cosine=0.9, width=EXCITATION_WIDTH, **changes):
    return float(weigh_choice(cosine, width, GOOD._replace(**changes)) @ CHOICE)


def none(cosine=0.9, **changes):
    report = GOOD._replace(**changes)
    return none_log_odds(weigh_none(cosine, report), report)


@pytest.mark.parametrize(
    "worse",
    [
        {"cosine": 0.8},
        {"n_unexplained": 2},
        {"unexplained_amplitude": 0.2},
        {"missing_amplitude": 0.2},
        {"n_off": 4},
        {"deviation": 1.5},
        {"dimension": 2},
    ],
    ids=str,
)
def test_what_speaks_against_a_structure(worse):
    assert choice(**worse) < choice()


@pytest.mark.parametrize(
    "worse",
    [
        {"cosine": 0.8},
        {"unexplained_amplitude": 0.2},
        {"n_off": 4},
        {"deviation": 1.5},
        {"dimension": 2},
        {"missing_amplitude": 0.5, "n_expected": 30},
    ],
    ids=str,
)
def test_what_speaks_for_none_of_them(worse):
    assert none(**worse) > none()


def test_cosine_counts_the_more_the_more_spots_there_are():
    gains = [choice(0.9, n_spots=n) - choice(0.7, n_spots=n) for n in (2, 6, 14)]
    assert gains == sorted(gains)
    assert gains[0] > 0
    # Beyond what was seen, numbers count no more.
    assert choice(n_spots=15) == choice(n_spots=99)
    assert choice(n_unexplained=8) == choice(n_unexplained=50)


def test_nothing_is_infinite():
    for cosine in (0.0, 1.0):
        assert np.isfinite(choice(cosine))
        assert np.isfinite(none(cosine, attainable=0.0))
        assert np.isfinite(none(cosine, n_spots=0, n_expected=0))


def test_log_odds_are_linear_within_what_was_fitted():
    report = GOOD._replace(unexplained_amplitude=0.25, missing_amplitude=0.1)
    weighed = weigh_none(0.8, report)
    assert none_log_odds(weighed, report) == pytest.approx(
        weighed @ NONE + NONE_CONSTANT
    )


def test_what_is_missing_counts_by_how_much_is_expected():
    odds = [none(missing_amplitude=0.6, n_expected=n) for n in (1, 4, 16, 64)]
    assert odds == sorted(odds)
    assert odds[0] == none()
    assert odds[-1] > odds[0] + 10
    parts = [none(missing_amplitude=m, n_expected=20) for m in (0.0, 0.1, 0.3, 0.9)]
    assert parts[0] == parts[1] < parts[2] < parts[3]
