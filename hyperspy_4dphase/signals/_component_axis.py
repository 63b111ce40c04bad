"""What has its components no more is no decomposition any more, but a plain signal."""

from hyperspy_4dphase.signals._plain_arithmetic import PlainArithmetic


class ComponentAxis(PlainArithmetic):
    """Signals ``(x, y | component)`` that are plain once components are elsewhere.

    Patterns, groups and model are found by the last axis of the data. A map of a single
    component, sums over components and transposed signals have no such axis: they would
    be decompositions by name only.
    """

    def _assign_subclass(self, *arguments, **options):
        """Choose a class, as HyperSpy does wherever axes or types change."""
        own = self._signal_type
        super()._assign_subclass(*arguments, **options)
        # The type is what a file, and the next change of axes, would go by.
        if self.metadata.get_item("Signal.signal_type") == own:
            if not _has_components(self):
                ComponentAxis._become_plain(self)

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
        """
        parts = super().split(*arguments, **options)
        for part in parts:
            part._assign_subclass()
        return parts


def _has_components(signal):
    """Whether components are along the last axis of the data, by themselves."""
    manager = signal.axes_manager
    return (
        isinstance(signal, ComponentAxis)
        and manager.signal_dimension == 1
        and manager.signal_axes[0].index_in_array == signal.data.ndim - 1
        and "component" not in [axis.name for axis in manager.navigation_axes]
    )
