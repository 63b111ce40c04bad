"""What a result keeps in its metadata: plain arrays, numbers, and the scan's axes."""

import numpy as np

from hyperspy_4dphase._results import axes_shape, axis_steps, plain


def stored(scan, version, **record):
    """What the metadata of a result are to hold.

    Parameters
    ----------
    scan : Scan
        Whose result it is.
    version : int
        Of the format.
    **record
        What else is to be there: what HyperSpy saves.

    Returns
    -------
    dict
    """
    return {
        "version": version,
        "navigation_axes": _numbered(scan.navigation_axes),
        "signal_axes": _numbered(scan.signal_axes),
        "signal_type": scan.signal_type,
        "excluded_patterns": scan.excluded_patterns,
        "excluded_pixels": scan.excluded_pixels,
        **record,
    }


def _numbered(axes):
    """Axes dictionaries as a dict, which every file format takes."""
    return {f"axis_{i}": axis for i, axis in enumerate(axes)}


class Stored:
    """Reads a branch of a result's metadata.

    Parameters
    ----------
    node : DictionaryTreeBrowser or None
        The branch.

    Attributes
    ----------
    NODE : str
        Its name.
    VERSION : int
        The newest version of its format that can be read.
    RESULT, MAKER : str
        What has such a branch, and which method makes it.
    """

    NODE, VERSION, RESULT, MAKER = "", 1, "", ""

    def __init__(self, node):
        self._node = node

    @classmethod
    def of(cls, signal):
        """What a signal has stored."""
        return cls(signal.metadata.get_item(cls.NODE))

    def get(self, name):
        """One entry, also after a lazy load; None if there is none of that name.

        Raises
        ------
        ValueError
            If the branch is missing, or if a newer version has written it.
        """
        version = None if self._node is None else self._node.get_item("version")
        if version is None:
            raise ValueError(
                f"metadata.{self.NODE} is missing: this {self.RESULT} was not made by "
                f"{self.MAKER}(), or its metadata were changed."
            )
        if int(version) > self.VERSION:
            raise ValueError(
                f"This {self.RESULT} was saved in version {int(version)} of its "
                f"format, but this hyperspy_4dphase reads up to version {self.VERSION}:"
                " update it."
            )
        return plain(self._node.get_item(name))

    def array(self, name, dtype):
        """One entry as an array, or None."""
        value = self.get(name)
        return None if value is None else np.asarray(value, dtype=dtype)

    def excluded_pixels(self):
        """Flat mask of the patterns, or None."""
        return self.array("excluded_pixels", bool)

    def axes(self, name):
        """Axes dictionaries in array order, and the shape."""
        axes = self.get(name)
        axes = [axes[key] for key in sorted(axes)]
        return axes, axes_shape(axes)

    def signal_axes(self):
        """Axes dictionaries of a pattern, and its shape, in array order."""
        return self.axes("signal_axes")

    def check_detector(self, scan):
        """Refuse patterns of another shape or calibration.

        Parameters
        ----------
        scan : Scan

        Raises
        ------
        ValueError
        """
        axes, shape = self.signal_axes()
        found = scan.signal_shape
        if found != shape:
            raise ValueError(
                f"The patterns have the shape {found} in array order; this "
                f"{self.RESULT} expects {shape}."
            )
        for own, other in zip(axes, scan.signal_axes, strict=True):
            difference = other_scale(own, other)
            if difference:
                raise ValueError(
                    f"Axis {other.get('name')!r} has {difference[1]} per pixel; this "
                    f"{self.RESULT} was made with {difference[0]}."
                )


def other_scale(own, other):
    """Steps of two axes, as texts, if they differ by 1 % or in their units, else None.

    Parameters
    ----------
    own, other : dict
        HyperSpy's axes dictionaries, of axes of the same size.

    Returns
    -------
    tuple of str, or None
    """
    steps = axis_steps(own), axis_steps(other)
    units = _units(own), _units(other)
    if units[0] == units[1] and np.allclose(*steps, rtol=0.01):
        return None
    one, two = (f"{_range(s)} {u}" for s, u in zip(steps, units, strict=True))
    return one, two


def _range(steps):
    low, high = f"{np.min(steps):.6g}", f"{np.max(steps):.6g}"
    return low if low == high else f"{low} to {high}"


def _units(axis):
    units = axis.get("units")
    return units if isinstance(units, str) and units else "px"
