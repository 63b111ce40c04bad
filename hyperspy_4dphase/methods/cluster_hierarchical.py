"""Domains of like patterns, found by splitting the scan while there is a gap."""

import numpy as np

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._provenance import provenance
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase._series import apply_apart, is_series
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.estimators.domains import (
    Descriptions,
    DivisiveDomains,
    resize_domains,
    smooth_labels,
)
from hyperspy_4dphase.methods._reading import open_scan, read_scan
from hyperspy_4dphase.methods._sources import (
    check_enough,
    leave_out,
    name_source,
    read_features,
)
from hyperspy_4dphase.signals._domain_phases import check_rotatable
from hyperspy_4dphase.signals._domain_report import describe_domains
from hyperspy_4dphase.signals.domain_map import DomainMap

# What the estimator is told, and the provenance keeps, in this order.
_OPTIONS = "n_domains", "max_depth", "min_size", "device", "n_parts"
_FLAGS = "rotation_invariant", "neighbours_sum", "neighbours_vote"


@with_shared_parameters
def cluster_hierarchical(
    self,
    source=None,
    n_domains=None,
    *,
    max_depth=None,
    min_size=None,
    n_parts=None,
    navigation_mask=None,
    signal_mask=None,
    normalize_poissonian_noise=None,
    keep_faulty=False,
    rotation_invariant=False,
    neighbours_sum=True,
    neighbours_vote=False,
    random_state=None,
    device=None,
    compression=None,
    show_progressbar=None,
    print_info=True,
    return_info=False,
):
    """Find the domains of a scan, and the tree of splits that leads to them.

    Everything is one domain, which is split, and its parts again, at every level with
    features of its own ([1]_), until nothing distinct is left: a split must rise above
    counting noise, show up in independent halves of the data, and leave a gap that
    neighbours confirm, or be a step between neighbouring positions; it must not cut a
    gradient. The brightness of a pattern does not enter, but its shape does: where
    thickness changes that, as by multiple scattering or in the ratio of direct beam and
    halo, a step in thickness is a border. See
    :class:`hyperspy_4dphase.estimators.DivisiveDomains`.

    Parameters
    ----------
    source : None, LatentEmbedding, "rnmf", BaseSignal or array-like, optional
        What is clustered. By default the compressed scan (see
        :func:`hyperspy_4dphase.compress`), whose noise is known; all else is taken as
        features whose noise is not. ``"rnmf"`` takes the loadings of the last
        decomposition, as shares of a pattern's counts; those of any algorithm will do.
        A signal must have the navigation axes of the scan, as navigation or, for a map,
        as signal axes; an array their shape in array order, and one axis of features
        at most. Positions of NaN become -1.
    n_domains : int, optional
        Number of domains. By default as many as can be told apart.
    max_depth : int, optional
        Most levels of the tree. By default there is no limit.
    min_size : int, optional
        Fewest probe positions of a domain. Default is 10, which was chosen by trial.
    n_parts : int, sequence of int, or nested, optional
        The published method ([1]_) instead, for comparison: k-means at each node with k
        given and no test, on the counts of the pixels that vary most. One k for a
        single split, ``(2, 3)`` for one a level, ``(2, (None, 3))`` to split the
        smaller part only. It reads the scan twice a split. Not together with `source`,
        `compression`, `n_domains`, `max_depth` or `min_size`.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
    %(keep_faulty)s
    rotation_invariant : bool, default False
        Whether to merge in-plane rotations of one structure afterwards, as
        :meth:`hyperspy_4dphase.DomainMap.phases` does. It reads the scan once more.
    neighbours_sum : bool, default True
        Whether it counts where positions are: a gap between patterns must be confirmed
        by means of neighbours; where single patterns show none, it is looked for in
        sums of neighbours (2 x 2 and 3 x 3 positions), in which counting noise hides
        less; and domains are parted where the pattern makes a step between neighbouring
        positions. Labels of what sums show are those of the surroundings of a position,
        so such domains cannot have a few positions only. Without it patterns alone
        decide, and the map has no `steps`. Only of the compressed scan: no other
        source, nor the published method, uses positions.
    neighbours_vote : bool, default False
        Whether each position takes the label that more than half of its neighbourhood
        has: itself and the 8 around it (26 in 3-D, 2 on a line). It smooths noisy maps,
        but **can erase domains of a few positions**, precipitates among them, and
        lines one position wide.
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: of this, only a few
        patterns are read then, to see that it is the same.
        Only with ``source=None``. Its masks are taken; if given here too, they must be
        the same.
    %(show_progressbar)s
    %(print_info)s
        Then the number of domains, how many of them are continua, which splits were
        refused, and how many positions have no domain, and why.
    return_info : bool, default False
        Whether to return the fitted estimator, too.

    Returns
    -------
    domains : DomainMap
        ``(|x, y)``: 0 is the largest domain; -1 is masked, or has too few counts to
        tell.
    estimator : DivisiveDomains
        With ``return_info=True``: as fitted, before `rotation_invariant` and
        `neighbours_vote`.

    Raises
    ------
    TypeError
        If an argument or the data are of the wrong type (complex data, say).
    ValueError
        If an argument is out of range, if a mask has the wrong shape or leaves fewer
        than two positions or than `n_domains`, if there is no navigation axis, or if
        `source` or `compression` is of another scan: before anything is read. While
        reading: if the data hold NaN or infinite values.
    RuntimeError
        If a block cannot be read; it names the block.

    Warns
    -----
    UserWarning
        If there are fewer domains than asked for; if neighbouring patterns share their
        noise, or if it follows no known law.

    See Also
    --------
    hyperspy_4dphase.DomainMap : Patterns, cuts, merges, splits, plots, saves.
    hyperspy_4dphase.estimators.DivisiveDomains : The same on plain arrays.

    References
    ----------
    .. [1] C. Shi et al., npj Comput. Mater. 8 (2022), 114,
       doi:10.1038/s41524-022-00793-9.

    Examples
    --------
    >>> import numpy as np
    >>> import pyxem as pxm
    >>> import hyperspy_4dphase
    >>> rng = np.random.default_rng(0)
    >>> truth = np.repeat([0, 1, 2], 112).reshape(14, 24)
    >>> counts = rng.poisson(rng.gamma(0.3, 9, (3, 9, 8))[truth])
    >>> s = pxm.signals.Diffraction2D(counts)
    >>> quiet = {"show_progressbar": False, "print_info": False}
    >>> domains = s.cluster_hierarchical(random_state=0, **quiet)
    >>> domains
    <DomainMap, title: Domains, dimensions: (|24, 14)>
    >>> domains.sizes
    array([112, 112, 112])
    >>> domains.mean_patterns(show_progressbar=False)
    <Diffraction2D, title: Mean patterns: Domains, dimensions: (3|8, 9)>
    """
    arguments = locals()
    scan = open_scan(arguments)
    if source is not None and compression is not None:
        raise ValueError(
            "compression was given with a source, which is clustered instead of it; "
            "leave one of them out."
        )
    options = {name: arguments[name] for name in _OPTIONS}
    options["device"] = resolve_device(device)
    flags = {name: arguments[name] for name in _FLAGS}
    check_flags(**flags)
    estimator = DivisiveDomains(**options)
    estimator.check_parameters(source=source, compression=compression)
    if rotation_invariant:
        check_rotatable(scan.signal_axes, scan.signal_type)
    scan, features = _read_source(scan, source, signal_mask)
    check_enough(scan, n_domains)
    if source is None and n_parts is None:
        reading = {"device": options["device"]}
        scan, compression = read_scan(scan, compression, print_info, **reading)
    given = features, compression, neighbours_sum
    labels, tree, descriptions = _fit(estimator, scan, *given)
    if neighbours_vote:
        labels, tree, descriptions = _smooth(scan, labels, tree, descriptions)
    record = provenance(
        "cluster_hierarchical",
        {**options, **flags, "source": name_source(source)},
        scan.seed,
        {"n_domains": tree.n_domains, "n_levels": tree.n_levels},
        compression,
    )
    domains = DomainMap.from_scan(scan, labels, tree, record, compression, descriptions)
    asked = "found" if n_domains is None and n_parts is None else "as asked"
    if rotation_invariant:
        domains = domains.phases(self, show_progressbar=show_progressbar)
        asked += ", rotated copies merged"
    if print_info:
        lines = describe_domains(domains, scan, compression, asked)
        print("Domain info:", *lines, sep="\n")
    return (domains, estimator) if return_info else domains


