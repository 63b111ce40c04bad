"""The scan that a map is of, as long as it is there."""

import os
import weakref

import dask.array as da

from hyperspy_4dphase._scan_files import files_of, state_of


class ScanReference:
    """Gives the scan; only a lazy one is kept alive by it.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal
    """

    def __init__(self, scan):
        is_lazy = isinstance(scan.data, da.Array)
        self._scan = (lambda: scan) if is_lazy else weakref.ref(scan)
        self._files = files_of(scan.data)
        self._name = scan.data.name if is_lazy else None

    def __call__(self):
        return self._scan()

    def is_certainly(self, signal):
        """Whether a signal is this scan, lazy, and its files are as they were."""
        if self._name is None or signal is not self() or not self._files:
            return False
        is_same = getattr(signal.data, "name", None) == self._name
        return is_same and all(
            state_of(path) == before for path, before in self._files.items()
        )

    def check_files(self):
        """Refuse to read files that were written again.

        Raises
        ------
        ValueError
        """
        for path, before in self._files.items():
            now = state_of(path)
            if now is not None and now != before:
                size = f"{before[-2]} bytes before, {now[-2]} now"
                raise ValueError(
                    f"The file {os.path.basename(path)!r} of the scan was written "
                    f"again since this map was made ({size}; {path}): its patterns may "
                    "be others. Load it, and make the map anew, or, if it is the same "
                    "scan still, give it: mean_patterns(signal)."
                )
