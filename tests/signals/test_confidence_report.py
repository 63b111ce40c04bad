"""Which domains are in doubt, of what, and where: as it is told to users."""

from types import SimpleNamespace

import numpy as np
import pytest

from hyperspy_4dphase.signals._confidence_report import describe_confidence

SHAPE = (20, 30)
COLUMNS = np.indices(SHAPE)[1]
LABELS = COLUMNS // 10


def doubted(labels=LABELS, lost=(), **doubts):
    """A confidence with these doubts, as far as the report asks for it."""
    values = np.full(labels.shape, 0.8)
    values.flat[0] = np.nan
    return SimpleNamespace(
        is_resolved=True,
        data=values,
        provenance={"outcome": {"lost_domains": [*lost]}},
        _doubt_values=doubts.get,
        at_threshold=lambda threshold: {0: SimpleNamespace(labels=labels)}[threshold],
    )


def lines_of(**doubts):
    first, *lines = describe_confidence(doubted(**doubts))
    assert first == "  mean_confidence=0.8"
    return lines


def nothing():
    return np.zeros(SHAPE)


def test_lost_domains_are_told():
    lines = lines_of(lost=[14, 20])
    assert [line.split(",")[1] for line in lines] == [" 14 positions", " 20 positions"]
    of_before = doubted()
    of_before.provenance = {"outcome": {}}
    assert len(describe_confidence(of_before)) == 1


def test_nothing_in_doubt():
    assert lines_of() == []
    assert lines_of(domain=nothing(), unresolved=nothing(), misfit=nothing()) == []
    # What each source takes off is told in figures only.
    assert lines_of(noise=np.ones(SHAPE), boundary=np.ones(SHAPE)) == []


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("domain", "may be a piece of another domain"),
        ("unresolved", "may hold domains that the map lacks, or be part of one"),
        ("misfit", "patterns fit neither the domain nor mixtures with what is around"),
    ],
)
@pytest.mark.parametrize("domain", range(3))
def test_a_domain_is_named(name, what, domain):
    doubt = np.where(LABELS == domain, 0.5, 0.1)
    (line,) = lines_of(**{name: doubt})
    assert line.startswith(f"    {name}: domain {domain}, 200 of 200 positions, around")
    assert line.endswith(f": {what}.")


def place_in(line):
    text = line.split("around (")[1].split(")")[0]
    return tuple(int(part) for part in text.split(", "))


@pytest.mark.parametrize("center", [(4, 15), (15, 13), (10, 16)])
def test_a_place_is_named(center):
    """In array order; where most of the doubtful positions are."""
    doubt = nothing()
    around = np.abs(np.indices(SHAPE) - np.reshape(center, (2, 1, 1))).max(axis=0)
    doubt[around <= 2] = 0.9
    # One that is far away draws it nowhere.
    doubt[19, 19] = 0.9
    (line,) = lines_of(misfit=doubt)
    assert "domain 1, 26 of 200 positions" in line
    assert np.abs(np.subtract(place_in(line), center)).max() <= 1


def test_a_place_is_one_of_the_doubtful():
    """Not amid them, where nothing is in doubt."""
    doubt = nothing()
    doubt[:, [11, 18]] = 0.7
    (line,) = lines_of(domain=doubt)
    assert doubt[place_in(line)] > 0


def test_places_have_as_many_axes_as_the_scan():
    for shape in ((600,), (4, 10, 15)):
        labels = LABELS.reshape(shape)
        doubt = np.where(labels == 2, 0.8, 0)
        # The data of 1-D scans have a second axis.
        data = np.atleast_2d(doubt)
        lines = describe_confidence(doubted(labels, domain=data))
        assert labels[place_in(lines[1])] == 2
        assert len(place_in(lines[1])) == len(shape)


def test_few_positions_are_not_worth_it():
    """Fewer than 10 %, or than five, of a domain."""
    doubt = nothing()
    doubt[0, 10:20] = 0.9
    assert lines_of(misfit=doubt) == []
    doubt[1, 10:20] = 0.9
    assert len(lines_of(misfit=doubt)) == 1
    labels = np.where(COLUMNS + 30 * np.indices(SHAPE)[0] < 4, 1, 0)
    lines = describe_confidence(doubted(labels, misfit=1.0 * labels))
    assert len(lines) == 1
    labels[0, 4] = 1
    lines = describe_confidence(doubted(labels, misfit=1.0 * labels))
    assert "domain 1, 5 of 5 positions" in lines[1]


def test_small_doubts_are_not_told():
    assert lines_of(domain=np.full(SHAPE, 0.29)) == []
    assert len(lines_of(domain=np.full(SHAPE, 0.31))) == 3


def test_the_most_doubtful_come_first_and_few_are_told():
    labels = COLUMNS // 5
    rows = np.indices(SHAPE)[0]
    # Of domain 4 most, then of 2, 0, 1, 3 and 5.
    n_rows = np.array([12, 10, 15, 8, 20, 6])
    doubt = np.where(rows < n_rows[labels], 0.6, 0.0)
    _, *lines = describe_confidence(doubted(labels, unresolved=doubt))
    names = [line.split(",")[0].split()[-1] for line in lines[:3]]
    assert names == ["4", "2", "0"]
    assert lines[3] == "    unresolved: 3 more domains."
    assert len(lines) == 4


def test_masked_and_unassigned_positions_do_not_count():
    labels = np.where(COLUMNS >= 20, -1, LABELS)
    doubt = np.where(COLUMNS >= 20, 0.9, np.nan)
    assert len(describe_confidence(doubted(labels, domain=doubt))) == 1
    doubt[:, :10] = 0.9
    _, line = describe_confidence(doubted(labels, domain=doubt))
    assert "domain 0, 200 of 200" in line


def test_not_resolved():
    (line,) = describe_confidence(SimpleNamespace(is_resolved=False))
    assert "not resolved" in line
    assert "NaN" in line
