"""`PhaseMap`: which phase is where, how it is turned, and what is made of it."""

import hyperspy.api as hs
import matplotlib.pyplot as plt
import numpy as np
import pytest
from orix.crystal_map import CrystalMap
from orix.quaternion import Orientation
from pyxem.signals import ElectronDiffraction2D

from hyperspy_4dphase import PhaseMap
from hyperspy_4dphase.data import structure
from hyperspy_4dphase.estimators.orientation import misorientation
from hyperspy_4dphase.signals.phase_map import LazyPhaseMap

from .phases import (
    PARTS,
    QUIET,
    VOLTAGE,
    counts,
    mapped,
    named,
    rotation,
    scan,
    truth,
)

NAMES = ["Al", "Si", "amorphous"]
EXPECTED = {"Al": 0, "Si": 1, "amorphous": 2, "vacuum": -1}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def expected_ids():
    return np.array([EXPECTED[name] for name, _ in PARTS])[truth()]


def rotations_of(candidates, name):
    return next(c.rotations for c in candidates if c.name == name)


def test_every_part_has_its_name():
    _, phases, _ = named()
    assert type(phases) is PhaseMap
    assert phases.names == NAMES
    np.testing.assert_array_equal(phases.phase_ids, expected_ids())
    np.testing.assert_array_equal(phases.data, expected_ids())
    assert phases.metadata.General.title == "Phases of planted"


def test_orientations_of_domains():
    _, phases, parts = named()
    for domain, part in enumerate(parts):
        name, euler = PARTS[part]
        found = phases.quaternions[domain]
        if euler is None:
            assert np.isnan(found).all()
            continue
        symmetry = rotations_of(phases.candidates, name)
        angle = misorientation(found[None], rotation(euler).data, symmetry)
        assert angle < 1.0


def test_axes_are_those_of_the_scan():
    s, phases, _ = named()
    for axis, own in zip(
        phases.axes_manager.signal_axes, s.axes_manager.navigation_axes, strict=True
    ):
        assert (axis.name, axis.scale, axis.units, axis.size) == (
            own.name,
            own.scale,
            own.units,
            own.size,
        )


def test_report():
    _, phases, parts = named()
    rows = phases.report()
    assert [row.domain for row in rows] == list(range(len(parts)))
    for row, part in zip(rows, parts, strict=True):
        name, euler = PARTS[part]
        assert row.phase == ("not indexed" if name == "vacuum" else name)
        assert np.isnan(row.euler[0]) == (euler is None)
        assert row.n_positions == (truth() == part).sum()
    text = str(rows)
    assert len(text.splitlines()) >= len(parts) + 1
    assert "not indexed" in text


def test_scores_and_sets():
    _, phases, parts = named()
    scores = phases.scores
    shape = len(parts), 2
    assert all(values.shape == shape for values in scores.values())
    for domain, part in enumerate(parts):
        name, euler = PARTS[part]
        if euler is None:
            assert np.isnan(scores["cosine"][domain]).all()
            assert phases.sets[domain] == []
        else:
            assert phases.sets[domain][0] == name
            assert scores["cosine"][domain].argmax() == NAMES.index(name)


def test_crystal_map():
    s, phases, parts = named()
    xmap = phases.to_crystal_map()
    assert isinstance(xmap, CrystalMap)
    np.testing.assert_array_equal(xmap.phase_id.reshape(xmap.shape), expected_ids())
    assert xmap.scan_unit == "nm"
    assert (xmap.dx, xmap.dy) == (2.0, 3.0)
    assert xmap.phases["Si"].space_group.number == 227
    assert set(xmap.prop) == {"domain", "probability", "cosine", "margin"}
    inside = xmap["Si"]
    turns = phases.quaternions[phases.domains.labels.ravel()[inside.id]]
    np.testing.assert_allclose(inside.rotations.data, turns, atol=1e-6)
    assert np.isnan(xmap["not_indexed"].prop["probability"]).all()
    assert not np.isnan(inside.prop["probability"]).any()


def test_phases_have_structures_and_colours():
    _, phases, _ = named()
    found = phases.phases
    assert found.names == NAMES
    assert len(found["Si"].structure) == len(structure("Si").structure)
    assert found["Si"].point_group.name == "m-3m"
    assert len(set(found.colors)) == 3


