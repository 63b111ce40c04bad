"""What is computed from a map is no map any more, but a plain signal."""

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal1D, LazySignal2D, Signal1D, Signal2D

from hyperspy_4dphase._results import axes_dictionaries, retitle, scan_metadata
from hyperspy_4dphase.signals._result_signal import ResultSignal

_TWO = "add sub mul floordiv truediv mod divmod pow lshift rshift and xor or"
_COMPARED = "lt le eq ne ge gt"
_ONE = "neg pos abs invert"
_IN_PLACE = "iadd isub imul ifloordiv itruediv imod ipow ilshift irshift iand ixor ior"


class PlainArithmetic(ResultSignal):
    """Signals whose arithmetic gives plain signals with the same axes.

    ``confidence > 0.5`` has no domains, and ``domains + 1`` no tree: what belongs to
    the map would be wrong, or be of other values. What changes a map in place makes it
    a plain signal, too; so does what gives other values, as ``map()``,
    ``derivative()``, ``sum()`` and ``std()``.
    """

    # How its title begins.
    _TITLE = ""
    # What of it is of its kind: a mean of latent points is a latent point.
    _SAME_KIND = np.mean, np.nanmean

    def map(self, function, *arguments, inplace=True, **options):
        """Apply a function, as HyperSpy does: the result is a plain signal.

        Parameters
        ----------
        function, *arguments, inplace, **options
            See :meth:`hyperspy.api.signals.BaseSignal.map`.

        Returns
        -------
        hyperspy.signal.BaseSignal or None
            None if `inplace`; this is a plain signal then.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> import numpy as np
        >>> domains.map(np.fliplr, inplace=False)
        <Signal2D, title: Domains of Oxide bilayer, dimensions: (|16, 14)>
        """
        options["inplace"] = inplace
        if not inplace:
            return self._as_plain().map(function, *arguments, **options)
        super().map(function, *arguments, **options)
        self._become_plain()
        return None

    def derivative(self, axis, *arguments, **options):
        """Differentiate, as HyperSpy does: the result is a plain signal.

        Parameters
        ----------
        axis, *arguments, **options
            See :meth:`hyperspy.api.signals.BaseSignal.derivative`.

        Returns
        -------
        hyperspy.signal.BaseSignal

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> confidence = s.domain_confidence(
        ...     domains, n_maps=4, random_state=0, print_info=False
        ... )
        >>> confidence.derivative(axis="x")
        <Signal2D, title: Confidence of Oxide bilayer, dimensions: (|16, 14)>
        """
        return self._compute_plain("derivative", axis, arguments, options)

    def diff(self, axis, *arguments, **options):
        """Subtract neighbours, as HyperSpy does: the result is a plain signal.

        Parameters
        ----------
        axis, *arguments, **options
            See :meth:`hyperspy.api.signals.BaseSignal.diff`.

        Returns
        -------
        hyperspy.signal.BaseSignal

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.diff(axis="x")
        <Signal2D, title: Domains of Oxide bilayer, dimensions: (|15, 14)>
        """
        return self._compute_plain("diff", axis, arguments, options)

    def integrate_simpson(self, axis, *arguments, **options):
        """Integrate, as HyperSpy does: the result is a plain signal.

        Parameters
        ----------
        axis, *arguments, **options
            See :meth:`hyperspy.api.signals.BaseSignal.integrate_simpson`.

        Returns
        -------
        hyperspy.api.signals.BaseSignal

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> embedding.integrate_simpson(axis="x")
        <Signal1D, title: Latent embedding of Oxide bilayer, dimensions: (14|2)>
        """
        return self._compute_plain("integrate_simpson", axis, arguments, options)

    def _apply_function_on_data_and_remove_axis(
        self, function, axes, out=None, **options
    ):
        """Apply what ``sum()``, ``std()``, ``max()`` and others of HyperSpy's do."""
        name = "_apply_function_on_data_and_remove_axis"
        if function in self._SAME_KIND:
            return getattr(super(), name)(function, axes, out=out, **options)
        return self._compute_plain(name, axes, (), {"out": out} | options, function)

    def _compute_plain(self, name, axes, arguments, options, *before):
        """Compute by a method of a plain signal; what it writes into becomes plain."""
        # HyperSpy may give axes of this signal, which are none of the plain one.
        axes = self.axes_manager[axes]
        if np.iterable(axes):
            places = tuple(axis.index_in_axes_manager for axis in axes)
        else:
            places = axes.index_in_axes_manager
        compute = getattr(self._as_plain(), name)
        result = compute(*before, places, *arguments, **options)
        for given in (*arguments, *options.values()):
            if isinstance(given, ResultSignal):
                given._become_plain()
        return result

    def __array_wrap__(self, array, context=None, return_scalar=False):
        """Make the result of a function of NumPy a plain signal."""
        return self._as_plain().__array_wrap__(array, context, return_scalar)

    def _as_plain(self):
        """The same values as a plain signal, not copied."""
        title = self.metadata.get_item("General.title", "")
        metadata = retitle(scan_metadata(self), title)
        is_map = self.axes_manager.signal_dimension == 2
        eager, lazy = (Signal2D, LazySignal2D) if is_map else (Signal1D, LazySignal1D)
        cls = lazy if self._lazy else eager
        return cls(self.data, axes=axes_dictionaries(self), metadata=metadata)

    def _rename(self, what, signal_type=""):
        """Metadata of another result of the scan, whose title begins with `what`."""
        title = self.metadata.get_item("General.title", "")
        title = title.replace(self._TITLE, what, 1)
        return retitle(scan_metadata(self), title, signal_type)


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
        getattr(BaseSignal, name)(self, other)
        self._become_plain()
        return self

    return operate


def _add_operators():
    makers = (_with_another, f"{_TWO} {_COMPARED}"), (_alone, _ONE)
    for make, names in (*makers, (_in_place, _IN_PLACE)):
        for name in names.split():
            name = f"__{name}__"
            operate = make(name)
            operate.__name__, operate.__doc__ = name, getattr(BaseSignal, name).__doc__
            setattr(PlainArithmetic, name, operate)


_add_operators()
