"""The folder that a mapping is saved in: a file for each step, which loads alone."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import hyperspy.api as hs

from hyperspy_4dphase._archive import to_json
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase.signals._domain_summary import ask_to_replace
from hyperspy_4dphase.signals.compression import Compression
from hyperspy_4dphase.signals.domain_classes import DomainClass, DomainClasses
from hyperspy_4dphase.signals.domain_confidence import DomainConfidence
from hyperspy_4dphase.signals.domain_map import DomainMap
from hyperspy_4dphase.signals.phase_map import PhaseMap

# What a folder is known by; it is written last.
_INDEX, _KIND, _VERSION = "mapping.json", "hyperspy_4dphase.PhaseMapping", 1
_FILES = {
    "compression": "compression.npz",
    "domains": "domains.hspy",
    "confidence": "confidence.hspy",
    "classes": "classes.json",
    "phases": "phases.hspy",
}
_CLASSES = {
    "compression": Compression,
    "domains": DomainMap,
    "confidence": DomainConfidence,
    "classes": DomainClasses,
    "phases": PhaseMap,
}


def find_folder(path, overwrite):
    """The folder to write, or None where what is there must stay.

    Parameters
    ----------
    path : str or pathlib.Path
    overwrite : bool or None
        None asks.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    TypeError, ValueError
        If these are anything else, or `path` is empty.
    FileExistsError, NotADirectoryError
        If something else is there, or nobody can be asked.
    """
    path = _check_path(path)
    check_flags(optional=True, overwrite=overwrite)
    for place in (path, *path.parents):
        if place.exists() and not place.is_dir():
            raise NotADirectoryError(
                f"A mapping is saved as a folder, but {place} is a file."
            )
    if not path.is_dir() or not any(path.iterdir()):
        return path
    if not (path / _INDEX).is_file():
        raise FileExistsError(
            f"{path} is a folder of something else, which is not replaced: give the "
            f"name of a new one, such as {str(path / 'mapping')!r}."
        )
    if overwrite is None:
        overwrite = ask_to_replace(path)
    return path if overwrite else None


def write_folder(path, results, version):
    """Write the result of each step; what is there before is replaced at the end.

    Parameters
    ----------
    path : pathlib.Path
        Of :func:`find_folder`.
    results : dict
        Of the names of steps. None where a step was left out.
    version : str
        Of this package.
    """
    kept = {name: found for name, found in results.items() if found is not None}
    index = {"kind": _KIND, "version": _VERSION, "hyperspy_4dphase": version}
    index["files"] = {name: _FILES[name] for name in kept}
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same file system, so that files are only renamed afterwards.
    part = Path(tempfile.mkdtemp(dir=path.parent, prefix=f".{path.name}-"))
    try:
        for name, found in kept.items():
            if name == "classes":
                _write_json(part / _FILES[name], [row._asdict() for row in found])
            else:
                found.save(part / _FILES[name])
        _write_json(part / _INDEX, index)
        path.mkdir(exist_ok=True)
        # Without it, a folder of which only some files are new is none.
        (path / _INDEX).unlink(missing_ok=True)
        for name, file in _FILES.items():
            if name in kept:
                os.replace(part / file, path / file)
            else:
                (path / file).unlink(missing_ok=True)
        os.replace(part / _INDEX, path / _INDEX)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def read_folder(path):
    """Read what :func:`write_folder` wrote.

    Parameters
    ----------
    path : str or pathlib.Path

    Returns
    -------
    dict

    Raises
    ------
    TypeError, ValueError
        If `path` is no path, or the folder holds something else, or is damaged.
    FileNotFoundError
        If there is no such folder, or one of its files is gone.
    """
    path = _check_path(path)
    if not path.is_dir():
        found = "is a file; a mapping is a folder" if path.exists() else "is not there"
        raise FileNotFoundError(f"{path} {found}.")
    files = _read_index(path)
    results = {}
    for name, file in files.items():
        if not (path / file).is_file():
            raise FileNotFoundError(f"Of the mapping in {path}, {file} is gone.")
        results[name] = found = _read(name, path / file)
        if not isinstance(found, _CLASSES[name]):
            raise ValueError(
                f"{path / file} holds a {type(found).__name__}; expected a "
                f"{_CLASSES[name].__name__}."
            )
    return results


def _check_path(path):
    if isinstance(path, bytes) or not isinstance(path, str | os.PathLike):
        raise TypeError(f"path must be text or a pathlib.Path, not {path!r}.")
    if not Path(path).name:
        raise ValueError(f"path must name a folder, but is {str(path)!r}.")
    return Path(path)


def _read_index(path):
    """The files of a folder, by the names of their steps."""
    if not (path / _INDEX).is_file():
        raise ValueError(
            f"{path} has no {_INDEX}: PhaseMapping.save() did not write it, or did not "
            "come to its end."
        )
    try:
        index = json.loads((path / _INDEX).read_text(encoding="utf-8"))
        kind, version, files = index["kind"], index["version"], index["files"]
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{path / _INDEX} is damaged: {error!r}.") from error
    if kind != _KIND or version != _VERSION:
        raise ValueError(
            f"{path} holds {kind!r} in version {version}; expected {_KIND!r} in "
            f"version {_VERSION}. A newer hyperspy_4dphase may have written it."
        )
    # Nothing outside the folder is read, whatever an index says.
    if files != {name: _FILES[name] for name in _FILES if name in files}:
        raise ValueError(f"{path / _INDEX} is damaged: it names the files {files}.")
    if "domains" not in files or "compression" not in files:
        raise ValueError(f"{path / _INDEX} is damaged: it has no domains.")
    return files


def _read(name, file):
    if name == "compression":
        return Compression.load(file)
    if name == "classes":
        rows = json.loads(file.read_text(encoding="utf-8"))
        return DomainClasses(DomainClass(**row) for row in rows)
    return hs.load(file)


def _write_json(file, content):
    file.write_text(json.dumps(content, default=to_json, indent=1), encoding="utf-8")
