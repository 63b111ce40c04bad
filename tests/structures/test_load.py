"""From files, phases and structures to candidates."""

import warnings

import numpy as np
import pytest
from diffpy.structure import Atom, Lattice, Structure
from orix.crystal_map import Phase, PhaseList
from orix.quaternion import Rotation

from hyperspy_4dphase.data import structure
from hyperspy_4dphase.structures import load_candidates

from .cif_texts import cif_text, operations, spinel_text, write

CUBE = (4.05, 4.05, 4.05, 90, 90, 90)
SPINEL_CONTENT = {"Li": 8.0, "Mn": 16.0, "O": 32.0}


def load_one(source):
    (candidate,) = load_candidates(source)
    return candidate


def test_second_origin_is_expanded_by_the_operations_of_the_file(tmp_path):
    path = write(tmp_path, spinel_text())
    spinel = load_one(path)
    assert spinel.name == "spinel"
    assert spinel.atoms.count() == SPINEL_CONTENT
    assert spinel.phase.structure.composition == SPINEL_CONTENT
    assert spinel.phase.point_group.name == "m-3m"
    assert len(spinel.rotations) == 24


def test_a_phase_that_was_expanded_wrongly_is_refused(tmp_path):
    path = write(tmp_path, spinel_text())
    wrong = Phase.from_cif(path)
    if wrong.structure.composition.get("Mn") == 16:
        pytest.skip("this diffpy.structure expands origin choice 2 rightly")
    with pytest.raises(
        ValueError, match=r"phase 'spinel': .*give the path of the file"
    ):
        load_candidates(wrong)


@pytest.mark.parametrize("number", [227, None])
def test_files_say_the_same_as_a_list_of_all_atoms(shared_data, number):
    from_file = load_one(shared_data / "cif" / "LiMn2O4.cif")
    listed = load_one(shared_data / "cif" / "P1_LiMn2O4.cif")
    if number is not None:
        # A phase of all atoms about the second origin, with its space group.
        phase = Phase("spinel", number, structure=listed.phase.structure)
        listed = load_one(phase)
    assert listed.atoms.count() == from_file.atoms.count() == SPINEL_CONTENT
    ours, theirs = (c.reflections(1.2, debye_waller=0.5) for c in (from_file, listed))
    order = [np.lexsort(r.hkl.T) for r in (ours, theirs)]
    np.testing.assert_array_equal(ours.hkl[order[0]], theirs.hkl[order[1]])
    np.testing.assert_allclose(
        ours.intensity[order[0]], theirs.intensity[order[1]], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("file", "content", "n_rotations"),
    [
        ("LCO.cif", {"Li": 3, "Co": 3, "O": 6}, 6),
        ("Li2MnO3.cif", {"Li": 8, "Mn": 4, "O": 12}, 2),
        ("P1_Gd2Ti2O7.cif", {"Gd": 16, "Ti": 16, "O": 56}, 24),
        ("P1_TiO2_anatase.cif", {"Ti": 4, "O": 8}, 8),
    ],
)
def test_files_of_databases(shared_data, file, content, n_rotations):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*not all rotations of point group 2/m")
        candidate = load_one(shared_data / "cif" / file)
    assert candidate.atoms.count() == content
    assert len(candidate.rotations) == n_rotations


def test_rotations_keep_every_intensity(tmp_path):
    candidates = [load_one(write(tmp_path, spinel_text()))]
    candidates += load_candidates([structure(name) for name in ("NMC622", "SiO2")])
    for candidate in candidates:
        found = candidate.reflections(0.9)
        table = {tuple(h): i for h, i in zip(found.hkl, found.intensity, strict=True)}
        matrices = Rotation(candidate.rotations).to_matrix()
        np.testing.assert_allclose(candidate.rotations[0], [1, 0, 0, 0])
        for matrix in matrices:
            indices = found.g @ matrix.T @ np.linalg.inv(candidate.reciprocal_lattice)
            np.testing.assert_allclose(indices, np.round(indices), atol=1e-6)
            turned = [table[tuple(h)] for h in np.round(indices).astype(int)]
            np.testing.assert_allclose(turned, found.intensity, rtol=1e-5)


def test_names(tmp_path):
    path = write(tmp_path, spinel_text())
    assert [c.name for c in load_candidates({"A": path, "B": structure("Al")})] == [
        "A",
        "B",
    ]
    named = spinel_text(extra="_chemical_name_mineral 'a spinel'")
    assert load_one(write(tmp_path, named, "other.cif")).name == "a spinel"
    two = cif_text(CUBE, [("Al", (0, 0, 0))], number=225, name="one")
    two += cif_text(CUBE, [("Cu", (0, 0, 0))], number=225, name="two")
    two = write(tmp_path, two, "both.cif")
    assert [c.name for c in load_candidates(str(two))] == ["both one", "both two"]
    phases = PhaseList([structure("Al"), structure("Fe")])
    assert [c.name for c in load_candidates(phases)] == ["Al", "Fe"]
    with pytest.raises(ValueError, match="holds 2 structures"):
        load_candidates({"A": two})
    with pytest.raises(ValueError, match="2 structures have the name 'Al'"):
        load_candidates([structure("Al"), structure("Al")])


