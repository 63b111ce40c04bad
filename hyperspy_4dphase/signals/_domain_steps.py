"""Steps of the pattern between positions, and splits that were refused."""

import numpy as np

from hyperspy_4dphase.estimators.domains import LEAST_STEP
from hyperspy_4dphase.signals._figure_arguments import check_figure_arguments
from hyperspy_4dphase.signals._position_maps import PositionMaps


class DomainSteps(PositionMaps):
    """What :class:`DomainMap` gains to tell where the pattern makes steps."""

    @property
    def steps(self):
        """Signal2D: Largest step of each position to a neighbour, ``(|x, y)``.

        The change of the pattern in units of what is usual around there: about 1 within
        a domain, also where it bends or grows thicker, and about 1.95 or more at the
        border of two. NaN where a position is masked or has no neighbour. A ValueError
        if steps are not known: see :class:`estimators.DivisiveDomains`.
        """
        values = self._of_positions("steps")
        return self._show_as("Steps", "Step / usual change", values)

    @property
    def along(self):
        """Signal2D: Place of each position in its domain, ``(|x, y)``.

        Along the direction in which most patterns of the domain differ most, in
        standard deviations of the noise of one pattern. Values of different domains do
        not compare, and the sign is arbitrary. NaN where there is no domain, or one
        that was merged or split by hand. A ValueError if nothing is known.
        """
        values = self._of_positions("along")
        return self._show_as("Place in the domain", "Standard deviations", values)

    @property
    def refused(self):
        """Signal2D: The two sides of splits that were refused, ``(|x, y)``.

        1 and 2 for the sides of the clearest gap in a domain that was not split, since
        it cuts a path along which patterns change; 0 elsewhere. Its score is
        ``domains.tree[node].refused``. ``domains.split(label, by=domains.refused)``
        makes that split by hand. A ValueError if nothing is known.
        """
        values = self._of_positions("refused")
        return self._show_as("Refused splits", "Side", values.astype(np.int8))

    def plot_steps(self, *, title=None, scalebar=True, ax=None):
        """Plot the steps of the pattern, with the borders of the domains.

        Borders should lie on ridges. A ridge without a border is a step that was not
        taken for one; a border without a ridge stands on patterns alone.

        Parameters
        ----------
        title : str, optional
            None by default.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If steps are not known.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> ax = domains.plot_steps()
        """
        from hyperspy_4dphase.plot import plot_steps

        check_figure_arguments(title, ax, scalebar=scalebar)
        steps = self._of_positions("steps")
        return plot_steps(
            steps.reshape(self.labels.shape),
            labels=self.labels,
            border=LEAST_STEP,
            title=title,
            scalebar=scalebar,
            ax=ax,
            **self._image_options(),
        )

    def plot_refused(self, *, names=None, title=None, scalebar=True, ax=None):
        """Plot what refused splits would have been.

        The two sides of each are coloured, all else is grey. The legend has the score
        of each gap, ``refused`` in `tree`, which compares as ``log_p`` there does: the
        lower, the clearer.

        Parameters
        ----------
        names : sequence of str, optional
            One for each domain.
        title : str, optional
            None by default.
        scalebar : bool, default True
            Whether to draw a scale bar instead of ticks.
        ax : matplotlib.axes.Axes, optional
            A new figure by default.

        Returns
        -------
        matplotlib.axes.Axes

        Raises
        ------
        ValueError
            If no split was refused, or it is not known whether one was.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
        >>> if domains.refused is not None and domains.refused.data.any():
        ...     ax = domains.plot_refused()
        """
        from hyperspy_4dphase.plot import plot_refused

        check_figure_arguments(title, ax, scalebar=scalebar)
        labels = self.labels
        sides = self._of_positions("refused").reshape(labels.shape)
        if not ((sides > 0) & (labels >= 0)).any():
            raise ValueError(
                "No split was refused in this map: there is no gap in any of its "
                "domains that cuts a path along which patterns change."
            )
        scores = {n.label: n.refused for n in self.tree if n.label >= 0}
        return plot_refused(
            sides,
            labels,
            scores=[scores[label] for label in range(self.n_domains)],
            names=names,
            title=title,
            scalebar=scalebar,
            ax=ax,
            **self._image_options(),
        )