@pytest.mark.parametrize(("extension", "lazy"), [("hspy", True), ("zspy", False)])
def test_saved_and_reloaded(tmp_path, extension, lazy):
    _, phases, _ = named()
    file = tmp_path / f"phases.{extension}"
    phases.save(file)
    again = hs.load(file, lazy=lazy)
    assert type(again) is (LazyPhaseMap if lazy else PhaseMap)
    np.testing.assert_array_equal(again.phase_ids, phases.phase_ids)
    assert again.names == phases.names
    assert again.sets == phases.sets
    assert str(again.report()) == str(phases.report())
    np.testing.assert_array_equal(again.quaternions, phases.quaternions)
    for one, other in zip(again.alternatives, phases.alternatives, strict=True):
        np.testing.assert_array_equal(one.orientations.data, other.orientations.data)
        np.testing.assert_array_equal(one.probability, other.probability)
    assert [c.name for c in again.candidates] == ["Al", "Si"]
    old, new = phases.to_crystal_map(), again.to_crystal_map()
    np.testing.assert_array_equal(old.rotations.data, new.rotations.data)
    np.testing.assert_array_equal(again.domains.labels, phases.domains.labels)
    means = again.mean_patterns()
    np.testing.assert_array_equal(means.data, phases.mean_patterns().data)


def test_alternatives_of_domains():
    _, phases, parts = named()
    for domain, part in enumerate(parts):
        name, euler = PARTS[part]
        found = phases.alternatives[domain]
        n = len(found.probability)
        assert found.orientations.shape == found.angles.shape == (n,)
        if euler is None:
            assert n == 0
            continue
        first = found.orientations[0]
        assert isinstance(first, Orientation)
        np.testing.assert_allclose(first.data[0], phases.quaternions[domain])
        assert (np.diff(found.probability) <= 0).all()
        assert 0.97 < found.probability.sum() <= 1 + 1e-9
        # A half turn of [011] of a cubic crystal is a symmetry: only others are listed.
        assert (found.angles[1:] > 0.4).all()
        symmetry = found.orientations.symmetry
        assert symmetry.name == phases.phases[name].point_group.laue.name


def test_map_stored_before_alternatives_were_kept():
    _, phases, _ = named()
    older = phases.deepcopy()
    stored = older.metadata.Phase_map.names
    del stored.alternatives
    del stored.alternative_shares
    for found, turn in zip(older.alternatives, older.quaternions, strict=True):
        if np.isnan(turn).any():
            assert found.orientations.size == 0
            continue
        np.testing.assert_allclose(found.orientations.data, turn[None])
        assert found.probability.tolist() == [1.0]


def check_positions(refined):
    """Most positions are turned as they were simulated."""
    for part, (name, euler) in enumerate(PARTS):
        if euler is None:
            continue
        mine = refined.rotations.data[truth() == part]
        symmetry = rotations_of(refined.candidates, name)
        angle = misorientation(mine, rotation(euler).data, symmetry)
        assert np.median(angle) < 2.0


def test_positions_have_orientations_of_their_own():
    s, phases, parts = named()
    before = phases.data.copy()
    refined = phases.orientations(s, **QUIET)
    assert phases.misorientation is None
    assert phases.match is None
    np.testing.assert_array_equal(phases.data, before)
    crystalline = phases.phase_ids >= 0
    crystalline &= phases.phase_ids < 2
    check_positions(refined)
    apart = refined.misorientation.data
    assert np.isfinite(apart[crystalline]).all()
    assert np.isnan(apart[~crystalline]).all()
    assert phases.at_edge is None
    # Nothing here is turned against its domain by more than a degree.
    assert refined.at_edge.data[crystalline].mean() < 0.1
    near = phases.orientations(s, reach=0.05, step=0.05, **QUIET).at_edge.data
    assert near[crystalline].mean() > refined.at_edge.data[crystalline].mean()
    assert apart[crystalline].max() < 3 * 3**0.5 + 0.1
    assert "orientations(" in refined.provenance["changes"][0]
    assert "match" in refined.to_crystal_map().prop


def test_positions_of_a_lazy_scan(tmp_path):
    s, phases, _ = named()
    lazy = phases.orientations(s.as_lazy(), **QUIET)
    eager = phases.orientations(s, **QUIET)
    np.testing.assert_allclose(
        lazy.rotations.data, eager.rotations.data, atol=1e-6, equal_nan=True
    )


