"""Mean patterns of domains, and what their parts differ by."""

import numpy as np

from hyperspy_4dphase._results import fill_excluded
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase._series import apply_apart, is_series
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.estimators.domains import (
    find_inner_positions,
    leaf_sizes,
    mark_inner,
    weighted_mean,
)
from hyperspy_4dphase.signals._same_values import check_same_values


def read_means(domains, signal=None, show_progressbar=None):
    """Read mean patterns and variances of the domains.

    Parameters
    ----------
    domains : DomainMap
    signal : BaseSignal, optional
        The scan. By default the one that is remembered.
    show_progressbar : bool, optional

    Returns
    -------
    means : numpy.ndarray, shape (n_domains, n_pixels)
        Flat, NaN at masked pixels.
    variances : numpy.ndarray, shape (n_domains, n_pixels), or None
        Of one pattern, where they do not follow from the means, as they do for counts.

    Raises
    ------
    TypeError, ValueError
        If there is nothing to read, if `signal` is another scan, or if the scan that
        is remembered has changed.

    Warns
    -----
    UserWarning
        If the values of `signal` are not those that the map was made of.
    """
    labels, stored = domains.labels.ravel(), domains._stored_map
    means, variances, is_same = _read_whole(domains, labels, signal, show_progressbar)
    if is_same:
        # Those of another scan are not remembered.
        stored.set("mean_patterns", means)
        stored.set("variances", variances)
    return means, variances


def read_inner_means(domains, signal=None, show_progressbar=None):
    """Read mean patterns and variances of the inner positions of the domains.

    Those whose neighbours are of the same domain: others may hold a part of the pattern
    of the domain beside them. Where a domain has fewer than ten, all count. They are
    read once, and kept with the map.

    Parameters
    ----------
    domains : DomainMap
    signal, show_progressbar : optional
        As for :func:`read_means`. Where there is no scan any more, and nothing was
        kept, the means of all positions stand in.

    Returns
    -------
    means : numpy.ndarray, shape (n_domains, n_pixels)
        Flat, NaN at masked pixels.
    variances : numpy.ndarray, shape (n_domains, n_pixels), or None
        Of one pattern.
    sizes : numpy.ndarray of int, shape (n_domains,)
        Positions that the means are of.

    Raises
    ------
    TypeError, ValueError
        As :func:`read_means`.

    Warns
    -----
    UserWarning
        As :func:`read_means`.
    """
    stored = domains._stored_map
    kept = stored.get("inner")
    if signal is None and kept is not None:
        return kept["means"], kept["variances"], kept["sizes"]
    if signal is None and domains.scan is None:
        return *domains._means(None, show_progressbar), leaf_sizes(domains.tree)
    inner = None
    if is_series(stored.navigation_axes):
        inner = apply_apart(mark_inner, domains.labels)
    labels = find_inner_positions(domains.labels, inner).ravel()
    means, variances, is_same = _read_whole(domains, labels, signal, show_progressbar)
    sizes = np.bincount(labels[labels >= 0], minlength=domains.n_domains)
    if is_same:
        stored.set("inner", {"means": means, "variances": variances, "sizes": sizes})
    return means, variances, sizes


def read_ends(domains, ends, signal=None, show_progressbar=None):
    """Read the mean patterns of both ends of domains.

    Parameters
    ----------
    domains : DomainMap
    ends : numpy.ndarray of int
        Of the shape of its labels: 1 at the low end of a domain, 2 at the high end, 0
        elsewhere.
    signal, show_progressbar : optional
        As for :func:`read_means`.

    Returns
    -------
    numpy.ndarray, shape (n_domains, 2, n_pixels)
        Of the low and the high end, flat, NaN at masked pixels. 0 where a domain has no
        such end.

    Raises
    ------
    TypeError, ValueError
        As :func:`read_means`.

    Warns
    -----
    UserWarning
        As :func:`read_means`.
    """
    labels, n, stored = domains.labels.ravel(), domains.n_domains, domains._stored_map
    groups = np.where(labels < 0, -1, 3 * labels + ends.ravel())
    sizes = np.bincount(groups[groups >= 0], minlength=3 * n).reshape(n, 3)
    read = _read_labels(domains, groups, 3 * n, signal, show_progressbar)
    means = np.where(sizes[..., np.newaxis] > 0, read.means.reshape(n, 3, -1), 0)
    rows = np.flatnonzero(labels >= 0)
    check_same_values(read.sums, rows, stored, signal is not None)
    ends = means[:, 1:].reshape(2 * n, -1)
    return fill_excluded(ends.T, stored.excluded_pixels).T.reshape(n, 2, -1)


