"""A map of domains as it stands in the metadata of a signal."""

import numpy as np

from hyperspy_4dphase._results import (
    array_shapes,
    axes_dictionaries,
    axis_steps,
    axis_values,
)
from hyperspy_4dphase.estimators.compression import expected_means
from hyperspy_4dphase.estimators.domains import DomainTree
from hyperspy_4dphase.signals._scan_reference import reference_to
from hyperspy_4dphase.signals._stored import Stored, other_scale, stored

NODE = "Domain_map"
VERSION = 1


def stored_map(scan, labels, tree, provenance, compression=None):
    """What the metadata of a map are to hold.

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
    names = "gain", "offset", "readout_variance", "replaced"
    return stored(
        scan,
        VERSION,
        tree=tree.to_arrays(),
        **{name: noise.get(name) for name in names},
        mean_patterns=None,
        variances=None,
        expected=expected,
        phases=None,
        provenance=provenance,
    )


def map_of_scan(cls, scan, what, values, fill_value, **branches):
    """A signal of the probe positions of a scan: ``(|x, y)``.

    The last two navigation axes become its signal axes. A scan along a line gives one
    row.

    Parameters
    ----------
    cls : type
        Of the signal.
    scan : Scan
    what : str
        For the title, "`what` of" that of the scan.
    values : numpy.ndarray, shape (n_patterns,)
        One for each pattern that is not masked.
    fill_value : scalar
        Where a position is masked.
    **branches
        Of the metadata.

    Returns
    -------
    signal
    """
    axes, values = scan.navigation_axes, scan.map_of(values, fill_value)
    if len(axes) == 1:
        # HyperSpy would make it a Signal1D when it is reloaded.
        axes, values = [{"size": 1}, *axes], values[np.newaxis]
    axes = [a | {"navigate": i < len(axes) - 2} for i, a in enumerate(axes)]
    title = f"{what} of {scan.title}" if scan.title else what
    metadata = {
        **scan.metadata,
        "General": {**scan.metadata.get("General", {}), "title": title},
        "Signal": {"signal_type": cls._signal_type},
    }
    signal = cls(values, axes=axes, metadata=metadata | branches)
    signal._reference = reference_to(scan.signal)
    return signal


class StoredMap(Stored):
    """Reads what :func:`stored_map` gave."""

    NODE, VERSION, RESULT, MAKER = NODE, VERSION, "map", "cluster_hierarchical"

    def tree(self):
        """The tree of domains."""
        tree = self.get("tree")
        if tree is None:
            raise ValueError(f"metadata.{NODE}.tree is missing.")
        return DomainTree.from_arrays(tree)

    def navigation_axes(self):
        """Axes dictionaries of the whole scan, and its shape, in array order."""
        return self.axes("navigation_axes")

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
        own, others = (
            self.navigation_axes(),
            (scan.navigation_axes, scan.navigation_shape),
        )
        check_same_axes(*own, "the map", *others, "signal")
        self.check_detector(scan)


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
