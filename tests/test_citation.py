"""CITATION.cff says what this version is, and the same papers as the documentation."""

import datetime
import re
import tomllib
from pathlib import Path

import pytest
import yaml

import hyperspy_4dphase

ROOT = Path(__file__).parents[1]
# What a file of version 1.2.0 must have.
NEEDED = {"cff-version", "message", "title", "authors"}
# What is no title, but says where something is, or what it is about.
NO_TITLE = re.compile(r"arXiv|doi|npj|et al|\(|\d{4}", re.IGNORECASE)


def load():
    return yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))


REFERENCES = load()["references"]


def identifier(reference):
    """The DOI of a reference, or else what arXiv calls it."""
    return reference.get("doi") or reference["identifiers"][0]["value"]


def test_of_this_version():
    cff = load()
    assert cff.keys() >= NEEDED
    assert cff["cff-version"] == "1.2.0"
    assert str(cff["version"]) == hyperspy_4dphase.__version__
    assert isinstance(cff["date-released"], datetime.date)
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    newest = re.search(r"^## (\S+) \((\S+)\)$", text, re.M)
    assert newest.groups() == (str(cff["version"]), cff["date-released"].isoformat())


def test_as_the_package_says():
    with open(ROOT / "pyproject.toml", "rb") as stream:
        project = tomllib.load(stream)["project"]
    cff = load()
    assert cff["license"] == project["license"]
    assert cff["title"].partition(":")[0] == project["name"]
    assert [a["name"] for a in cff["authors"]] == [
        a["name"] for a in project["authors"]
    ]


@pytest.mark.parametrize("reference", REFERENCES, ids=identifier)
def test_references_are_whole(reference):
    assert reference["type"] == "article"
    assert not NO_TITLE.search(reference["title"])
    assert len(reference["title"].split()) >= 3
    assert all(
        author.keys() == {"family-names", "given-names"}
        for author in reference["authors"]
    )
    if "doi" in reference:
        assert re.fullmatch(r"10\.\d{4,}/\S+", reference["doi"])
        assert reference["journal"]
    else:
        number = identifier(reference).removeprefix("arXiv:")
        assert re.fullmatch(r"\d{4}\.\d{4,5}", number)
        assert reference["url"] == f"https://arxiv.org/abs/{number}"


@pytest.mark.parametrize("reference", REFERENCES, ids=identifier)
def test_the_documentation_names_them(reference):
    page = " ".join((ROOT / "docs/citing.rst").read_text("utf-8").split())
    assert identifier(reference) in page
    assert reference["title"] in page
    for author in reference["authors"]:
        assert author["family-names"] in page
    readme = (ROOT / "README.md").read_text("utf-8")
    assert identifier(reference) in readme


def test_the_documentation_names_no_others():
    page = (ROOT / "docs/citing.rst").read_text("utf-8")
    found = re.findall(r"doi:(10\.\S+?)(?=,?\s)", page) + re.findall(
        r"arXiv:[\d.]+", page
    )
    assert set(found) == {identifier(reference) for reference in REFERENCES}