def test_masked_pixels_are_not_used():
    s = scan()
    mask = np.zeros(s.data.shape[2:], bool)
    mask[62:66, 60:70] = True
    s.data[..., mask] = 999
    domains = s.cluster_hierarchical(
        random_state=0, print_info=False, signal_mask=mask, **QUIET
    )
    phases = domains.identify([structure("Al"), structure("Si")], **QUIET)
    np.testing.assert_array_equal(phases.phase_ids, expected_ids())
    check_positions(phases.orientations(s, **QUIET))


def test_clean():
    _, phases, parts = named()
    labels = phases.domains.labels
    margins = np.array([row.margin for row in phases.report()])
    limit = np.nanmedian(margins)
    cleaned = phases.clean(min_margin=limit)
    poor = np.append(margins < limit, False)[labels]
    np.testing.assert_array_equal(
        cleaned.phase_ids, np.where(poor, -1, phases.phase_ids)
    )
    assert cleaned.provenance["changes"] == [
        f"clean(min_margin={limit:g}: {poor.sum()} positions)"
    ]
    assert "changes" not in phases.provenance
    # Parts of aluminium have 57 positions, those of silicon 76 and more.
    small = phases.clean(min_size=60)
    gone = (phases.phase_ids == 0) | (phases.phase_ids == 2)
    np.testing.assert_array_equal(small.phase_ids < 0, gone | (phases.phase_ids < 0))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({}, ValueError, "asked for nothing"),
        ({"min_size": 0}, ValueError, "min_size"),
        ({"min_size": 2.5}, TypeError, "min_size"),
        ({"min_cosine": 1.5}, ValueError, "min_cosine"),
        ({"min_match": 0.5}, ValueError, "orientations"),
    ],
)
def test_wrong_cleaning(options, error, message):
    with pytest.raises(error, match=message):
        named()[1].clean(**options)


def test_figure():
    _, phases, parts = named()
    fig = phases.plot()
    titles = {ax.get_title() for ax in fig.axes}
    assert {"phase", "inverse pole figure, z"} <= titles
    assert any(title.startswith("0:") for title in titles)
    with pytest.raises(ValueError, match="direction="):
        phases.plot("w")


def test_orientation_colours_are_those_of_orix():
    _, phases, _ = named()
    from orix.plot import IPFColorKeyTSL

    colors = phases._orientation_colors("z")
    xmap = phases.to_crystal_map()
    part = xmap["Si"]
    laue = part.phases["Si"].point_group.laue
    key = IPFColorKeyTSL(laue)
    expected = key.orientation2color(Orientation(part.rotations, symmetry=laue))
    np.testing.assert_allclose(colors.reshape(-1, 3)[part.id], expected, atol=1e-9)


def test_slices_have_values_only():
    _, phases, _ = named()
    part = phases.isig[:3, :4]
    assert part.data.shape == (4, 3)
    for take in ("to_crystal_map", "orientations", "plot", "to_pyxem", "report"):
        with pytest.raises(ValueError, match="slice of a phase map"):
            getattr(part, take)()


def test_what_is_refused_before_anything_is_read():
    _, domains, _ = mapped()
    silicon = structure("Si")
    with pytest.raises(ValueError, match="classes must be one of"):
        domains.identify(silicon, classes=["crystalline"])
    with pytest.raises(ValueError, match="classes must be one of"):
        domains.identify(silicon, classes=["steel"] * domains.n_domains)
    with pytest.raises(TypeError, match="flip"):
        domains.identify(silicon, flip="yes")
    with pytest.raises(ValueError, match="resolution"):
        domains.identify(silicon, resolution=0.0)
    with pytest.raises(ValueError, match="accelerating_voltage"):
        domains.identify(silicon, 200_000)
    with pytest.raises((FileNotFoundError, ValueError), match=r"nowhere\.cif"):
        domains.identify("nowhere.cif")


def test_no_calibration_and_no_energy():
    s = scan()
    for axis in s.axes_manager.signal_axes:
        axis.units = "px"
    options = {"max_depth": 0, "random_state": 0, "print_info": False, **QUIET}
    domains = s.cluster_hierarchical(**options)
    with pytest.raises(ValueError, match="not calibrated"):
        domains.identify(structure("Si"))
    s = scan()
    del s.metadata.Acquisition_instrument
    domains = s.cluster_hierarchical(**options)
    with pytest.raises(ValueError, match="beam energy is not known"):
        domains.identify(structure("Si"))
    given = domains.identify(structure("Si"), 200, classes=["vacuum"], **QUIET)
    assert (given.phase_ids == -1).all()


