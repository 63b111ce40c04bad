"""What a compressed scan is, apart from how it is made."""

from dataclasses import dataclass, field, replace

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._archive import as_json
from hyperspy_4dphase._masks import (
    either_mask,
    excluded_patterns,
    excluded_pixels,
    same_mask,
)
from hyperspy_4dphase._results import array_shapes, fill_excluded
from hyperspy_4dphase.estimators.compression import CompressedPatterns
from hyperspy_4dphase.signals._compression_files import CompressionFiles
from hyperspy_4dphase.signals._compression_numbers import CompressionNumbers
from hyperspy_4dphase.signals._same_values import look_at_values

_BLOCK_BYTES = 2**26
# What keep_faulty=True keeps.
_LEFT_OUT = "faulty_patterns", "faulty_pixels", "replaced"


@dataclass(eq=False, repr=False)
class Compression(CompressionFiles, CompressionNumbers):
    """A scan as Q B in scaled units, with what is needed to make a scan of it again.

    Made by :func:`compress`. Every method takes it as `compression`, which saves
    reading the scan again.

    Attributes
    ----------
    patterns : CompressedPatterns
        The numbers, one row for each pattern that is not masked.
    navigation_shape, signal_shape : tuple of int
        Of the scan, in array order.
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks, True where excluded, by the user, as faulty or as incomplete.
    faulty_patterns, faulty_pixels : numpy.ndarray of bool, or None
        Those of them that no counting allows; see `keep_faulty` of :func:`compress`.
    incomplete_pixels : numpy.ndarray of bool, or None
        Those of them that are not complete in all patterns once the descan is taken
        out; see `descan` of :func:`compress`.
    replaced : numpy.ndarray, shape (3, n_values), or None
        Single values that were taken for others: positions and pixels, as flat numbers,
        and what was taken instead, in units of the data.
    axes : list of dict
        HyperSpy's axes dictionaries, in array order.
    metadata : dict
        Title, sample, instrument and signal type of the scan.
    provenance : dict
        Parameters, seed and versions.

    Examples
    --------
    >>> import hyperspy_4dphase
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> compression = hyperspy_4dphase.compress(s, random_state=0, print_info=False)
    >>> compression.rank, compression.n_significant, compression.n_reads
    (13, 3, 3.0)
    """

    patterns: CompressedPatterns
    navigation_shape: tuple
    signal_shape: tuple
    excluded_patterns: np.ndarray | None = None
    excluded_pixels: np.ndarray | None = None
    faulty_patterns: np.ndarray | None = None
    faulty_pixels: np.ndarray | None = None
    incomplete_pixels: np.ndarray | None = None
    replaced: np.ndarray | None = None
    axes: list = field(default_factory=list)
    metadata: dict = field(default_factory=dict)
    provenance: dict = field(default_factory=dict)

    @classmethod
    def from_scan(cls, scan, patterns, provenance):
        """Join compressed patterns with the scan they are of.

        Parameters
        ----------
        scan : Scan
            With the masks of what was compressed.
        patterns : CompressedPatterns
        provenance : dict

        Returns
        -------
        Compression
        """
        frames = _unmask(patterns.faulty_patterns, scan.excluded_patterns)
        faulty = _unmask(patterns.faulty_pixels, scan.excluded_pixels)
        incomplete = _unmask(patterns.incomplete_pixels, scan.excluded_pixels)
        replaced = patterns.replaced
        if replaced is not None:
            rows, pixels = replaced[:2].astype(int)
            positions = np.flatnonzero(scan.kept_patterns)[rows]
            pixels = np.flatnonzero(scan.kept_pixels)[pixels]
            replaced = np.stack([positions, pixels, replaced[2]])
        return cls(
            replace(patterns, **dict.fromkeys((*_LEFT_OUT, "incomplete_pixels"))),
            scan.navigation_shape,
            scan.signal_shape,
            excluded_patterns=either_mask(scan.excluded_patterns, frames),
            excluded_pixels=either_mask(scan.excluded_pixels, faulty, incomplete),
            faulty_patterns=frames,
            faulty_pixels=faulty,
            incomplete_pixels=incomplete,
            replaced=replaced,
            axes=as_json(scan.axes),
            metadata=as_json(scan.metadata),
            provenance=as_json(provenance),
        )

    def check_scan(self, signal, navigation_mask=None, signal_mask=None):
        """Refuse a scan, or masks, that this compression cannot be of.

        Shapes are compared, and the values of 16 patterns, of one chunk if the scan is
        lazy. Values cannot be compared with a compression that an earlier version has
        saved.

        Parameters
        ----------
        signal : hyperspy.signal.BaseSignal
            The scan.
        navigation_mask, signal_mask : BaseSignal or array-like of bool, optional
            None stands for those of the compression.

        Raises
        ------
        TypeError
            If `signal` is no signal.
        ValueError
            If the shapes, the masks, or the values differ.

        Examples
        --------
        >>> import hyperspy_4dphase
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> compression = hyperspy_4dphase.compress(s, random_state=0, print_info=False)
        >>> compression.check_scan(s)
        >>> compression.check_scan(s.inav[:5, :5])
        Traceback (most recent call last):
            ...
        ValueError: compression is of another scan: its navigation and signal shapes are
        (14, 16) and (32, 36) in array order, those of this scan (5, 5) and (32, 36).
        """
        if not isinstance(signal, BaseSignal):
            raise TypeError(f"signal must be a scan, not {type(signal).__name__}.")
        shapes = array_shapes(signal)
        own = self.navigation_shape, self.signal_shape
        if shapes != own:
            raise ValueError(
                "compression is of another scan: its navigation and signal shapes are "
                f"{own[0]} and {own[1]} in array order, those of this scan {shapes[0]} "
                f"and {shapes[1]}."
            )
        if navigation_mask is not None:
            excluded = excluded_patterns(signal, navigation_mask)
            own = self.excluded_patterns
            _check_mask("navigation_mask", excluded, own, self.faulty_patterns)
        if signal_mask is not None:
            excluded = excluded_pixels(signal, signal_mask)
            own = self.excluded_pixels
            left_out = either_mask(self.faulty_pixels, self.incomplete_pixels)
            _check_mask("signal_mask", excluded, own, left_out)
        found = look_at_values(signal, self)
        if found is not None:
            raise ValueError(
                "compression is of another scan, or of what this one was before: "
                f"{found}. Leave it out, or compress again."
            )

    def reconstruct(self):
        """The scan without its noise, as a lazy signal of the same kind.

        It is computed block by block from Q and B when it is asked for, and never
        held. Masked patterns and pixels are NaN.

        Returns
        -------
        signal
            Of the class and calibration of the scan, lazy, float32, in data units.

        Examples
        --------
        >>> import hyperspy_4dphase
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> compression = hyperspy_4dphase.compress(s, random_state=0, print_info=False)
        >>> compression.reconstruct()
        <LazyElectronDiffraction2D, title: Oxide bilayer, dimensions: (16, 14|36, 32)>
        """
        rows = fill_excluded(np.arange(len(self.Q)), self.excluded_patterns, -1)
        rows = rows.reshape(self.navigation_shape)
        pattern = np.dtype((np.float32, self.signal_shape))
        chunks = da.core.normalize_chunks(
            "auto", rows.shape, limit=_BLOCK_BYTES, dtype=pattern
        )
        n_axes = len(self.axes)
        data = da.from_array(rows, chunks).map_blocks(
            _reconstruct,
            patterns=self.patterns,
            excluded_pixels=self.excluded_pixels,
            signal_shape=self.signal_shape,
            new_axis=list(range(rows.ndim, n_axes)),
            chunks=(*chunks, *((n,) for n in self.signal_shape)),
            meta=np.empty((0,) * n_axes, np.float32),
        )
        axes = [dict(axis) for axis in self.axes]
        return BaseSignal(data, axes=axes, metadata=self.metadata).as_lazy()

    def __repr__(self):
        shape = "x".join(str(n) for n in self.navigation_shape)
        shape += "|" + "x".join(str(n) for n in self.signal_shape)
        n_patterns, n_pixels = len(self.Q), self.B.shape[1]
        return (
            f"<Compression of {shape} (array order): {n_patterns} patterns of "
            f"{n_pixels} pixels in {self.rank} directions, {self.n_significant} above "
            f"the noise, {self.n_reads:.3g} reads>"
        )


