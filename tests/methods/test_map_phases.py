"""`s.map_phases()`: the whole way from a scan to named phases."""

from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from orix.crystal_map import Phase

from hyperspy_4dphase import DomainConfidence, DomainMap, PhaseMap, PhaseMapping
from hyperspy_4dphase.data import structure

from ..signals.phases import scan, truth
from .conftest import unchanged

QUIET = {"show_progressbar": False, "print_info": False}
CRYSTALLINE = truth() < 3


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def of_silicon():
    return (
        scan()
        .map_phases(structure("Si"), confidence=False, random_state=0, **QUIET)
        .phases
    )


@pytest.fixture(scope="module")
def classified():
    """A scan, and its map without structures."""
    s = scan()
    return s, s.map_phases(confidence=False, random_state=0, **QUIET)


def test_the_whole_way(tmp_path):
    s = scan()
    before = s.deepcopy()
    candidates = {"aluminium": structure("Al"), "silicon": structure("Si")}
    result = s.map_phases(candidates, random_state=0, **QUIET)
    assert unchanged(s, before)
    assert type(result) is PhaseMapping
    assert type(result.domains) is DomainMap
    assert type(result.confidence) is DomainConfidence
    assert type(result.phases) is PhaseMap
    np.testing.assert_array_equal(
        result.confidence.at_threshold(0).labels.shape, (17, 19)
    )
    names = np.array([*result.phases.names, "not indexed"])[result.phases.phase_ids]
    expected = np.array(["silicon", "silicon", "aluminium", "amorphous", "not indexed"])
    np.testing.assert_array_equal(names, expected[truth()])
    assert "silicon" in repr(result)
    assert repr(result.report()) == repr(result.phases.report())
    assert result.plot().subfigs
    assert "confidence" in [a.get_title() for a in result.plot_phase_summary().axes]
    page = result.to_html(tmp_path / "page").read_text(encoding="utf-8")
    assert f"mean confidence {np.nanmean(result.confidence.data):.3f}" in page
    assert "Map of phases: aluminium, silicon, amorphous" in page
    # What the map was made of, with its seed and the versions.
    for name in ("cluster_hierarchical", "compress", "random_state", "versions"):
        assert f"{name}<" in page


def test_without_structures_domains_are_classified(classified):
    _, result = classified
    assert result.phases is None
    assert result.confidence is None
    assert result.report() is result.classes
    kinds = np.array(result.classes.names)[result.domains.labels]
    expected = np.array(["crystalline"] * 3 + ["amorphous", "vacuum"])
    np.testing.assert_array_equal(kinds, expected[truth()])
    assert result.plot().axes


def test_lazy_scans_give_the_same(of_silicon):
    options = {"confidence": False, "random_state": 0, **QUIET}
    found = scan().as_lazy().map_phases(structure("Si"), **options).phases
    np.testing.assert_array_equal(found.phase_ids, of_silicon.phase_ids)
    np.testing.assert_allclose(found.quaternions, of_silicon.quaternions, atol=1e-5)


def test_a_structure_that_is_not_there_is_not_named():
    wrong = structure("SrTiO3")
    result = scan().map_phases(wrong, confidence=False, random_state=0, **QUIET)
    assert (result.phases.phase_ids[CRYSTALLINE] == -1).all()
    reasons = [row.reason for row in result.phases.report()]
    assert sum("none of these structures" in reason for reason in reasons) == 3


def test_compression_that_is_given_is_used(classified):
    s, first = classified
    again = s.map_phases(
        confidence=False, random_state=0, compression=first.compression, **QUIET
    )
    assert again.compression is first.compression
    np.testing.assert_array_equal(first.domains.labels, again.domains.labels)


def test_masks():
    s = scan()
    mask = np.zeros((17, 19), bool)
    mask[:, :4] = True
    result = s.map_phases(
        structure("Si"),
        confidence=False,
        navigation_mask=mask,
        random_state=0,
        **QUIET,
    )
    assert (result.domains.labels[mask] == -1).all()
    assert (result.phases.phase_ids[mask] == -1).all()
    assert (result.phases.phase_ids[~mask & (truth() < 2)] == 0).all()


def test_one_seed_for_all_steps(monkeypatch):
    """Also where the user gives none, so that it can be done again."""
    s = scan()
    quick = partial(s.domain_confidence, n_maps=2, doubts=["noise"])
    monkeypatch.setattr(s, "domain_confidence", quick)
    result = s.map_phases(**QUIET)
    steps = result.compression, result.domains, result.confidence
    seeds = [step.provenance["random_state"] for step in steps]
    assert len(set(seeds)) == 1
    again = s.map_phases(confidence=False, **QUIET)
    assert again.domains.provenance["random_state"] != seeds[0]
    again = s.map_phases(confidence=False, random_state=seeds[0], **QUIET)
    np.testing.assert_array_equal(again.domains.labels, result.domains.labels)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"structures": "nowhere.cif"}, (ValueError, FileNotFoundError), "nowhere"),
        ({"structures": Phase("empty", point_group="m-3m")}, ValueError, "no atoms"),
        ({"structures": []}, ValueError, "structures"),
        ({"structures": structure("Si"), "flip": 1}, TypeError, "flip"),
        ({"structures": structure("Si"), "center": (900, 2)}, ValueError, "center"),
        ({"structures": structure("Si"), "spot_radius": 0}, ValueError, "spot_radius"),
        (
            {"structures": structure("Si"), "accelerating_voltage": -5},
            ValueError,
            "kV|accelerating_voltage",
        ),
        ({"confidence": "yes"}, TypeError, "confidence"),
        # Without structures, too.
        ({"center": "mid"}, ValueError, "center"),
        ({"center": [[1, 1]] * 3}, ValueError, "center"),
        ({"spot_radius": "x"}, TypeError, "spot_radius"),
        ({"scan_rotation": "x"}, TypeError, "scan_rotation"),
        ({"accelerating_voltage": "abc"}, TypeError, "accelerating_voltage"),
    ],
)
def test_wrong_arguments_are_refused_before_reading(arguments, error, message):
    s = scan().as_lazy()
    s.data = s.data.map_blocks(_fail, dtype=s.data.dtype, meta=s.data._meta)
    with pytest.raises(error, match=message):
        s.map_phases(**arguments, **QUIET)


def test_another_voltage_than_that_of_the_metadata_is_told_once():
    s = scan()
    options = {"confidence": False, "random_state": 0, **QUIET}
    with pytest.warns(UserWarning, match="80 kV is used, but .* is 200 kV") as told:
        result = s.map_phases(structure("Si"), 80, **options)
    assert [warning.filename for warning in told] == [__file__]
    assert result.phases.settings["accelerating_voltage"] == 80
    with pytest.warns(UserWarning, match="80 kV is used, but .* is 200 kV") as told:
        again = result.domains.identify(
            structure("Si"), 80, classes=result.classes, show_progressbar=False
        )
    assert [warning.filename for warning in told] == [__file__]
    np.testing.assert_array_equal(again.phase_ids, result.phases.phase_ids)


def _fail(block):
    raise RuntimeError("read")
