"""Embedding of a scan's patterns by a variational autoencoder."""

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase.estimators.vae import require_torch
from hyperspy_4dphase.methods._autoencoder import (
    OPTIONS,
    check_weights,
    make_embedding,
    make_vae,
    read_patterns,
)
from hyperspy_4dphase.methods._reading import least_rank, open_scan, read_scan


@with_shared_parameters
def vae_embed(
    self,
    latent_dim=2,
    architecture="compressed",
    navigation_mask=None,
    signal_mask=None,
    *,
    normalize_poissonian_noise=None,
    keep_faulty=False,
    epochs=None,
    beta=1.0,
    batch_size=None,
    learning_rate=2e-3,
    sample_weight=None,
    random_state=None,
    device=None,
    compression=None,
    show_progressbar=None,
    print_info=True,
    return_info=False,
):
    """Embed every pattern in a latent space by a variational autoencoder (VAE).

    Each probe position becomes a point in a continuous space of few dimensions, in
    which like patterns lie together ([1]_): density-based clustering finds domains
    there, and any point decodes to a pattern. Thickness and beam current do not enter:
    only the shape of a pattern is embedded. See
    :class:`hyperspy_4dphase.estimators.PatternVAE` for what is trained, and how.

    Parameters
    ----------
    latent_dim : int, default 2
        Number of latent dimensions. Plots take the two most active.
    architecture : {"compressed", "convolutional"}, default "compressed"
        ``"compressed"`` trains in seconds on the compressed scan (see
        :func:`hyperspy_4dphase.compress`). ``"convolutional"`` trains in minutes on the
        patterns themselves, binned to 64 pixels a side at most, for signals that no low
        rank carries: patterns that turn, shift or bend continuously.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
        For ``architecture="compressed"`` only.
    %(keep_faulty)s
        For ``architecture="compressed"`` only.
    epochs : int, optional
        Most epochs: each sees every pattern once. By default 5 to 300, as many as make
        some thousand steps; training stops when the held-out loss falls no more.
    beta : float, default 1.0
        Weight of the divergence from the prior. As the noise is known, 1 needs no
        tuning; more merges, less separates.
    batch_size : int, optional
        Patterns of a step. By default 128 or 256, or half of the patterns if they are
        few.
    learning_rate : float, default 2e-3
        The largest: it rises to this and falls again.
    sample_weight : BaseSignal or array-like of the navigation shape, optional
        How often a pattern is drawn for training, up to a factor, in array order, as
        for a mask. Patterns of weight 0 are not trained on, but embedded.
        ``sklearn.utils.class_weight.compute_sample_weight("balanced", labels.ravel())``
        draws the same number from each class.
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: of this, only a few
        patterns are read then, to see that it is the same.
        For ``architecture="compressed"`` only. Its masks are taken; if given here too,
        they must be the same.
    %(show_progressbar)s
    %(print_info)s
    return_info : bool, default False
        Whether to return the fitted estimator, too.

    Returns
    -------
    embedding : LatentEmbedding
        The latent means (x, y | latent dimension), NaN where masked, with the model.
    estimator : PatternVAE
        With ``return_info=True``.

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask or `sample_weight` has the wrong shape
        or excludes everything, if there is no navigation axis, fewer patterns than a
        batch, or fewer directions than `latent_dim`, or if `compression` is of another
        scan. While reading: if the data hold NaN or infinite values, or with
        ``architecture="convolutional"`` negative ones.
    RuntimeError
        If a block cannot be read, or if the loss is not finite in the first epoch.
    ModuleNotFoundError
        If PyTorch is not installed.

    Warns
    -----
    sklearn.exceptions.ConvergenceWarning
        If training is interrupted (Ctrl-C), or its loss becomes infinite, after the
        first epoch: the best epoch before is returned.

    See Also
    --------
    hyperspy_4dphase.LatentEmbedding : Decodes, encodes other scans, plots, saves.
    hyperspy_4dphase.estimators.PatternVAE : The same on plain arrays.

    References
    ----------
    .. [1] A. Bridger et al., npj Comput. Mater. 9 (2023),
       doi:10.1038/s41524-022-00960-y.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase
    >>> rng = np.random.default_rng(0)
    >>> patterns = rng.gamma(0.3, 9, (3, 9, 8))
    >>> counts = rng.poisson(patterns[rng.integers(3, size=(12, 14))])
    >>> s = pxm.signals.Diffraction2D(counts)
    >>> quiet = {"show_progressbar": False, "print_info": False}
    >>> embedding = s.vae_embed(epochs=20, random_state=0, **quiet)
    >>> embedding
    <LatentEmbedding, title: Latent embedding, dimensions: (14, 12|2)>
    >>> embedding.decode([0.0, 0.0])
    <Diffraction2D, title: Decoded patterns, dimensions: (|8, 9)>
    """
    arguments = locals()
    scan = open_scan(arguments)
    options = {name: arguments[name] for name in OPTIONS}
    vae = make_vae(scan, device=device, **options)
    on_compressed = architecture == "compressed"
    if compression is not None and not on_compressed:
        raise ValueError(
            f"compression was given with architecture={architecture!r}, which trains "
            "on the patterns themselves; leave one of them out."
        )
    weights = check_weights(scan, sample_weight)
    vae.check_enough(*scan.shape, weights)
    require_torch()
    if on_compressed:
        rank, device = least_rank(vae.latent_dim), vae.device
        scan, compression = read_scan(
            scan, compression, print_info, rank=rank, device=device
        )
        weights = check_weights(scan, sample_weight)
    with scan.progress() as progress:
        X = read_patterns(scan, compression, vae, progress)
        latent = vae.fit_transform(X, sample_weight=weights)
    embedding = make_embedding(scan, vae, latent, weights is not None, compression)
    return (embedding, vae) if return_info else embedding