def check_compression(compression, scan, navigation_mask, signal_mask):
    """Refuse what is no compression of this scan, read as it is to be read.

    Parameters
    ----------
    compression : object
        What the user gave.
    scan : Scan
    navigation_mask, signal_mask : optional
        What the user gave; None stands for what the compression was made with.

    Raises
    ------
    TypeError, ValueError
    """
    if not isinstance(compression, Compression):
        raise TypeError(
            "compression must be what hyperspy_4dphase.compress gave, not "
            f"{type(compression).__name__}."
        )
    compression.check_scan(scan.signal, navigation_mask, signal_mask)
    made_with = compression.poissonian_noise_normalized
    if scan.noise != "measured" and (scan.noise == "counts") != made_with:
        raise ValueError(
            f"normalize_poissonian_noise={scan.noise == 'counts'}, but compression was "
            f"made with {made_with}. Leave it out, or compress again."
        )
    left_out = [getattr(compression, name) is not None for name in _LEFT_OUT]
    if scan.keep_faulty and any(left_out):
        raise ValueError(
            "keep_faulty=True, but compression was made without faulty values: "
            "compress(signal, keep_faulty=True) keeps them."
        )


def _unmask(own, excluded):
    """A mask of what masks leave as one of the whole; None if it excludes nothing."""
    return None if own is None or not own.any() else fill_excluded(own, excluded, False)


def _check_mask(name, excluded, own, faulty):
    # What was left out besides need not be given again.
    if not same_mask(either_mask(excluded, faulty), own):
        found, expected = (
            "nothing" if mask is None else f"{int(mask.sum())} of {mask.size}"
            for mask in (excluded, own)
        )
        raise ValueError(
            f"{name} is not the one that compression was made with: it excludes "
            f"{found}, that one {expected}. Leave it out, or compress again."
        )


def _reconstruct(rows, patterns, excluded_pixels, signal_shape):
    """A block of the scan from the numbers of its patterns, -1 where masked."""
    flat = rows.ravel()
    inside = flat >= 0
    values = patterns.reconstruct(flat[inside]).astype(np.float32, copy=False)
    values = fill_excluded(values.T, excluded_pixels).T
    values = fill_excluded(values, None if inside.all() else ~inside)
    return values.reshape(rows.shape + signal_shape)
