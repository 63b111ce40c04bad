"""The scan at the door of a method: checked once, with all that is needed of it."""

from dataclasses import dataclass, replace
from math import prod

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._arguments import check_random_state, check_scan
from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._masks import check_unmasked, excluded_patterns, excluded_pixels
from hyperspy_4dphase._patterns import PatternBlocks
from hyperspy_4dphase._progress import Progress
from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    fill_excluded,
    retitle,
    scan_metadata,
)
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase._series import is_series, place_apart

# What `normalize_poissonian_noise` asks of a compression.
NOISES = {None: "measured", True: "counts", False: "uniform"}


@dataclass(frozen=True, eq=False, repr=False)
class Scan:
    """A scan, what its masks leave, and how it is to be read.

    Attributes
    ----------
    signal : hyperspy.signal.BaseSignal
        Where the patterns are.
    navigation_shape, signal_shape : tuple of int
        In array order.
    axes : list of dict
        HyperSpy's axes dictionaries, in array order.
    metadata : dict
        Title, sample, instrument and signal type.
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks, True where excluded.
    noise : {"measured", "counts", "uniform"}
        As of :func:`compress_patterns`.
    keep_faulty : bool
        Whether values that no counting allows stay as they are.
    random_state : None, int or numpy.random.RandomState
        As the user gave it.
    seed : int or numpy.random.RandomState
        One for the whole call, also where the user gave none.
    show_progressbar : bool or None
    """

    signal: BaseSignal
    navigation_shape: tuple
    signal_shape: tuple
    axes: list
    metadata: dict
    excluded_patterns: np.ndarray | None = None
    excluded_pixels: np.ndarray | None = None
    noise: str = "measured"
    keep_faulty: bool = False
    random_state: object = None
    seed: object = None
    show_progressbar: bool | None = None

    @classmethod
    def from_signal(
        cls,
        signal,
        navigation_mask=None,
        signal_mask=None,
        *,
        normalize_poissonian_noise=None,
        keep_faulty=False,
        random_state=None,
        show_progressbar=None,
        flat_masks=None,
    ):
        """Check a signal and what the user said of it; nothing is read.

        Parameters
        ----------
        signal : hyperspy.signal.BaseSignal
        navigation_mask, signal_mask, normalize_poissonian_noise, keep_faulty, \
random_state, show_progressbar : optional
            See :func:`compress`.
        flat_masks : tuple of numpy.ndarray of bool, or None, optional
            Excluded patterns and pixels of an earlier result, instead of masks: what
            the data mask themselves may be any of these.

        Returns
        -------
        Scan

        Raises
        ------
        TypeError, ValueError
            If the signal is no scan of real patterns, or an argument is wrong.
        """
        check_scan(signal)
        check_flags(keep_faulty=keep_faulty)
        check_flags(
            optional=True,
            normalize_poissonian_noise=normalize_poissonian_noise,
            show_progressbar=show_progressbar,
        )
        if flat_masks is None:
            patterns = excluded_patterns(signal, navigation_mask)
            flat_masks = patterns, excluded_pixels(signal, signal_mask)
        return cls(
            signal,
            *array_shapes(signal),
            axes=axes_dictionaries(signal),
            metadata=scan_metadata(signal),
            excluded_patterns=flat_masks[0],
            excluded_pixels=flat_masks[1],
            noise=NOISES[normalize_poissonian_noise],
            keep_faulty=keep_faulty,
            random_state=random_state,
            seed=check_random_state(random_state),
            show_progressbar=show_progressbar,
        )

    @property
    def navigation_axes(self):
        """list of dict: Those of the probe positions."""
        return self.axes[: len(self.navigation_shape)]

    @property
    def signal_axes(self):
        """list of dict: Those of a pattern."""
        return self.axes[len(self.navigation_shape) :]

    @property
    def signal_type(self):
        """str: HyperSpy's name of the kind of patterns."""
        return self.metadata["Signal"]["signal_type"]

    @property
    def n_positions(self):
        """int: Number of probe positions, masked ones included."""
        return prod(self.navigation_shape)

    @property
    def shape(self):
        """tuple of int: (n_patterns, n_pixels) of what masks leave."""
        kept = self.kept_patterns, self.kept_pixels
        return tuple(map(np.count_nonzero, kept))

    @property
    def kept_patterns(self):
        """numpy.ndarray of bool, shape (n_positions,): What the mask leaves."""
        return _find_kept(self.excluded_patterns, self.n_positions)

    @property
    def kept_pixels(self):
        """numpy.ndarray of bool, shape (n_pixels,): What the mask leaves."""
        return _find_kept(self.excluded_pixels, prod(self.signal_shape))

    @property
    def positions(self):
        """numpy.ndarray of int, shape (n_patterns, n_axes): To know neighbours by.

        Scans of a series lie beside one another, far apart, on two axes.
        """
        if is_series(self.navigation_axes):
            return place_apart(self.grid_positions, self.navigation_shape)
        return self.grid_positions

    @property
    def grid_positions(self):
        """numpy.ndarray of int, shape (n_patterns, n_axes): On the navigation axes."""
        n_axes = len(self.navigation_shape)
        positions = np.indices(self.navigation_shape).reshape(n_axes, -1).T
        return positions[self.kept_patterns]

    def replace_masks(self, excluded_patterns, excluded_pixels):
        """Make the same scan with other masks.

        Parameters
        ----------
        excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
            Flat.

        Returns
        -------
        Scan
        """
        return replace(
            self, excluded_patterns=excluded_patterns, excluded_pixels=excluded_pixels
        )

    def map_of(self, values, fill_value=np.nan):
        """Rows of patterns as a map of the navigation shape.

        Parameters
        ----------
        values : numpy.ndarray, shape (n_patterns, ...)
        fill_value : scalar, default NaN
            Of masked positions.

        Returns
        -------
        numpy.ndarray, shape (*navigation_shape, ...)
        """
        values = fill_excluded(values, self.excluded_patterns, fill_value)
        return values.reshape(*self.navigation_shape, *values.shape[1:])

    def name_result(self, what, signal_type):
        """Make the metadata of a result: "`what` of" and the title of the scan.

        Parameters
        ----------
        what : str
        signal_type : str

        Returns
        -------
        dict
        """
        title = self.metadata.get("General", {}).get("title")
        title = f"{what} of {title}" if title else what
        return retitle(self.metadata, title, signal_type)

    def progress(self):
        """Progress: A bar as the user wants it, to be used in a `with` statement."""
        return Progress(self.show_progressbar)

    def blocks(self, progress=None, *, allow_negative=True, replaced=None, **options):
        """The patterns that masks leave, block by block.

        Parameters
        ----------
        progress : callable, optional
        allow_negative : bool, default True
            Whether negative values are taken.
        replaced : numpy.ndarray, shape (3, n_values), optional
            Single values that are taken for others, as in :class:`Compression`.
        **options
            Others of :class:`PatternBlocks`.

        Returns
        -------
        PatternBlocks

        Raises
        ------
        ValueError
            If the data are a masked array, and masked values are not excluded.
        """
        return PatternBlocks(
            self._plain_data(),
            len(self.navigation_shape),
            kept_patterns=self.kept_patterns,
            kept_pixels=self.kept_pixels,
            progress=progress,
            allow_negative=allow_negative,
            correction=self._replace(replaced),
            **options,
        )

    def _replace(self, replaced):
        if replaced is None:
            return None
        kept = self.kept_patterns, self.kept_pixels
        return Correction().replace_values(replaced).restrict(*kept)

    def _plain_data(self):
        data = self.signal.data
        if not isinstance(data, np.ma.MaskedArray):
            check_unmasked(data)
            return data
        kept = np.ma.reshape(data, (self.n_positions, -1))[self.kept_patterns]
        check_unmasked(kept[:, self.kept_pixels])
        return np.ma.getdata(data)


def _find_kept(excluded, n):
    return np.ones(n, dtype=bool) if excluded is None else ~excluded