def _read_source(scan, source, signal_mask):
    """The scan without what a source lacks, and the features of its patterns."""
    if source is None:
        return scan, None
    found = read_features(scan, source)
    scan = leave_out(scan, found.missing, found.excluded_pixels, signal_mask)
    return scan, found.values[scan.kept_patterns]


def _fit(estimator, scan, features, compression, neighbours_sum):
    """Fit to features, to the compressed scan, or to its counts.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n_patterns,)
    tree : DomainTree
    descriptions : Descriptions
    """
    noise = positions = None
    with scan.progress() as progress:
        if estimator.n_parts is not None:
            features = scan.blocks(progress)
        elif compression is not None:
            features, noise = compression.patterns, compression.patterns.noise
            positions = scan.positions if neighbours_sum else None
        estimator.set_params(
            noise=noise,
            random_state=scan.seed,
            callback=lambda done, total: progress("Splitting", done, total),
        )
        estimator.fit(features, positions=positions)
    estimator.set_params(callback=None)
    descriptions = Descriptions(estimator.steps_, estimator.along_, estimator.refused_)
    return estimator.labels_, estimator.tree_, descriptions


def _smooth(scan, before, tree, descriptions):
    """Give each position what most of its neighbourhood has.

    Returns
    -------
    labels : numpy.ndarray of int, shape (n_patterns,)
    tree : DomainTree
    descriptions : Descriptions
        Forgotten where a label changed.
    """
    labels = scan.map_of(before, -1)
    if is_series(scan.navigation_axes):
        labels = apply_apart(smooth_labels, labels)
    else:
        labels = smooth_labels(labels)
    labels = labels.ravel()[scan.kept_patterns]
    sizes = np.bincount(labels[labels >= 0], minlength=tree.n_domains)
    if not sizes.any():
        return labels, tree, descriptions
    descriptions = descriptions.forget(labels != before)
    tree, new = resize_domains(tree, sizes)
    return np.where(labels < 0, -1, new[labels]), tree, descriptions
