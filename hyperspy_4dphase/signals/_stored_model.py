"""A trained model as it stands in the metadata of a signal: arrays and numbers."""

import numpy as np

from hyperspy_4dphase.estimators.vae import restore_model
from hyperspy_4dphase.signals._stored import Stored


def store_model(scan, model, record, compression=None):
    """Make what the metadata of an embedding are to hold.

    Parameters
    ----------
    scan : Scan
        Whose patterns the model is of.
    model : dict
        As of ``Model.to_arrays``.
    record : dict
        What else is to be there.
    compression : Compression, optional
        Of this scan, which is known again by it.

    Returns
    -------
    dict
    """
    # A full stop in a name would be read as a branch.
    model = {name.replace(".", "__"): _number(value) for name, value in model.items()}
    return StoredModel.collect(scan, compression, model=model, **record)


class StoredModel(Stored):
    """Reads what :func:`store_model` gave."""

    NODE, VERSION = "Latent_embedding", 1
    RESULT, MAKER = "embedding", "vae_embed"

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
