"""What has its components no more is no decomposition any more, but a plain signal."""

import numpy as np

from hyperspy_4dphase.signals._plain_arithmetic import PlainArithmetic

_AXIS = "component"


class ComponentAxis(PlainArithmetic):
    """Signals ``(x, y | component)`` that are plain once components are elsewhere.

    Patterns, groups and model are found by the last axis of the data. A map of a single
    component and sums over components have no such axis: they would be decompositions
    by name only. A signal that is transposed keeps what belongs to it, for being
    transposed back, unless another axis takes the place of its components.
    """

    def __init__(self, data, **options):
        super().__init__(data, **options)
        # So HyperSpy makes another class of a signal that is there, by its type and the
        # number of its axes alone.
        is_there = not options.get("full_initialisation", True)
        if is_there and self._has_own_type() and not _has_components(self):
            self._become_plain()

    def _assign_subclass(self, *arguments, **options):
        """Choose a class, as HyperSpy does wherever axes or types change."""
        super()._assign_subclass(*arguments, **options)
        if ComponentAxis._has_own_type(self) and not isinstance(self, ComponentAxis):
            names = [axis.name for axis in self.axes_manager.navigation_axes]
            if _AXIS not in names:
                ComponentAxis._become_plain(self)

    def _has_own_type(self):
        """Whether metadata call it a decomposition, whatever its class."""
        return self.metadata.has_item("Pattern_decomposition")

    def rollaxis(self, axis, to_axis, optimize=False):
        """Roll an axis backwards, as HyperSpy does.

        Parameters
        ----------
        axis, to_axis, optimize
            See :meth:`hyperspy.api.signals.BaseSignal.rollaxis`.

        Returns
        -------
        hyperspy.signal.BaseSignal
            A plain one if components are not along the last axis any more.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> turned = result.rollaxis("y", "x")
        >>> type(turned).__name__, turned.axes_manager.shape
        ('PatternDecomposition', (14, 16, 3))
        """
        made = super().rollaxis(axis, to_axis, optimize)
        made._assign_subclass()
        return made

    def squeeze(self):
        """Remove axes of a single entry, as HyperSpy does.

        Returns
        -------
        hyperspy.signal.BaseSignal
            A plain one if the component axis is among them.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> row = result.inav[:, :1].squeeze()
        >>> type(row).__name__, row.data.shape
        ('PatternDecomposition', (16, 3))
        """
        made = super().squeeze()
        made._assign_subclass()
        return made

    def split(self, *arguments, **options):
        """Cut into pieces, as HyperSpy does.

        Parameters
        ----------
        *arguments, **options
            See :meth:`hyperspy.api.signals.BaseSignal.split`.

        Returns
        -------
        list of hyperspy.signal.BaseSignal
            Plain ones if each is of a single component.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> left, right = result.split("x", 2)
        >>> type(left).__name__, left.data.shape
        ('PatternDecomposition', (14, 8, 3))
        """
        parts = super().split(*arguments, **options)
        for part in parts:
            part._assign_subclass()
        return parts


def _has_components(signal):
    """Whether components are along the last axis of the data, by themselves."""
    manager = signal.axes_manager
    if manager.signal_dimension != 1:
        return False
    (axis,) = manager.signal_axes
    if axis.index_in_array != signal.data.ndim - 1:
        return False
    if _AXIS in [other.name for other in manager.navigation_axes]:
        return False
    if axis.name == _AXIS:
        return True
    # Renamed by a user, or a position of what was transposed.
    stored = signal._stored
    kept = stored.get("numbers")
    n = len(stored.array("patterns") if kept is None else np.atleast_1d(kept))
    names = [other.get("name") for other in stored.navigation_axes]
    return axis.size == n and isinstance(axis.name, str) and axis.name not in names
