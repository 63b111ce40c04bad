"""What reads of a scan have added up so far, in a file: for going on after a crash.

A compression is the same each time it is made of the same scan with the same seed. So
nothing of its course is kept but what its reads have found: made again, it takes these
from the file, and reads only what is not there yet.
"""

import time
import warnings
import zipfile
from pathlib import Path

import joblib

from hyperspy_4dphase._archive import (
    COMPRESSION,
    as_json,
    is_cut_short,
    is_of_kind,
    read_arrays,
    write_arrays,
)

CHECKPOINT = "checkpoint"
# Seconds from one writing of the file to the next, at least; and that writing takes no
# more than one part in so many of the time.
_SECONDS = 60.0
_TIMES_WRITING = 20


class Checkpoint:
    """The reads of one compression, as far as they have come.

    Parameters
    ----------
    path : path-like
    identity : dict
        What the compression is made of and how, as JSON has it: a file of another is
        refused. Among it the `random_state`, which may be None.
    seed : int
        For a compression that is made from the beginning.

    Attributes
    ----------
    seed : int
        The one to be used.
    result : tuple or None
        Header and arrays of the compression, where it is complete.

    Raises
    ------
    ValueError
        If the file is no checkpoint, or one of something else.

    Warns
    -----
    UserWarning
        If the file is damaged: nothing of it is used.
    """

    def __init__(self, path, identity, seed):
        self._path, self._identity = Path(path), as_json(identity)
        self.seed, self.result = seed, None
        # Of each read: what tells it from others, and how far it has come.
        self._entries, self._names, self._unwritten = [], [], {}
        self._n_begun, self._due, self._can_write = 0, 0.0, True
        self._read()
        self._wait(0.0)

    def _read(self):
        if not self._path.parent.is_dir():
            raise FileNotFoundError(
                f"checkpoint={str(self._path)!r}: there is no folder "
                f"{str(self._path.parent)!r}."
            )
        if not self._path.exists():
            return
        kind = next((k for k in (CHECKPOINT, COMPRESSION) if self._is(k)), None)
        if kind is None and not self._holds_nothing():
            raise ValueError(
                f"checkpoint={str(self._path)!r} is there, but is no checkpoint. It is "
                "not overwritten: give another path."
            )
        try:
            with zipfile.ZipFile(self._path) as archive:
                damaged = archive.testzip()
            if damaged is not None:
                raise ValueError(f"{damaged} is not what was written")
            header, arrays = read_arrays(
                self._path, kind=kind, names=[] if kind == CHECKPOINT else None
            )
        except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
            warnings.warn(
                f"The checkpoint {str(self._path)!r} is damaged, as if writing it had "
                f"been cut off ({error}). Nothing of it is used: the compression "
                "starts anew.",
                UserWarning,
                stacklevel=7,
            )
            return
        own = header.pop("checkpoint", None)
        if own is None:
            raise ValueError(
                f"checkpoint={str(self._path)!r} is a saved compression, but no "
                "checkpoint. It is not overwritten: give another path."
            )
        self._check(own["identity"])
        self.seed = own["seed"]
        if kind == COMPRESSION:
            self.result = header, arrays
        else:
            self._entries = own["reads"]
            self._names = [name for entry in self._entries for name in entry["names"]]

    def _is(self, kind):
        return self._path.is_file() and is_of_kind(self._path, kind)

    def _holds_nothing(self):
        """Whether the file may be replaced though it does not say what it is."""
        kinds = CHECKPOINT, COMPRESSION
        return self._path.is_file() and is_cut_short(self._path, kinds)

    def _check(self, found):
        names = {**found, **self._identity}
        other = [n for n in names if found.get(n) != self._identity.get(n)]
        if other:
            what = ", ".join(
                _describe(name, found.get(name), self._identity.get(name))
                for name in other
            )
            raise ValueError(
                f"The checkpoint {str(self._path)!r} is of something else: {what}. It "
                "is neither used nor overwritten: give another path, or delete it."
            )

    def begin(self, what, n_blocks):
        """Begin the next read, or go on with it.

        Parameters
        ----------
        what : object
            All that the result depends on, apart from the scan.
        n_blocks : int
            How many blocks are read.

        Returns
        -------
        ReadLog
        """
        number, fingerprint = self._n_begun, joblib.hash(what)
        self._n_begun += 1
        entry = {"fingerprint": fingerprint, "n_blocks": n_blocks, "n_done": 0}
        if number < len(self._entries):
            found = self._entries[number]
            if all(found[name] == entry[name] for name in ("fingerprint", "n_blocks")):
                return ReadLog(self, number, found, self._load(number))
            warnings.warn(
                f"Read {number + 1} of the checkpoint {str(self._path)!r} was made "
                "with other numbers, as another version of a library or another "
                "processor computes them. It is made anew.",
                UserWarning,
                stacklevel=2,
            )
        self._entries[number:] = [entry | {"names": []}]
        written = [name for kept in self._entries for name in kept["names"]]
        self._names = [name for name in self._names if name in written]
        return ReadLog(self, number, self._entries[number], None)

    def is_due(self):
        """Tell whether it is time to write the file."""
        return time.monotonic() >= self._due

    def write(self, number, arrays):
        """Write the file with what one read has found so far.

        Where that fails the compression goes on; a warning says so.

        Parameters
        ----------
        number : int
            Of the read.
        arrays : dict of numpy.ndarray
        """
        start = time.monotonic()
        own = {f"{number}/{name}": array for name, array in arrays.items()}
        self._entries[number]["names"] = list(own)
        unwritten = self._unwritten | own
        kept = [name for name in self._names if name not in unwritten]
        try:
            content = {"checkpoint": self._describe() | {"reads": self._entries}}
            write_arrays(self._path, content, unwritten, kind=CHECKPOINT, kept=kept)
        except OSError as error:
            self._unwritten = unwritten
            if self._can_write:
                warnings.warn(
                    f"The checkpoint could not be written: {error}. The compression "
                    "goes on without.",
                    UserWarning,
                    stacklevel=2,
                )
            self._can_write = False
        else:
            self._names, self._unwritten = [*kept, *unwritten], {}
            self._can_write = True
        self._wait(time.monotonic() - start)

    def finish(self, header, arrays):
        """Put the compression itself in the place of what led to it.

        Parameters
        ----------
        header : dict
        arrays : dict of numpy.ndarray
        """
        header = {**header, "checkpoint": self._describe()}
        try:
            write_arrays(self._path, header, arrays)
        except OSError as error:
            warnings.warn(
                f"The checkpoint could not be completed: {error}. The compression is "
                "complete.",
                UserWarning,
                stacklevel=2,
            )

    def _describe(self):
        return {"identity": self._identity, "seed": self.seed}

    def _load(self, number):
        names = self._entries[number]["names"]
        _, arrays = read_arrays(self._path, kind=CHECKPOINT, names=names)
        return {name.partition("/")[2]: arrays[name] for name in names}

    def _wait(self, took):
        self._due = time.monotonic() + max(_SECONDS, _TIMES_WRITING * took)


