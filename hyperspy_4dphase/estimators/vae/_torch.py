"""Where PyTorch is asked for, and what is said if it is not there."""

from hyperspy_4dphase.estimators._device import resolve_device


def require_torch():
    """Refuse to go on without PyTorch.

    Raises
    ------
    ModuleNotFoundError
    """
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise ModuleNotFoundError(
            "The autoencoder needs PyTorch, which is not installed here: "
            "`pip install torch`. All other methods work without it."
        ) from error


def restore_model(arrays, device=None):
    """Restore a trained model from its arrays.

    Parameters
    ----------
    arrays : dict
        As of ``PatternVAE.model_.to_arrays()``.
    device : None, str or torch.device, optional

    Returns
    -------
    Model
    """
    require_torch()
    from hyperspy_4dphase.estimators.vae._model import Model

    return Model.from_arrays(arrays, resolve_device(device))
