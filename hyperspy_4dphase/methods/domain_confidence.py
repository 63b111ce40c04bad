"""How sure a map of domains is, position by position."""

import numpy as np

from hyperspy_4dphase._arguments import (
    check_flag,
    check_integer,
    check_random_state,
    check_scan,
)
from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._progress import Progress
from hyperspy_4dphase._results import array_shapes, provenance
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.confidence import MapEnsemble, run_rounds
from hyperspy_4dphase.estimators.domains import flat_tree
from hyperspy_4dphase.estimators.vae import DISTORTIONS as METHODS
from hyperspy_4dphase.methods._compression import check_not_kept
from hyperspy_4dphase.methods._confidence_source import confidence_source, mask_source
from hyperspy_4dphase.methods._data_report import report_data
from hyperspy_4dphase.methods._domain_report import report_domains
from hyperspy_4dphase.methods._given_domains import given_domains
from hyperspy_4dphase.methods._sources import named, noise_model_of, scan_positions
from hyperspy_4dphase.methods._training import least_rank, trained_embedding
from hyperspy_4dphase.methods.compress import compress
from hyperspy_4dphase.signals._same_values import keep_expected
from hyperspy_4dphase.signals.domain_confidence import DomainConfidence, check_threshold


@with_shared_parameters
def domain_confidence(
    self,
    domains=None,
    source=None,
    *,
    n_maps=25,
    n_rounds=1,
    threshold=0.5,
    doubts=None,
    distortion="jacobian",
    navigation_mask=None,
    signal_mask=None,
    normalize_poissonian_noise=None,
    keep_faulty=False,
    random_state=None,
    device=None,
    compression=None,
    show_progressbar=None,
    print_info=True,
    return_info=False,
):
    """Say for every probe position how probable it is that its domain is right.

    The scan is mapped many times over: with distorted latent spaces ([1]_), resampled
    patterns, clusterings of different kinds, and with the counts that another exposure
    could have given. What the maps agree on are the domains; how far they agree, at a
    position, is its confidence, a probability. With ``n_rounds`` above 1 an autoencoder
    is trained again on what is not consistent, and mapped again. See
    :class:`hyperspy_4dphase.estimators.MapEnsemble`.

    Parameters
    ----------
    domains : None, DomainMap, DomainConfidence, BaseSignal or array-like of int, \
optional
        The map whose confidence is asked for: of ``s.cluster_hierarchical()``, of an
        earlier confidence (its domains), of HyperSpy's ``s.get_cluster_labels()``
        (labels, or with ``merged=False`` a mask of each cluster), or labels of the
        navigation shape in array order; -1 is unassigned. Labels that are not 0, 1, 2
        ... are numbered anew, in their order. By default the confidence is that of what
        the maps agree on.
    source : None, "vae", dict, LatentEmbedding, "rnmf", BaseSignal or array-like, \
optional
        What is mapped. As in :func:`cluster_hierarchical`: by default the compressed
        scan. In addition ``"vae"``, which trains as ``s.vae_embed()`` does, or a dict
        of its options, such as ``{"latent_dim": 3}``; masks, seed, device and progress
        are those given here.
    n_maps : int, default 25
        Number of maps, at least 2.
    n_rounds : int, default 1
        Most rounds of training and mapping. More than one need an embedding that can be
        trained: ``"vae"``, a dict, or a `LatentEmbedding`. From the second round on,
        positions are drawn for training by
        :attr:`~hyperspy_4dphase.DomainConfidence.sample_weight`, for a third of the
        epochs of the first training (2 at least), from the last weights on. It ends
        when neither the share of consistent positions, those with a confidence of 0.9
        or more, nor the information of the posterior (in bits) rises by more than
        0.001; the round with the most information is kept, so that losing domains does
        not pay.
    threshold : float, default 0.5
        Positions of a lower confidence are unassigned, -1, in the domains.
    doubts : sequence of str, optional
        Sources of doubt: of ``"distortion"`` (of the latent space; for an embedding
        with its model only), ``"resampling"``, ``"kinds"`` (of clustering) and
        ``"noise"`` (of the counts). By default all that there can be.
    distortion : {"jacobian", "ssim"}, default "jacobian"
        How latent space is distorted: by the derivatives of the decoder, or by the
        structural similarity of decoded images, as published ([1]_), which is slower
        and for one or two latent dimensions.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
    %(keep_faulty)s
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: nothing is read then,
        but for trainings on the patterns themselves. Its masks are taken; if given here
        too, they must be the same.
    %(show_progressbar)s
    %(print_info)s
        Then the number of domains, how many positions have none, and why, and the mean
        confidence.
    return_info : bool, default False
        Whether to return the fitted estimator, too.

    Returns
    -------
    confidence : DomainConfidence
        ``(|x, y)``: probabilities, NaN where masked, with domains, posterior, doubts,
        rounds and the embedding.
    estimator : MapEnsemble
        With ``return_info=True``: as fitted in the best round.

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask has the wrong shape or leaves fewer
        than two positions, if there is no navigation axis, if `domains`, `source` or
        `compression` is of another scan, if `domains` has no position with a label, or
        if there is nothing to train but several rounds: before anything is read. While
        reading: if the data hold NaN or infinite values.
    RuntimeError
        If a block cannot be read, or if the loss is not finite in the first epoch.
    ModuleNotFoundError
        If something is to be trained, or distorted, and PyTorch is not installed.

    See Also
    --------
    hyperspy_4dphase.DomainConfidence : Domains, posterior, mean patterns, plots, saves.
    hyperspy_4dphase.estimators.MapEnsemble : The same on plain arrays.

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
    >>> truth = np.repeat([0, 1, 2], 112).reshape(14, 24)
    >>> counts = rng.poisson(rng.gamma(0.3, 9, (3, 9, 8))[truth])
    >>> s = pxm.signals.Diffraction2D(counts)
    >>> quiet = {"random_state": 0, "show_progressbar": False, "print_info": False}
    >>> confidence = s.domain_confidence(n_maps=5, **quiet)
    >>> confidence
    <DomainConfidence, title: Confidence, dimensions: (|24, 14)>
    >>> confidence.domains
    <DomainMap, title: Domains, dimensions: (|24, 14)>
    >>> confidence.posterior
    <Signal1D, title: Posterior, dimensions: (24, 14|3)>
    """
    check_scan(self)
    n_rounds = check_integer("n_rounds", n_rounds, 1)
    options = {
        "n_maps": _check_n_maps(n_maps),
        "threshold": check_threshold(threshold),
    }
    computes_on = resolve_device(device)
    poissonian = check_flag(
        "normalize_poissonian_noise", normalize_poissonian_noise, optional=True
    )
    check_flag("keep_faulty", keep_faulty)
    check_not_kept(keep_faulty, compression)
    check_flag("print_info", print_info)
    check_flag("return_info", return_info)
    check_flag("show_progressbar", show_progressbar, optional=True)
    seed = check_random_state(random_state)
    given = None if domains is None else given_domains(self, domains)
    origin = confidence_source(self, source, seed, computes_on, n_rounds)
    options["doubts"] = _checked_doubts(doubts, origin.has_model)
    options["distortion"] = _checked_distortion(distortion, origin, self)
    mask_source(
        origin, self, compression, navigation_mask, signal_mask, given, poissonian
    )
    if given is not None:
        given.kept(origin.excluded_patterns)
    if compression is None:
        compression = _compressed(
            self,
            origin,
            normalize_poissonian_noise=poissonian,
            keep_faulty=keep_faulty,
            # Not the seed drawn for None: that one is not remembered.
            random_state=random_state,
            device=device,
            show_progressbar=show_progressbar,
            print_info=False,
        )
    report_data(compression, print_info)
    origin.leave_out(compression.excluded_patterns, compression.excluded_pixels)
    reference, tree = None, None
    if given is not None:
        reference, tree = given.kept(origin.excluded_patterns)
    with Progress(show_progressbar) as progress:
        ensemble = MapEnsemble(
            image_shape=array_shapes(self)[1],
            excluded_pixels=origin.excluded_pixels,
            random_state=seed,
            callback=lambda what, done, total: progress(what, done, total),
            **options,
        )
        if origin.vae is not None:
            origin.vae.set_params(callback=progress.losses)
        patterns = origin.training_patterns(self, compression, progress)
        best, reports = run_rounds(
            ensemble,
            compression.patterns,
            n_rounds=n_rounds,
            features=origin.features,
            model=origin.model,
            vae=origin.vae,
            patterns=patterns,
            sample_weight=origin.sample_weight,
            reference=reference,
            positions=scan_positions(self, origin.excluded_patterns),
        )
    estimator = best.ensemble.set_params(callback=None)
    if tree is None:
        tree = flat_tree(np.ones(estimator.n_domains_, dtype=int))
    told = {
        "n_rounds": n_rounds,
        "device": computes_on,
        "source": "vae" if isinstance(source, dict) else named(source),
        "domains": named(domains, "consensus"),
    }
    record = provenance(
        "domain_confidence", options | told, seed, _outcome(estimator, reports)
    )
    confidence = DomainConfidence.of(
        self,
        estimator,
        tree,
        origin.excluded_patterns,
        origin.excluded_pixels,
        noise=noise_model_of(self, compression),
        threshold=options["threshold"],
        sample_weight=best.sample_weight,
        rounds=reports,
        embedding=_embedding(self, best, origin, patterns, compression),
        provenance=record | {"compression": compression.provenance},
    )
    found = confidence.domains
    few = int((estimator.consensus_ < 0).sum())
    unsure = int((found.labels < 0).sum()) - few
    if origin.excluded_patterns is not None:
        unsure -= int(origin.excluded_patterns.sum())
    report_domains(
        found,
        print_info,
        asked=f"agreed on by {n_maps} maps" if given is None else "as given",
        method="Confidence info:",
        unassigned={
            f"less sure than threshold={options['threshold']:.3g}": unsure,
            "with too few counts to tell": few,
        },
        faulty=compression.faulty_patterns,
    )
    if print_info:
        print(f"  mean_confidence={np.nanmean(confidence.data):.3g}")
    labels = found.labels.ravel()
    if origin.excluded_patterns is not None:
        labels = labels[~origin.excluded_patterns]
    keep_expected(confidence, compression.patterns, labels, confidence.n_domains)
    return (confidence, estimator) if return_info else confidence


