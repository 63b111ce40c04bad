"""What all results have in common with other signals: copies, pickles and stacks."""

from hyperspy.signal import BaseSignal

from hyperspy_4dphase._learning_results import copy_all, give_all
from hyperspy_4dphase._results import axes_dictionaries, plain
from hyperspy_4dphase.signals._stored import STACKED
from hyperspy_4dphase.signals._whole_files import WholeFiles

# Branches that results have there.
_BRANCHES = (
    "Domain_map",
    "Domain_confidence",
    "Latent_embedding",
    "Pattern_decomposition",
    "Phase_map",
)


class ResultSignal(WholeFiles, BaseSignal):
    """A result that is copied, pickled and saved whole."""

    def __reduce__(self):
        """What :mod:`pickle` keeps: all that a file keeps, but not the scan."""
        state = {
            "data": self.data,
            "axes": axes_dictionaries(self),
            "metadata": plain(self.metadata),
            "original_metadata": self.original_metadata.as_dictionary(),
        }
        return _restore, (type(self), state, copy_all(self))

    def __copy__(self):
        # That of Python would go by __reduce__, and copy axes and metadata.
        copy = type(self).__new__(type(self))
        copy.__dict__.update(self.__dict__)
        return copy

    def _get_array_slices(self, slices, isNavigation=None):
        """Find what ``isig`` and ``inav`` take, as HyperSpy does.

        Positions of a map are along its signal axes, where ``inav`` finds none: an
        error says which axes there are.
        """
        try:
            return super()._get_array_slices(slices, isNavigation)
        except IndexError as error:
            manager = self.axes_manager
            before, after = (
                ", ".join(str(axis.name) for axis in axes)
                for axes in (manager.navigation_axes, manager.signal_axes)
            )
            raise IndexError(
                f"{error}: this {type(self).__name__} has the axes ({before}|{after}); "
                "inav takes a part along those before the bar, isig along those after "
                "it."
            ) from None

    def _become_plain(self):
        """Make this a plain signal, without what belongs to one result only."""
        for name in _BRANCHES:
            if self.metadata.has_item(name):
                delattr(self.metadata, name)
        self.set_signal_type("")
        self.__dict__.pop("_reference", None)


class LazyResultSignal(ResultSignal):
    """The same, lazy; it comes before HyperSpy's lazy class."""

    _lazy = True

    def compute(self, *arguments, **options):
        """Compute the values, as HyperSpy does.

        A stack of results becomes a plain signal: what belongs to one of them would be
        taken for that of all.
        """
        super().compute(*arguments, **options)
        if self.metadata.has_item(STACKED):
            self._become_plain()


def _restore(cls, state, decompositions):
    signal = cls(**state)
    give_all(signal, decompositions)
    return signal
