"""A map of domains as it stands in the metadata of a signal."""

import numpy as np

from hyperspy_4dphase._results import array_shapes, axes_dictionaries
from hyperspy_4dphase.estimators._tree import DomainTree
from hyperspy_4dphase.signals._stored import Stored, other_scale, stored_axes

NODE = "Domain_map"
_VERSION = 1


def stored(scan, tree, excluded_patterns, excluded_pixels, gain, provenance):
    """What the metadata are to hold.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal
        Whose domains these are.
    tree : DomainTree
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    gain : float or None
        Variance of a value over its mean, for counts (times a gain); None for others.
    provenance : dict

    Returns
    -------
    dict
    """
    n_navigation = len(array_shapes(scan)[0])
    axes = axes_dictionaries(scan)
    return {
        "version": _VERSION,
        "tree": tree.to_arrays(),
        "navigation_axes": stored_axes(axes[:n_navigation]),
        "signal_axes": stored_axes(axes[n_navigation:]),
        "signal_type": scan.metadata.Signal.signal_type,
        "excluded_patterns": excluded_patterns,
        "excluded_pixels": excluded_pixels,
        "gain": gain,
        "mean_patterns": None,
        "variances": None,
        "phases": None,
        "provenance": provenance,
    }


class StoredMap(Stored):
    """Reads what :func:`stored` gave."""

    NODE, VERSION, RESULT, MAKER = NODE, _VERSION, "map", "cluster_hierarchical"

    def tree(self):
        """The tree of domains."""
        tree = self.get("tree")
        if tree is None:
            raise ValueError(f"metadata.{NODE}.tree is missing.")
        return DomainTree.from_arrays(tree)

    def navigation_axes(self):
        """Axes dictionaries of the whole scan, and its shape, in array order."""
        return self.axes("navigation_axes")

    def check_scan(self, signal):
        """Refuse a scan that this map cannot be of.

        Raises
        ------
        ValueError
            If shapes or calibrations differ; values cannot be compared.
        """
        axes, shape = self.navigation_axes()
        check_same_positions(axes, shape, "the map", signal, "signal")
        self.check_detector(signal)


def check_same_positions(axes, shape, owner, signal, name):
    """Refuse a signal whose navigation axes are not these.

    Parameters
    ----------
    axes : list of dict
    shape : tuple of int
        In array order.
    owner : str
        Whose they are, for the message.
    signal : hyperspy.signal.BaseSignal
    name : str
        Of the argument that it is.

    Raises
    ------
    ValueError
    """
    found = array_shapes(signal)[0]
    if found != shape:
        raise ValueError(
            f"{name} is of another scan: its navigation shape is {found} in array "
            f"order, that of {owner} {shape}."
        )
    for own, other in zip(axes, axes_dictionaries(signal), strict=False):
        difference = other_scale(own, other)
        if difference:
            raise ValueError(
                f"{name} is of another scan: its axis {other.get('name')!s} has "
                f"{difference[1]} per position, that of {owner} {difference[0]}."
            )
        starts = own.get("offset", 0.0), other.get("offset", 0.0)
        if not np.isclose(*starts, rtol=0, atol=0.01 * abs(own.get("scale", 1.0))):
            raise ValueError(
                f"{name} is of another scan, or of another part of it: its axis "
                f"{other.get('name')!s} begins at {starts[1]:.6g}, that of {owner} at "
                f"{starts[0]:.6g}."
            )
