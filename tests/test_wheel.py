"""What the wheel holds (that it registers its methods: see test_register.py)."""

import zipfile
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "hyperspy_4dphase"


def _is_cache(file):
    return "__pycache__" in file.parts


@pytest.mark.wheel
def test_wheel_holds_every_file_of_the_package(wheel):
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if "dist-info" not in name}
    files = {f for f in PACKAGE.rglob("*") if f.is_file() and not _is_cache(f)}
    assert held == {f.relative_to(PACKAGE.parent).as_posix() for f in files}
    assert "hyperspy_4dphase/__init__.pyi" in held
    assert "hyperspy_4dphase/hyperspy_extension.yaml" in held


@pytest.mark.wheel
def test_wheel_names_its_entry_point_and_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = next(n for n in names if n.endswith("entry_points.txt"))
        assert "[hyperspy.extensions]\nhyperspy_4dphase._register =" in (
            archive.read(entry_points).decode()
        )
    assert any(n.endswith("licenses/LICENSE") for n in names)
