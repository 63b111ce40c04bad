"""Faults of other packages, each with the script that reports it.

A test skips once its fault is mended: what stands in for it may then go. One fails
instead where our own code would be wrong with the mended package.
"""

import runpy
import warnings
from importlib.metadata import version
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "docs" / "upstream"
PACKAGES = {"diffpy": "diffpy.structure"}
# Where we undo a fault, and would undo what is no fault any more.
UNDONE = {"orix_turned_lattice": "structures/_phases.py, fractional_positions"}
# What stands in for a fault and does no harm without it.
AVOIDED = {
    "diffpy_origin_choice": "structures/_cif.py and _expansion.py",
    "diffpy_missing_values": "structures/_cif.py",
    "diffpy_evaluates": "structures/_operations.py",
    "orix_monoclinic_axis": "structures/_load.py, the warning on point groups",
    "diffsims_two_direct_beams": "estimators/orientation, which has spots of its own",
    "pyxem_half_turn": "estimators/orientation",
    "pyxem_mirrored_match": "estimators/orientation",
    "pyxem_phase_index": "estimators/orientation",
    "pyxem_crystal_map": "interop/_cleaning.py, which adds the correlations",
    "pyxem_first_radial_bin": "ranges that start at 0, in docs and tests",
    "pyxem_saved_simulation": "results that hold no simulation",
    "pyxem_variance_gain": "estimators/crystallinity, which does not use it",
    "pyxem_affine": "calibration, which returns the matrix",
    "pyxem_axis_offset": "nothing yet",
    "pyxem_radial_axis": "docs/examples/plot_orientations.py, which moves the axis",
    "pyxem_azimuth_axis": "docs/examples/plot_orientations.py, which moves the axis",
    "pyxem_beam_mask_axes": "_masks.py, what is said of a transposed mask",
    "pyxem_beam_mask_center": "the mask of docs/user_guide/everyday.rst",
    "pyxem_detector": "_arguments.py, the check of axes",
}


@pytest.mark.parametrize("name", [*UNDONE, *AVOIDED])
def test_fault_is_still_there(name, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        shown = runpy.run_path(str(SCRIPTS / f"{name}.py"))
    assert str(shown["found"]) in capsys.readouterr().out
    mended = shown.get("mended", shown["found"] == shown["expected"])
    package = name.split("_")[0]
    package = PACKAGES.get(package, package)
    if mended and name in UNDONE:
        pytest.fail(f"{package} {version(package)} needs no more of {UNDONE[name]}")
    if mended:
        pytest.skip(f"{package} {version(package)} needs no more of {AVOIDED[name]}")


def test_every_script_is_run():
    scripts = {path.stem for path in SCRIPTS.glob("*.py")}
    assert scripts == {*UNDONE, *AVOIDED}
    page = SCRIPTS.with_suffix(".rst").read_text(encoding="utf-8")
    assert [name for name in scripts if f"upstream/{name}.py" not in page] == []
