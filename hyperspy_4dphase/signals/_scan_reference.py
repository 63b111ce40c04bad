"""The scan that a map is of, as long as it is there."""

import weakref

import dask.array as da


class ScanReference:
    """What a map gains to read its scan again without keeping it in memory."""

    _reference = None

    def __deepcopy__(self, memo):
        copy = super().__deepcopy__(memo)
        copy._reference = self._reference
        return copy

    @property
    def scan(self):
        """BaseSignal or None: The scan, if it is still in memory, or lazy."""
        return None if self._reference is None else self._reference()


def reference_to(scan):
    """What gives the scan; only a lazy one is kept alive by it."""
    if isinstance(scan.data, da.Array):
        return lambda: scan
    return weakref.ref(scan)
