"""A map of domains as it stands in the metadata of a signal."""

import numpy as np

from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    axis_steps,
    axis_values,
    scan_metadata,
)
from hyperspy_4dphase.estimators.domains import DomainTree
from hyperspy_4dphase.signals._stored import Stored, other_scale, stored_axes

NODE = "Domain_map"
_VERSION = 1


def stored(scan, tree, excluded_patterns, excluded_pixels, noise, provenance):
    """What the metadata are to hold.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal
        Whose domains these are.
    tree : DomainTree
    excluded_patterns, excluded_pixels : numpy.ndarray of bool, or None
        Flat masks.
    noise : dict
        ``"gain"``, the variance of a value over its mean, for counts (times a gain),
        None for others; ``"offset"``, ``"readout_variance"``, ``"replaced"``.
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
        "gain": noise.get("gain"),
        "offset": noise.get("offset"),
        "readout_variance": noise.get("readout_variance"),
        "replaced": noise.get("replaced"),
        "mean_patterns": None,
        "variances": None,
        "expected": None,
        "phases": None,
        "provenance": provenance,
    }


def map_form(scan):
    """Axes and shape of a map of the probe positions of a scan, in array order.

    The last two navigation axes become its signal axes. A scan along a line gives one
    row.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal

    Returns
    -------
    axes : list of dict
    shape : tuple of int
    """
    shape = array_shapes(scan)[0]
    axes = axes_dictionaries(scan)[: len(shape)]
    if len(axes) == 1:
        # HyperSpy would make it a Signal1D when it is reloaded.
        axes, shape = [{"size": 1}, *axes], (1, *shape)
    return [a | {"navigate": i < len(axes) - 2} for i, a in enumerate(axes)], shape


def map_metadata(scan, what, signal_type):
    """Metadata of a map, with the title "`what` of" that of the scan.

    Parameters
    ----------
    scan : hyperspy.signal.BaseSignal
    what, signal_type : str

    Returns
    -------
    dict
    """
    metadata = scan_metadata(scan)
    title = scan.metadata.get_item("General.title", "")
    title = f"{what} of {title}" if title else what
    metadata.setdefault("General", {})["title"] = title
    return metadata | {"Signal": {"signal_type": signal_type}}


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
    others = axes_dictionaries(signal)[: len(found)]
    check_same_axes(axes, shape, owner, others, found, name)


def check_same_axes(axes, shape, owner, others, found, name):
    """Refuse navigation axes that are not these.

    Parameters
    ----------
    axes, others : list of dict
        What is expected, and what came.
    shape, found : tuple of int
        In array order.
    owner, name : str
        Whose they are.

    Raises
    ------
    ValueError
    """
    if found != shape:
        raise ValueError(
            f"{name} is of another scan: its navigation shape is {found} in array "
            f"order, that of {owner} {shape}."
        )
    for own, other in zip(axes, others, strict=False):
        difference = other_scale(own, other)
        if difference:
            raise ValueError(
                f"{name} is of another scan: its axis {other.get('name')!s} has "
                f"{difference[1]} per position, that of {owner} {difference[0]}."
            )
        starts = axis_values(own)[0], axis_values(other)[0]
        step = np.abs(np.append(axis_steps(own), 0)).max()
        if not np.isclose(*starts, rtol=0, atol=0.01 * step):
            raise ValueError(
                f"{name} is of another scan, or of another part of it: its axis "
                f"{other.get('name')!s} begins at {starts[1]:.6g}, that of {owner} at "
                f"{starts[0]:.6g}."
            )
