"""Domains that a user gives: a map, clusters as HyperSpy finds them, or labels."""

from dataclasses import dataclass
from math import prod

import numpy as np
from hyperspy.signal import BaseSignal

from hyperspy_4dphase._results import check_map, map_values
from hyperspy_4dphase.estimators.domains import (
    DomainTree,
    flat_tree,
    recount_patterns,
    resize_domains,
)
from hyperspy_4dphase.signals._domain_patterns import check_whole
from hyperspy_4dphase.signals._same_values import warn_of_other_values
from hyperspy_4dphase.signals._stored import check_same_positions
from hyperspy_4dphase.signals._stored_map import StoredMap
from hyperspy_4dphase.signals.domain_confidence import DomainConfidence
from hyperspy_4dphase.signals.domain_map import DomainMap


@dataclass(frozen=True)
class GivenDomains:
    """Domains of a scan, of whatever form they were.

    Attributes
    ----------
    labels : numpy.ndarray of int64, shape (n_positions,), or None
        -1 is unassigned, or masked. None if no domains were given.
    tree : DomainTree or None
        Of a map that has one.
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks of that map.
    """

    labels: np.ndarray | None = None
    tree: DomainTree | None = None
    excluded_patterns: np.ndarray | None = None
    excluded_pixels: np.ndarray | None = None

    def keep(self, scan):
        """Number what the masks of a scan leave: 0 ... n - 1, and its tree.

        Parameters
        ----------
        scan : Scan

        Returns
        -------
        labels : numpy.ndarray of int64, shape (n_kept,), or None
            As they were, if none is left out of 0 ... n - 1.
        tree : DomainTree or None

        Raises
        ------
        ValueError
            If all are unassigned.
        """
        if self.labels is None:
            return None, None
        labels = self.labels[scan.kept_patterns]
        assigned = labels >= 0
        if not assigned.any():
            raise ValueError(
                "domains: all probe positions that are not masked are unassigned (-1)."
            )
        values, places = np.unique(labels[assigned], return_inverse=True)
        if self.tree is None:
            new, tree = places, flat_tree(np.bincount(places), "by hand")
        else:
            sizes = np.bincount(labels[assigned], minlength=self.tree.n_domains)
            new, tree = labels[assigned], recount_patterns(self.tree, sizes)
            if len(values) < self.tree.n_domains:
                tree, numbers = resize_domains(self.tree, sizes)
                new = numbers[new]
        labels = np.full(labels.shape, -1, dtype=np.int64)
        labels[assigned] = new
        return labels, tree


def read_domains(scan, domains):
    """Check domains against the scan that they are to be of.

    Parameters
    ----------
    scan : Scan
        Only its axes are looked at.
    domains : None, DomainMap, DomainConfidence, BaseSignal or array-like
        See :func:`domain_confidence`.

    Returns
    -------
    GivenDomains

    Raises
    ------
    TypeError, ValueError
        If they are nothing of this kind, or of another scan.
    """
    if domains is None:
        return GivenDomains()
    if isinstance(domains, DomainConfidence):
        domains = domains.domains
    if isinstance(domains, DomainMap):
        return _read_map(scan, domains)
    labels = _read_labels(domains, scan.navigation_shape)
    if labels.min() < -1:
        raise ValueError(
            f"domains holds {labels.min()}; expected labels from 0 on, and -1 where "
            "there is none."
        )
    return GivenDomains(labels)


def _read_map(scan, domains):
    stored = StoredMap(domains)
    axes = scan.navigation_axes, "the scan", stored.navigation_axes, "domains"
    check_same_positions(*axes)
    check_whole(domains, "The confidence of a map")
    reference = domains._reference
    if reference is None or not reference.is_certainly(scan.signal):
        warn_of_other_values(scan.signal, stored, "domains")
    pixels = stored.excluded_pixels
    fits = pixels is not None and pixels.size == prod(scan.signal_shape)
    return GivenDomains(
        domains.labels.ravel().astype(np.int64),
        stored.tree,
        stored.excluded_patterns,
        pixels if fits else None,
    )


def _read_labels(domains, shape):
    is_sequence = isinstance(domains, BaseSignal) or hasattr(domains, "__len__")
    if isinstance(domains, str | dict) or not is_sequence:
        raise TypeError(
            "domains must be None, a DomainMap, or another signal or array of integer "
            f"labels, not {type(domains).__name__}."
        )
    values = map_values(domains, shape)
    if values.dtype.kind == "b":
        return _label_members(values, shape)
    labels = check_map("domains", values, shape, integers=True)
    return labels.ravel().astype(np.int64)


def _label_members(values, shape):
    """Give labels to the masks of clusters, as HyperSpy keeps them."""
    n = prod(shape)
    if values.ndim < 2 or values.shape[1:] not in (shape, (n,)):
        raise ValueError(
            f"domains holds booleans of the shape {values.shape}; expected integer "
            f"labels of the navigation shape {shape} in array order, or a mask of each "
            f"cluster, (n_clusters, {', '.join(map(str, shape))})."
        )
    members = values.reshape(len(values), n)
    if (members.sum(axis=0) > 1).any():
        raise ValueError(
            "domains: clusters overlap, but each probe position can be of one domain "
            "only."
        )
    return np.where(members.any(axis=0), members.argmax(axis=0), -1)
