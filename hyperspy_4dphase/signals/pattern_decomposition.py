"""A decomposition of a scan as a result of its own: patterns, maps and groups."""

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal1D, Signal1D

from hyperspy_4dphase._learning_results import Decomposition, fill_results
from hyperspy_4dphase._results import array_shapes, axes_dictionaries, image_extent
from hyperspy_4dphase.signals._component_axis import ComponentAxis
from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._scan_map import show_last_two
from hyperspy_4dphase.signals._stored import check_same_positions
from hyperspy_4dphase.signals._stored_decomposition import KEPT, StoredDecomposition


class PatternDecomposition(ComponentAxis, Signal1D):
    """What each component contributes to each position: ``(x, y | component)``.

    Made by ``s.decomposition_rnmf(return_result=True)`` or
    ``s.get_decomposition_result()``. Values are counts per pattern, as each component
    pattern sums to one; masked positions are NaN. It saves to ``.hspy`` and ``.zspy``
    and reloads whole, without the scan. It can be the `source` of
    ``s.cluster_hierarchical()``.

    Notes
    -----
    A slice in space (``result.inav[:10, :10]``) or of components
    (``result.isig[:2]``) keeps the patterns that belong to it. A single component
    (``result.isig[1]``), another order of axes, arithmetic and ``map()`` give plain
    signals, which have no patterns; ``result.T`` is one until it is transposed back.
    """

    _signal_type = "pattern_decomposition"
    _TITLE = "Decomposition"

    @classmethod
    def from_scan(cls, scan, found, compression=None):
        """Join a decomposition with the scan that it is of.

        Parameters
        ----------
        scan : Scan
            Whose axes and metadata are taken.
        found : Decomposition
        compression : Compression, optional
            What was decomposed: the scan is known again by it.

        Returns
        -------
        PatternDecomposition
        """
        metadata = scan.name_result("Decomposition", cls._signal_type)
        record = {name: getattr(found, name) for name in KEPT}
        metadata[StoredDecomposition.NODE] = StoredDecomposition.collect(
            scan.replace_masks(found.excluded_patterns, found.excluded_pixels),
            compression,
            patterns=found.patterns,
            **record,
        )
        values = found.maps.reshape(*scan.navigation_shape, -1)
        component = {"name": "component", "size": values.shape[-1], "navigate": False}
        axes = [*(axis | {"navigate": True} for axis in scan.navigation_axes)]
        return cls(values, axes=[*axes, component], metadata=metadata)

    @property
    def n_components(self):
        """int: Number of components."""
        return int(self.data.shape[-1])

    @property
    def groups(self):
        """numpy.ndarray of int, shape (n_components,): The group of each component.

        Those of one group pass smoothly into one another along the scan, as slices of a
        bent crystal do. None where this was not sought.
        """
        return self._stored.of_components("groups", int)

    @property
    def explained_variance(self):
        """numpy.ndarray, shape (n_components,): Of each component, or None."""
        return self._stored.of_components("explained_variance", float)

    @property
    def explained_variance_ratio(self):
        """numpy.ndarray, shape (n_components,): The same as a share, or None."""
        return self._stored.of_components("explained_variance_ratio", float)

    @property
    def algorithm(self):
        """str: What found the components."""
        return str(self._stored.get("algorithm"))

    @property
    def provenance(self):
        """dict or None: Parameters, seed, outcome and versions."""
        return self._stored.get("provenance")

    def patterns(self):
        """The pattern of each component.

        Returns
        -------
        Diffraction2D or as the scan was
            (component | kx, ky), calibrated. Each sums to one; NaN at masked pixels.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> result.patterns().data.shape
        (3, 32, 36)
        """
        axis = {"name": "component", "size": self.n_components, "navigate": True}
        metadata = self._rename("Component patterns", self._stored.get("signal_type"))
        return self._stored.make_patterns(self._stored.patterns, [axis], metadata)

    def maps(self):
        """The map of each component.

        Returns
        -------
        Signal2D, or Signal1D of a line
            (component | x, y), in counts per pattern. NaN where masked.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> result.maps().data.shape
        (3, 14, 16)
        """
        return self._make_maps(np.moveaxis(np.asarray(self.data), -1, 0), "component")

    def group_maps(self):
        """The sum of the maps of each group.

        Returns
        -------
        Signal2D, or Signal1D of a line
            (group | x, y), in the order of the numbers of groups.

        Raises
        ------
        ValueError
            If groups were not sought.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> result.groups
        array([0, 1, 2])
        >>> result.group_maps().data.shape
        (3, 14, 16)
        """
        groups = self.groups
        if groups is None:
            raise ValueError(
                "This decomposition has no groups: s.decomposition_rnmf() finds them."
            )
        values = np.asarray(self.data)
        summed = [values[..., groups == j].sum(axis=-1) for j in np.unique(groups)]
        return self._make_maps(np.stack(summed), "group")

    def model(self):
        """The scan as the components describe it.

        Returns
        -------
        Diffraction2D or as the scan was
            (x, y | kx, ky), in data units, without noise: lazy if this is. NaN where
            masked.

        Raises
        ------
        ValueError
            If a mean was subtracted before the decomposition.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> result.model().metadata.General.title
        'Model of Oxide bilayer'
        """
        self._stored.check_not_centred()
        axes = [axis | {"navigate": True} for axis in axes_dictionaries(self)[:-1]]
        metadata = self._rename("Model", self._stored.get("signal_type"))
        rows = self.data.reshape(-1, self.n_components) @ self._stored.patterns
        return self._stored.make_patterns(rows, axes, metadata)

    def fill_learning_results(self, signal):
        """Put this decomposition where HyperSpy's methods look for it.

        ``signal.get_decomposition_model()`` and the like work then, as after
        ``decomposition_rnmf()``. What is there is replaced.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was
            The scan that was decomposed. Its data are not looked at.

        Raises
        ------
        TypeError
            If `signal` is no signal, or HyperSpy keeps no decompositions in signals.
        ValueError
            If its shapes or its calibration are not those of this decomposition, or if
            a mean was subtracted before that.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> copy = s.inav[:, :]
        >>> result.fill_learning_results(copy)
        >>> copy.get_decomposition_loadings().data.shape
        (3, 14, 16)
        """
        if not isinstance(signal, BaseSignal):
            raise TypeError(f"signal must be a scan, not {type(signal).__name__}.")
        self._stored.check_not_centred()
        shapes = array_shapes(signal)
        stored, found = self._stored, self._to_plain()
        expected = self.data.shape[:-1], stored.signal_shape
        if shapes != expected:
            raise ValueError(
                f"signal has the navigation and the signal shape {shapes} in array "
                f"order; this decomposition is of {expected}."
            )
        axes = axes_dictionaries(signal)
        own, n = axes_dictionaries(self)[:-1], len(shapes[0])
        check_same_positions(own, "the decomposition", axes[:n], "signal")
        check_same_positions(
            stored.signal_axes, "the decomposition", axes[n:], "signal", "pixel"
        )
        if not fill_results(signal, found, *shapes):
            raise TypeError(
                "This version of HyperSpy keeps no decompositions in signals: what it "
                "did with them is in patterns(), maps(), group_maps() and model()."
            )

    def plot_components(self, components=None, *, title=None, fig=None):
        """Plot pattern and map of components.

        Parameters
        ----------
        components : sequence of int, optional
            Which ones. By default the first twelve.
        title : str, optional
            By default that of the decomposition.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If there is no such component, or if this is of a single position.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> fig = result.plot_components()
        """
        from hyperspy_4dphase.plot import plot_components

        check_figure_arguments(title, fig=fig)
        maps = np.moveaxis(np.asarray(self.data), -1, 0)
        if maps.ndim == 1:
            raise ValueError(
                "This is the decomposition of a single position, which has no maps: "
                "patterns().plot() shows the components, model() the position."
            )
        extent, units = image_extent(axes_dictionaries(self)[:-1])
        return plot_components(
            self._stored.patterns.reshape(-1, *self._stored.signal_shape),
            maps,
            components=components,
            groups=self.groups,
            extent=extent,
            units=units,
            title=self.metadata.General.title if title is None else title,
            fig=fig,
            **pattern_options(self._stored.signal_axes),
        )

    def rebin(self, new_shape=None, scale=None, crop=True, dtype=None, out=None):
        """Put the positions into larger, or smaller, bins, as HyperSpy does.

        Parameters
        ----------
        new_shape, scale, crop, dtype, out : optional
            As of :meth:`hyperspy.api.signals.BaseSignal.rebin`.

        Returns
        -------
        PatternDecomposition
            Values are added up, as those of the scan are; None if `out` is given.

        Raises
        ------
        ValueError
            If components were put together: their patterns differ.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> result = s.decomposition_rnmf(
        ...     3, random_state=0, print_info=False, return_result=True
        ... )
        >>> binned = result.rebin(scale=(2, 2, 1))
        >>> type(binned).__name__, binned.data.shape
        ('PatternDecomposition', (7, 8, 3))
        """
        n_axes, n = self.data.ndim, self.n_components
        for values, kept in (new_shape, n), (scale, 1):
            if values is not None and len(values) == n_axes and values[-1] != kept:
                raise ValueError(
                    f"rebin() keeps components apart: the last entry must be {kept}, "
                    f"but is {values[-1]}. result.isig[:2] takes some of them."
                )
        return super().rebin(new_shape, scale, crop, dtype, out)

    def _slicer(self, slices, isNavigation=None, out=None):
        """Slice as HyperSpy does, and keep which components are left."""
        numbers = self._stored.numbers
        chosen = numbers[self._get_array_slices(slices, isNavigation)[-1]]
        made = super()._slicer(slices, isNavigation, out)
        target = made if out is None else out
        if isinstance(target, PatternDecomposition):
            target._stored.set("numbers", np.atleast_1d(chosen))
        return made

    @property
    def _stored(self):
        return StoredDecomposition(self)

    def _make_maps(self, values, name):
        axes = show_last_two(axes_dictionaries(self)[:-1])
        number = {"name": name, "size": len(values), "navigate": True}
        metadata = self._rename(f"Maps of {name}s")
        made = BaseSignal(values, axes=[number, *axes], metadata=metadata)
        return made.transpose(signal_axes=len(axes)) if len(axes) < 2 else made

    def _to_plain(self):
        """All of it as :class:`Decomposition`."""
        values = np.asarray(self.data).reshape(-1, self.n_components)
        excluded = np.isnan(values).any(axis=1)
        kept = {name: self._stored.get(name) for name in KEPT}
        kept |= {
            "groups": self.groups,
            "explained_variance": self.explained_variance,
            "explained_variance_ratio": self.explained_variance_ratio,
        }
        return Decomposition(
            values,
            self._stored.patterns,
            excluded_patterns=excluded if excluded.any() else None,
            excluded_pixels=self._stored.excluded_pixels,
            **kept,
        )


class LazyPatternDecomposition(LazyResultSignal, PatternDecomposition, LazySignal1D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""
