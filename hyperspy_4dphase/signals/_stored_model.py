"""A trained model as it stands in the metadata of a signal: arrays and numbers."""

import numpy as np

from hyperspy_4dphase._results import array_shapes, axes_dictionaries, plain

NODE = "Latent_embedding"
_VERSION = 1


def stored(scan, excluded_pixels, model, record):
    """What the metadata are to hold.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal
        Whose patterns the model is of.
    excluded_pixels : numpy.ndarray of bool, or None
        Flat mask.
    model : dict
        As of ``Model.to_arrays``.
    record : dict
        What else is to be there.

    Returns
    -------
    dict
    """
    n_navigation = len(array_shapes(scan)[0])
    axes = axes_dictionaries(scan)[n_navigation:]
    return {
        "version": _VERSION,
        # A full stop in a name would be read as a branch.
        "model": {k.replace(".", "__"): _number(v) for k, v in model.items()},
        "signal_axes": {f"axis_{i}": axis for i, axis in enumerate(axes)},
        "signal_type": scan.metadata.Signal.signal_type,
        "excluded_pixels": excluded_pixels,
        **record,
    }


class StoredModel:
    """Reads what :func:`stored` gave.

    Parameters
    ----------
    node : DictionaryTreeBrowser or None
        The branch of the metadata.
    """

    def __init__(self, node):
        self._node = node

    def get(self, name):
        """One entry, also after a lazy load.

        Raises
        ------
        ValueError
            If there is none, or if a newer version has written it.
        """
        version = None if self._node is None else self._node.get_item("version")
        if version is None:
            raise ValueError(
                f"metadata.{NODE} is missing: this embedding was not made by "
                "vae_embed(), or its metadata were changed."
            )
        if int(version) > _VERSION:
            raise ValueError(
                f"This embedding was saved in version {int(version)} of its format, "
                f"but this hyperspy_4dphase reads up to version {_VERSION}: update it."
            )
        return plain(self._node.get_item(name))

    def model(self, latent_dim, device="cpu"):
        """The model, ready to encode and decode.

        Parameters
        ----------
        latent_dim : int
            Of the signal.
        device : str or torch.device, optional

        Raises
        ------
        ValueError
            If the signal has other latent dimensions than the model, or if the model is
            damaged.
        """
        from hyperspy_4dphase.estimators._torch import restored_model

        arrays = self.get("model")
        arrays = {str(k).replace("__", "."): v for k, v in arrays.items()}
        trained = int(arrays["latent_dim"])
        if latent_dim != trained:
            raise ValueError(
                f"This embedding has {latent_dim} latent dimensions, but its model "
                f"{trained}: it was sliced with isig, or changed otherwise."
            )
        try:
            return restored_model(arrays, device)
        except (RuntimeError, TypeError, KeyError) as error:
            raise ValueError(f"The stored model is damaged: {error}") from error

    def excluded_pixels(self):
        """Flat mask of the patterns, or None."""
        excluded = self.get("excluded_pixels")
        return None if excluded is None else np.asarray(excluded, dtype=bool)

    def signal_axes(self):
        """Axes dictionaries of a pattern, and its shape, in array order."""
        axes = self.get("signal_axes")
        axes = [axes[name] for name in sorted(axes)]
        return axes, tuple(int(axis["size"]) for axis in axes)

    def check_detector(self, signal):
        """Refuse patterns of another shape or calibration.

        Parameters
        ----------
        signal : hyperspy.signal.BaseSignal

        Raises
        ------
        ValueError
        """
        axes, shape = self.signal_axes()
        found = array_shapes(signal)[1]
        if found != shape:
            raise ValueError(
                f"The patterns have the shape {found} in array order; this embedding's "
                f"model expects {shape}."
            )
        others = axes_dictionaries(signal)[-len(axes) :]
        for own, other in zip(axes, others, strict=True):
            scales = own.get("scale", 1.0), other.get("scale", 1.0)
            units = _units(own), _units(other)
            if units[0] != units[1] or not np.isclose(*scales, rtol=0.01):
                raise ValueError(
                    f"Axis {other.get('name')!r} has {scales[1]:.6g} {units[1]} per "
                    f"pixel; this embedding's model was trained with {scales[0]:.6g} "
                    f"{units[0]}."
                )


def _number(value):
    """Arrays without axes as numbers, which every file format takes."""
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value


def _units(axis):
    units = axis.get("units")
    return units if isinstance(units, str) and units else "px"
