"""A scan as points in latent space, with the model that put them there."""

from math import prod

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal1D, Signal1D

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._results import axes_dictionaries, fill_excluded
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.signals._latent_plots import LatentPlots
from hyperspy_4dphase.signals._plain_arithmetic import PlainArithmetic
from hyperspy_4dphase.signals._rebinning import RebinnedValues
from hyperspy_4dphase.signals._result_signal import LazyResultSignal
from hyperspy_4dphase.signals._stored_model import StoredModel, store_model


class LatentEmbedding(LatentPlots, RebinnedValues, PlainArithmetic, Signal1D):
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
            decoded = fill_excluded(
                model.decode(latent[~unused]).T, stored.excluded_pixels
            )
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
        scan = scan.replace_masks(scan.excluded_patterns, self._stored.excluded_pixels)
        with scan.progress() as progress:
            model = self._stored.model(self.latent_dim, device)
            latent, _ = model.encode(scan.blocks(progress))
        # What the scan that the model was trained on is known by is not of this one.
        node = self._stored.to_dict() | {"pattern_sums": None}
        return LatentEmbedding._from_rows(scan, latent, node)

    @property
    def _stored(self):
        return StoredModel(self)

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


class LazyLatentEmbedding(LazyResultSignal, LatentEmbedding, LazySignal1D):
    """The same, as it is after ``hs.load(..., lazy=True)``."""