def test_candidates_are_taken_as_they_are():
    silicon = load_one(structure("Si"))
    assert load_candidates([silicon]) == [silicon]
    renamed = load_one({"wafer": silicon})
    assert renamed.name == "wafer"
    assert renamed.atoms is silicon.atoms


def test_diffpy_structure_has_the_rotations_that_diffraction_sees():
    atoms = [Atom("Cs", (0, 0, 0)), Atom("Cl", (0.5, 0.5, 0.5))]
    candidate = load_one(Structure(atoms, Lattice(4.12, 4.12, 4.12, 90, 90, 90)))
    assert candidate.name == "Cl1Cs1"
    assert len(candidate.rotations) == 24
    assert candidate.phase.point_group.name == "m-3m"
    atoms[1].xyz = [0.5, 0.5, 0.4]
    candidate = load_one(Structure(atoms, Lattice(4.12, 4.12, 4.12, 90, 90, 90)))
    assert candidate.phase.point_group.name == "4/mmm"


def test_asymmetric_unit_of_a_phase_is_expanded():
    lattice = Lattice(5.431, 5.431, 5.431, 90, 90, 90)
    unit = Phase("Si", 227, structure=Structure([Atom("Si", (0, 0, 0))], lattice))
    for phase in (unit, unit.expand_asymmetric_unit()):
        assert load_one(phase).atoms.count() == {"Si": 8.0}
    assert len(unit.structure) == 1


def test_coordinates_of_phases_that_orix_has_turned_or_not():
    listed = structure("NMC622")
    cell = listed.structure.lattice
    candidate = load_one(listed)
    # The same, given in orix's own base vectors, which orix does not turn.
    atoms = [
        Atom(str(e), xyz, occupancy=o)
        for e, xyz, o, _ in zip(*candidate.atoms, strict=True)
    ]
    same = Structure(atoms, Lattice(base=cell.base))
    same = load_one(Phase("NMC622", 166, structure=same))
    ours, theirs = candidate.reflections(1.0), same.reflections(1.0)
    np.testing.assert_allclose(ours.intensity, theirs.intensity, rtol=1e-6)


def test_axes_that_orix_sets_otherwise_are_noticed():
    atoms = [Atom("Ti", (0, 0, 0)), Atom("O", (0.2, 0, 0.3)), Atom("O", (0.8, 0, 0.7))]
    lattice = Lattice(5.1, 4.2, 6.3, 90, 109, 90)
    phase = Phase("oxide", 10, structure=Structure(atoms, lattice))
    if np.allclose(phase.point_group.laue_proper_subgroup.data[:, 2].max(), 1):
        pytest.skip("this orix has the axis of 2/m along b")
    with pytest.warns(UserWarning, match="not all rotations of point group 2/m"):
        candidate = load_one(phase)
    np.testing.assert_allclose(np.abs(candidate.rotations[1]), [0, 0, 1, 0], atol=1e-9)


def test_input_is_not_changed(tmp_path):
    phase = structure("WS2")
    before = np.array(phase.structure.xyz), phase.structure.lattice.base.copy()
    load_candidates({"other": phase})
    np.testing.assert_array_equal(phase.structure.xyz, before[0])
    np.testing.assert_array_equal(phase.structure.lattice.base, before[1])
    assert phase.name == "WS2"


@pytest.mark.parametrize(
    ("atoms", "message"),
    [
        ([], "has no atoms"),
        ([Atom("Xx", (0, 0, 0))], "no scattering factor .* 'Xx'"),
        ([Atom("Al", (0, 0, 0), occupancy=1.5)], "occupancy of atom 1 .* is 1.5"),
        ([Atom("Al", (0, 0, 0), occupancy=0)], "occupancy of atom 1 .* is 0"),
        ([Atom("Al", (0, np.nan, 0))], "no finite coordinates"),
        ([Atom("Al", (0, 0, 0)), Atom("Ni", (1, 0, 0))], "add up to 2"),
        ([Atom("Al", (0, 0, 0)), Atom("O", (0.1, 0, 0))], "0.41 Å apart"),
        ([Atom("Al", xyz) for xyz in np.ndindex(3, 3, 3)], "add up to 27"),
        (
            [Atom("C", np.array(xyz) / 3) for xyz in np.ndindex(3, 3, 3)],
            "each atom has 2.5 Å³",
        ),
    ],
)
def test_atoms_that_cannot_be(atoms, message):
    with pytest.raises(ValueError, match=message):
        load_candidates({"x": Structure(atoms, Lattice(*CUBE))})


