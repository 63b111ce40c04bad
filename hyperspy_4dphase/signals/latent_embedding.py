"""A scan as points in latent space, with the model that put them there."""

from math import prod

import numpy as np
from hyperspy.signal import BaseSignal
from hyperspy.signals import LazySignal1D, Signal1D

from hyperspy_4dphase._arguments import check_integer, check_scan
from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._masks import excluded_patterns
from hyperspy_4dphase._progress import Progress
from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    filled,
    image_extent,
    plain,
    scan_metadata,
)
from hyperspy_4dphase._scan import pattern_blocks
from hyperspy_4dphase.estimators._device import resolve_device

_NODE = "Latent_embedding"
_VERSION = 1
_N_AVERAGED = 500


class LatentEmbedding(Signal1D):
    """The latent means of a scan's patterns: (x, y | latent dimension).

    Made by :meth:`vae_embed`. It saves to ``.hspy`` and ``.zspy`` and reloads with its
    model, whose weights are plain arrays in the metadata. Masked positions are NaN.
    """

    _signal_type = "latent_embedding"

    @classmethod
    def of(cls, scan, latent, excluded, excluded_pixels, model, record):
        """Join latent points with the model and the scan they are of.

        Parameters
        ----------
        scan : hyperspy.signal.BaseSignal
            Whose axes and metadata are taken.
        latent : numpy.ndarray, shape (n_patterns, latent_dim)
            One row for each pattern that is not excluded.
        excluded, excluded_pixels : numpy.ndarray of bool, or None
            Flat masks.
        model : dict
            Arrays and numbers, as of ``Model.to_arrays``.
        record : dict
            Architecture, losses, active dimensions and provenance.

        Returns
        -------
        LatentEmbedding
        """
        navigation_shape, signal_shape = array_shapes(scan)
        data = filled(latent, excluded).reshape(*navigation_shape, latent.shape[1])
        axes = axes_dictionaries(scan)
        n_navigation = len(navigation_shape)
        latent_axis = {"name": "latent dimension", "size": latent.shape[1]}
        content = {
            "version": _VERSION,
            "model": {_stored_name(k): _stored(v) for k, v in model.items()},
            "signal_axes": {f"axis_{i}": a for i, a in enumerate(axes[n_navigation:])},
            "signal_type": scan.metadata.Signal.signal_type,
            "excluded_pixels": excluded_pixels,
            **record,
        }
        title = scan.metadata.get_item("General.title", "")
        metadata = scan_metadata(scan)
        title = f"Latent embedding of {title}" if title else "Latent embedding"
        metadata.setdefault("General", {})["title"] = title
        metadata["Signal"] = {"signal_type": cls._signal_type}
        metadata[_NODE] = content
        return cls(data, axes=[*axes[:n_navigation], latent_axis], metadata=metadata)

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
        return np.asarray(self._content("loss"))

    @property
    def active_dimensions(self):
        """numpy.ndarray of int: Dimensions that carry something, the strongest first.

        Those whose latent means vary (variance above 0.01).
        """
        return np.asarray(self._content("active_dimensions")).astype(int)

    @property
    def provenance(self):
        """dict: Parameters, seed, outcome and versions."""
        return self._content("provenance")

    def decode(self, points):
        """Patterns that latent points stand for.

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
        """
        axes, values = self._points(points)
        latent = values.reshape(-1, self.latent_dim)
        used = ~np.isnan(latent).any(axis=1)
        model = self._model()
        signal_axes, signal_shape = self._signal_axes()
        patterns = np.empty((0, prod(signal_shape)), np.float32)
        if used.any():
            patterns = model.decode(latent[used])
            patterns = filled(patterns.T, self._excluded_pixels()).T
        patterns = filled(patterns, None if used.all() else ~used)
        signal = BaseSignal(
            patterns.reshape(*values.shape[:-1], *signal_shape),
            axes=[*axes, *signal_axes],
            metadata={"General": {"title": "Decoded patterns"}},
        )
        signal.set_signal_type(self._content("signal_type"))
        return signal

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
        """
        check_scan(signal)
        self._check_detector(signal)
        device = resolve_device(device)
        excluded = excluded_patterns(signal, navigation_mask)
        pixels = self._excluded_pixels()
        with Progress(show_progressbar) as progress:
            blocks = pattern_blocks(signal, excluded, pixels, progress)
            mean, _ = self._model(device).encode(blocks)
        content = plain(self.metadata.get_item(_NODE).as_dictionary())
        embedding = LatentEmbedding.of(signal, mean, excluded, pixels, {}, {})
        embedding.metadata.set_item(_NODE, content)
        return embedding

    def plot_latent(self, labels=None, signal=None):
        """Plot the latent plane and the map, linked.

        A region drawn in the plane with the mouse lights up in the map, and shows its
        mean pattern; a rectangle drawn in the map shows where its patterns lie in the
        plane. With more than two latent dimensions the two most active are taken.

        Parameters
        ----------
        labels : BaseSignal or array-like of int, optional
            A domain for each probe position, in array order; -1 is none.
        signal : BaseSignal, optional
            The scan: mean patterns are then those of its counts. By default they are
            decoded from the latent points (of 500 at most).

        Returns
        -------
        hyperspy_4dphase.plot.LatentView
        """
        from hyperspy_4dphase.plot import plot_latent

        if signal is not None and array_shapes(signal)[0] != self._navigation_shape:
            raise ValueError(
                "signal is another scan: its navigation shape is "
                f"{array_shapes(signal)[0]} in array order, that of the embedding "
                f"{self._navigation_shape}."
            )
        extent, units = image_extent(axes_dictionaries(self)[:-1])
        pattern_extent, pattern_units = image_extent(self._signal_axes()[0])
        return plot_latent(
            self._values(),
            None if labels is None else np.asarray(getattr(labels, "data", labels)),
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
        """
        from hyperspy_4dphase.plot import plot_manifold

        n = check_integer("n", n, 2)
        shown = list(self._shown_dimensions())
        points = self._values().reshape(-1, self.latent_dim)
        low, high = np.nanquantile(points[:, shown], [0.01, 0.99], axis=0)
        x, y = (np.linspace(*ends, n) for ends in zip(low, high, strict=True))
        grid = np.zeros((n, n, self.latent_dim))
        # With one dimension only, both are the same: the last one set counts.
        grid[..., shown[1]] = y[:, np.newaxis]
        grid[..., shown[0]] = x
        if shown[0] == shown[1]:
            grid, y = grid[:1], y[:1]
        return plot_manifold(
            self.decode(grid).data,
            x,
            y,
            title=self.metadata.General.title,
            xlabel=f"latent dimension {shown[0]}",
            ylabel=f"latent dimension {shown[1]}",
        )

    def plot_loss(self):
        """Plot the loss of each epoch, in training and held out.

        Returns
        -------
        matplotlib.axes.Axes
        """
        from hyperspy_4dphase.plot import plot_loss

        training, held_out = self.loss.T
        return plot_loss(training, held_out, best=int(self._content("best_epoch")))

    @property
    def _navigation_shape(self):
        return tuple(self.data.shape[:-1])

    def _values(self):
        return np.asarray(self.data)

    def _content(self, name):
        """What the metadata hold of the model, or a clear error."""
        node = self.metadata.get_item(_NODE)
        if node is None:
            raise ValueError(
                f"metadata.{_NODE} is missing: this embedding was not made by "
                "vae_embed(), or its metadata were changed."
            )
        version = int(node.version)
        if version > _VERSION:
            raise ValueError(
                f"This embedding was saved in version {version} of its format, but "
                f"this hyperspy_4dphase reads up to version {_VERSION}: update it."
            )
        return plain(node.get_item(name))

    def _model(self, device="cpu"):
        from hyperspy_4dphase.estimators.vae import restored_model

        stored = self._content("model")
        trained = int(stored["latent_dim"])
        if self.latent_dim != trained:
            raise ValueError(
                f"This embedding has {self.latent_dim} latent dimensions, but its "
                f"model {trained}: it was sliced with isig, or changed otherwise."
            )
        arrays = {_own_name(name): value for name, value in stored.items()}
        return restored_model(arrays, device)

    def _excluded_pixels(self):
        excluded = self._content("excluded_pixels")
        return None if excluded is None else np.asarray(excluded, dtype=bool)

    def _signal_axes(self):
        """Axes dictionaries of a pattern, and its shape, in array order."""
        stored = self._content("signal_axes")
        axes = [stored[name] for name in sorted(stored)]
        return axes, tuple(int(axis["size"]) for axis in axes)

    def _points(self, points):
        """Axes of navigation and values (..., latent_dim) of what decode() is given."""
        axes = []
        if isinstance(points, BaseSignal):
            axes = axes_dictionaries(points)[:-1]
            points = points.data
        values = np.asarray(points)
        if values.dtype.kind not in "buif":
            raise TypeError(
                f"points of type {values.dtype} were given; expected real numbers."
            )
        if values.ndim == 0 or values.shape[-1] != self.latent_dim:
            raise ValueError(
                f"points of shape {values.shape} were given; expected (..., "
                f"{self.latent_dim}), the last axis being the latent dimensions."
            )
        axes = axes or [{"size": size} for size in values.shape[:-1]]
        return [axis | {"navigate": True} for axis in axes], values.astype(np.float32)

    def _shown_dimensions(self):
        """The two most active dimensions; others where there are fewer."""
        active = list(self.active_dimensions)
        rest = [i for i in range(self.latent_dim) if i not in active]
        first, second = (2 * [*active, *rest])[:2]
        return int(first), int(second)

    def _mean_pattern(self, selected, signal):
        _, shape = self._signal_axes()
        if signal is not None:
            patterns = signal.data[selected]
            mean = np.asarray(patterns.mean(axis=0)).astype(float)
            excluded = self._excluded_pixels()
            return mean if excluded is None else _with_gaps(mean, excluded)
        points = self._values()[selected]
        step = -(-len(points) // _N_AVERAGED)
        return self.decode(points[::step]).data.mean(axis=0).reshape(shape)

    def _check_detector(self, signal):
        axes, shape = self._signal_axes()
        if array_shapes(signal)[1] != shape:
            raise ValueError(
                "The patterns have the shape "
                f"{array_shapes(signal)[1]} in array order; this embedding's model "
                f"expects {shape}."
            )
        for own, other in zip(
            axes, axes_dictionaries(signal)[-len(axes) :], strict=True
        ):
            scales = own.get("scale", 1.0), other.get("scale", 1.0)
            units = own.get("units") or "", other.get("units") or ""
            if units[0] != units[1] or not np.isclose(*scales, rtol=0.01):
                raise ValueError(
                    f"Axis {other.get('name')!r} has {scales[1]:.6g} {units[1]} per "
                    f"pixel; this embedding's model was trained with {scales[0]:.6g} "
                    f"{units[0]}."
                )


class LazyLatentEmbedding(LazySignal1D, LatentEmbedding):
    """The same, as it is after ``hs.load(..., lazy=True)``."""

    _lazy = True


def _stored_name(name):
    return name.replace(".", "__")


def _own_name(name):
    return str(name).replace("__", ".")


def _stored(value):
    """Arrays without axes as numbers, which every file format takes."""
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value


def _with_gaps(pattern, excluded):
    pattern = pattern.copy()
    pattern[excluded.reshape(pattern.shape)] = np.nan
    return pattern
