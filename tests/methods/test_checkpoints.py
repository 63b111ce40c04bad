"""compress(checkpoint=...): the same result, and nothing is read twice."""

import shutil

import hyperspy.api as hs
import numpy as np
import pytest
from pyxem.signals import Diffraction2D

from hyperspy_4dphase import _checkpoint
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase.methods.compress import Compression, compress

from ..block_scans import Scan as CountingScan
from .conftest import NAVIGATION, SIGNAL, lazy

QUIET = {"show_progressbar": False, "print_info": False}
SETTINGS = QUIET | {"random_state": 0}
NAMES = "Q", "B", "row_scale", "column_scale", "residual", "singular_values"


@pytest.fixture(autouse=True)
def _write_at_once(monkeypatch):
    monkeypatch.setattr(_checkpoint, "_SECONDS", 0.0)
    monkeypatch.setattr(_checkpoint, "_TIMES_WRITING", 0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "scan.checkpoint"


def counting(scan, chunk=None, error=None, after=0):
    """The scan lazily; a chunk that fails once it was loaded `after` times."""
    counted = CountingScan(scan.data, (2, 10, *SIGNAL))

    def fail(values, block_info=None):
        place = tuple(block_info[0]["chunk-location"])
        if place == (chunk, 0, 0, 0) and counted.loads[place] > after:
            raise error
        return values

    data = counted.array
    if chunk is not None:
        data = data.map_blocks(fail, dtype=data.dtype, meta=data._meta)
    signal = Diffraction2D(data).as_lazy()
    return signal, counted


def assert_same(one, other):
    for name in NAMES:
        values = getattr(one.patterns, name), getattr(other.patterns, name)
        np.testing.assert_array_equal(*values)
    for name in ("n_significant", "n_reads", "noise_edge", "detector"):
        assert getattr(one.patterns, name) == getattr(other.patterns, name)
    assert one.provenance["random_state"] == other.provenance["random_state"]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), OSError("no such disk")])
@pytest.mark.parametrize("after", [0, 1])
def test_interrupted(scan, path, small_blocks, after, error):
    whole = compress(counting(scan)[0], **SETTINGS)
    stopped, _ = counting(scan, 4, error, after)
    with pytest.raises((KeyboardInterrupt, RuntimeError)):
        compress(stopped, checkpoint=path, **SETTINGS)
    again, counted = counting(scan)
    found = compress(again, checkpoint=path, **SETTINGS)
    assert_same(found, whole)
    # Chunks before the one that failed are in the file; the first patterns are looked
    # at once.
    assert counted.loads[(4, 0, 0, 0)] == whole.n_reads - after
    assert counted.loads[(1, 0, 0, 0)] == whole.n_reads - after - 1
    assert counted.loads[(0, 0, 0, 0)] == whole.n_reads - after
    # Complete: what is read is only looked at.
    again, counted = counting(scan)
    assert_same(compress(again, checkpoint=path, **SETTINGS), whole)
    assert max(counted.loads.values()) == 1
    assert_same(Compression.load(path), whole)


