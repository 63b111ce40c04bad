"""What maps of domains and of confidence have in common."""

import numpy as np
from hyperspy.signals import Signal2D

from hyperspy_4dphase._results import axes_dictionaries, image_extent
from hyperspy_4dphase.signals._plain_arithmetic import PlainArithmetic
from hyperspy_4dphase.signals._scan_reference import ScanReference
from hyperspy_4dphase.signals._stored_map import StoredMap


class ScanMap(PlainArithmetic, Signal2D):
    """A value for each probe position of a scan, ``(|x, y)``, with its domains."""

    _reference = None
    # What it is called, and how its title begins.
    _KIND, _TITLE = "map", "Domains"

    def __deepcopy__(self, memo):
        copy = super().__deepcopy__(memo)
        copy._reference = self._reference
        return copy

    @property
    def scan(self):
        """BaseSignal or None: The scan, if it is still in memory, or lazy."""
        return None if self._reference is None else self._reference()

    @classmethod
    def _from_rows(cls, scan, what, values, fill_value, branches):
        """Make a map of a scan.

        The last two navigation axes become its signal axes. A scan along a line gives
        one row.

        Parameters
        ----------
        scan : Scan
        what : str
            For the title, "`what` of" that of the scan.
        values : numpy.ndarray, shape (n_patterns,)
            One for each pattern that is not masked.
        fill_value : scalar
            Where a position is masked.
        branches : dict
            Of the metadata.

        Returns
        -------
        signal
        """
        axes, values = scan.navigation_axes, scan.map_of(values, fill_value)
        if len(axes) == 1:
            # HyperSpy would make it a Signal1D when it is reloaded.
            axes, values = [{"size": 1}, *axes], values[np.newaxis]
        metadata = scan.name_result(what, cls._signal_type) | branches
        made = cls(values, axes=show_last_two(axes), metadata=metadata)
        made._reference = ScanReference(scan.signal)
        made._stored_map.know_values(made.data)
        return made

    def _make_map(self, cls, values, metadata):
        """Make another map of the same positions, a part if this one is a part."""
        made = cls(values, axes=axes_dictionaries(self), metadata=metadata)
        made._reference = self._reference
        made._stored_map.know_values(made.data, is_part=not self._is_whole)
        return made

    def _unchanged_scan(self):
        """The scan, or None if there is none any more.

        Raises
        ------
        ValueError
            If a file that it is read from is not as it was.
        """
        if self._reference is not None:
            self._reference.check_files()
        return self.scan

    @property
    def _stored_map(self):
        return StoredMap(self)

    @property
    def _values(self):
        """The data, of the navigation shape of the scan: a line has no rows."""
        values = np.asarray(self.data)
        is_line = len(self._stored_map.navigation_axes) == 1
        return values[0] if is_line and values.ndim > 1 else values

    @property
    def _axes(self):
        """Axes of `_values`, in array order."""
        axes = axes_dictionaries(self)
        return axes[len(axes) - self._values.ndim :]

    @property
    def _is_whole(self):
        """Whether the data are those of the whole scan, in its order, unchanged."""
        stored = self._stored_map
        has_shape = self._values.shape == stored.navigation_shape
        return has_shape and not stored.is_part and stored.are_known(self.data)

    def _check_whole(self):
        if not self._is_whole:
            raise ValueError(
                f"This is a slice of a {self._KIND}, or its values were changed or put "
                f"in another order. It has the shape {self.data.shape} in array order; "
                "all but its values belongs to the whole scan, of shape "
                f"{self._stored_map.navigation_shape}: take it from the whole "
                f"{self._KIND}, and slice that."
            )

    def _image_options(self):
        """How figures show the map."""
        extent, units = image_extent(self._axes)
        return {"extent": extent, "units": units}


def show_last_two(axes):
    """Make the last two axes signal axes, and all others navigation axes."""
    return [a | {"navigate": i < len(axes) - 2} for i, a in enumerate(axes)]
