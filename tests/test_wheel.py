"""What sdist and wheel hold, and that they install into an empty environment.

That the wheel registers its methods: see test_register.py.
"""

import json
import os
import subprocess
import sys
import tarfile
import venv
import zipfile
from email.parser import Parser
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest

import hyperspy_4dphase

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "hyperspy_4dphase"

# A user's first scan, without anything of the tests.
FIRST_SCAN = """
import json, sys
import hyperspy.api as hs
import numpy as np

rng = np.random.default_rng(0)
labels = np.repeat([0, 1, 2], 80).reshape(20, 12)
patterns = rng.gamma(0.3, 40, (3, 9, 11)) + 1
s = hs.signals.Signal2D(rng.poisson(patterns[labels]).astype("uint16"))
s.set_signal_type("electron_diffraction")
quiet = {"print_info": False, "show_progressbar": False}
domains = s.cluster_hierarchical(random_state=0, **quiet)
domains.save("domains.hspy")
again = hs.load("domains.hspy")
import hyperspy_4dphase
from importlib.metadata import distribution
origin = json.loads(distribution("hyperspy-4dphase").read_text("direct_url.json"))
print(json.dumps([
    hyperspy_4dphase.__file__, origin["url"], type(again).__name__,
    int(again.n_domains), [int(n) for n in again.sizes],
]))
"""


def _is_cache(file):
    return "__pycache__" in file.parts


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sdist")
    _run(sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", folder)
    return next(folder.glob("*.tar.gz"))


@pytest.fixture(scope="module")
def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


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


@pytest.mark.wheel
def test_metadata_are_complete(metadata):
    assert metadata["Name"] == "hyperspy-4dphase"
    assert metadata["Version"] == hyperspy_4dphase.__version__
    for name in ("Summary", "Author", "License-Expression", "Requires-Python"):
        assert metadata[name], name
    assert metadata["License-Expression"] == "GPL-3.0-or-later"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert "# hyperspy-4dphase" in metadata.get_payload()
    classifiers = " ".join(metadata.get_all("Classifier"))
    for part in ("Development Status", "Programming Language :: Python :: 3", "Topic"):
        assert part in classifiers
    least = metadata["Requires-Python"].removeprefix(">=")
    assert f"Python :: {least} " in classifiers
    extras = set(metadata.get_all("Provides-Extra"))
    assert extras >= {"distributed", "py4dstem", "docs", "tests", "all"}


@pytest.mark.wheel
def test_sdist_holds_what_builds_tests_and_documents_it(sdist):
    with tarfile.open(sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "Makefile"):
        assert name in held
    for folder in ("hyperspy_4dphase", "tests", "docs/packaging"):
        files = (
            f for f in (ROOT / folder).rglob("*.*") if f.suffix in (".py", ".yaml")
        )
        assert {f.relative_to(ROOT).as_posix() for f in files} <= held
    built = {"_build", "__pycache__"}
    assert not [name for name in held if built & set(name.split("/"))]


@pytest.fixture(scope="module")
def environment(sdist, tmp_path_factory):
    """An empty environment with the sdist, all that it says it needs, and no more."""
    stack, extra = _this_stack()
    folder = tmp_path_factory.mktemp("empty") / "venv"
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    requirement = f"hyperspy-4dphase{extra} @ {sdist.as_uri()}"
    _run(python, "-m", "pip", "-q", "install", "-c", ROOT / stack, requirement)
    return python


@pytest.mark.wheel
@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_both_install_into_an_empty_environment(kind, environment, request, tmp_path):
    """They need nothing that the tests need, and the first scan is mapped."""
    python, archive = environment, request.getfixturevalue(kind)
    install = (python, "-m", "pip", "-q", "install", "--force-reinstall", "--no-deps")
    _run(*install, archive)
    _run(python, "-m", "pip", "check")
    text = _run(python, "-m", "hyperspy_4dphase", "info", "--check", cwd=tmp_path)
    assert f"hyperspy-4dphase {hyperspy_4dphase.__version__}" in text
    assert "All of them are attached." in text
    text = _run(python, "-W", "ignore", "-c", FIRST_SCAN, cwd=tmp_path)
    place, origin, found, n_domains, sizes = json.loads(text.splitlines()[-1])
    assert Path(place).is_relative_to(python.parents[1])
    assert origin == archive.as_uri()
    assert (found, n_domains, sizes) == ("DomainMap", 3, [80, 80, 80])


def _this_stack():
    """Constraints and extra of the environment that the tests run in."""
    try:
        version("py4DSTEM")
    except PackageNotFoundError:
        return "constraints.txt", ""
    return "constraints-py4dstem.txt", "[py4dstem]"


def _run(*command, cwd=ROOT):
    # What is installed is looked at, not the checkout.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
