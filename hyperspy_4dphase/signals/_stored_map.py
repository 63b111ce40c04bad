"""A map of domains as it stands in the metadata of a signal."""

from hyperspy_4dphase.estimators.compression import expected_means
from hyperspy_4dphase.estimators.domains import DomainTree
from hyperspy_4dphase.signals._stored import Stored, check_same_positions

# What of a compression says how the variance of a value follows from its mean.
_NOISE = "gain", "offset", "readout_variance", "replaced"


def store_map(scan, labels, tree, provenance, compression=None):
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
        provenance=provenance,
    )


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
