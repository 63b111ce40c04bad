"""A trained model as it stands in the metadata of a signal: arrays and numbers."""

import numpy as np

from hyperspy_4dphase._results import array_shapes, axes_dictionaries
from hyperspy_4dphase.signals._stored import Stored, stored_axes

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
        "signal_axes": stored_axes(axes),
        "signal_type": scan.metadata.Signal.signal_type,
        "excluded_pixels": excluded_pixels,
        **record,
    }


class StoredModel(Stored):
    """Reads what :func:`stored` gave."""

    NODE, VERSION, RESULT, MAKER = NODE, _VERSION, "embedding", "vae_embed"

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
        from hyperspy_4dphase.estimators.vae import restore_model

        arrays = self.get("model")
        arrays = {str(k).replace("__", "."): v for k, v in arrays.items()}
        trained = int(arrays["latent_dim"])
        if latent_dim != trained:
            raise ValueError(
                f"This embedding has {latent_dim} latent dimensions, but its model "
                f"{trained}: it was sliced with isig, or changed otherwise."
            )
        try:
            return restore_model(arrays, device)
        except (RuntimeError, TypeError, KeyError) as error:
            raise ValueError(f"The stored model is damaged: {error}") from error


def _number(value):
    """Arrays without axes as numbers, which every file format takes."""
    return value.item() if isinstance(value, np.ndarray) and not value.ndim else value