def _check_n_maps(n_maps):
    if check_integer("n_maps", n_maps, 1) < 2:
        raise ValueError(
            "n_maps must be at least 2, not 1: of one map alone there is nothing to "
            "compare it with."
        )
    return int(n_maps)


def _checked_doubts(doubts, has_model):
    known = MapEnsemble().doubts
    if doubts is None:
        return tuple(name for name in known if has_model or name != "distortion")
    names = (doubts,) if isinstance(doubts, str) else doubts
    if not isinstance(names, list | tuple | set | frozenset) or not all(
        isinstance(name, str) for name in names
    ):
        raise TypeError(
            f"doubts must be a sequence of names, of {known}, not {doubts!r}."
        )
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        raise ValueError(f"doubts={doubts!r}; expected one or more of {known}.")
    if "distortion" in names and not has_model:
        raise ValueError(
            "doubts has 'distortion', which needs a decoder: take source='vae', a dict "
            "of vae_embed()'s options, or a LatentEmbedding with its model."
        )
    # In one order, whatever that of a set is.
    return tuple(name for name in known if name in names)


def _checked_distortion(distortion, origin, signal):
    if distortion not in METHODS:
        raise ValueError(f"distortion={distortion!r}; expected one of {METHODS}.")
    n_axes, n_dims = len(array_shapes(signal)[1]), origin.latent_dim
    if distortion == "ssim" and (n_axes != 2 or n_dims is None or n_dims > 2):
        found = "no embedding" if n_dims is None else f"{n_dims} latent dimensions"
        raise ValueError(
            "distortion='ssim' needs patterns with two signal axes and an embedding "
            f"of one or two dimensions; there are {n_axes} signal axes and {found}."
        )
    return distortion


def _compressed(signal, origin, **options):
    shapes = array_shapes(signal)
    masks = (
        None if excluded is None else excluded.reshape(shape)
        for excluded, shape in zip(
            (origin.excluded_patterns, origin.excluded_pixels), shapes, strict=True
        )
    )
    return compress(
        signal,
        *masks,
        rank=None if origin.vae is None else least_rank(origin.vae),
        **options,
    )


def _embedding(signal, best, origin, patterns, compression):
    """The one that the best round has mapped, or None."""
    if best.vae is None:
        return origin.embedding
    return trained_embedding(
        signal,
        best.vae,
        best.latent,
        origin.excluded_patterns,
        origin.excluded_pixels,
        best.weighted,
        compression if patterns is compression.patterns else None,
    )


def _outcome(estimator, reports):
    best = reports["best"]
    shares = ("mean_confidence", "unassigned", "consistent", "information")
    return {
        "n_domains": estimator.n_domains_,
        "n_effective": estimator.n_effective_,
        "n_rounds": len(reports["consistent"]),
        "best_round": best,
        **{name: reports[name][best] for name in shares},
    }
