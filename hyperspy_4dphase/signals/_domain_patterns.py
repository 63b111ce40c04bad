"""Mean patterns of domains, and of the nodes of their tree."""

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._correction import Correction
from hyperspy_4dphase._results import filled, scan_metadata
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase._scan import Scan
from hyperspy_4dphase.estimators.compression import label_means
from hyperspy_4dphase.estimators.domains import leaf_sizes, weighted_mean
from hyperspy_4dphase.signals._same_values import check_same_values
from hyperspy_4dphase.signals._stored_map import StoredMap


def domain_means(domains, stored, signal=None, show_progressbar=None):
    """Mean patterns and variances of the domains, read if they have to be.

    Parameters
    ----------
    domains : DomainMap
    stored : StoredMap
    signal : BaseSignal, optional
        The scan. By default what was read before, or the scan remembered.
    show_progressbar : bool, optional

    Returns
    -------
    means, variances : numpy.ndarray, shape (n_domains, n_pixels), or None
        Flat, NaN at masked pixels; variances only where they do not follow from the
        means, as they do for counts.
    is_new : bool
        Whether they were read now.

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
    check_flags(optional=True, show_progressbar=show_progressbar)
    means = stored.array("mean_patterns", float)
    if signal is None and means is not None:
        return means, stored.array("variances", float), False
    is_given = signal is not None
    signal = signal if is_given else domains._unchanged_scan()
    if signal is None:
        raise ValueError(
            "Mean patterns have not been read yet, and the scan is no longer in "
            "memory: give it, as in mean_patterns(signal)."
        )
    labels = domains.labels.ravel()
    excluded, pixels = labels < 0, stored.excluded_pixels()
    scan = Scan.from_signal(
        signal, show_progressbar=show_progressbar, flat_masks=(excluded, pixels)
    )
    if is_given:
        stored.check_scan(scan)
    check_whole(domains, stored, "Reading mean patterns")
    correction = replacing(stored.array("replaced", float), excluded, pixels)
    with scan.progress() as progress:
        blocks = scan.blocks(progress, correction=correction)
        means = label_means(
            blocks,
            labels[~excluded],
            domains.n_domains,
            variances=stored.get("gain") is None,
        )
    check_same_values(means[0], domains.sizes, stored, is_given)
    means, variances = (None if m is None else filled(m.T, pixels).T for m in means)
    return means, variances, True


def replacing(replaced, excluded, excluded_pixels):
    """The correction that takes single values for others, or None.

    Parameters
    ----------
    replaced : numpy.ndarray, shape (3, n_values), or None
        As in :class:`Compression`.
    excluded, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks of the patterns to be read.

    Returns
    -------
    Correction or None
    """
    if replaced is None or not replaced.size:
        return None
    places = replaced[:2].astype(int)
    inside = np.ones(places.shape[1], dtype=bool)
    for i, mask in enumerate((excluded, excluded_pixels)):
        if mask is not None:
            inside &= ~mask[places[i]]
            places[i] = (np.cumsum(~mask) - 1)[places[i]]
    return Correction().replace_values(*places[:, inside], replaced[2, inside])


def joined_means(values, tree, labels, n_domains):
    """Means over domains that become one, weighted by their sizes, or None.

    Parameters
    ----------
    values : numpy.ndarray, shape (n_domains of tree, n_pixels), or None
    tree : DomainTree
    labels : numpy.ndarray of int
        New label of each domain.
    n_domains : int
        New number of domains.
    """
    if values is None:
        return None
    sizes = leaf_sizes(tree)
    members = [labels == label for label in range(n_domains)]
    return np.stack([weighted_mean(values[m], sizes[m]) for m in members])


def check_whole(domains, stored, what):
    """Refuse a slice of a map, or one whose labels were changed.

    Raises
    ------
    ValueError
    """
    shape = stored.navigation_axes()[1]
    same = domains.labels.shape == shape
    if not same or (domains.sizes != leaf_sizes(domains.tree)).any():
        raise ValueError(
            f"{what} needs the whole map, of navigation shape {shape} in array order; "
            f"this one is a slice of it, of shape {domains.labels.shape}, or its "
            "labels were changed otherwise than by merge() and split()."
        )


def as_patterns(domains, values, axis, title):
    """Patterns as a signal of the scan's type, calibrated.

    Parameters
    ----------
    domains : DomainMap
        Whose scan they are of.
    values : numpy.ndarray, shape (n, n_pixels)
    axis : dict
        Of the navigation axis.
    title : str

    Returns
    -------
    signal
    """
    stored = StoredMap.of(domains)
    axes, shape = stored.signal_axes()
    metadata = scan_metadata(domains)
    metadata.setdefault("General", {})["title"] = title
    metadata["Signal"] = {"signal_type": stored.get("signal_type")}
    signal = BaseSignal(
        values.reshape(-1, *shape),
        axes=[axis | {"size": len(values), "navigate": True}, *axes],
        metadata=metadata,
    )
    signal.set_signal_type(stored.get("signal_type"))
    return signal


def differences(parts, wholes):
    """Parts minus wholes, each part scaled to the total of its whole.

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
