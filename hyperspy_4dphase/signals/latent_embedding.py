"""A scan as points in latent space, with the model that put them there."""

from math import prod

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal1D, Signal1D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    filled,
    image_extent,
    map_values,
)
from hyperspy_4dphase._scalars import check_integer
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.signals._plain_arithmetic import PlainArithmetic
from hyperspy_4dphase.signals._rebinning import RebinnedValues
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._same_values import warn_of_other_values
from hyperspy_4dphase.signals._stored_model import StoredModel, store_model

_N_AVERAGED = 500


class LatentEmbedding(RebinnedValues, PlainArithmetic, Signal1D):
    """The latent means of a scan's patterns: (x, y | latent dimension).

    Made by ``s.vae_embed()``. It saves to ``.hspy`` and ``.zspy`` and reloads with its
    model, whose weights are plain arrays in the metadata. Masked positions are NaN.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
    >>> embedding
    <LatentEmbedding, title: Latent embedding of Oxide bilayer, dimensions: (16, 14|2)>
    >>> embedding.latent_dim, embedding.loss.shape
    (2, (3, 2))
    """

    _signal_type = "latent_embedding"

    @classmethod
    def from_scan(cls, scan, latent, model, compression=None, **record):
        """Join latent points with the model and the scan they are of.

        Parameters
        ----------
        scan : Scan
            Whose axes and metadata are taken.
        latent : numpy.ndarray, shape (n_patterns, latent_dim)
            One row for each pattern that is not masked.
        model : dict
            Arrays and numbers, as of ``Model.to_arrays``.
        compression : Compression, optional
            What was embedded: the scan is known again by it.
        **record
            Architecture, losses, active dimensions and provenance.

        Returns
        -------
        LatentEmbedding
        """
        node = store_model(scan, model, record, compression)
        return cls._from_rows(scan, latent, node)

    @classmethod
    def _from_rows(cls, scan, latent, node):
        metadata = scan.name_result("Latent embedding", cls._signal_type)
        latent_axis = {"name": "latent dimension", "size": latent.shape[1]}
        axes = [*scan.navigation_axes, latent_axis]
        metadata[StoredModel.NODE] = node
        return cls(scan.map_of(latent), axes=axes, metadata=metadata)

    @property
    def latent_dim(self):
        """int: Number of latent dimensions."""
        return self.axes_manager.signal_shape[0]

    @property
    def loss(self):
        """numpy.ndarray, shape (n_epochs, 2): Loss per pattern, training and held-out.

        The negative evidence lower bound in nats, 0 for a perfect fit without
        divergence from the prior.
        """
        return np.asarray(self._stored.get("loss"))

    @property
    def active_dimensions(self):
        """numpy.ndarray of int: Dimensions that carry something, the strongest first.

        Those whose latent means vary (variance above 0.01).
        """
        return np.asarray(self._stored.get("active_dimensions")).astype(int)

    @property
    def provenance(self):
        """dict: Parameters, seed, outcome and versions."""
        return self._stored.get("provenance")

    def decode(self, points):
        """Compute the patterns that latent points stand for.

        Parameters
        ----------
        points : array-like, shape (..., latent_dim), or LatentEmbedding
            An embedding gives its own points: slice it first, as in
            ``emb.inav[:10, :10]``, since all patterns are made in memory.

        Returns
        -------
        Diffraction2D or as the scan was
            Calibrated as the scan, in its units, without noise and as bright as such
            patterns are on average. NaN at masked pixels and where `points` are NaN.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> embedding.decode([[0.0, 0.0], [1.0, 0.0]])
        <ElectronDiffraction2D, title: Decoded patterns, dimensions: (2|36, 32)>
        """
        axes, values = self._check_points(points)
        stored, latent = self._stored, values.reshape(-1, self.latent_dim)
        unused = np.isnan(latent).any(axis=1)
        model = stored.model(self.latent_dim)
        patterns = np.full((len(latent), prod(stored.signal_shape)), np.nan, np.float32)
        if not unused.all():
            decoded = filled(model.decode(latent[~unused]).T, stored.excluded_pixels)
            patterns[~unused] = decoded.T
        metadata = {"General": {"title": "Decoded patterns"}}
        return stored.make_patterns(patterns, axes, metadata)

    @with_shared_parameters
    def encode(
        self, signal, navigation_mask=None, *, device=None, show_progressbar=None
    ):
        """Embed another scan by the same model.

        Parameters
        ----------
        signal : Diffraction2D or as the scan was
            With the same detector shape and calibration. Eager or lazy.
        %(navigation_mask)s
        %(device)s
        %(show_progressbar)s

        Returns
        -------
        LatentEmbedding

        Raises
        ------
        ValueError
            If the signal shape, or the scale or units of its axes, are not those of the
            scan that the model was trained on.

        Examples
        --------
        >>> from hyperspy_4dphase.data import oxide_bilayer
        >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
        >>> embedding = s.vae_embed(epochs=3, random_state=0, print_info=False)
        >>> other, _ = oxide_bilayer((4, 5), (32, 36), random_state=1)
        >>> embedding.encode(other)
        <LatentEmbedding, title: Latent embedding of Oxide bilayer, dimensions: (5,
        4|2)>
        """
        scan = Scan.from_signal(
            signal, navigation_mask, show_progressbar=show_progressbar
        )
        self._stored.check_detector(scan)
        device = resolve_device(device)
        scan = scan.masked(scan.excluded_patterns, self._stored.excluded_pixels)
        with scan.progress() as progress:
            model = self._stored.model(self.latent_dim, device)
            latent, _ = model.encode(scan.blocks(progress))
        # What the scan that the model was trained on is known by is not of this one.
        node = self._stored.to_dict() | {"pattern_sums": None}
        return LatentEmbedding._from_rows(scan, latent, node)

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
    def _stored(self):
        return StoredModel(self)

    @property
    def _is_of_a_scan(self):
        """Whether it is whole, so that its points are those of the scan in order."""
        shape = np.shape(self.data)[:-1]
        return shape == self._stored.navigation_shape

    def _check_points(self, points):
        """Axes of navigation and values (..., latent_dim) of what decode() is given."""
        is_signal = isinstance(points, BaseSignal)
        values = np.asarray(points.data if is_signal else points)
        if values.dtype.kind not in "buif":
            raise TypeError(
                f"points of type {values.dtype} were given; expected real numbers."
            )
        if values.ndim == 0 or values.shape[-1] != self.latent_dim:
            raise ValueError(
                f"points of shape {values.shape} were given; expected (..., "
                f"{self.latent_dim}), the last axis being the latent dimensions."
            )
        axes = [{"size": size} for size in values.shape[:-1]]
        if is_signal:
            axes = axes_dictionaries(points)[:-1]
        return [axis | {"navigate": True} for axis in axes], values.astype(np.float32)

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
        return filled(means[0], excluded).reshape(stored.signal_shape)


class LazyLatentEmbedding(LazyResultSignal, LatentEmbedding, LazySignal1D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""


def _nearby(points, x, y):
    """How many points lie nearest to each node of a regular grid."""
    steps = [(v[-1] - v[0]) / max(len(v) - 1, 1) or 1.0 for v in (x, y)]
    edges = [
        np.append(v - step / 2, v[-1] + step / 2)
        for v, step in zip((x, y), steps, strict=True)
    ]
    return np.histogram2d(*points.T, bins=edges)[0].T
