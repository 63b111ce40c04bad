import numpy as np
import pytest

from hyperspy_4dphase import _library_cache as cache
from hyperspy_4dphase.estimators.orientation import Reflections
from hyperspy_4dphase.estimators.orientation import _library_building as building

TABLE = Reflections(np.eye(3, dtype=int), 0.3 * np.eye(3), np.array([1.0, 2.0, 3.0]))
SYMMETRY = np.eye(4)[:1]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HYPERSPY_4DPHASE_CACHE", str(tmp_path / "templates"))
    return tmp_path / "templates"


@pytest.fixture
def built(monkeypatch):
    """Counts how often a library is built."""
    calls = []

    def build(*args, **options):
        calls.append(args)
        return building.build_library(*args, **options)

    monkeypatch.setattr(cache, "build_library", build)
    return calls


def load(**changes):
    arguments = {"wavelength": 0.025, "symmetry": SYMMETRY, "max_g": 0.9}
    return cache.load_or_build_library(TABLE, **arguments | {"resolution": 8} | changes)


def test_second_call_finds_the_file(folder, built):
    first, second = load(), load()
    assert len(built) == 1
    assert len(list(folder.iterdir())) == 1
    np.testing.assert_array_equal(first.weight, second.weight)
    np.testing.assert_array_equal(first.reflections.g, second.reflections.g)


@pytest.mark.parametrize(
    "changes",
    [
        {"wavelength": 0.0251},
        {"max_g": 0.8},
        {"resolution": 7},
        {"excitation_width": 0.01},
        {"symmetry": np.array([[1.0, 0, 0, 0], [0, 0, 0, 1.0]])},
    ],
)
def test_all_that_matters_is_in_the_name(folder, built, changes):
    load()
    load(**changes)
    assert len(built) == len(list(folder.iterdir())) == 2


def test_other_reflections_are_another_library(folder, built, monkeypatch):
    load()
    monkeypatch.setitem(globals(), "TABLE", TABLE._replace(intensity=np.ones(3)))
    load()
    assert len(built) == 2


def test_default_and_the_same_given_are_one_library(folder, built):
    load(excitation_width=building.EXCITATION_WIDTH)
    load()
    assert len(built) == 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "other"])
def test_damaged_file_is_built_anew(folder, built, damage):
    expected = load()
    (file,) = folder.iterdir()
    content = bytearray(file.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        # In the values of an array, where the zip file would not show it.
        with np.load(file) as stored:
            arrays = dict(stored)
        arrays["weight"] = arrays["weight"] + np.float32(0.1)
        np.savez(file, **arrays)
        content = bytearray(file.read_bytes())
    elif damage == "empty":
        content = bytearray()
    else:
        content = bytearray(b"not a library at all")
    file.write_bytes(content)
    again = load()
    np.testing.assert_array_equal(again.weight, expected.weight)
    assert len(built) == 2
    load()
    assert len(built) == 2


def test_new_version_does_not_trust_old_files(folder, built, monkeypatch):
    load()
    monkeypatch.setattr(building, "FORMAT_VERSION", building.FORMAT_VERSION + 1)
    load()
    assert len(built) == 2


def test_folder_that_cannot_be_made_is_no_hindrance(folder, built):
    folder.write_text("a file where the folder should be")
    assert len(load().quaternions) == len(load().quaternions)
    assert len(built) == 2


def test_bad_arguments_are_refused_before_a_file_is_looked_for(folder):
    with pytest.raises(ValueError, match="wavelength"):
        load(wavelength=-1)
    assert not folder.exists()


@pytest.mark.parametrize("error", [OSError("full"), OSError(28, "No space left")])
def test_file_that_cannot_be_written_is_no_hindrance(folder, built, monkeypatch, error):
    def fail(stream, **_):
        stream.write(b"half of")
        raise error

    monkeypatch.setattr(cache.np, "savez", fail)
    assert len(load().quaternions)
    assert list(folder.iterdir()) == []