def test_a_scan_of_one_domain_reports():
    s = scan().inav[:, :5]
    domains = s.cluster_hierarchical(random_state=0, print_info=False, **QUIET)
    assert domains.n_domains == 1
    phases = domains.identify(structure("Si"), **QUIET)
    (row,) = phases.report()
    assert row.phase == "Si"
    assert row.n_positions == 95


def test_reserved_names_and_wrong_classes():
    _, domains, _ = mapped()
    with pytest.raises(ValueError, match="has the names"):
        domains.identify({"amorphous": structure("Si")})
    with pytest.raises(TypeError, match="classes must be"):
        domains.identify(structure("Si"), classes=3)


def test_scale_that_cannot_be():
    s = scan()
    for axis in s.axes_manager.signal_axes:
        axis.units = "1/nm"
    options = {"max_depth": 0, "random_state": 0, "print_info": False}
    domains = s.cluster_hierarchical(**options, **QUIET)
    with pytest.raises(ValueError, match="check their calibration"):
        domains.identify(structure("Si"), **QUIET)


def test_inner_positions_stand_for_their_domain():
    s = scan()
    # Positions at the border of the first two parts hold both patterns.
    s.data[4] = s.data[4] // 2 + s.data[5] // 2
    domains = s.cluster_hierarchical(random_state=0, print_info=False, **QUIET)
    phases = domains.identify([structure("Si"), structure("Al")], **QUIET)
    label = np.bincount(domains.labels[:4].ravel()).argmax()
    row = phases.report()[label]
    assert row.phase == "Si"
    assert row.n_explained == row.n_spots


def test_a_series_has_the_same_names_throughout():
    s = scan()
    both = ElectronDiffraction2D(np.stack([s.data, counts(seed=6)[::-1]]))
    both.metadata.add_dictionary(
        {"Acquisition_instrument": {"TEM": {"beam_energy": VOLTAGE}}}
    )
    for name in ("navigation_axes", "signal_axes"):
        pairs = zip(
            getattr(s.axes_manager, name),
            getattr(both.axes_manager, name),
            strict=False,
        )
        for axis, other in pairs:
            other.scale, other.offset, other.units = axis.scale, axis.offset, axis.units
    domains = both.cluster_hierarchical(random_state=0, print_info=False, **QUIET)
    everywhere = np.stack([truth(), truth()[::-1]])
    parts = [
        np.bincount(everywhere[domains.labels == k]).argmax()
        for k in range(domains.n_domains)
    ]
    classes = [PARTS[i][0] if PARTS[i][1] is None else "crystalline" for i in parts]
    structures = [structure("Al"), structure("Si")]
    phases = domains.identify(structures, classes=classes, **QUIET)
    assert phases.axes_manager.navigation_shape == (2,)
    first, second = phases.data
    assert (first != second[::-1]).mean() < 0.02
    alone = named()[1]
    crystalline = np.array([euler is not None for _, euler in PARTS])[truth()]
    assert (first != alone.data)[crystalline].mean() < 0.02
    with pytest.raises(ValueError, match="plane=None"):
        phases.to_pyxem()
    theirs = phases.to_pyxem(plane=1, reach=0)
    assert theirs.axes_manager.navigation_shape == (19, 17)
    np.testing.assert_array_equal(
        theirs.data[..., 0, 1] > 0, (second >= 0) & (second < 2)
    )
    phases.plot(patterns=False)
    with pytest.raises(ValueError, match="plane=None.* expected 0 to 1"):
        phases.to_crystal_map()
    with pytest.raises(ValueError, match="plane=2;"):
        phases.to_crystal_map(plane=2)
    with pytest.raises(ValueError, match="one plane only"):
        alone.to_crystal_map(plane=0)
    xmap = phases.to_crystal_map(plane=1)
    assert xmap.shape == second.shape
    np.testing.assert_array_equal(xmap.phase_id.reshape(second.shape), second)
    inside = second >= 0
    turns = xmap.rotations.data.reshape(*second.shape, 4)
    # What is vacuum or amorphous has no orientation, and orix wants one.
    expected = phases.quaternions[domains.labels[1]]
    expected = np.where(np.isnan(expected), [1, 0, 0, 0], expected)
    np.testing.assert_allclose(turns[inside], expected[inside], atol=1e-6)
