"""What all methods share that train an autoencoder: checks before, and the record."""

from hyperspy_4dphase._results import map_values, provenance
from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.vae import (
    ARCHITECTURES,
    PatternVAE,
    check_sample_weight,
    require_torch,
)
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

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


def check_vae(
    scan,
    *,
    random_state=None,
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
    scan : Scan
    random_state : int or numpy.random.RandomState, optional
        By default the seed of the scan.
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
        "architecture": _check_architecture(architecture, scan),
        "epochs": check_integer("epochs", epochs, 1, optional=True),
        "beta": check_number("beta", beta, 0),
        "batch_size": check_integer("batch_size", batch_size, 1, optional=True),
        "learning_rate": check_number("learning_rate", learning_rate, 0, above=True),
        "device": resolve_device(device),
    }
    noise = "poisson" if scan.signal.data.dtype.kind in "bui" else "uniform"
    seed = scan.seed if random_state is None else random_state
    return PatternVAE(noise=noise, random_state=seed, **options)


def check_weights(scan, sample_weight):
    """One weight for each pattern that is not masked, or None.

    Parameters
    ----------
    scan : Scan
    sample_weight : BaseSignal, array-like or None
        Of the navigation shape.

    Raises
    ------
    ValueError
        If it has another shape, or values that are no weights.
    """
    if sample_weight is None:
        return None
    shape = scan.navigation_shape
    weights = map_values(sample_weight, shape)
    if weights.shape != shape:
        raise ValueError(
            f"sample_weight has the shape {weights.shape}; expected the navigation "
            f"shape {shape}, in array order."
        )
    weights = weights.ravel()[scan.kept_patterns]
    return check_sample_weight(weights, len(weights))


def rows_left(rows, before, after):
    """Rows of the patterns that a scan still has after more were masked.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n_patterns, ...), or None
        Of what the masks left before.
    before, after : Scan
    """
    if rows is None:
        return None
    return rows[after.kept_patterns[before.kept_patterns]]


def trained_embedding(scan, vae, latent, weighted, compression):
    """Join latent points with the autoencoder that was trained for them.

    Parameters
    ----------
    scan : Scan
        With the masks of what was trained on.
    vae : PatternVAE
        Fitted. Its callback is taken away.
    latent : numpy.ndarray, shape (n_patterns, latent_dim)
    weighted : bool
        Whether it was trained with sample weights.
    compression : Compression or None
        What it was trained on, None for the patterns themselves.

    Returns
    -------
    LatentEmbedding
    """
    vae.set_params(callback=None)
    options = vae.get_params()
    options = {name: options[name] for name in _RECORDED}
    options["sample_weight"] = weighted
    record = provenance(
        "vae_embed", options, vae.random_state, _outcome(vae), compression
    )
    return LatentEmbedding.from_scan(
        scan,
        latent,
        vae.model_.to_arrays(),
        architecture=vae.architecture,
        loss=vae.loss_,
        best_epoch=vae.best_epoch_,
        divergence=vae.divergence_,
        active_dimensions=vae.active_dimensions_,
        provenance=record,
    )


def _check_architecture(architecture, scan):
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture={architecture!r}; expected one of {ARCHITECTURES}."
        )
    n_axes = len(scan.signal_shape)
    if architecture == "convolutional" and n_axes != 2:
        raise ValueError(
            "architecture='convolutional' needs patterns with two signal axes; those "
            f"of {scan.signal!r} have {n_axes}. Leave it at 'compressed'."
        )
    return architecture


def _outcome(vae):
    return {
        "n_epochs": len(vae.loss_),
        "best_epoch": vae.best_epoch_,
        "held_out_loss": vae.loss_[vae.best_epoch_, 1],
        "n_active_dimensions": len(vae.active_dimensions_),
    }
