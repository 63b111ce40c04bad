"""Figures of an embedding."""

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    fill_excluded,
    image_extent,
    map_values,
)
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.signals._result_signal import ResultSignal
from hyperspy_4dphase.signals._same_values import warn_of_other_values

# Latent points that are decoded for the mean pattern of a region, at most.
_N_AVERAGED = 500


class LatentPlots(ResultSignal):
    """What :class:`LatentEmbedding` gains to show itself."""

    def plot_latent(self, labels=None, signal=None):
        """Plot the latent plane and the map, linked.

        A region drawn in the plane with the mouse lights up in the map, and shows its
        mean pattern; a rectangle drawn in the map shows where its patterns lie in the
        plane. With more than two latent dimensions the two most active are taken.

        Parameters
        ----------
        labels : DomainMap, BaseSignal or array-like of int, optional
            A domain for each probe position, in array order; -1 is none.
        signal : BaseSignal, optional
            The scan: the mean pattern of a region is then that of its counts. By
            default, and before anything is selected, it is decoded from the latent
            points (of 500 at most).

        Returns
        -------
        hyperspy_4dphase.plot.LatentView

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> view = embedding.plot_latent()
        """
        from hyperspy_4dphase.plot import plot_latent

        values = np.asarray(self.data)
        shape = values.shape[:-1]
        if not (signal is None or isinstance(signal, BaseSignal)):
            raise TypeError(f"signal must be a scan, not {type(signal).__name__}.")
        if signal is not None and array_shapes(signal)[0] != shape:
            raise ValueError(
                "signal is another scan: its navigation shape is "
                f"{array_shapes(signal)[0]} in array order, that of the embedding "
                f"{shape}."
            )
        if labels is not None:
            labels = map_values(getattr(labels, "domains", labels), shape)
        if signal is not None and self._is_of_a_scan:
            warn_of_other_values(signal, self._stored, "The embedding", 3)
        extent, units = image_extent(axes_dictionaries(self)[:-1])
        pattern_extent, pattern_units = image_extent(self._stored.signal_axes)
        if self.latent_dim == 1:
            values = np.concatenate([values, 0 * values], axis=-1)
        return plot_latent(
            values,
            labels,
            dimensions=self._shown_dimensions(),
            navigation_extent=extent,
            navigation_units=units,
            mean_pattern=lambda selected: self._mean_pattern(selected, signal),
            pattern_extent=pattern_extent,
            pattern_units=pattern_units,
            title=self.metadata.General.title,
        )

    def plot_manifold(self, n=12):
        """Plot the decoded patterns on a grid in the latent plane.

        The grid spans the middle 98 % of the points in the two most active dimensions;
        any others are 0.

        Parameters
        ----------
        n : int, default 12
            Patterns in each direction.

        Returns
        -------
        matplotlib.figure.Figure

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> fig = embedding.plot_manifold(n=4)
        """
        from hyperspy_4dphase.plot import plot_manifold

        n = check_integer("n", n, 2)
        shown = list(self._shown_dimensions())
        # With one dimension, the second is 0.
        points = np.asarray(self.data).reshape(-1, self.latent_dim)
        points = np.pad(points, ((0, 0), (0, 1)))
        plane = points[~np.isnan(points[:, 0])][:, shown]
        low, high = np.quantile(plane, [0.01, 0.99], axis=0)
        x, y = (
            np.linspace(*ends, n if i < self.latent_dim else 1)
            for i, ends in enumerate(zip(low, high, strict=True))
        )
        grid = np.zeros((len(y), len(x), self.latent_dim + 1))
        grid[..., shown[1]] = y[:, np.newaxis]
        grid[..., shown[0]] = x
        grid = grid[..., : self.latent_dim]
        return plot_manifold(
            self.decode(grid).data,
            x,
            y,
            pattern_extent=image_extent(self._stored.signal_axes)[0],
            density=_nearby(plane, x, y),
            title=self.metadata.General.title,
            xlabel=f"latent dimension {shown[0]}",
            ylabel=f"latent dimension {shown[1]}",
        )

    def plot_loss(self):
        """Plot the loss of each epoch, in training and held out.

        Returns
        -------
        matplotlib.axes.Axes

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> ax = embedding.plot_loss()
        """
        from hyperspy_4dphase.plot import plot_loss

        training, held_out = self.loss.T
        return plot_loss(training, held_out, best=int(self._stored.get("best_epoch")))

    @property
    def _is_of_a_scan(self):
        """Whether it is whole, so that its points are those of the scan in order."""
        shape = np.shape(self.data)[:-1]
        return shape == self._stored.navigation_shape

    def _shown_dimensions(self):
        """The two most active dimensions; others where there are fewer."""
        active = list(self.active_dimensions)
        rest = [i for i in range(self.latent_dim) if i not in active]
        first, second = [*active, *rest, 1][:2]
        return int(first), int(second)

    def _mean_pattern(self, selected, signal):
        """Of the counts where the scan is given, else of the decoded patterns."""
        values = np.asarray(self.data)
        points, n_points = values[selected], np.isfinite(values[..., 0]).sum()
        if signal is None or len(points) == n_points:
            # Reading a whole scan only to open a figure takes too long.
            step = -(-len(points) // _N_AVERAGED)
            return self.decode(points[::step]).data.mean(axis=0)
        stored, excluded = self._stored, self._stored.excluded_pixels
        masks = ~selected.ravel(), excluded
        scan = Scan.from_signal(signal, flat_masks=masks)
        means = label_means(scan.blocks(), np.zeros(len(points), int), 1).means
        return fill_excluded(means[0], excluded).reshape(stored.signal_shape)


def _nearby(points, x, y):
    """How many points lie nearest to each node of a regular grid."""
    steps = [(v[-1] - v[0]) / max(len(v) - 1, 1) or 1.0 for v in (x, y)]
    edges = [
        np.append(v - step / 2, v[-1] + step / 2)
        for v, step in zip((x, y), steps, strict=True)
    ]
    return np.histogram2d(*points.T, bins=edges)[0].T
