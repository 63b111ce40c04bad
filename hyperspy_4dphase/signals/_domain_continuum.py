"""Domains whose patterns change gradually, and what changes in them."""

from typing import NamedTuple

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._scalars import check_flags, check_integer
from hyperspy_4dphase.signals._domain_patterns import check_whole, read_ends
from hyperspy_4dphase.signals._domain_plots import pattern_options
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._position_maps import PositionMaps

# Of the positions of a domain, so many are either end of it.
_END = 1 / 5


class Continuum(NamedTuple):
    """Whether a domain is compact or a continuum.

    Attributes
    ----------
    is_continuum : bool
        Whether its patterns change gradually, by more than counting noise.
    n_directions : int
        In so many directions its patterns differ by more than noise, mixtures at its
        border included.
    spread : float
        Standard deviation of most of its patterns along the direction in which they
        differ most, without that of noise, and in units of it: see :class:`TreeNode`.
    reason : str
        Why it was split no further, as in `DomainMap.tree`.
    """

    is_continuum: bool
    n_directions: int
    spread: float
    reason: str


class DomainContinuum(PositionMaps):
    """What :class:`DomainMap` gains to tell domains that are continua."""

    def continuum(self, label):
        """Whether a domain is compact or a continuum.

        The patterns of a compact domain differ by noise, and by jitter if there is any,
        but for mixtures at its border. Those of a continuum change gradually, as where
        a crystal bends or grows thicker: its mean pattern is only the middle of what it
        has.

        Parameters
        ----------
        label : int
            The domain.

        Returns
        -------
        Continuum
            ``is_continuum``, ``n_directions``, ``spread`` and ``reason``. It is one if
            the reason is ``"continuum"``, or if `spread` is at least 1.

        Raises
        ------
        TypeError, ValueError
            If there is no such domain, or if it is not known: of a domain that was
            merged or split by hand, of maps of the published method or of many maps
            together, and of maps of earlier versions.

        See Also
        --------
        DomainMap.plot_continuum : Where and how its patterns change.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> domains.continuum(0).is_continuum
        False
        """
        node = self._leaf(label)
        if not np.isfinite(node.n_directions):
            raise ValueError(
                f"Whether domain {node.label} is a continuum is not known: it was "
                "merged or split after it was found, or the map was made by the "
                "published method, of many maps together, or by an earlier version."
            )
        n_directions = int(node.n_directions)
        return Continuum(node.is_continuum, n_directions, node.spread, node.reason)

    @with_shared_parameters
    def plot_continuum(
        self,
        label=None,
        signal=None,
        *,
        names=None,
        scalebar=True,
        fig=None,
        show_progressbar=None,
    ):
        """Plot along what domains change, and what changes.

        On the left, each position in its place along the direction in which its domain
        varies most, from the median of the domain. On the right, the mean pattern of
        the red end minus that of the blue end: a fifth of the positions of the domain
        each, in percent of their totals, so that brightness does not count.

        Parameters
        ----------
        label : int, optional
            A domain. By default all that are continua.
        signal : Diffraction2D or as the scan was, optional
            As in :meth:`mean_patterns`. It is read, also if mean patterns are known.
        names : sequence of str, optional
            One for each domain.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        fig : matplotlib.figure.Figure or SubFigure, optional
            A new figure by default.
        %(show_progressbar)s

        Returns
        -------
        matplotlib.figure.Figure

        Raises
        ------
        TypeError, ValueError
            If there is no such domain, if no domain is a continuum, if all patterns of
            the domain are alike, if it is not known along what a domain changes; and as
            :meth:`mean_patterns`.

        Warns
        -----
        UserWarning
            As :meth:`mean_patterns`.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> fig = domains.plot_continuum(0)
        """
        from hyperspy_4dphase.plot import plot_continuum
        from hyperspy_4dphase.plot._checks import check_names
        from hyperspy_4dphase.plot._palette import domain_colors

        check_figure_arguments(fig=fig, scalebar=scalebar)
        check_flags(optional=True, show_progressbar=show_progressbar)
        names = check_names(names, self.n_domains, "domain {}")
        shown = self._continua() if label is None else [self._leaf(label).label]
        labels, stored = self.labels, self._stored_map
        along = self._of_positions("along").reshape(labels.shape)
        check_whole(self, "plot_continuum()")
        if label is not None:
            _check_varies(along[labels == label], label)
        ends = find_ends(along, labels, shown)
        means = read_ends(self, ends, signal, show_progressbar)[shown]
        number = np.full(self.n_domains + 1, -1)
        number[shown] = np.arange(len(shown))
        options = self._image_options()
        return plot_continuum(
            along,
            number[labels],
            means.reshape(*means.shape[:2], *stored.signal_shape),
            borders=labels,
            names=[names[i] for i in shown],
            colors=domain_colors(self.n_domains)[shown],
            map_extent=options["extent"],
            map_units=options["units"],
            scalebar=scalebar,
            fig=fig,
            **pattern_options(stored.signal_axes, ""),
        )

    def _leaf(self, label):
        """The node of a domain."""
        label = check_integer("label", label, 0)
        if label >= self.n_domains:
            raise ValueError(f"label={label}; expected 0 to {self.n_domains - 1}.")
        return next(node for node in self.tree if node.label == label)

    def _continua(self):
        """Labels of the domains that are continua."""
        nodes = [n for n in self.tree if n.is_continuum and np.isfinite(n.n_directions)]
        if not nodes:
            raise ValueError(
                "No domain of this map is known to be a continuum; give a domain, as "
                "in plot_continuum(0), to see along what it changes."
            )
        return sorted(node.label for node in nodes)


def find_ends(along, labels, shown):
    """Find both ends of domains: a fifth of the positions of each, one at least.

    Parameters
    ----------
    along : numpy.ndarray of float
        Place of each position in its domain; NaN is at neither end.
    labels : numpy.ndarray of int
        Of the same shape.
    shown : list of int
        The domains.

    Returns
    -------
    numpy.ndarray of int8, of the same shape
        1 at the low end, 2 at the high end, 0 elsewhere.
    """
    ends = np.zeros(labels.shape, np.int8)
    for label in shown:
        rows = np.flatnonzero((labels == label) & np.isfinite(along))
        order = rows[np.argsort(along.flat[rows], kind="stable")]
        n = max(int(_END * len(order)), 1)
        ends.flat[order[:n]] = 1
        ends.flat[order[len(order) - n :]] = 2
    return ends


def _check_varies(along, label):
    if np.isnan(along).all():
        raise ValueError(
            f"Along what domain {label} changes is not known: it was merged or split "
            "after it was found."
        )
    if np.nanmax(along) == np.nanmin(along):
        raise ValueError(
            f"The patterns of domain {label} differ by no more than noise: there is no "
            "direction along which they change."
        )
