"""A mapping in a folder: every step comes back, and nothing is lost by saving."""

import builtins
import errno
import json
from dataclasses import replace
from pathlib import Path

import hyperspy.api as hs
import numpy as np
import pytest

from hyperspy_4dphase import DomainMap, PhaseMapping
from hyperspy_4dphase.data import structure

from .phases import scan

QUIET = {"show_progressbar": False, "print_info": False, "random_state": 0}


@pytest.fixture(scope="module")
def mapping():
    s = scan()
    made = s.map_phases([structure("Al"), structure("Si")], confidence=False, **QUIET)
    judged = s.domain_confidence(
        made.domains, n_maps=3, compression=made.compression, **QUIET
    )
    return replace(made, confidence=judged)


@pytest.fixture
def small(mapping):
    """Without what is not always there."""
    return replace(mapping, confidence=None, phases=None)


def test_every_step_comes_back(mapping, tmp_path):
    s = scan()
    path = mapping.save(tmp_path / "new" / "particle_0.5")
    assert path == tmp_path / "new" / "particle_0.5"
    again = PhaseMapping.load(str(path))
    assert repr(again) == repr(mapping)
    np.testing.assert_array_equal(again.compression.Q, mapping.compression.Q)
    np.testing.assert_array_equal(again.domains.labels, mapping.domains.labels)
    np.testing.assert_array_equal(again.confidence.data, mapping.confidence.data)
    np.testing.assert_array_equal(
        again.confidence.posterior.data, mapping.confidence.posterior.data
    )
    assert again.classes == mapping.classes
    np.testing.assert_array_equal(again.phases.quaternions, mapping.phases.quaternions)
    for name in ("domains", "confidence", "phases"):
        one, other = getattr(again, name), getattr(mapping, name)
        assert type(one) is type(other)
        assert str(one.axes_manager) == str(other.axes_manager)
        assert one.provenance == other.provenance
        # Each file is a signal of its own.
        alone = hs.load(path / f"{name}.hspy")
        np.testing.assert_array_equal(alone.data, other.data)
    # It goes on from there.
    again.compression.check_scan(s)
    turned = again.phases.orientations(s, show_progressbar=False)
    assert turned.data.shape == again.domains.data.shape
    assert [p.name for p in path.parent.iterdir()] == ["particle_0.5"]


def test_what_was_left_out_is_none(small, tmp_path):
    again = PhaseMapping.load(small.save(tmp_path / "small"))
    assert again.confidence is None
    assert again.phases is None
    assert again.classes == small.classes


def contents(folder):
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_nothing_is_overwritten_silently(mapping, small, tmp_path, monkeypatch):
    path = mapping.save(tmp_path / "particle")
    before = contents(path)
    monkeypatch.setattr(builtins, "input", _nobody)
    with pytest.raises(FileExistsError, match="overwrite=True"):
        small.save(path)
    assert small.save(path, overwrite=False) is None
    monkeypatch.setattr(builtins, "input", lambda question: "n")
    assert small.save(path) is None
    assert contents(path) == before
    monkeypatch.setattr(builtins, "input", lambda question: "y")
    assert small.save(path) == path
    # Nothing of the one before is taken for a part of this one.
    assert PhaseMapping.load(path).phases is None
    assert not (path / "phases.hspy").exists()


def _nobody(question):
    raise EOFError


def test_other_files_in_the_folder_stay(small, tmp_path):
    path = small.save(tmp_path / "particle")
    page = small.to_html(path / "page")
    text = page.read_text(encoding="utf-8")
    small.save(path, overwrite=True)
    assert page.read_text(encoding="utf-8") == text
    assert PhaseMapping.load(path).classes == small.classes


def test_the_folder_it_was_loaded_from(small, tmp_path):
    loaded = PhaseMapping.load(small.save(tmp_path / "particle"))
    loaded.save(tmp_path / "particle", overwrite=True)
    again = PhaseMapping.load(tmp_path / "particle")
    np.testing.assert_array_equal(again.domains.labels, small.domains.labels)


def test_a_full_disk_leaves_what_was_there(mapping, small, tmp_path, monkeypatch):
    path = mapping.save(tmp_path / "particle")
    before = contents(path)

    def fail(*arguments, **options):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(DomainMap, "save", fail)
    with pytest.raises(OSError, match="No space left"):
        small.save(path, overwrite=True)
    assert contents(path) == before
    assert [p.name for p in tmp_path.iterdir()] == ["particle"]


def test_places_that_are_refused(small, tmp_path, monkeypatch):
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    folder = tmp_path / "measured"
    folder.mkdir()
    (folder / "scan.hspy").write_text("mine")
    for path in (file, file / "below"):
        with pytest.raises(NotADirectoryError, match=r"notes\.txt is a file"):
            small.save(path, overwrite=True)
    with pytest.raises(FileExistsError, match="folder of something else"):
        small.save(folder, overwrite=True)
    assert file.read_text() == (folder / "scan.hspy").read_text() == "mine"
    assert [p.name for p in folder.iterdir()] == ["scan.hspy"]
    (tmp_path / "empty").mkdir()
    assert small.save(tmp_path / "empty").is_dir()


@pytest.mark.parametrize(
    ("path", "options", "error", "message"),
    [
        (3, {}, TypeError, "path must be text or a pathlib.Path, not 3"),
        (b"a", {}, TypeError, "path must be text"),
        ("", {}, ValueError, "path must name a folder, but is ''"),
        ("..", {}, FileExistsError, "something else"),
        ("a", {"overwrite": "yes"}, TypeError, "overwrite must be True, False or None"),
    ],
)
def test_bad_arguments(small, tmp_path, monkeypatch, path, options, error, message):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path / "deep")
    with pytest.raises(error, match=message):
        small.save(path, **options)
    assert [p.name for p in tmp_path.rglob("*")] == ["deep"]


def change(**changes):
    def damage(path):
        index = json.loads((path / "mapping.json").read_text()) | changes
        (path / "mapping.json").write_text(json.dumps(index))

    return damage


@pytest.mark.parametrize(
    ("damage", "error", "message"),
    [
        (lambda p: (p / "mapping.json").unlink(), ValueError, "no mapping.json"),
        (lambda p: (p / "mapping.json").write_text("{"), ValueError, "damaged"),
        (change(version=2), ValueError, "in version 2; expected .* version 1"),
        (change(kind="else"), ValueError, "holds 'else'"),
        (change(files={"domains": "../a.hspy"}), ValueError, "damaged"),
        (change(files={}), ValueError, "no domains"),
        (lambda p: (p / "domains.hspy").unlink(), FileNotFoundError, "domains.hspy"),
        (
            lambda p: hs.signals.Signal2D(np.zeros((2, 3))).save(
                p / "domains.hspy", overwrite=True
            ),
            ValueError,
            "holds a Signal2D; expected a DomainMap",
        ),
    ],
)
def test_damaged_folders_are_refused(small, tmp_path, damage, error, message):
    path = small.save(tmp_path / "particle")
    damage(path)
    with pytest.raises(error, match=message):
        PhaseMapping.load(path)


def test_nothing_to_load(tmp_path):
    with pytest.raises(FileNotFoundError, match="is not there"):
        PhaseMapping.load(tmp_path / "none")
    Path(tmp_path / "file").write_text("mine")
    with pytest.raises(FileNotFoundError, match="is a file; a mapping is a folder"):
        PhaseMapping.load(tmp_path / "file")
