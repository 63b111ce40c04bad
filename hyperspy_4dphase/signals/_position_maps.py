"""What a map keeps of each probe position beside its value, sliced as the map is."""

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import Signal2D

from hyperspy_4dphase._results import axes_dictionaries
from hyperspy_4dphase.signals._scan_map import ScanMap
from hyperspy_4dphase.signals._stored_map import OF_POSITIONS, StoredMap

_NO_DESCRIPTION = (
    "it was made by the published method (n_parts), of many maps together, or by an "
    "earlier version"
)
_WHY_NOT = {
    "steps": "it was made without the positions of patterns (neighbours_sum=False, "
    "another source, or n_parts), of patterns that differ by no more than noise, of "
    "many maps together, or by an earlier version",
    "along": _NO_DESCRIPTION,
    "refused": _NO_DESCRIPTION,
}


class PositionMaps(ScanMap):
    """What :class:`DomainMap` gains to keep further maps of its positions."""

    @property
    def isig(self):
        """MapSlicer: HyperSpy's slicer of the signal axes."""
        return MapSlicer(self, "isig")

    @isig.setter
    def isig(self, slicer):
        self.__dict__["isig"] = slicer

    @property
    def inav(self):
        """MapSlicer: HyperSpy's slicer of the navigation axes."""
        return MapSlicer(self, "inav")

    @inav.setter
    def inav(self, slicer):
        self.__dict__["inav"] = slicer

    def _of_positions(self, name):
        """One of the maps that are kept, of the shape of the data.

        Raises
        ------
        ValueError
            If there is none, or if the data were cut since.
        """
        values = self._stored_map.array(name, None)
        if values is None:
            raise ValueError(f"{name!r} is not known of this map: {_WHY_NOT[name]}.")
        is_known = self._stored_map.are_known(self.data)
        if values.shape != self.data.shape or not is_known:
            raise ValueError(
                f"{name!r} is known of a map of the shape {values.shape} in array "
                f"order, but this one, of the shape {self.data.shape}, was changed "
                "otherwise than by isig and inav."
            )
        return values

    def _show_as(self, what, quantity, values):
        """Values of the shape of the data as a signal with the axes of the map."""
        metadata = {
            "General": {"title": f"{what}: {self.metadata.General.title}"},
            "Signal": {"quantity": quantity},
        }
        axes = axes_dictionaries(self)
        return Signal2D(np.array(values), axes=axes, metadata=metadata)

    def _forget(self, changed):
        """The maps that are kept, without what is not true of changed domains any more.

        Parameters
        ----------
        changed : numpy.ndarray of bool, of the shape of `labels`

        Returns
        -------
        dict
        """
        stored, changed = self._stored_map, changed.reshape(self.data.shape)
        along, refused = (stored.array(name, None) for name in ("along", "refused"))
        if along is not None and along.shape == changed.shape:
            along = np.where(changed, np.float32(np.nan), along)
            refused = np.where(changed, np.int8(0), refused)
        return {"along": along, "refused": refused}


class MapSlicer:
    """Slices a map with all that it keeps of its positions.

    Parameters
    ----------
    domains : PositionMaps
    name : {"isig", "inav"}
        Which of HyperSpy's slicers.
    """

    def __init__(self, domains, name):
        self._domains, self._name = domains, name
        self._slicer = domains.__dict__[name]

    def __getitem__(self, slices, out=None):
        """The slice, in HyperSpy's notation; into `out`, if that is given."""
        result = self._slicer.__getitem__(slices, out=out)
        made = result if out is None else out
        is_map = isinstance(made, PositionMaps)
        if is_map and self._domains.metadata.has_item(StoredMap.NODE):
            self._slice_maps(made, slices)
        return result

    def __setitem__(self, slices, values):
        self._slicer[slices] = values

    def __len__(self):
        return len(self._slicer)

    def _slice_maps(self, result, slices):
        domains = self._domains
        stored, new = domains._stored_map, result._stored_map
        if not stored.are_known(domains.data):
            return
        maps = {name: stored.array(name, None) for name in OF_POSITIONS}
        # HyperSpy knows which positions a slice in calibrated units has.
        numbers = np.arange(domains.data.size).reshape(domains.data.shape)
        numbers = BaseSignal(numbers, axes=axes_dictionaries(domains))
        taken = np.asarray(getattr(numbers, self._name)[slices].data)
        for name, values in maps.items():
            if np.shape(values) == domains.data.shape:
                new.set(name, values.ravel()[taken])
        is_all = taken.size == numbers.data.size and (np.diff(taken.ravel()) == 1).all()
        new.know_values(result.data, is_part=stored.is_part or not is_all)
