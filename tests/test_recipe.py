"""The recipe for conda says the same as pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
import yaml

import hyperspy_4dphase

ROOT = Path(__file__).parents[1]
# What conda calls what pip installs; extras of dask's are packages of conda's.
CONDA_NAMES = {
    "dask": "dask-core",
    "hyperspy": "hyperspy-base",
    "matplotlib": "matplotlib-base",
    "torch": "pytorch",
}


@pytest.fixture(scope="module")
def project():
    with open(ROOT / "pyproject.toml", "rb") as stream:
        return tomllib.load(stream)


@pytest.fixture(scope="module")
def recipe():
    return yaml.safe_load((ROOT / "docs/packaging/recipe.yaml").read_text("utf-8"))


def as_conda(requirement):
    """A requirement as conda spells it: ``"dask[array]>=1"`` is ``"dask-core >=1"``."""
    parts = re.fullmatch(r"([\w.-]+)(\[\w+\])?\s*([<>=!~].*)?", requirement)
    name = parts[1].lower()
    return f"{CONDA_NAMES.get(name, name)} {parts[3] or ''}".strip()


def test_spelling():
    assert as_conda("dask[array]>=2024.12") == "dask-core >=2024.12"
    assert as_conda("PyYAML>=6") == "pyyaml >=6"
    assert as_conda("diffpy.structure>=3.1") == "diffpy.structure >=3.1"


def test_requirements(project, recipe):
    own = {as_conda(r) for r in project["project"]["dependencies"]}
    own.add("python >=${{ python_min }}")
    assert set(recipe["requirements"]["run"]) == own
    assert (
        sorted(recipe["requirements"]["run"][1:]) == recipe["requirements"]["run"][1:]
    )


def test_build_requirements(project, recipe):
    host = set(recipe["requirements"]["host"]) - {"pip", "python ${{ python_min }}.*"}
    assert host == {as_conda(r) for r in project["build-system"]["requires"]}


def test_versions(project, recipe):
    assert recipe["context"]["version"] == hyperspy_4dphase.__version__
    python = project["project"]["requires-python"]
    assert python == f">={recipe['context']['python_min']}"


def test_description_and_licence(project, recipe):
    own = project["project"]
    assert recipe["package"]["name"] == own["name"]
    assert recipe["about"]["summary"] == own["description"]
    assert recipe["about"]["license"] == own["license"]
    assert (ROOT / recipe["about"]["license_file"]).is_file()


def test_signals_of_the_list_of_extensions():
    text = (ROOT / "docs/packaging/extensions_list.md").read_text("utf-8")
    rows = re.findall(r"^\| (\w+) \| \| (\w+) \| hyperspy_4dphase \|$", text, re.M)
    manifest = yaml.safe_load((ROOT / "hspy_extension.yaml").read_text("utf-8"))
    assert sorted(rows) == sorted(
        (entry["signal_type"], name)
        for name, entry in manifest["signals"].items()
        if not entry["lazy"]
    )


def test_changelog_begins_with_this_version():
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    first = re.search(r"^## (\S+)", text, re.M)[1]
    assert hyperspy_4dphase.__version__.partition(".dev")[0] == first
