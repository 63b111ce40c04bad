"""How sure a map of domains is, position by position."""

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_integer, check_number
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.confidence import MapEnsemble, run_rounds
from hyperspy_4dphase.estimators.domains import flat_tree
from hyperspy_4dphase.estimators.vae import require_torch
from hyperspy_4dphase.methods._autoencoder import make_embedding
from hyperspy_4dphase.methods._confidence_source import open_source
from hyperspy_4dphase.methods._exposures import (
    check_counts,
    check_exposures,
    describe_exposures,
    measure_exposures,
)
from hyperspy_4dphase.methods._given_domains import read_domains
from hyperspy_4dphase.methods._reading import open_scan, read_scan
from hyperspy_4dphase.methods._sources import check_enough, name_source
from hyperspy_4dphase.signals._confidence_report import describe_confidence
from hyperspy_4dphase.signals._domain_report import describe_domains
from hyperspy_4dphase.signals.domain_confidence import DomainConfidence


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
    exposures=None,
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

    The scan is mapped many times over: as trees of what other exposures could have
    given, by clusterings of different kinds, and in distorted latent spaces ([1]_). The
    domains are those that :func:`cluster_hierarchical` finds with the same seed, or of
    an embedding those of the map that the others agree with best. The confidence is the
    probability that a label is right: what the maps say on average of a position, given
    counting noise and mixing, times the probability that its domain is one that the
    scan tells apart, neither a piece of another one nor several.

    With ``n_rounds`` above 1 an autoencoder is trained again on what is not consistent,
    and mapped again. See :class:`hyperspy_4dphase.estimators.MapEnsemble`.

    Parameters
    ----------
    domains : None, DomainMap, DomainConfidence, BaseSignal or array-like of int, \
optional
        The map whose confidence is asked for: of ``s.cluster_hierarchical()``, of an
        earlier confidence (its domains), of HyperSpy's ``s.get_cluster_labels()``
        (labels, or with ``merged=False`` a mask of each cluster), or labels of the
        navigation shape in array order; -1 is unassigned. Labels that are not 0, 1, 2
        ... are numbered anew, in their order. By default the confidence is that of the
        map that the scan's own tree shows, or of an embedding the map that the others
        agree with best.
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
        Positions of a lower confidence are unassigned, -1, in the domains. Where
        nothing was resolved, the one domain stays.
    doubts : sequence of str, optional
        Sources of doubt: of ``"distortion"`` (of the latent space; for an embedding
        with its model only), ``"resampling"`` (trees of other exposures, and random
        parts of the patterns), ``"kinds"`` (of clustering), ``"noise"`` (of the counts,
        and boundaries) and ``"structure"`` (whether domains are those that the scan
        tells apart: ``"domain"``, ``"unresolved"`` and ``"misfit"`` in the result). The
        name of what comes of a source in the result stands for all that comes of it. By
        default all that there can be.
    distortion : {"jacobian", "ssim"}, default "jacobian"
        How latent space is distorted: by the derivatives of the decoder, or by the
        structural similarity of decoded images, as published ([1]_), which is slower
        and for one or two latent dimensions.
    exposures : None, 2 or sequence of two signals, optional
        Measure how far maps of two independent exposures agree, which needs no truth:
        see :attr:`~hyperspy_4dphase.DomainConfidence.exposures`. With 2, counts (of
        integer type, without gain or offset, as
        :func:`hyperspy_4dphase.count_electrons` gives them) are split at random in two
        halves; of other data give two signals of the shape of this one, such as the
        sums of even and of odd frames. Each exposure is compressed, and read twice
        more. The confidence does not depend on it.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
    %(keep_faulty)s
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: of this, only a few
        patterns are read then, to see that it is the same,
        and all for trainings on the patterns themselves. Its masks are taken; if given
        here too, they must be the same.
    %(show_progressbar)s
    %(print_info)s
        Then the number of domains, how many positions have none, and why, the mean
        confidence of those that have one, and what is in doubt, and where.
    return_info : bool, default False
        Whether to return the fitted estimator, too.

    Returns
    -------
    confidence : DomainConfidence
        ``(|x, y)``: probabilities, NaN where masked, with domains, posterior, doubts,
        rounds and the embedding. NaN all over if nothing was resolved: if there is one
        domain, in all trees of the patterns.
    estimator : MapEnsemble
        With ``return_info=True``: as fitted in the best round.

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask has the wrong shape or leaves fewer
        than two positions, if there is no navigation axis, if `domains`, `source` or
        `compression` is of another scan, if `domains` has no position with a label, if
        there is nothing to train but several rounds, or if `exposures` is neither 2 nor
        two signals of the shape of this one: before anything is read. While reading: if
        the data hold NaN or infinite values, or are to be split and are no counts.
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
    scan = open_scan(locals())
    n_rounds = check_integer("n_rounds", n_rounds, 1)
    device = resolve_device(device)
    exposures = check_exposures(scan, exposures)
    given = read_domains(scan, domains)
    origin = open_source(scan, source, device, n_rounds)
    options = _check_options(scan, origin, n_maps, threshold, doubts, distortion)
    options["n_rounds"] = n_rounds
    scan = _leave_out(scan, origin, given, signal_mask, compression)
    if origin.vae is not None:
        require_torch()
    needed = {"rank": origin.least_rank, "device": device}
    scan, compression = read_scan(scan, compression, print_info, **needed)
    check_counts(exposures, compression)
    reference, tree = given.keep(scan)
    best, reports = _map_scan(scan, compression, origin, reference, **options)
    estimator = best.ensemble
    tree = _make_tree(estimator) if tree is None else tree
    found = measure_exposures(scan, exposures, estimator.consensus_)
    told = options | {"device": device, "source": name_source(source)}
    told["domains"] = name_source(domains, "consensus")
    outcome = _sum_up(estimator, reports)
    record = provenance("domain_confidence", told, scan.seed, outcome, compression)
    made = scan, estimator, tree, record, compression
    confidence = DomainConfidence.from_scan(
        *made,
        threshold=options["threshold"],
        sample_weight=best.sample_weight,
        rounds=reports,
        exposures=found,
        embedding=_find_embedding(scan, best, origin, compression),
    )
    if print_info:
        _report(confidence, scan, compression, n_maps, reference)
    return (confidence, estimator) if return_info else confidence