def test_small_scans_go_on_loading(scan, path, monkeypatch):
    monkeypatch.setitem(PatternBlocks.__init__.__kwdefaults__, "block_values", 1)
    whole = compress(counting(scan)[0], **SETTINGS)
    stopped, _ = counting(scan, 4, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        compress(stopped, checkpoint=path, **SETTINGS)
    again, counted = counting(scan)
    assert_same(compress(again, checkpoint=path, **SETTINGS), whole)
    assert counted.loads[(1, 0, 0, 0)] == 0
    assert counted.loads[(4, 0, 0, 0)] == 1


@pytest.mark.parametrize("is_lazy", [False, True])
def test_same_as_without(scan, path, is_lazy):
    signal = lazy(scan) if is_lazy else scan
    before = scan.data.copy()
    found = compress(signal, checkpoint=path, **SETTINGS)
    assert_same(found, compress(signal, **SETTINGS))
    assert_same(compress(signal, checkpoint=str(path), **SETTINGS), found)
    np.testing.assert_array_equal(scan.data, before)
    assert scan.cluster_hierarchical(compression=found, **SETTINGS) is not None


def test_the_seed_is_kept(scan, path, small_blocks):
    stopped, _ = counting(scan, 4, KeyboardInterrupt(), 1)
    with pytest.raises(KeyboardInterrupt):
        compress(stopped, checkpoint=path, **QUIET)
    found = compress(counting(scan)[0], checkpoint=path, **QUIET)
    seed = found.provenance["random_state"]
    assert_same(found, compress(counting(scan)[0], random_state=seed, **QUIET))


def other_masks(scan):
    mask = np.zeros(NAVIGATION, bool)
    mask[0, 3] = True
    return scan, {"navigation_mask": mask}


def other_values(scan):
    other = scan.deepcopy()
    # One value of millions.
    other.data[7, 3, 2, 1] += 1
    return other, {}


CHANGES = {
    "rank": lambda scan: (scan, {"rank": 20}),
    "power_iterations": lambda scan: (scan, {"power_iterations": 2}),
    "random_state": lambda scan: (scan, {"random_state": 1}),
    "squares": lambda scan: (scan, {"squares": False}),
    "noise": lambda scan: (scan, {"normalize_poissonian_noise": True}),
    "other masks": other_masks,
    "other values": other_values,
    "navigation shape": lambda scan: (scan.inav[:8], {}),
    "type of data": lambda scan: (Diffraction2D(scan.data.astype(np.int32)), {}),
    "other chunks": lambda scan: (lazy(scan), {}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_of_something_else(scan, path, what):
    compress(scan, checkpoint=path, **SETTINGS)
    before = path.read_bytes()
    other, changed = CHANGES[what](scan)
    with pytest.raises(ValueError, match=f"of something else: .*{what}"):
        compress(other, checkpoint=path, **(SETTINGS | changed))
    assert path.read_bytes() == before


def test_other_lazy_scans(scan, path):
    compress(lazy(scan), checkpoint=path, **SETTINGS)
    other = scan.deepcopy()
    other.data[5, 5] += 1
    with pytest.raises(ValueError, match="other arrays"):
        compress(lazy(other), checkpoint=path, **SETTINGS)


def test_values_of_functions(scan, path):
    """Nothing is known of them but what they give."""
    compress(counting(scan)[0], checkpoint=path, **SETTINGS)
    other = scan.deepcopy()
    other.data[-1, -1] += 1
    with pytest.raises(ValueError, match="other values"):
        compress(counting(other)[0], checkpoint=path, **SETTINGS)


def test_files_that_were_written_again(scan, path, tmp_path):
    scan.save(tmp_path / "scan.hspy")
    opened = hs.load(tmp_path / "scan.hspy", lazy=True)
    compress(opened, checkpoint=path, **SETTINGS)
    opened.close_file()
    opened = hs.load(tmp_path / "scan.hspy", lazy=True)
    compress(opened, checkpoint=path, **SETTINGS)
    opened.close_file()
    shutil.copy(tmp_path / "scan.hspy", tmp_path / "copy.hspy")
    (tmp_path / "scan.hspy").unlink()
    shutil.move(tmp_path / "copy.hspy", tmp_path / "scan.hspy")
    opened = hs.load(tmp_path / "scan.hspy", lazy=True)
    with pytest.raises(ValueError, match="other files"):
        compress(opened, checkpoint=path, **SETTINGS)
    opened.close_file()


def test_another_version(scan, path, monkeypatch):
    compress(scan, checkpoint=path, **SETTINGS)
    monkeypatch.setattr(
        "hyperspy_4dphase.methods._checkpoints.version_of", lambda name: "99.1"
    )
    with pytest.raises(ValueError, match=r"version='.*' instead of '99\.1'"):
        compress(scan, checkpoint=path, **SETTINGS)


def test_truncated(scan, path):
    whole = compress(scan, checkpoint=path, **SETTINGS)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.warns(UserWarning, match="is damaged.*starts anew") as told:
        found = compress(scan, checkpoint=path, **SETTINGS)
    assert_same(found, whole)
    assert_same(Compression.load(path), whole)
    # It points at who called.
    assert told[0].filename == __file__


def test_bad_input(scan, path, tmp_path):
    with pytest.raises(TypeError, match="checkpoint must be a path, not 3"):
        compress(scan, checkpoint=3, **SETTINGS)
    with pytest.raises(ValueError, match="random_state that is the same next time"):
        compress(scan, checkpoint=path, random_state=np.random.RandomState(0), **QUIET)
    own = tmp_path / "scan.hspy"
    scan.save(own)
    with pytest.raises(ValueError, match="is there, but is no checkpoint"):
        compress(scan, checkpoint=own, **SETTINGS)
    with pytest.raises(FileNotFoundError):
        compress(scan, checkpoint=tmp_path / "none" / "file", **SETTINGS)
    assert not path.exists()


def test_masked_arrays(scan, path):
    mask = np.zeros(scan.data.shape, bool)
    mask[2, 3] = True
    masked = Diffraction2D(np.ma.array(scan.data, mask=mask))
    found = compress(masked, checkpoint=path, **SETTINGS)
    assert_same(compress(masked, checkpoint=path, **SETTINGS), found)
