"""What a result keeps in its metadata: plain arrays, numbers, and the scan's axes."""

import dask.array as da
import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._results import (
    axes_shape,
    axis_steps,
    axis_units,
    axis_values,
    plain,
)

# What `metadata` have of a signal that is one of several in a stack.
STACKED = "_HyperSpy.Stacking_history"


class Stored:
    """Reads a branch of a result's metadata.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        The result.

    Attributes
    ----------
    NODE : str
        Name of the branch.
    VERSION : int
        The newest version of its format that can be read.
    RESULT, MAKER : str
        What has such a branch, and which method makes it.
    """

    NODE, VERSION, RESULT, MAKER = "", 1, "", ""

    def __init__(self, signal):
        self._metadata = signal.metadata
        self._node = signal.metadata.get_item(self.NODE)

    @classmethod
    def collect(cls, scan, compression=None, **record):
        """Collect what the metadata of a result are to hold.

        Parameters
        ----------
        scan : Scan
            Whose result it is.
        compression : Compression, optional
            Of this scan, if there is one: the scan is known again by it.
        **record
            What else is to be there: what HyperSpy saves.

        Returns
        -------
        dict
        """
        return {
            "version": cls.VERSION,
            "navigation_axes": _number_axes(scan.navigation_axes),
            "signal_axes": _number_axes(scan.signal_axes),
            "signal_type": scan.signal_type,
            "excluded_patterns": scan.excluded_patterns,
            "excluded_pixels": scan.excluded_pixels,
            "pattern_sums": None if compression is None else compression.pattern_sums,
            "replaced": None if compression is None else compression.replaced,
            **record,
        }

    def set(self, name, value):
        """Change one entry."""
        self._metadata.set_item(f"{self.NODE}.{name}", value)

    def to_dict(self, changes=None):
        """Give the whole branch, also after a lazy load.

        Parameters
        ----------
        changes : dict, optional
            Entries that are other ones; those of the branch are not read then.

        Returns
        -------
        dict or None
            None where there is no branch.
        """
        if self._node is None:
            return None
        return plain(self._node.as_dictionary() | (changes or {}))

    def get(self, name):
        """One entry, also after a lazy load; None if there is none of that name.

        Raises
        ------
        ValueError
            If the branch is missing, if a newer version has written it, or if results
            were stacked.
        """
        version = None if self._node is None else self._node.get_item("version")
        if version is None:
            raise ValueError(
                f"metadata.{self.NODE} is missing: this {self.RESULT} was not made by "
                f"{self.MAKER}(), or its metadata were changed."
            )
        if self._metadata.has_item(STACKED):
            raise ValueError(
                f"This is a stack of {self.RESULT}s, or a part of one: ask the "
                f"{self.RESULT}s that were stacked. compute() makes a plain signal of "
                "the stack."
            )
        if int(version) > self.VERSION:
            raise ValueError(
                f"This {self.RESULT} was saved in version {int(version)} of its "
                f"format, but this hyperspy_4dphase reads up to version {self.VERSION}:"
                " update it."
            )
        return plain(self._node.get_item(name))

    def array(self, name, dtype=float):
        """One entry as an array, or None."""
        value = self.get(name)
        return None if value is None else np.asarray(value, dtype=dtype)

    @property
    def pattern_sums(self):
        """numpy.ndarray, shape (2, n_patterns), or None: To know the scan again by."""
        return self.array("pattern_sums")

    @property
    def replaced(self):
        """numpy.ndarray, shape (3, n_values), or None: Values taken for others."""
        return self.array("replaced")

    @property
    def excluded_patterns(self):
        """numpy.ndarray of bool, or None: Flat mask of the probe positions."""
        return self.array("excluded_patterns", bool)

    @property
    def excluded_pixels(self):
        """numpy.ndarray of bool, or None: Flat mask of the patterns."""
        return self.array("excluded_pixels", bool)

    @property
    def navigation_axes(self):
        """list of dict: Axes of the probe positions of the whole scan."""
        return self._axes("navigation_axes")

    @property
    def navigation_shape(self):
        """tuple of int: Of the whole scan, in array order."""
        return axes_shape(self.navigation_axes)

    @property
    def signal_axes(self):
        """list of dict: Axes of a pattern, in array order."""
        return self._axes("signal_axes")

    @property
    def signal_shape(self):
        """tuple of int: Of a pattern, in array order."""
        return axes_shape(self.signal_axes)

    def make_patterns(self, values, axes, metadata):
        """Make a signal of patterns, of the type and the calibration of the scan.

        Parameters
        ----------
        values : numpy.ndarray or dask.array.Array, shape (n, n_pixels)
        axes : list of dict
            Navigation axes, in array order.
        metadata : dict

        Returns
        -------
        signal
        """
        signal = BaseSignal(
            values.reshape(*axes_shape(axes), *self.signal_shape),
            axes=[*axes, *self.signal_axes],
            metadata=metadata,
        )
        if isinstance(values, da.Array):
            signal = signal.as_lazy()
        signal.set_signal_type(self.get("signal_type"))
        return signal

    def check_detector(self, scan):
        """Refuse patterns of another shape or calibration.

        Parameters
        ----------
        scan : Scan

        Raises
        ------
        ValueError
        """
        found, shape = scan.signal_shape, self.signal_shape
        if found != shape:
            raise ValueError(
                f"The patterns have the shape {found} in array order; this "
                f"{self.RESULT} expects {shape}."
            )
        for own, other in zip(self.signal_axes, scan.signal_axes, strict=True):
            difference = compare_scales(own, other)
            if difference:
                raise ValueError(
                    f"Axis {other.get('name')!r} has {difference[1]} per pixel; this "
                    f"{self.RESULT} was made with {difference[0]}."
                )

    def _axes(self, name):
        axes = self.get(name)
        return [axes[key] for key in sorted(axes)]


