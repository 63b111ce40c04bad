"""Files of results are written whole, or stay as they were."""

import errno
import os

import hyperspy.api as hs
import numpy as np
import pytest
from hyperspy.signals import Signal2D

from hyperspy_4dphase.signals._whole_files import WholeFiles
from hyperspy_4dphase.signals.domain_map import DomainMap
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding
from hyperspy_4dphase.signals.pattern_decomposition import PatternDecomposition


class Whole(WholeFiles, Signal2D):
    """A signal of nothing else."""


@pytest.fixture
def signal():
    found = Whole(np.arange(12.0).reshape(3, 4))
    found.metadata.General.title = "first"
    return found


pytestmark = pytest.mark.filterwarnings("ignore:The NestedDirectoryStore")


def contents(path):
    """All files at a path and below it, as bytes."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*"))
    return {str(p): p.read_bytes() for p in files if p.is_file()}


@pytest.mark.parametrize("name", ["map.hspy", "map.zspy", "map"])
def test_saved_and_replaced(signal, tmp_path, name):
    path = tmp_path / (name if "." in name else f"{name}.hspy")
    signal.save(tmp_path / name)
    assert hs.load(path).metadata.General.title == "first"
    signal.metadata.General.title = "second"
    signal.save(tmp_path / name, overwrite=False)
    assert hs.load(path).metadata.General.title == "first"
    signal.save(tmp_path / name, overwrite=True)
    again = hs.load(path)
    assert again.metadata.General.title == "second"
    np.testing.assert_array_equal(again.data, signal.data)
    assert os.listdir(tmp_path) == [path.name]
    assert signal.tmp_parameters.folder == tmp_path
    assert signal.tmp_parameters.filename == "map"


@pytest.mark.parametrize("name", ["map.hspy", "map.zspy"])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
def test_a_full_disk(signal, tmp_path, monkeypatch, name, error):
    """HyperSpy has opened and emptied the file when it fails."""
    path = tmp_path / name
    signal.save(path)
    before = contents(path)

    def full(self, filename, *args, **kwargs):
        filename.write_bytes(b"half")
        raise error

    monkeypatch.setattr(Signal2D, "save", full)
    match = "No space.*unchanged" if isinstance(error, OSError) else None
    with pytest.raises(type(error), match=match):
        signal.save(path, overwrite=True)
    assert contents(path) == before
    with pytest.raises(type(error)):
        signal.save(tmp_path / f"other{path.suffix}")
    assert os.listdir(tmp_path) == [name]


def test_other_formats_and_folders(signal, tmp_path):
    signal.save(tmp_path / "new" / "map.hspy")
    assert (tmp_path / "new" / "map.hspy").is_file()
    signal.save(tmp_path / "map", file_format="HSPY")
    assert (tmp_path / "map.hspy").is_file()
    lazy = hs.load(tmp_path / "map.hspy", lazy=True)
    lazy.close_file()


@pytest.mark.parametrize("cls", [DomainMap, LatentEmbedding, PatternDecomposition])
def test_results_are_such(cls):
    assert issubclass(cls, WholeFiles)
    assert cls.save is WholeFiles.save