class ReadLog:
    """How far one read has come; as a context, it is kept when that is left by error.

    Attributes
    ----------
    arrays : dict of numpy.ndarray, or None
        What was found before; None if nothing was.
    n_done : int
        In how many blocks that was.
    """

    def __init__(self, checkpoint, number, entry, arrays):
        self._checkpoint, self._number, self._entry = checkpoint, number, entry
        self.arrays, self.n_done = arrays, entry["n_done"]
        self._whole = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *error):
        if kind is not None and self._whole is not None:
            self._write()

    def merging(self):
        """Say that what was kept is about to be changed: until then it is not whole."""
        self._whole = None

    def keep(self, whole, n_done):
        """Keep what was found, and write it to the file from time to time.

        Parameters
        ----------
        whole : Accumulator
        n_done : int
            In how many blocks.
        """
        self._whole, self.n_done = whole, n_done
        if n_done == self._entry["n_blocks"] or self._checkpoint.is_due():
            self._write()

    def _write(self):
        self._entry["n_done"] = self.n_done
        self._checkpoint.write(self._number, self._whole.arrays())
        self._whole = None


def _describe(name, found, expected):
    is_short = all(value is None or len(str(value)) < 20 for value in (found, expected))
    if not is_short or "hash" in name:
        return f"other {name.removesuffix(' hash')}"
    return f"{name}={found!r} instead of {expected!r}"
