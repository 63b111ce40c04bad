"""How a compression is saved and loaded, also as earlier versions have saved it."""

from pathlib import Path

import numpy as np

from hyperspy_4dphase._archive import read_arrays, with_suffix, write_arrays
from hyperspy_4dphase.estimators.compression import CompressedPatterns

# Of names of arrays of the compressed patterns.
_PREFIX = "patterns."


class CompressionFiles:
    """What :class:`Compression` gains to be saved and loaded."""

    def save(self, path):
        """Write everything to one file, without pickle.

        Parameters
        ----------
        path : path-like
            ``.npz`` is appended if it is not there. A file of that name is replaced,
            once the new one is complete.

        Examples
        --------
        >>> import hyperspy_4dphase
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> compression = hyperspy_4dphase.compress(s, random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     compression.save(f"{folder}/scan.npz")
        ...     loaded = hyperspy_4dphase.Compression.load(f"{folder}/scan.npz")
        >>> loaded.rank == compression.rank
        True
        """
        write_arrays(with_suffix(path), *self.to_arrays())

    def to_arrays(self):
        """Part everything in what JSON takes and arrays.

        Returns
        -------
        header : dict
        arrays : dict of numpy.ndarray
        """
        header, arrays = _part_arrays(vars(self))
        header["patterns"], own = _part_arrays(vars(self.patterns))
        arrays |= {_PREFIX + name: array for name, array in own.items()}
        return header, arrays

    @classmethod
    def load(cls, path):
        """Read what :meth:`save` wrote.

        Parameters
        ----------
        path : path-like
            ``.npz`` is appended if it is not there and there is no such file. A
            complete checkpoint of :func:`compress` is one, too.

        Returns
        -------
        Compression

        Raises
        ------
        ValueError
            If the file holds something else, or was written by a newer version.

        Examples
        --------
        >>> import hyperspy_4dphase
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> compression = hyperspy_4dphase.compress(s, random_state=0, print_info=False)
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     compression.save(f"{folder}/scan.npz")
        ...     loaded = hyperspy_4dphase.Compression.load(f"{folder}/scan.npz")
        >>> loaded.navigation_shape, loaded.signal_shape
        ((14, 16), (32, 36))
        """
        other = with_suffix(path)
        path = Path(path) if Path(path).is_file() else other
        header, arrays = read_arrays(path)
        # What a checkpoint is of, of one that is complete.
        header.pop("checkpoint", None)
        try:
            return cls.from_arrays(header, arrays)
        except (KeyError, TypeError) as error:
            raise ValueError(f"{path} is damaged: {error!r}.") from error

    @classmethod
    def from_arrays(cls, header, arrays):
        """Make a compression of what :meth:`to_arrays` has given.

        Parameters
        ----------
        header : dict
        arrays : dict of numpy.ndarray

        Returns
        -------
        Compression

        Raises
        ------
        KeyError, TypeError
            If something is missing, or is too much.
        """
        numbers = header.pop("patterns")
        for name in [name for name in arrays if name.startswith(_PREFIX)]:
            numbers[name.removeprefix(_PREFIX)] = arrays.pop(name)
        for name in ("navigation_shape", "signal_shape"):
            header[name] = tuple(header[name])
        loaded = cls(CompressedPatterns(**numbers), **header, **arrays)
        loaded._part_incomplete()
        return loaded

    def _part_incomplete(self):
        """Part incomplete pixels, which files of earlier versions count as faulty.

        These tell how many there are, not which: where others are faulty, too, all stay
        so.
        """
        descan, pixels = self.patterns.descan or {}, self.faulty_pixels
        descan.pop("first_faulty", None)
        n_incomplete = descan.pop("n_incomplete", 0)
        if n_incomplete and pixels is not None and pixels.sum() == n_incomplete:
            self.faulty_pixels, self.incomplete_pixels = None, pixels


def _part_arrays(values):
    """Part a dict in one of all else and one of arrays."""
    arrays = {k: v for k, v in values.items() if isinstance(v, np.ndarray)}
    return {k: v for k, v in values.items() if k not in arrays}, arrays
