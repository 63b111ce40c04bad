"""What several test files share: the data kept beside the repository, and processes."""

import gc
import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

os.environ.setdefault("MPLBACKEND", "agg")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Where two processes compile orix's functions for the first time, they spoil each
    # other's cache, and whoever reads it crashes (numba 0.68). So each worker has its
    # own, for each stack.
    os.environ["NUMBA_CACHE_DIR"] = str(
        ROOT
        / ".pytest_cache"
        / f"numba-with-numpy-{version('numpy')}"
        / os.environ["PYTEST_XDIST_WORKER"]
    )

# A tenth of the time of all tests was spent looking for garbage.
gc.set_threshold(10_000, 10, 10)

DATA_VARIABLE = "HYPERSPY_4DPHASE_DATA"


def pytest_collection_modifyitems(items):
    """Where coverage is measured, it is that of the tests of single parts.

    To trace whole scenes and benchmarks takes half as long again, and tells less.
    """
    for item in items:
        is_benchmark = ROOT / "tests" / "benchmarks" in item.path.parents
        if is_benchmark or item.get_closest_marker("accuracy"):
            item.add_marker("no_cover")


def pytest_collection_finish():
    """Nothing of what was imported and collected is garbage."""
    gc.freeze()


def shared_folder():
    """Where measured scans would be, which are kept beside the repository."""
    return Path(os.environ.get(DATA_VARIABLE, ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data():
    """The folder of measured scans kept beside the repository."""
    folder = shared_folder()
    if not folder.is_dir():
        pytest.skip(f"no measured scans in {folder} (set {DATA_VARIABLE})")
    return folder


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(
    scope="session",
    params=["installed", pytest.param("wheel", marks=pytest.mark.wheel)],
)
def installation(request, tmp_path_factory):
    """Where a fresh process finds the package: None as installed, or the wheel's."""
    if request.param == "installed":
        return None
    folder = tmp_path_factory.mktemp("site")
    wheel = request.getfixturevalue("wheel")
    _pip("install", "--no-deps", "--target", folder, wheel)
    return folder


@pytest.fixture(scope="session")
def run_fresh(installation, tmp_path_factory):
    """Run a script in a fresh process, away from the checkout; return its output."""
    folder = tmp_path_factory.mktemp("fresh")

    def run(script, *arguments):
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
        if installation is not None:
            # Precedes site-packages, and with it the editable installation.
            environment["PYTHONPATH"] = str(installation)
        command = [sys.executable, "-c", script, *map(str, arguments)]
        return _run(command, cwd=folder, env=environment)

    return run


def _pip(*arguments):
    _run([sys.executable, "-m", "pip", "-q", *map(str, arguments)])


def _run(command, **keywords):
    done = subprocess.run(command, capture_output=True, text=True, **keywords)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
