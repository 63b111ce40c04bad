"""A map of domains as it stands in the metadata of a signal."""

import numpy as np

from hyperspy_4dphase.estimators.compression import expected_means
from hyperspy_4dphase.estimators.domains import DomainTree
from hyperspy_4dphase.signals._stored import Stored, check_same_positions

# What of a compression says how the variance of a value follows from its mean.
_NOISE = "gain", "offset", "readout_variance", "replaced"
# What is kept of each position, as maps of the shape of the data.
OF_POSITIONS = "steps", "along", "refused"


def store_map(scan, labels, tree, provenance, compression=None, descriptions=None):
    """Make what the metadata of a map are to hold.

    Parameters
    ----------
    scan : Scan
        Whose domains these are.
    labels : numpy.ndarray of int, shape (n_patterns,)
        One for each pattern that is not masked.
    tree : DomainTree
    provenance : dict
    compression : Compression, optional
        What the map was made of. It says how the variance of a value follows from its
        mean, and what the mean patterns of the domains are to be.
    descriptions : Descriptions, optional
        Of the same patterns. What nothing is known of is not kept.

    Returns
    -------
    dict
    """
    is_counts = scan.signal.data.dtype.kind in "bui"
    noise, expected = {"gain": 1.0 if is_counts else None}, None
    if compression is not None:
        noise = compression.noise_model
        # A descan is not taken out of mean patterns, which are read as recorded.
        if not (compression.patterns.descan or {}).get("taken_out"):
            expected = expected_means(compression.patterns, labels, tree.n_domains)
    return StoredMap.collect(
        scan,
        tree=tree.to_arrays(),
        **{name: noise.get(name) for name in _NOISE},
        mean_patterns=None,
        variances=None,
        expected=expected,
        phases=None,
        **_lay_out(scan, descriptions),
        provenance=provenance,
    )


def _lay_out(scan, descriptions):
    """Maps of what is known of each position; None where nothing is."""
    maps = dict.fromkeys(OF_POSITIONS)
    if descriptions is None:
        return maps
    steps, along, refused = descriptions
    if np.isfinite(steps).any():
        maps["steps"] = scan.map_of(steps)
    if np.isfinite(along).any():
        maps |= {"along": scan.map_of(along), "refused": scan.map_of(refused, 0)}
    # A line has one row in the data of a map.
    return {n: None if m is None else np.atleast_2d(m) for n, m in maps.items()}


class StoredMap(Stored):
    """Reads what :func:`store_map` gave."""

    NODE, VERSION = "Domain_map", 1
    RESULT, MAKER = "map", "cluster_hierarchical"

    @property
    def tree(self):
        """DomainTree: That of the domains."""
        tree = self.get("tree")
        if tree is None:
            raise ValueError(f"metadata.{self.NODE}.tree is missing.")
        return DomainTree.from_arrays(tree)

    def check_scan(self, scan):
        """Refuse a scan that this map cannot be of.

        Parameters
        ----------
        scan : Scan

        Raises
        ------
        ValueError
            If shapes or calibrations differ; values cannot be compared.
        """
        axes = self.navigation_axes, "the map", scan.navigation_axes, "signal"
        check_same_positions(*axes)
        self.check_detector(scan)
