"""Arrays in files: whole or not at all, known by their kind, without pickle."""

import errno
import os

import numpy as np
import pytest

from hyperspy_4dphase import _archive
from hyperspy_4dphase._archive import (
    as_json,
    as_path,
    is_of_kind,
    read_arrays,
    replace_file,
    with_suffix,
    write_arrays,
)

ARRAYS = {"a": np.arange(6.0).reshape(2, 3), "b/c": np.zeros(0, np.uint8)}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "file.bin"


def test_there_and_back(path):
    write_arrays(path, {"n": 1}, ARRAYS)
    header, arrays = read_arrays(path)
    assert header == {"n": 1}
    assert arrays.keys() == ARRAYS.keys()
    for name, values in ARRAYS.items():
        np.testing.assert_array_equal(arrays[name], values)
        assert arrays[name].dtype == values.dtype
    assert read_arrays(path, names=["a"])[1].keys() == {"a"}


def test_kept_arrays_are_copied(path):
    write_arrays(path, {"n": 1}, ARRAYS)
    write_arrays(path, {"n": 2}, {"d": np.ones(3)}, kept=["b/c", "a"])
    header, arrays = read_arrays(path)
    assert header == {"n": 2}
    assert arrays.keys() == {"a", "b/c", "d"}
    np.testing.assert_array_equal(arrays["a"], ARRAYS["a"])


def test_kinds(path):
    write_arrays(path, {}, ARRAYS, kind="checkpoint")
    with pytest.raises(ValueError, match="is not a compression saved by"):
        read_arrays(path)
    read_arrays(path, kind="checkpoint")
    content = path.read_bytes()
    # Known even if most of it is missing.
    path.write_bytes(content[:-60])
    assert is_of_kind(path, "checkpoint")
    assert not is_of_kind(path)
    with pytest.raises(ValueError, match="is not a checkpoint saved by"):
        read_arrays(path, kind="checkpoint")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError()])
def test_what_fails_leaves_all_as_it_was(path, error):
    path.write_bytes(b"before")

    def write():
        with replace_file(path) as stream:
            stream.write(b"half of")
            raise error

    with pytest.raises(type(error)):
        write()
    assert path.read_bytes() == b"before"
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.skipif(os.name != "posix", reason="no permissions of this kind")
def test_who_may_read_it_is_as_of_any_new_file(path):
    write_arrays(path, {}, ARRAYS)
    plain = path.with_name("plain")
    plain.write_bytes(b"")
    assert path.stat().st_mode == plain.stat().st_mode


@pytest.mark.parametrize("is_there", [True, False])
def test_a_full_disk_is_named(path, is_there):
    if is_there:
        path.write_bytes(b"before")
    match = "nothing was written. The file that was there is unchanged"
    with pytest.raises(OSError, match=match if is_there else "was written") as caught:
        with replace_file(path):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert caught.value.errno == errno.ENOSPC
    assert caught.value.filename == str(path)
    assert path.exists() == is_there


def test_no_objects(path):
    with pytest.raises(ValueError, match="Object arrays"):
        write_arrays(path, {}, {"a": np.array([{}], dtype=object)})
    assert not path.exists()


def test_newer_files(path, monkeypatch):
    monkeypatch.setattr(_archive, "_VERSION", 2)
    write_arrays(path, {}, {})
    monkeypatch.undo()
    with pytest.raises(ValueError, match="version 2 of its format"):
        read_arrays(path)


def test_paths(tmp_path):
    assert with_suffix(tmp_path / "a.b").name == "a.b.npz"
    assert with_suffix(tmp_path / "a.npz").name == "a.npz"
    assert as_path("checkpoint", str(tmp_path)) == tmp_path
    with pytest.raises(TypeError, match="checkpoint must be a path, not 3"):
        as_path("checkpoint", 3)


def test_json():
    found = as_json({"a": np.arange(2), "b": np.float32(1.5), "c": (1, None)})
    assert found == {"a": [0, 1], "b": 1.5, "c": [1, None]}
