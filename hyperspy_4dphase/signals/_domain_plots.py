"""Figures of a map of domains, and what other packages take."""

import numpy as np

from hyperspy_4dphase._results import axis_values, image_extent, shown_axes
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase.estimators.domains import find_parts, node_means
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._scan_map import ScanMap


class DomainPlots(ScanMap):
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

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> ax = domains.plot()
        """
        from hyperspy_4dphase.plot import plot_domains

        check_figure_arguments(title, ax, scalebar=scalebar, legend=legend)
        return plot_domains(
            self.labels,
            names=names,
            title=self.metadata.General.title if title is None else title,
            scalebar=scalebar,
            legend=legend,
            ax=ax,
            **self._image_options(),
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

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> fig = domains.plot_tree()
        """
        from hyperspy_4dphase.plot import plot_tree

        check_figure_arguments(fig=fig)
        tree, stored = self.tree.join(), self._stored_map
        known = stored.get("mean_patterns") is not None
        patterns = None
        if known or signal is not None or self.scan is not None:
            patterns, _ = self._means(signal, show_progressbar)
            patterns = patterns.reshape(-1, *stored.signal_shape)
        return plot_tree(
            tree.parent,
            tree.size,
            tree.label,
            score=tree.strength,
            reason=[node.reason for node in tree],
            patterns=patterns,
            names=names,
            fig=fig,
            **pattern_options(stored.signal_axes),
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

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> fig = domains.plot_split(0)
        """
        from hyperspy_4dphase.plot import plot_split
        from hyperspy_4dphase.plot._checks import check_names
        from hyperspy_4dphase.plot._palette import domain_colors

        check_figure_arguments(fig=fig)
        tree = self.tree
        names = check_names(names, tree.n_domains, "domain {}")
        node = check_integer("node", node, 0)
        self._split_nodes(tree, node)
        parts = find_parts(tree, node)
        stored, options = self._stored_map, self._image_options()
        means = node_means(tree, self._means(signal, show_progressbar)[0])
        means = means.reshape(-1, *stored.signal_shape)
        part_of = np.full(tree.n_domains + 1, -1)
        for number, part in enumerate(parts):
            part_of[tree.leaves(part)] = number
        return plot_split(
            means[node],
            means[parts],
            labels_map=part_of[self.labels],
            parent_name="scan" if node == 0 else f"node {node}",
            child_names=[_name(tree, part, names) for part in parts],
            colors=domain_colors(tree.n_domains)[[tree.leaves(p)[0] for p in parts]],
            map_extent=options["extent"],
            map_units=options["units"],
            fig=fig,
            **pattern_options(stored.signal_axes, ""),
        )


def pattern_options(axes, prefix="pattern_"):
    """Say how figures show patterns: curves from the first to the last abscissa.

    Parameters
    ----------
    axes : list of dict
        Of a pattern.
    prefix : str, optional
        Of the names of the arguments.

    Returns
    -------
    dict
    """
    extent, units = image_extent(axes)
    if len(axes) == 1:
        values = axis_values(*shown_axes(axes))
        extent = (values[0], values[-1])
    return {f"{prefix}extent": extent, f"{prefix}units": units}


def _name(tree, node, names):
    label = tree.label[node]
    return names[label] if label >= 0 else f"node {node}"
