"""What all methods share that train an autoencoder: checks before, and the record."""

from math import prod

from hyperspy_4dphase._arguments import check_integer, check_number
from hyperspy_4dphase._results import array_shapes, map_values, provenance
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.vae import (
    ARCHITECTURES,
    PatternVAE,
    check_sample_weight,
    require_torch,
)
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

_ADAPTIVE_RANK = 64
# What the provenance keeps, in this order.
_RECORDED = (
    "latent_dim",
    "architecture",
    "epochs",
    "beta",
    "batch_size",
    "learning_rate",
    "device",
)


def checked_vae(
    signal,
    *,
    random_state,
    latent_dim=2,
    architecture="compressed",
    epochs=None,
    beta=1.0,
    batch_size=None,
    learning_rate=2e-3,
    device=None,
):
    """An autoencoder for the patterns of a scan, not fitted.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    random_state : int or numpy.random.RandomState
    latent_dim, architecture, epochs, beta, batch_size, learning_rate, device : optional
        See :func:`vae_embed`.

    Returns
    -------
    PatternVAE

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range.
    ModuleNotFoundError
        If PyTorch is not installed.
    """
    require_torch()
    options = {
        "latent_dim": check_integer("latent_dim", latent_dim, 1),
        "architecture": _check_architecture(architecture, signal),
        "epochs": check_integer("epochs", epochs, 1, optional=True),
        "beta": check_number("beta", beta, at_least=0),
        "batch_size": check_integer("batch_size", batch_size, 1, optional=True),
        "learning_rate": check_number("learning_rate", learning_rate, above=0),
        "device": resolve_device(device),
    }
    noise = "poisson" if signal.data.dtype.kind in "bui" else "uniform"
    return PatternVAE(noise=noise, random_state=random_state, **options)


def checked_weights(signal, sample_weight, excluded):
    """One weight for each pattern that is not masked, or None.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
    sample_weight : BaseSignal, array-like or None
        Of the navigation shape.
    excluded : numpy.ndarray of bool, or None
        Flat mask.

    Raises
    ------
    ValueError
        If it has another shape, or values that are no weights.
    """
    if sample_weight is None:
        return None
    shape = array_shapes(signal)[0]
    weights = map_values(sample_weight, shape)
    if weights.shape != shape:
        raise ValueError(
            f"sample_weight has the shape {weights.shape}; expected the navigation "
            f"shape {shape}, in array order."
        )
    weights = weights.ravel()
    return check_sample_weight(
        weights if excluded is None else weights[~excluded],
        weights.size if excluded is None else int((~excluded).sum()),
    )


def rows_left(rows, excluded, left):
    """Rows of the patterns that two masks leave, from those that the first one leaves.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n_kept, ...), or None
    excluded, left : numpy.ndarray of bool, or None
        Flat masks; the second excludes what the first does.
    """
    if rows is None or left is None:
        return rows
    return rows[~left if excluded is None else ~left[~excluded]]


def check_enough_to_train(signal, vae, excluded_patterns, excluded_pixels, weights):
    """Refuse a scan of which masks leave too little; see `PatternVAE.check_enough`."""
    n_patterns, n_pixels = (
        prod(shape) - (0 if excluded is None else int(excluded.sum()))
        for shape, excluded in zip(
            array_shapes(signal), (excluded_patterns, excluded_pixels), strict=True
        )
    )
    vae.check_enough(n_patterns, n_pixels, weights)


def least_rank(vae):
    """The rank that a compression needs to train on it, or None if any will do."""
    return vae.latent_dim if vae.latent_dim > _ADAPTIVE_RANK else None


def trained_embedding(
    signal, vae, latent, excluded_patterns, excluded_pixels, weighted, compression
):
    """Join latent points with the autoencoder that was trained for them.

    Parameters
    ----------
    signal : hyperspy.signal.BaseSignal
        The scan.
    vae : PatternVAE
        Fitted. Its callback is taken away.
    latent : numpy.ndarray, shape (n_patterns, latent_dim)
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    weighted : bool
        Whether it was trained with sample weights.
    compression : Compression or None
        What it was trained on, None for the patterns themselves.

    Returns
    -------
    LatentEmbedding
    """
    vae.set_params(callback=None)
    parameters = vae.get_params()
    record = {
        "architecture": vae.architecture,
        "loss": vae.loss_,
        "best_epoch": vae.best_epoch_,
        "divergence": vae.divergence_,
        "active_dimensions": vae.active_dimensions_,
        "provenance": provenance(
            "vae_embed",
            {name: parameters[name] for name in _RECORDED}
            | {"sample_weight": weighted},
            vae.random_state,
            _outcome(vae),
        )
        | ({} if compression is None else {"compression": compression.provenance}),
    }
    arrays = vae.model_.to_arrays()
    return LatentEmbedding.of(
        signal, latent, excluded_patterns, excluded_pixels, arrays, record
    )


def _check_architecture(architecture, signal):
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture={architecture!r}; expected one of {ARCHITECTURES}."
        )
    n_axes = signal.axes_manager.signal_dimension
    if architecture == "convolutional" and n_axes != 2:
        raise ValueError(
            "architecture='convolutional' needs patterns with two signal axes; those "
            f"of {signal!r} have {n_axes}. Leave it at 'compressed'."
        )
    return architecture


def _outcome(vae):
    return {
        "n_epochs": len(vae.loss_),
        "best_epoch": vae.best_epoch_,
        "held_out_loss": vae.loss_[vae.best_epoch_, 1],
        "n_active_dimensions": len(vae.active_dimensions_),
    }
