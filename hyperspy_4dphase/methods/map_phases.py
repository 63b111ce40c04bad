"""The whole way from a scan to named phases, in one call."""

from hyperspy_4dphase._docstrings import with_shared_parameters
from hyperspy_4dphase._scalars import check_flags
from hyperspy_4dphase.estimators._device import resolve_device
from hyperspy_4dphase.methods._reading import compress_scan, open_scan
from hyperspy_4dphase.methods.compress import describe_compression
from hyperspy_4dphase.signals._domain_images import check_images
from hyperspy_4dphase.signals._naming_plan import check_geometry, plan_naming
from hyperspy_4dphase.signals._optics import find_voltage
from hyperspy_4dphase.signals.phase_mapping import PhaseMapping

# Arguments of identify() that say how patterns lie on the detector.
_NAMING = "center", "spot_radius", "flip", "scan_rotation"


@with_shared_parameters
def map_phases(
    self,
    structures=None,
    accelerating_voltage=None,
    *,
    confidence=True,
    center=None,
    spot_radius=None,
    flip=False,
    scan_rotation=0.0,
    navigation_mask=None,
    signal_mask=None,
    normalize_poissonian_noise=None,
    keep_faulty=False,
    random_state=None,
    device=None,
    compression=None,
    show_progressbar=None,
    print_info=True,
):
    """Map the phases of a scan: compress it, find domains, judge them, name them.

    One after the other: :func:`hyperspy_4dphase.compress`, ``cluster_hierarchical()``,
    ``domain_confidence()``, :meth:`hyperspy_4dphase.DomainMap.classify` and
    :meth:`hyperspy_4dphase.DomainMap.identify`, each with its default settings. Call
    them one by one where others are needed.

    Parameters
    ----------
    structures : path, orix.crystal_map.Phase, diffpy.structure.Structure, or list or \
dict of these, optional
        The candidates, see :meth:`hyperspy_4dphase.DomainMap.identify`. Without any,
        domains are told apart and classified, but not named.
    accelerating_voltage : float, optional
        In kV. By default that of the metadata; a warning tells where the two differ.
    confidence : bool, default True
        Whether to find out how surely each position belongs to its domain, which takes
        longer than all else.
    center, spot_radius, flip, scan_rotation : optional
        As of :meth:`hyperspy_4dphase.DomainMap.identify`.
    %(navigation_mask)s
    %(signal_mask)s
    %(normalize_poissonian_noise)s
    %(keep_faulty)s
    %(random_state)s
    %(device)s
    compression : Compression, optional
        What :func:`hyperspy_4dphase.compress` gave for this scan: it is not compressed
        again then. Its masks are taken.
    %(show_progressbar)s
    %(print_info)s
        Then what came of each step.

    Returns
    -------
    PhaseMapping
        With the result of each step: `compression`, `domains`, `confidence`, `classes`
        and `phases`.

    Raises
    ------
    TypeError, ValueError
        As the methods above, before anything is read: if an argument is wrong, and,
        with `structures`, if one of them cannot be read, if the beam energy is not
        known or patterns are not calibrated.

    Warns
    -----
    UserWarning
        As the methods above.

    See Also
    --------
    hyperspy_4dphase.DomainMap : Domains, which classify and identify.
    hyperspy_4dphase.PhaseMap : Named phases: orientations, plots, orix and pyxem.

    Examples
    --------
    >>> from hyperspy_4dphase.data import battery_interface, structure
    >>> s, truth = battery_interface((32, 30), (96, 96), random_state=0)
    >>> quiet = {"show_progressbar": False, "print_info": False}
    >>> result = s.map_phases(
    ...     structure("NMC622"), confidence=False, random_state=0, **quiet
    ... )
    >>> sorted(result.phases.phases.names)
    ['NMC622', 'amorphous']
    """
    arguments = locals()
    check_flags(confidence=confidence, flip=flip, print_info=print_info)
    scan = open_scan(arguments)
    naming = {name: arguments[name] for name in _NAMING}
    # What is wrong with them is said before the scan is read.
    check_images(scan.signal_axes, scan.signal_type, "Classes and phases")
    plan, axes = None, (scan.navigation_axes, scan.signal_axes)
    if structures is None:
        check_geometry(scan.signal_axes, **naming)
        if accelerating_voltage is not None:
            find_voltage(self.metadata, accelerating_voltage)
    else:
        given = structures, accelerating_voltage, self.metadata
        plan = plan_naming(*given, axes, scan.signal_type, **naming)
    shared = {"device": resolve_device(device), "show_progressbar": show_progressbar}
    if compression is None:
        compression = compress_scan(scan, device=shared["device"])
        if print_info:
            print(*describe_compression(compression), sep="\n")
    # One seed for all steps, also where the user gave none.
    shared |= {"random_state": scan.seed, "compression": compression}
    shared["print_info"] = print_info
    domains = self.cluster_hierarchical(**shared)
    judged = self.domain_confidence(domains, **shared) if confidence else None
    classes = domains.classify(center=center, show_progressbar=show_progressbar)
    phases = None
    if plan is not None:
        # As identify() does, which would load the structures and warn again.
        phases = domains._name(plan, classes.names, None, show_progressbar)
    result = PhaseMapping(compression, domains, judged, classes, phases)
    if print_info:
        print(f"Phase info:\n{result}")
    return result
