"""Progress bars, fed by the plain functions that numerics call."""

from hyperspy.api import preferences
from hyperspy.external.progressbar import progressbar


class Progress:
    """One bar at a time: a new stage closes the bar of the one before.

    Parameters
    ----------
    show : bool or None
        None is HyperSpy's preference.
    """

    def __init__(self, show=None):
        self._show = preferences.General.show_progressbar if show is None else show
        self._bar = None
        self._stage = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self._close()

    def __deepcopy__(self, memo):
        # Copies of an estimator show the same bar, which holds an open file.
        return self

    def __call__(self, stage, done, total):
        """Say that `done` of `total` steps of a stage are done."""
        if not self._show:
            return
        if stage != self._stage or done < self._bar.n:
            self._close()
            self._bar = progressbar(total=total, desc=stage)
            self._stage = stage
        self._bar.update(done - self._bar.n)
        if done >= total:
            self._close()

    def losses(self, epoch, n_epochs, training, held_out):
        """Say that an epoch of training is done, and what its losses are."""
        self("Training", epoch, n_epochs)
        if self._bar is not None and hasattr(self._bar, "set_postfix_str"):
            self._bar.set_postfix_str(f"loss {training:.4g}, held out {held_out:.4g}")

    def _close(self):
        if self._bar is not None:
            self._bar.close()
        self._bar, self._stage = None, None