def _check_options(scan, origin, n_maps, threshold, doubts, distortion):
    """What the ensemble of maps is told, checked."""
    return {
        "n_maps": check_integer("n_maps", n_maps, 2),
        "threshold": check_number("threshold", threshold, 0, 1),
        "doubts": origin.check_doubts(doubts),
        "distortion": origin.check_distortion(distortion, scan),
    }


def _leave_out(scan, origin, given, signal_mask, compression):
    """The scan without what source and domains lack; a compression has its own masks.

    Raises
    ------
    ValueError
        If too little is left, or it is not what source and domains are of.
    """
    if compression is None:
        scan = origin.mask(scan, given, signal_mask)
    check_enough(scan)
    origin.check(scan)
    given.keep(scan)
    return scan


def _make_tree(estimator):
    """Of a map that no tree was given with: all domains are leaves."""
    n, reason = estimator.n_domains_, estimator.reason_
    return flat_tree(np.ones(n, dtype=int), "consensus" if n > 1 else reason)


def _map_scan(scan, compression, origin, reference, *, n_rounds, **options):
    """Map a compressed scan many times, in one round or more."""
    with scan.progress() as progress:
        ensemble = MapEnsemble(
            image_shape=scan.signal_shape,
            excluded_pixels=scan.excluded_pixels,
            random_state=scan.seed,
            callback=progress,
            **options,
        )
        best, reports = run_rounds(
            ensemble,
            compression.patterns,
            n_rounds=n_rounds,
            reference=reference,
            positions=scan.positions,
            **origin.prepare(scan, compression, progress),
        )
    best.ensemble.set_params(callback=None)
    return best, reports


def _find_embedding(scan, best, origin, compression):
    """The embedding that the best round has mapped, or None."""
    if best.vae is None:
        return origin.embedding
    own = compression if origin.fits(compression) else None
    return make_embedding(scan, best.vae, best.latent, best.weighted, own)


def _sum_up(estimator, reports):
    """Sum up what came of it, for the provenance."""
    best = reports["best"]
    names = "mean_confidence", "unassigned", "consistent", "information"
    return {
        "n_domains": estimator.n_domains_,
        "n_effective": estimator.n_effective_,
        "lost_domains": estimator.lost_,
        "n_rounds": len(reports["consistent"]),
        "best_round": best,
        **{name: reports[name][best] for name in names},
    }


def _report(confidence, scan, compression, n_maps, reference):
    asked, n_left_out = f"agreed on by {n_maps} maps", 0
    if reference is not None:
        asked, n_left_out = "as given", int((reference < 0).sum())
    domains, best = confidence.domains, confidence.at_threshold(0)
    n_unsure = int((domains.labels < 0).sum() - (best.labels < 0).sum())
    unsure = (f"less sure than threshold={confidence.threshold:.3g}", n_unsure)
    reasons = [unsure, ("without a label in the map that was given", n_left_out)]
    lines = describe_domains(domains, scan, compression, asked, reasons)
    lines += describe_confidence(confidence)
    if confidence.exposures is not None:
        lines += describe_exposures(confidence.exposures)
    print("Confidence info:", *lines, sep="\n")