def _number_axes(axes):
    """Axes dictionaries as a dict, which every file format takes."""
    return {f"axis_{i}": axis for i, axis in enumerate(axes)}


def check_same_positions(axes, owner, others, name, step="position"):
    """Refuse axes, of navigation unless another step is named, that are not a scan's.

    Parameters
    ----------
    axes, others : list of dict
        What is expected, and what came: HyperSpy's axes dictionaries in array order.
    owner, name : str
        Whose they are.
    step : str, default "position"
        What lies along the axes.

    Raises
    ------
    ValueError
    """
    shape, found = axes_shape(axes), axes_shape(others)
    if found != shape:
        raise ValueError(
            f"{name} is of another scan: its navigation shape is {found} in array "
            f"order, that of {owner} {shape}."
        )
    for own, other in zip(axes, others, strict=True):
        difference = compare_scales(own, other)
        if difference:
            raise ValueError(
                f"{name} is of another scan: its axis {other.get('name')!s} has "
                f"{difference[1]} per {step}, that of {owner} {difference[0]}."
            )
        starts = axis_values(own)[0], axis_values(other)[0]
        width = np.abs(np.append(axis_steps(own), 0)).max()
        if not np.isclose(*starts, rtol=0, atol=0.01 * width):
            raise ValueError(
                f"{name} is of another scan, or of another part of it: its axis "
                f"{other.get('name')!s} begins at {starts[1]:.6g}, that of {owner} at "
                f"{starts[0]:.6g}."
            )


def compare_scales(own, other):
    """Describe the steps of two axes if they differ by 1 %, or in their units.

    Parameters
    ----------
    own, other : dict
        HyperSpy's axes dictionaries, of axes of the same size.

    Returns
    -------
    tuple of str, or None
        What the steps of each are; None if they are the same.
    """
    steps = axis_steps(own), axis_steps(other)
    units = [axis_units(axis) for axis in (own, other)]
    if units[0] == units[1] and np.allclose(*steps, rtol=0.01):
        return None
    one, two = (f"{_range(s)} {u}" for s, u in zip(steps, units, strict=True))
    return one, two


def _range(steps):
    low, high = f"{np.min(steps):.6g}", f"{np.max(steps):.6g}"
    return low if low == high else f"{low} to {high}"
