"""What is computed from a map is no map any more, but a plain signal."""

from hyperspy.signals import LazySignal2D, Signal2D

from hyperspy_4dphase._results import axes_dictionaries, retitle, scan_metadata
from hyperspy_4dphase.signals._result_signal import ResultSignal

_TWO = "add sub mul floordiv truediv mod divmod pow lshift rshift and xor or"
_COMPARED = "lt le eq ne ge gt"
_ONE = "neg pos abs invert"
_IN_PLACE = "iadd isub imul ifloordiv itruediv imod ipow ilshift irshift iand ixor ior"


class PlainArithmetic(ResultSignal, Signal2D):
    """Signals whose arithmetic gives plain signals with the same axes.

    ``confidence > 0.5`` has no domains, and ``domains + 1`` no tree: what belongs to
    the map would be wrong, or be of other values. What changes a map in place makes it
    a plain signal, too.
    """

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """Make the result of a function of NumPy a plain signal."""
        return self._as_plain().__array_wrap__(array, context, return_scalar)

    def _as_plain(self):
        """The same values as a plain signal, not copied."""
        title = self.metadata.get_item("General.title", "")
        metadata = retitle(scan_metadata(self), title)
        cls = LazySignal2D if self._lazy else Signal2D
        return cls(self.data, axes=axes_dictionaries(self), metadata=metadata)


def _with_another(name):
    def operate(self, other):
        return getattr(self._as_plain(), name)(other)

    return operate


def _alone(name):
    def operate(self):
        return getattr(self._as_plain(), name)()

    return operate


def _in_place(name):
    def operate(self, other):
        getattr(Signal2D, name)(self, other)
        self._become_plain()
        return self

    return operate


def _add_operators():
    makers = (_with_another, f"{_TWO} {_COMPARED}"), (_alone, _ONE)
    for make, names in (*makers, (_in_place, _IN_PLACE)):
        for name in names.split():
            name = f"__{name}__"
            operate = make(name)
            operate.__name__, operate.__doc__ = name, getattr(Signal2D, name).__doc__
            setattr(PlainArithmetic, name, operate)


_add_operators()