def test_occupancies_of_one_site_may_add_up_to_one():
    atoms = [
        Atom("Ni", (0, 0, 0), occupancy=0.34),
        Atom("Mn", (0, 0, 0), occupancy=0.33),
    ]
    atoms += [Atom("Co", (0, 0, 0), occupancy=0.34)]
    candidate = load_one(Structure(atoms, Lattice(2.9, 2.9, 2.9, 90, 90, 90)))
    assert candidate.atoms.count() == pytest.approx(
        {"Ni": 0.34, "Mn": 0.33, "Co": 0.34}
    )


@pytest.mark.parametrize("wrong", [3, [None], {1: "a.cif"}, np.zeros((2, 3))])
def test_what_is_no_structure(wrong):
    with pytest.raises(TypeError, match="structures must be paths|names of structures"):
        load_candidates(wrong)


def test_nothing_or_no_file(tmp_path):
    with pytest.raises(ValueError, match="at least one structure"):
        load_candidates([])
    with pytest.raises(FileNotFoundError, match=r"no CIF file .*missing.cif"):
        load_candidates(tmp_path / "missing.cif")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        # Operations of the first origin: what a wrong expansion holds.
        ({"ops": operations(227)}, "apart, which no atoms are"),
        ({"ops": None}, "Å apart|the cell holds"),
        (
            {"ops": None, "extra": "_symmetry_space_group_name_H-M 'F d -3 m :2'"},
            r"origin choice 2 \(F d -3 m :2\)",
        ),
        ({"ops": None, "number": None, "extra": ""}, "names no space group"),
        (
            {"ops": None, "extra": "_symmetry_space_group_name_H-M 'F d d d'"},
            "none whose setting is known",
        ),
        # Trigonal operations in a cubic cell.
        ({"ops": operations(166), "number": 166}, "do not fit the cell"),
        ({"ops": ["x, y, z", "x, y, q"]}, "'x, y, q' is no symmetry operation"),
    ],
)
def test_cells_that_cannot_be_filled(tmp_path, changes, message):
    path = write(tmp_path, spinel_text(**changes))
    with pytest.raises(ValueError, match=message) as error:
        load_candidates(path)
    assert "spinel.cif" in str(error.value)


def test_content_that_is_not_that_of_the_formula(tmp_path):
    extra = "_chemical_formula_sum 'Li2 Mn2 O4'\n_cell_formula_units_Z 8"
    path = write(tmp_path, spinel_text(extra=extra))
    with pytest.warns(UserWarning, match="holds 8 Li, where 16 are expected"):
        load_candidates(path)


def test_first_origin_is_assumed_with_a_warning(tmp_path):
    silicon = cif_text((5.431,) * 3 + (90,) * 3, [("Si", (0, 0, 0))], number=227)
    with pytest.warns(UserWarning, match="choice 1 was assumed"):
        candidate = load_one(write(tmp_path, silicon))
    assert candidate.atoms.count() == {"Si": 8.0}


@pytest.mark.parametrize("setting", ["P 1 21/c 1", "P21/c"])
def test_space_groups_of_symbols(tmp_path, setting):
    sites = [("Zr", (0.27, 0.04, 0.21)), ("O", (0.07, 0.33, 0.34))]
    sites += [("O", (0.45, 0.76, 0.48))]
    extra = f"_symmetry_space_group_name_H-M '{setting}'"
    text = cif_text((5.1, 5.2, 5.3, 90, 99, 90), sites, extra=extra)
    with pytest.warns(UserWarning, match="not all rotations of point group 2/m"):
        zirconia = load_one(write(tmp_path, text))
    assert zirconia.atoms.count() == {"Zr": 4.0, "O": 8.0}
    # The same structure in another setting would be another one.
    other = text.replace(setting, "P 1 21/n 1 special")
    with pytest.raises(ValueError, match="none whose setting is known"):
        load_candidates(write(tmp_path, other))


@pytest.mark.parametrize(
    "cell",
    [
        (4, "nan", 4, 90, 90, 90),
        (4, -4, 4, 90, 90, 90),
        (4, 4, 4, 60, 60, 120),
        (4, 4, 4, 90, 90, 200),
        (0.4, 0.4, 0.4, 90, 90, 90),
    ],
)
def test_cells_that_are_none(tmp_path, cell):
    text = cif_text(cell, [("Al", (0, 0, 0))], number=1)
    with pytest.raises(ValueError, match="are no edges"):
        load_candidates(write(tmp_path, text))


def test_phase_without_atoms():
    with pytest.raises(ValueError, match="phase 'empty' has no atoms"):
        load_candidates(Phase("empty", 225))


def test_byte_order_marks_are_read(tmp_path):
    assert load_one(write(tmp_path, "\ufeff" + spinel_text())).name == "spinel"


def test_whole_cell_in_a_file_that_names_its_space_group(tmp_path):
    whole = load_one(write(tmp_path, spinel_text()))
    sites = list(zip(whole.atoms.elements, whole.atoms.positions, strict=True))
    text = spinel_text(sites=sites, ops=["x,y,z"])
    again = load_one(write(tmp_path, text, "whole.cif"))
    assert again.atoms.count() == SPINEL_CONTENT
