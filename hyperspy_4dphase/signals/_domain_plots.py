"""Figures of a map of domains, and what other packages take."""

import numpy as np

from hyperspy_4dphase._results import (
    axes_dictionaries,
    axis_values,
    image_extent,
    shown_axes,
)
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.domains import find_parts, node_means
from hyperspy_4dphase.signals._stored_map import StoredMap


class DomainPlots:
    """What :class:`DomainMap` gains to show itself."""

    def plot(self, *, names=None, title=None, scalebar=True, legend=True, ax=None):
        """Plot the map, with a colour for each domain.

        It takes the place of HyperSpy's ``plot``, and takes none of its options.

        Parameters
        ----------
        names : sequence of str, optional
            One for each domain, for the legend. "domain 0" and so on by default.
        title : str, optional
            By default that of the map.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        legend : bool, default True
            Whether to say how many probe positions each domain has.
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from hyperspy_4dphase.plot import plot_domains

        extent, units = image_extent(self._line_or_map())
        return plot_domains(
            self.labels,
            extent=extent,
            units=units,
            names=names,
            title=self.metadata.General.title if title is None else title,
            scalebar=scalebar,
            legend=legend,
            ax=ax,
        )

    def plot_tree(self, signal=None, *, names=None, fig=None, show_progressbar=None):
        """Plot the tree of domains.

        Parts that are as distinct as one another stand side by side, though `tree` is
        binary. Mean patterns are shown where they can be had: see
        :meth:`mean_patterns`.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        names : sequence of str, optional
            One for each domain.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        matplotlib.figure.Figure
        """
        from hyperspy_4dphase.plot import plot_tree

        tree, stored = self.tree.joined(), StoredMap.of(self)
        axes, shape = stored.signal_axes()
        known = stored.get("mean_patterns") is not None
        patterns = None
        if known or signal is not None or self.scan is not None:
            patterns = self._means(signal, show_progressbar)[0].reshape(-1, *shape)
        extent, units = pattern_extent_of(axes)
        return plot_tree(
            tree.parent,
            tree.size,
            tree.label,
            score=tree.strength,
            reason=[node.reason for node in tree],
            patterns=patterns,
            pattern_extent=extent,
            pattern_units=units,
            names=names,
            fig=fig,
        )

    def plot_split(
        self, node=0, signal=None, *, names=None, fig=None, show_progressbar=None
    ):
        """Plot a node of the tree beside its parts: patterns and differences.

        Parameters
        ----------
        node : int, default 0
            Of `tree`; 0 is the whole scan. Parts that are as distinct as one another
            stand side by side.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`.
        names : sequence of str, optional
            One for each domain.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.
        show_progressbar : bool, optional
            As in :meth:`mean_patterns`.

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        ValueError
            If the node was not split; and as :meth:`mean_patterns`.
        """
        from hyperspy_4dphase.plot import plot_split
        from hyperspy_4dphase.plot._palette import domain_colors

        tree = self.tree
        node = check_integer("node", node, 0)
        self._split_nodes(tree, node)
        parts = find_parts(tree, node)
        axes, shape = StoredMap.of(self).signal_axes()
        means = node_means(tree, self._means(signal)[0]).reshape(-1, *shape)
        names = names or [f"domain {i}" for i in range(tree.n_domains)]
        part_of = np.full(tree.n_domains + 1, -1)
        for number, part in enumerate(parts):
            part_of[tree.leaves(part)] = number
        extent, units = pattern_extent_of(axes)
        map_extent, map_units = image_extent(self._line_or_map())
        return plot_split(
            means[node],
            means[parts],
            labels_map=part_of[self.labels],
            parent_name="scan" if node == 0 else f"node {node}",
            child_names=[_name(tree, part, names) for part in parts],
            colors=domain_colors(tree.n_domains)[[tree.leaves(p)[0] for p in parts]],
            extent=extent,
            units=units,
            map_extent=map_extent,
            map_units=map_units,
            fig=fig,
        )

    def _line_or_map(self):
        """Axes of `labels` in array order."""
        axes = axes_dictionaries(self)
        return axes[len(axes) - self.labels.ndim :]


def pattern_extent_of(axes):
    """For curves the first and last abscissa, not their edges."""
    extent, units = image_extent(axes)
    if len(axes) == 1:
        values = axis_values(*shown_axes(axes))
        extent = (values[0], values[-1])
    return extent, units


def _name(tree, node, names):
    label = tree.label[node]
    return names[label] if label >= 0 else f"node {node}"