def _read_whole(domains, labels, signal, show_progressbar):
    """Read mean patterns of the domains of a map.

    Returns
    -------
    means : numpy.ndarray, shape (n_domains, n_pixels)
        NaN where masked.
    variances : numpy.ndarray, shape (n_domains, n_pixels), or None
    is_same : bool
        Whether the scan is that of the map.
    """
    n, stored = domains.n_domains, domains._stored_map
    has_variances = stored.get("gain") is None
    read = _read_labels(domains, labels, n, signal, show_progressbar, has_variances)
    rows = np.flatnonzero(labels >= 0)
    is_same = check_same_values(read.sums, rows, stored, signal is not None)
    means, variances = (
        None if values is None else fill_excluded(values.T, stored.excluded_pixels).T
        for values in (read.means, read.variances)
    )
    return means, variances, is_same


def _read_labels(domains, labels, n, signal, show_progressbar, variances=False):
    """Read the scan of a map for means of groups of its positions.

    Parameters
    ----------
    domains : DomainMap
    labels : numpy.ndarray of int, shape (n_positions,)
        Of the groups; -1 for positions in none of its domains.
    n : int
        Number of groups.
    signal, show_progressbar : optional
        As for :func:`read_means`.
    variances : bool, default False

    Returns
    -------
    LabelMeans
    """
    scan = open_scan(domains, labels, signal, show_progressbar)
    with scan.progress() as progress:
        blocks = scan.blocks(progress, replaced=domains._stored_map.replaced)
        return label_means(blocks, labels[scan.kept_patterns], n, variances=variances)


def open_scan(domains, labels, signal=None, show_progressbar=None):
    """Check that the scan of a map can be read again.

    Parameters
    ----------
    domains : DomainMap
    labels : numpy.ndarray of int, shape (n_positions,)
        -1 for positions to be left out.
    signal, show_progressbar : optional
        As for :func:`read_means`.

    Returns
    -------
    Scan

    Raises
    ------
    ValueError
        If there is none, if `signal` is another one, or the map is a slice.
    """
    stored, is_given = domains._stored_map, signal is not None
    signal = signal if is_given else domains._unchanged_scan()
    if signal is None:
        raise ValueError(
            "The scan has to be read, and is no longer in memory: give it, as in "
            "mean_patterns(signal)."
        )
    masks = labels < 0, stored.excluded_pixels
    scan = Scan.from_signal(signal, show_progressbar=show_progressbar, flat_masks=masks)
    if is_given:
        stored.check_scan(scan)
    check_whole(domains, "Reading mean patterns")
    return scan


def merge_means(values, tree, labels, n_domains):
    """Compute means over domains that become one, weighted by their sizes.

    Parameters
    ----------
    values : numpy.ndarray, shape (..., n_domains of tree, n_pixels), or None
    tree : DomainTree
    labels : numpy.ndarray of int
        New label of each domain.
    n_domains : int
        New number of domains.

    Returns
    -------
    numpy.ndarray, shape (..., n_domains, n_pixels), or None
        None if there are no values.
    """
    if values is None:
        return None
    values, sizes = np.moveaxis(values, -2, 0), leaf_sizes(tree)
    members = [labels == label for label in range(n_domains)]
    return np.stack([weighted_mean(values[m], sizes[m]) for m in members], axis=-2)


def check_whole(domains, what):
    """Refuse a slice of a map, or one whose labels were changed.

    Parameters
    ----------
    domains : DomainMap
    what : str
        What needs the whole map.

    Raises
    ------
    ValueError
    """
    changed = (domains.sizes != leaf_sizes(domains.tree)).any()
    if changed or not domains._is_whole:
        raise ValueError(
            f"{what} needs the whole map, of navigation shape "
            f"{domains._stored_map.navigation_shape} in array order; this one is a "
            f"slice of it, of shape {domains.labels.shape}, or its labels were changed "
            "otherwise than by merge() and split(), or put in another order."
        )


def subtract_wholes(parts, wholes):
    """Subtract wholes from parts that are scaled to their totals.

    Parameters
    ----------
    parts, wholes : numpy.ndarray, shape (n, n_pixels)
        NaN does not count.

    Returns
    -------
    numpy.ndarray, shape (n, n_pixels)
        Each sums to 0, unless the part has no counts at all.
    """
    totals = [np.nansum(x, axis=1, keepdims=True) for x in (wholes, parts)]
    scale = np.divide(*totals, out=np.ones_like(totals[0]), where=totals[1] > 0)
    return parts * scale - wholes
