"""A map of domains as it stands in the metadata of a signal."""

import zlib

import numpy as np

from hyperspy_4dphase.estimators.domains import DomainTree
from hyperspy_4dphase.signals._stored import Stored, check_same_positions

# What of a compression says how the variance of a value follows from its mean.
_NOISE = "gain", "offset", "readout_variance"
# What is kept of each position, as maps of the shape of the data.
OF_POSITIONS = "steps", "along", "refused"


def store_map(scan, tree, provenance, compression=None, descriptions=None):
    """Make what the metadata of a map are to hold.

    Parameters
    ----------
    scan : Scan
        Whose domains these are.
    tree : DomainTree
    provenance : dict
    compression : Compression, optional
        What the map was made of. It says how the variance of a value follows from its
        mean, and by what the scan is known again.
    descriptions : Descriptions, optional
        Of the same patterns. What nothing is known of is not kept.

    Returns
    -------
    dict
    """
    is_counts = scan.signal.data.dtype.kind in "bui"
    noise = {"gain": 1.0 if is_counts else None}
    if compression is not None:
        noise = compression.noise_model
    return StoredMap.collect(
        scan,
        compression,
        tree=tree.to_arrays(),
        **{name: noise.get(name) for name in _NOISE},
        mean_patterns=None,
        variances=None,
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

    @property
    def is_part(self):
        """bool: Whether the map was sliced, or made of a map that was."""
        return bool(self.get("is_part"))

    def know_values(self, data, is_part=False):
        """Keep what the data of the map are known again by.

        Parameters
        ----------
        data : numpy.ndarray or dask.array.Array
        is_part : bool, default False
            Whether they are a part of those of the whole scan, or in another order.
        """
        self.set("checksum", _checksum(data))
        self.set("is_part", bool(is_part))

    def are_known(self, data):
        """Whether data are those that the map was made with, in the same order.

        Of maps that an earlier version has saved this is not known, and taken for true.
        """
        known = self.get("checksum")
        return known is None or int(known) == _checksum(data)

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


def _checksum(data):
    """A number that tells labels, or confidences, and their order, from others."""
    values = np.nan_to_num(np.asarray(data), nan=-1.0)
    # Whatever type and byte order they are kept in.
    return zlib.crc32(np.ascontiguousarray(values, "<f4").tobytes())
