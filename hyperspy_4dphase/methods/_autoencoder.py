"""What all methods share that train an autoencoder: checks before, and the record."""

from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._results import check_map
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.vae import PatternVAE, check_sample_weight
from hyperspy_4dphase.signals.latent_embedding import LatentEmbedding

# What a user says of a training, and the provenance keeps, in this order.
OPTIONS = "latent_dim", "architecture", "epochs", "beta", "batch_size", "learning_rate"


def make_vae(scan, *, random_state=None, device=None, **options):
    """Make an autoencoder for the patterns of a scan, not fitted.

    Parameters
    ----------
    scan : Scan
    random_state : int or numpy.random.RandomState, optional
        By default the seed of the scan.
    device : str or torch.device, optional
    **options
        Some of `OPTIONS`, see :func:`vae_embed`.

    Returns
    -------
    PatternVAE

    Raises
    ------
    TypeError, ValueError
        If an option is of the wrong type or out of range: before PyTorch is imported,
        which takes seconds.
    """
    vae = PatternVAE(
        random_state=scan.seed if random_state is None else random_state,
        **options,
    )
    vae.check_parameters()
    n_axes = len(scan.signal_shape)
    if vae.architecture == "convolutional" and n_axes != 2:
        raise ValueError(
            "architecture='convolutional' needs patterns with two signal axes; those "
            f"of {scan.signal!r} have {n_axes}. Leave it at 'compressed'."
        )
    return vae.set_params(device=resolve_device(device))


def check_weights(scan, sample_weight):
    """Return one weight for each pattern that is not masked, or None.

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
    weights = check_map("sample_weight", sample_weight, scan.navigation_shape)
    weights = weights.ravel()[scan.kept_patterns]
    return check_sample_weight(weights, len(weights))


def read_patterns(scan, compression, vae, progress):
    """Give what an autoencoder is trained on: the compressed scan, or the scan.

    Parameters
    ----------
    scan : Scan
    compression : Compression or None
        None for the patterns themselves.
    vae : PatternVAE
        It gets a callback that tells of its losses.
    progress : Progress

    Returns
    -------
    CompressedPatterns or PatternBlocks
    """
    vae.set_params(callback=progress.losses)
    if compression is not None:
        return compression.patterns
    return scan.blocks(progress, allow_negative=False)


def make_embedding(scan, vae, latent, weighted, compression):
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
    told = {name: getattr(vae, name) for name in (*OPTIONS, "device")}
    told["sample_weight"] = weighted
    outcome = {
        "n_epochs": len(vae.loss_),
        "best_epoch": vae.best_epoch_,
        "held_out_loss": vae.loss_[vae.best_epoch_, 1],
        "n_active_dimensions": len(vae.active_dimensions_),
    }
    record = provenance("vae_embed", told, vae.random_state, outcome, compression)
    return LatentEmbedding.from_scan(
        scan,
        latent,
        vae.model_.to_arrays(),
        compression,
        architecture=vae.architecture,
        loss=vae.loss_,
        best_epoch=vae.best_epoch_,
        divergence=vae.divergence_,
        active_dimensions=vae.active_dimensions_,
        provenance=record,
    )
