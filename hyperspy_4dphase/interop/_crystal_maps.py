"""Maps of domains, or plain labels, as crystal maps."""

from hyperspy_4dphase.interop import orix


def to_crystal_map(labels, axes=None, **options):
    """Turn a map of domains into an orix crystal map.

    Parameters
    ----------
    labels : DomainMap or array_like of int
        A map, which knows its axes and rotations, or plain labels.
    axes : sequence of dict, optional
        Of the navigation axes, for plain labels only.
    **options
        For :meth:`hyperspy_4dphase.DomainMap.to_crystal_map`, or for
        :func:`hyperspy_4dphase.interop.orix.to_crystal_map`.

    Returns
    -------
    orix.crystal_map.CrystalMap

    Raises
    ------
    TypeError
        If plain labels come without axes, or a map with axes.

    Examples
    --------
    >>> from hyperspy_4dphase.data import oxide_bilayer
    >>> s, truth = oxide_bilayer((14, 16), (32, 36), random_state=0)
    >>> domains = s.cluster_hierarchical(random_state=0, print_info=False)
    >>> from hyperspy_4dphase.interop import to_crystal_map
    >>> xmap = to_crystal_map(domains)
    >>> xmap.shape, xmap.phases.size
    ((14, 16), 3)
    """
    if hasattr(labels, "to_crystal_map"):
        if axes is not None:
            raise TypeError("axes were given, but a DomainMap has axes of its own.")
        return labels.to_crystal_map(**options)
    if axes is None:
        raise TypeError(
            "axes are needed: HyperSpy's dictionaries of the navigation axes, in array "
            "order."
        )
    return orix.to_crystal_map(labels, axes, **options)
